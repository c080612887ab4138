"""Stopping: what counts as an improvement, when patience ends, and the weights that come back."""

import numpy as np
import pytest

from chainrule.training.stopping import Stopping


def seen(scores, patience=2, tol=0.1):
    """A `Stopping` that has seen these scores; the weights of score number i are all i."""
    stopping = Stopping(patience, tol)
    for number, score in enumerate(scores):
        stopping.see(score, np.full(3, float(number)))
    return stopping


@pytest.mark.parametrize(
    ("scores", "count"),
    [
        ([1.0], 0),
        ([1.0, 2.0, 3.0], 0),
        ([1.0, 1.0], 1),
        ([1.0, 0.5, 0.9], 2),
        ([1.0, 1.05, 1.09], 2),  # each is the best so far, by less than tol
        ([1.0, 0.5, 2.0], 0),  # an improvement starts the count again
        ([0.0, 0.125], 0),  # more than tol
        ([-2.0, -1.0], 0),
    ],
)
def test_counts_epochs_without_improvement(scores, count):
    assert seen(scores).count == count


def test_exactly_tol_is_an_improvement():
    assert seen([0.0, 0.25], tol=0.25).count == 0


@pytest.mark.parametrize("patience", [0, 1, 3])
def test_exhausted_at_one_more_than_patience(patience):
    flat = [1.0] * (patience + 1)
    assert not seen(flat, patience).exhausted
    assert seen([*flat, 1.0], patience).exhausted


def test_endless_patience():
    assert not seen([1.0] * 50, patience=np.inf).exhausted


def test_a_nan_is_no_improvement():
    stopping = seen([1.0, np.nan, np.nan, np.nan])
    assert stopping.best_score == 1.0
    np.testing.assert_array_equal(stopping.best_vector, 0)
    assert stopping.count == 3
    assert stopping.exhausted


def test_a_nan_first_is_overcome():
    stopping = seen([np.nan, 1.0])
    assert (stopping.best_score, stopping.count) == (1.0, 0)


def test_restore_brings_back_the_best_weights():
    stopping = seen([1.0, 3.0, 2.0, 2.9])
    vector = np.full(3, -1.0)
    stopping.restore(vector)
    np.testing.assert_array_equal(vector, 1)
    assert stopping.best_score == 3.0


def test_the_best_counts_even_within_tol():
    stopping = seen([1.0, 1.05])
    vector = np.zeros(3)
    stopping.restore(vector)
    np.testing.assert_array_equal(vector, 1)


def test_of_equal_scores_the_first_weights_are_the_best():
    stopping = Stopping(patience=5, tol=0.0)
    for n in range(3):
        stopping.see(0.5, np.full(2, float(n)))
    np.testing.assert_array_equal(stopping.best_vector, [0.0, 0.0])


def test_the_best_weights_are_a_copy():
    stopping, vector = Stopping(1, 0), np.ones(2)
    stopping.see(1.0, vector)
    vector[...] = 5
    stopping.see(0.5, vector)
    stopping.restore(vector)
    np.testing.assert_array_equal(vector, 1)


def test_nothing_to_restore():
    vector = np.ones(2)
    Stopping(1, 0).restore(vector)
    np.testing.assert_array_equal(vector, 1)


@pytest.mark.parametrize(
    ("scores", "exhausted"),
    [
        ([-1.0, -1.05, -1.3], True),  # two epochs, and more than 1.2 times the best
        ([-1.0, -1.3], False),  # one epoch
        ([-1.0, -1.3, -1.2], False),  # just 1.2 times
        ([-1.0, -1.3, -1.15], False),
        ([-1.0, -1.3, -1.15, -1.15], True),  # three epochs, and more than 1.1 times
        ([-1.0, -1.3, -0.9, -1.3], False),  # an improvement starts the count again
        ([-1.0, -1.3, float("nan")], False),
        ([1.0, 0.5, 0.1, 0.1], False),  # no losses
        ([0.0, -0.5, -0.9, -0.9], False),  # nothing is so many times 0
    ],
)
def test_a_loss_that_has_risen_far_ends_it_sooner(scores, exhausted):
    stopping = Stopping(9, 0.0, ((2, 1.2), (3, 1.1)))
    for score in scores:
        stopping.see(score, np.zeros(3))
    assert stopping.exhausted == exhausted


def test_what_is_exhausted_is_so_behind_a_checkpoint():
    ended = seen([-1.0, -1.05, -1.3], patience=9)
    on = Stopping(9, 0.1, ((2, 1.2),))
    on.load(*ended.state())
    assert on.exhausted
    arrays, data = ended.state()
    on.load(arrays, {name: data[name] for name in ("count", "best_score")})  # of an earlier version
    assert not on.exhausted
