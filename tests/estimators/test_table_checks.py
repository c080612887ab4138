"""scikit-learn's own contract of an estimator, for those of tables."""

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from chainrule import TableClassifier, TableRegressor

#: Checks that hold what these estimators do not claim.
EXPECTED = {
    "check_sample_weight_equivalence_on_dense_data": "which rows are held out is drawn anew for another number of rows",
}
#: Checks to 1e-7 of what the float32 products keep to 2e-7: they pass or fail by luck. Below they are held to 1e-6.
TO_THE_LAST_BIT = ("check_methods_sample_order_invariance", "check_methods_subset_invariance")


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks(
    [TableClassifier(preset="fast"), TableRegressor(preset="fast")], expected_failed_checks=lambda estimator: EXPECTED
)
def test_estimator_checks(estimator, check):
    if check.func.__name__ in TO_THE_LAST_BIT:
        pytest.skip("held to 1e-6 below")
    check(estimator)


@pytest.mark.parametrize("Estimator", [TableClassifier, TableRegressor])
def test_a_row_is_predicted_alike_whatever_its_place_and_its_company(Estimator):
    random = np.random.default_rng(0)
    X = random.normal(size=(120, 4))
    model = Estimator(preset="fast", max_iter=3, random_state=0).fit(X, (X[:, 0] > 0).astype(int))
    predict = model.predict_proba if Estimator is TableClassifier else model.predict
    whole, order = predict(X), random.permutation(len(X))
    np.testing.assert_allclose(predict(X[order]), whole[order], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(np.concatenate([predict(X[:7]), predict(X[7:])]), whole, rtol=1e-6, atol=1e-6)
