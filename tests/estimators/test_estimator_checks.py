"""scikit-learn's own contract of an estimator. None of its checks is expected to fail."""

import numpy as np
import pandas as pd
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from chainrule import MLPClassifier, MLPRegressor

# As scikit-learn's instance generator makes its own MLP for these checks; max_iter=100 leaves some unconverged.
ESTIMATORS = [MLPClassifier(max_iter=100), MLPRegressor(max_iter=100)]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks(ESTIMATORS)
def test_estimator_checks(estimator, check):
    check(estimator)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("Estimator", [MLPClassifier, MLPRegressor])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_array_without_names_is_warned_of_where_fit_saw_a_frame(Estimator, dtype, numpy_kernels):
    X = np.arange(24, dtype=dtype).reshape(12, 2)
    model = Estimator(hidden_layer_sizes=(3,), max_iter=2).fit(pd.DataFrame(X, columns=["a", "b"]), np.arange(12) % 2)
    assert model.parameters_.vector.dtype == dtype
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        model.predict(X)
