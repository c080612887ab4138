"""L-BFGS: it finds optima that are known otherwise, says why it ended, and leaves the best point behind."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from chainrule import Dense, Network
from chainrule.network import losses
from chainrule.training import lbfgs
from chainrule.training.batches import Rows
from chainrule.training.penalty import Penalty

LINEAR = Network([Dense(2)], 4)
CURVED = Network([Dense(8, "tanh"), Dense(2)], 4)
GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(50, 4))
Y = X @ GENERATOR.normal(size=(4, 2)) + 0.3 * GENERATOR.normal(size=(50, 2)) + 1
WEIGHT = GENERATOR.uniform(0, 3, 50)
PATIENT = {"max_iter": 1000, "max_fun": 5000, "tol": 1e-10}


def ridge(X, Y, weight, l2):
    """W and b of the weighted least squares with l2/2 sum(W^2), by the normal equations; no penalty on b."""
    extended = np.column_stack([X, np.ones(len(X))])
    share = (weight / weight.sum())[:, None]
    solved = np.linalg.solve(extended.T @ (share * extended) + l2 * np.diag([1, 1, 1, 1, 0]), extended.T @ (share * Y))
    return solved[:4].T, solved[4]


def minimise(network=LINEAR, data=None, penalty=None, dtype=np.float64, **options):
    parameters = network.init(0, dtype)
    outcome = lbfgs.minimise(
        network,
        parameters,
        data or Rows(X, Y),
        losses.get("squared_error"),
        penalty or Penalty(),
        **(PATIENT | options),
    )
    return parameters, outcome


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["unweighted", "weighted"])
@pytest.mark.parametrize(
    "penalty", [Penalty(), Penalty(l2=0.1), Penalty(alpha=5.0), Penalty(l2=0.1, alpha=5)], ids=repr
)
def test_the_optimum_of_a_linear_network(penalty, weight, kernels):
    parameters, outcome = minimise(data=Rows(X, Y, weight), penalty=penalty)
    per_row = np.ones(50) if weight is None else weight
    l2 = penalty.l2 + penalty.alpha / per_row.sum()
    W, b = ridge(X, Y, per_row, l2)
    np.testing.assert_allclose(parameters["0.W"], W, rtol=0, atol=1e-6)
    np.testing.assert_allclose(parameters["0.b"], b, rtol=0, atol=1e-6)
    loss = np.average(0.5 * ((X @ W.T + b - Y) ** 2).sum(axis=1), weights=per_row) + l2 / 2 * (W**2).sum()
    np.testing.assert_allclose(outcome.loss, loss, rtol=1e-10)
    assert outcome.message is None
    assert 0 < outcome.iterations < 1000


def test_float32(kernels):
    parameters, outcome = minimise(data=Rows(X.astype(np.float32), Y.astype(np.float32)), dtype=np.float32, tol=1e-5)
    W, b = ridge(X, Y, np.ones(50), 0)
    np.testing.assert_allclose(parameters["0.W"], W, rtol=0, atol=1e-3)
    np.testing.assert_allclose(parameters["0.b"], b, rtol=0, atol=1e-3)
    assert outcome.message is None


@pytest.mark.parametrize("subset", [None, np.arange(30, 10, -1)], ids=["all", "subset"])
def test_sparse_rows_and_subsets(subset, kernels):
    rows = np.arange(50) if subset is None else subset
    parameters, _ = minimise(data=Rows(csr_array(X), Y, WEIGHT, subset))
    W, b = ridge(X[rows], Y[rows], WEIGHT[rows], 0)
    np.testing.assert_allclose(parameters["0.W"], W, rtol=0, atol=1e-6)
    np.testing.assert_allclose(parameters["0.b"], b, rtol=0, atol=1e-6)


def test_the_most_iterations(numpy_kernels):
    heard = []
    _, outcome = minimise(CURVED, max_iter=3, on_iteration=heard.append)
    assert outcome.iterations == len(heard) == 3
    assert "ITERATIONS" in outcome.message.upper()


def test_the_most_evaluations(numpy_kernels):
    _, outcome = minimise(CURVED, max_fun=3)
    assert outcome.iterations <= 3
    assert "EVALUATIONS" in outcome.message.upper()


def test_hears_of_each_iteration(numpy_kernels):
    heard = []
    _, outcome = minimise(CURVED, on_iteration=heard.append, max_iter=30)
    assert len(heard) == outcome.iterations == 30
    assert heard == sorted(heard, reverse=True)
    assert heard[-1] == outcome.loss


def objective(parameters):
    residual = CURVED.forward(parameters, X).output - Y
    return 0.5 * (residual**2).sum() / len(X)


class Interrupting(Penalty):
    """A penalty of nothing, at whose seventh evaluation the user interrupts, at a point far from any optimum."""

    def value(self, parameters, weight):
        seen.append((objective(parameters), parameters.vector.copy()))
        if len(seen) == 7:
            parameters.vector[...] = 1e3
            raise KeyboardInterrupt
        return 0.0


seen: list = []


def test_an_interruption_leaves_the_best_point(numpy_kernels):
    seen.clear()
    parameters = CURVED.init(0, np.float64)
    with pytest.raises(KeyboardInterrupt):
        lbfgs.minimise(CURVED, parameters, Rows(X, Y), losses.get("squared_error"), Interrupting(), **PATIENT)
    _, best = min(seen[:-1], key=lambda pair: pair[0])
    np.testing.assert_array_equal(parameters.vector, best)
    assert objective(parameters) < seen[0][0]


def test_an_interruption_between_iterations(kernels):
    heard = []

    def interrupt(loss):
        heard.append(loss)
        if len(heard) == 4:
            raise KeyboardInterrupt

    parameters = CURVED.init(0, np.float64)
    with pytest.raises(KeyboardInterrupt):
        lbfgs.minimise(
            CURVED, parameters, Rows(X, Y), losses.get("squared_error"), Penalty(), on_iteration=interrupt, **PATIENT
        )
    np.testing.assert_allclose(objective(parameters), heard[-1], rtol=1e-12)


def test_running_twice_gives_the_same_bits(kernels):
    one, other = (minimise(CURVED, max_iter=20)[0].vector for _ in range(2))
    np.testing.assert_array_equal(one, other)
