"""Row weights, by what a network learns: 2 is a row that stands there twice, 0 one that does not."""

import numpy as np
import pytest

from chainrule import Dense
from chainrule.network.losses import LOSSES
from chainrule.training.batches import Rows
from chainrule.training.optimisers import SGD, Adam


@pytest.fixture
def trained(trainer):
    """A function that trains for three epochs of full batches: losses of the records, and parameters."""

    def train(loss, optimiser, data):
        layers = (Dense(8, "tanh"), Dense(LOSSES[loss].outputs(3)))
        made = trainer(loss, optimiser, layers=layers, dtype=np.float64, shuffle=False)
        return [made.epoch(data, len(data)).loss for _ in range(3)], made.parameters.vector

    return train


@pytest.mark.parametrize("optimiser", [SGD(0.05, momentum=0.5), Adam(0.01)], ids=["sgd", "adam"])
@pytest.mark.parametrize("loss", LOSSES)
def test_a_weight_is_a_number_of_rows(loss, optimiser, kernels, trained, problem):
    data, counts = problem(loss, rows=40, dtype=np.float64), np.arange(40) % 3
    repeated = np.repeat(np.arange(40), counts)
    weighted = trained(loss, optimiser, Rows(data.X, data.y, counts.astype(float)))
    stands_there = trained(loss, optimiser, Rows(data.X[repeated], data.y[repeated]))
    for found, expected in zip(weighted, stands_there, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_row_of_weight_0_can_hold_anything(loss, kernels, trained, problem):
    data, weight = problem(loss, rows=40, dtype=np.float64), np.arange(40.0) % 3
    expected = trained(loss, SGD(0.05), Rows(data.X, data.y, weight))
    data.X[::3] = 1e200
    data.y[::3] = -(10**9)
    found = trained(loss, SGD(0.05), Rows(data.X, data.y, weight))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
