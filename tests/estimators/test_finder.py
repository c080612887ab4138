"""The range test of an estimator: it leaves the estimator alone, and finds a rate that trains."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import scale

from chainrule import MLPClassifier, MLPRegressor, find_learning_rate, optimisers
from chainrule.errors import InputError, InputTypeError

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.usefixtures("numpy_kernels"),
]
X, CODES = load_iris(return_X_y=True)
X = scale(X)
NAMES = np.array(["setosa", "versicolor", "virginica"])[CODES]
WEIGHT = np.where(CODES == 1, 0.0, 2.0)

CASES = {
    "classes": (MLPClassifier(random_state=0), X, NAMES, None),
    "two classes": (MLPClassifier(random_state=0, solver="sgd"), X, CODES > 0, None),
    "sparse": (MLPClassifier(random_state=0, dropout=0.1), csr_array(X), NAMES, None),
    "weights": (MLPClassifier(random_state=0, class_weight="balanced"), X, NAMES, np.linspace(0, 2, len(X))),
    "regression": (MLPRegressor(random_state=0, solver=optimisers.Lion(), norm="batch"), X[:, :3], X[:, 3], WEIGHT),
}


@pytest.mark.parametrize("case", CASES)
def test_the_estimator_is_not_changed_and_the_suggestion_trains(case):
    estimator, rows, y, weight = CASES[case]
    before = dict(vars(estimator))
    curve = find_learning_rate(estimator, rows, y, weight, batch_size=32)
    assert vars(estimator) == before
    assert curve == find_learning_rate(estimator, rows, y, weight, batch_size=32)
    assert 1e-5 < curve.suggestion <= 1


def test_a_row_of_weight_0_has_no_part_in_the_curve():
    model, weight = MLPRegressor(random_state=0), np.arange(len(X)) % 3
    y, wrong = X[:, 3], np.where(weight == 0, 100, X[:, 3])
    expected = find_learning_rate(model, X, y, weight, steps=20)
    assert find_learning_rate(model, X, wrong, weight, steps=20) == expected
    assert find_learning_rate(model, X, y, steps=20) != expected


def test_a_fit_at_the_suggestion_learns():
    model = MLPClassifier(random_state=0, max_iter=30)
    model.set_params(learning_rate_init=find_learning_rate(model, X, NAMES).suggestion)
    assert model.fit(X, NAMES).score(X, NAMES) > 0.9


def test_a_generator_of_yours_is_not_drawn_from():
    generator = np.random.default_rng(0)
    state = generator.bit_generator.state
    find_learning_rate(MLPClassifier(random_state=generator), X, NAMES, steps=20)
    assert generator.bit_generator.state == state


def test_what_cannot_be_is_refused():
    with pytest.raises(InputTypeError, match="an estimator of chainrule"):
        find_learning_rate(LogisticRegression(), X, NAMES)
    with pytest.raises(InputError, match="stochastic solver"):
        find_learning_rate(MLPClassifier(solver="lbfgs"), X, NAMES)
    with pytest.raises(InputError, match="high"):
        find_learning_rate(MLPClassifier(), X, NAMES, low=1.0, high=0.5)
