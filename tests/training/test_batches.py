"""Batches: every row once, the order, and what reaches the buffers of a plan."""

import numpy as np
import pytest
from scipy.sparse import csr_array, csr_matrix

from chainrule import Dense, Network, losses
from chainrule.errors import InputError
from chainrule.training.batches import Rows

ROWS = 10
X = np.random.default_rng(0).normal(size=(ROWS, 3)) * (np.arange(30).reshape(ROWS, 3) % 4 > 0)
Y = np.arange(ROWS) * 10
WEIGHT = np.arange(ROWS) + 0.5
SUBSET = np.array([7, 1, 4, 8, 2])


def indices(data, size, generator):
    """The rows of each batch, as arrays of indices."""
    return [np.arange(len(data.X))[chosen] for chosen in data.batches(size, generator)]


def buffers(rows):
    return {"x": np.full((rows, 3), np.nan), "y": np.full(rows, -1), "w": np.full(rows, np.nan)}


@pytest.mark.parametrize("seed", [None, 0])
@pytest.mark.parametrize("subset", [None, SUBSET], ids=["all", "subset"])
@pytest.mark.parametrize("size", [1, 3, 5, 10, 99])
def test_each_row_once_and_the_partial_batch_last(size, subset, seed):
    data = Rows(X, Y, subset=subset)
    batches = indices(data, size, None if seed is None else np.random.default_rng(seed))
    whole, rest = divmod(len(data), size)
    assert [len(batch) for batch in batches] == [size] * whole + [rest] * (rest > 0)
    assert sorted(np.concatenate(batches)) == sorted(range(ROWS) if subset is None else subset)


@pytest.mark.parametrize("subset", [None, SUBSET], ids=["all", "subset"])
def test_in_order_without_a_generator(subset):
    order = np.concatenate(indices(Rows(X, Y, subset=subset), 4, None))
    np.testing.assert_array_equal(order, np.arange(ROWS) if subset is None else subset)


@pytest.mark.parametrize("subset", [None, np.arange(50, 100)], ids=["all", "subset"])
def test_the_state_of_the_generator_is_the_order(subset):
    data = Rows(np.zeros((100, 3)), np.zeros(100), subset=subset)
    generator, twin = np.random.default_rng(3), np.random.default_rng(3)
    first, second = (np.concatenate(indices(data, 7, generator)) for _ in range(2))
    np.testing.assert_array_equal(first, np.concatenate(indices(data, 7, twin)))
    np.testing.assert_array_equal(second, np.concatenate(indices(data, 7, twin)))
    assert (first != second).any()
    assert (first != np.sort(first)).any()


def test_a_subset_is_not_reordered_in_place():
    subset = SUBSET.copy()
    list(Rows(X, Y, subset=subset).batches(2, np.random.default_rng(0)))
    np.testing.assert_array_equal(subset, SUBSET)


@pytest.mark.parametrize("form", [np.asarray, csr_array, csr_matrix])
@pytest.mark.parametrize("chosen", [slice(2, 6), slice(9, 10), np.array([9, 0, 0, 5]), np.array([3])], ids=repr)
def test_gather(form, chosen):
    expected = X[chosen]
    arrays = buffers(len(expected))
    weight = Rows(form(X), Y, WEIGHT).gather(chosen, arrays)
    np.testing.assert_array_equal(arrays["x"], expected)
    np.testing.assert_array_equal(arrays["y"], Y[chosen])
    np.testing.assert_array_equal(arrays["w"], WEIGHT[chosen])
    assert weight == WEIGHT[chosen].sum()


@pytest.mark.parametrize("form", [np.asarray, csr_array])
@pytest.mark.parametrize("subset", [None, SUBSET], ids=["all", "subset"])
def test_an_epoch_through_the_buffers(form, subset):
    """What comes through the buffers, batch for batch, are the rows of the drawn order."""
    data = Rows(form(X), Y, subset=subset)
    seen = []
    for chosen in data.batches(3, np.random.default_rng(1)):
        arrays = buffers(len(chosen))
        data.gather(chosen, arrays)
        seen.append(np.column_stack([arrays["x"], arrays["y"]]))
    order = np.random.default_rng(1).permutation(ROWS if subset is None else subset)
    np.testing.assert_array_equal(np.concatenate(seen), np.column_stack([X, Y])[order])


def test_targets_of_several_columns():
    Y2 = np.column_stack([Y, -Y])
    arrays = {**buffers(2), "y": np.zeros((2, 2), int)}
    Rows(X, Y2).gather(np.array([4, 1]), arrays)
    np.testing.assert_array_equal(arrays["y"], Y2[[4, 1]])


def test_rows_without_weights_weigh_1():
    data, arrays = Rows(X, Y), buffers(4)
    data.start(arrays)
    assert data.gather(slice(0, 4), arrays) == 4
    np.testing.assert_array_equal(arrays["w"], 1)


@pytest.mark.parametrize("subset", [[0, ROWS - 1], [0, ROWS], [-1, 0]])
def test_indices_of_rows_that_are_not_there_are_refused(subset):
    data, asked = (
        Rows(X, Y[:, None] + 0.5, subset=np.array(subset)),
        (Network([Dense(1)], 3), losses.SquaredError(), X.dtype),
    )
    if max(subset) < ROWS and min(subset) >= 0:
        data.check(*asked)
    else:
        with pytest.raises(InputError, match=rf"indices from 0 to {ROWS - 1}; received {min(subset)} to {max(subset)}"):
            data.check(*asked)


def test_length():
    assert len(Rows(X, Y)) == len(Rows(csr_array(X), Y)) == ROWS
    assert len(Rows(X, Y, subset=SUBSET)) == 5
