"""What diagnosis tries out: on which rows, and where there is reason to."""

import numpy as np
import pytest

from chainrule import MLPClassifier, MLPRegressor, compare, diagnose
from chainrule.estimators.diagnosis import experiments

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(400, 5)).astype(np.float32)
NOISE = RANDOM.integers(0, 2, 400)


def test_the_plain_network_is_scored_on_rows_that_it_has_not_seen():
    """Labels drawn at random can be learned by heart, and nowhere else."""
    found = experiments.plain(MLPClassifier(), X, NOISE)
    assert found.rows == 100
    assert found.score < 0.7


@pytest.mark.parametrize(("size", "learns", "tried"), [(0.1, False, True), (0.1, True, False), (20.0, True, False)])
def test_a_batch_is_tried_where_the_loss_is_near_that_of_a_constant(size, learns, tried, monkeypatch):
    """Whatever the units of the target are."""
    calls = []
    monkeypatch.setattr(experiments, "one_batch", lambda *given: calls.append(given))
    y = size * (X[:, 0] + 0.2 * X[:, 1])
    rate, epochs = (0.05, 60) if learns else (1e-7, 2)
    model = MLPRegressor(hidden_layer_sizes=(16,), learning_rate_init=rate, max_iter=epochs, tol=0, random_state=0)
    diagnose(model.fit(X, y), X, y)
    assert bool(calls) is tried


def test_a_comparison_judges_the_rows_held_out_too():
    model = MLPClassifier((64,), learning_rate_init=0.02, max_iter=100, tol=0, random_state=0)
    found = compare(model, model, X[:100], NOISE[:100], X[100:], NOISE[100:])
    assert "overfitting" in found.before.findings
