"""scikit-learn's own contract of an estimator, for those of tables."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from chainrule import TableClassifier, TableRegressor


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks([TableClassifier(preset="fast"), TableRegressor(preset="fast")])
def test_estimator_checks(estimator, check):
    check(estimator)
