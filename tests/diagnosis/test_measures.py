"""Measures of one layer, against what is known of matrices and functions."""

import numpy as np
import pytest
from scipy.stats import ortho_group

from chainrule.diagnosis import measures
from chainrule.diagnosis.probes import EDGES
from chainrule.network import activations


@pytest.mark.parametrize(("name", "inside", "outside"), [("sigmoid", 4.3, 4.4), ("tanh", 2.17, 2.19)])
def test_an_end_is_flat_below_a_twentieth_of_the_steepest_slope(name, inside, outside):
    """Sigmoid's steepest slope is a quarter; in between the slope is a twentieth of the steepest."""
    f = activations.get(name)
    assert measures.bounded(f)
    assert measures.saturated(f, np.array([-inside, 0.0, inside])) == 0
    assert measures.saturated(f, np.array([-outside, 0.0, outside, 0.5])) == 0.5


def test_functions_that_grow_are_not_bounded():
    assert not any(measures.bounded(activations.get(name)) for name in ("relu", "gelu", "identity", "softplus"))


@pytest.mark.parametrize("rank", [1, 4, 16])
def test_effective_rank_is_the_share_of_directions(rank):
    """Of rows that vary alike in `rank` of 16 directions, whichever those are."""
    whole = np.zeros((64, 16))
    rows = np.random.default_rng(0).normal(size=(64, rank))
    whole[:, :rank] = np.linalg.qr(rows - rows.mean(axis=0))[0]
    turned = whole @ ortho_group.rvs(16, random_state=1) + 3.0
    assert measures.effective_rank(turned) == pytest.approx(rank / 16)


def test_effective_rank_of_what_does_not_vary_is_0():
    assert measures.effective_rank(np.ones((8, 4))) == 0
    assert measures.effective_rank(np.ones((1, 4))) == 0


def test_rms_of_what_float32_cannot_square():
    assert measures.rms(np.full((3, 2), 1e-30, np.float32)) == pytest.approx(1e-30)
    assert measures.rms(np.array([[3.0, -4.0]])) == pytest.approx(12.5**0.5)


def test_a_histogram_has_a_bin_below_and_one_above():
    found = measures.histogram(np.array([[0.0, 1e30], [10.0 ** EDGES[0], 10.0 ** EDGES[-1] * 0.999]]))
    assert found.shape == (len(EDGES) + 1,)
    assert found[[0, 1, -2, -1]].tolist() == [0.25] * 4


def test_a_part_of_a_large_matrix_stands_for_all():
    assert len(measures.some_rows(np.zeros((1000, 10)), 2000)) == 200
    assert len(measures.some_rows(np.zeros((7, 10)), 2000)) == 7
