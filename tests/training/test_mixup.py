"""Mixup: what it makes of a batch, in place, and where it refuses."""

import numpy as np
import pytest

from chainrule.errors import InputError, InputTypeError
from chainrule.training.mixup import Mixup

both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def batch(rows=8, width=5, outputs=3, dtype=np.float64, seed=0):
    generator = np.random.default_rng(seed)
    return {
        "x": generator.normal(size=(rows, width)).astype(dtype),
        "y": generator.normal(size=(rows, outputs)).astype(dtype),
        "w": generator.random(rows).astype(dtype),
        "total": np.zeros(2),
    }


def mixed(arrays, alpha=0.5, seed=7):
    """The batch mixed, and the ring and the lambda that were drawn."""
    copies = {name: array.copy() for name, array in arrays.items()}
    Mixup(alpha).apply(copies, np.random.default_rng(seed))
    generator = np.random.default_rng(seed)
    return copies, generator.permutation(len(arrays["x"])), generator.beta(alpha, alpha)


@both_dtypes
@pytest.mark.parametrize("rows", [1, 2, 3, 64])
def test_every_row_is_mixed_with_the_next_in_the_ring(rows, dtype, kernels):
    arrays = batch(rows, dtype=dtype)
    found, ring, share = mixed(arrays)
    partner = np.empty(rows, int)
    partner[ring] = np.roll(ring, -1)
    tolerance = 4 * np.finfo(dtype).eps
    for name in ("x", "y", "w"):
        a = arrays[name].astype(np.float64)
        np.testing.assert_allclose(found[name], share * a + (1 - share) * a[partner], rtol=tolerance, atol=tolerance)
        assert found[name].dtype == dtype
    assert 0 < share < 1


def test_targets_of_one_axis_and_of_many_columns(kernels):
    for shape in ((8,), (8, 1), (8, 40)):
        arrays = batch() | {"y": np.random.default_rng(1).normal(size=shape)}
        found, ring, share = mixed(arrays)
        here, there = ring[0], ring[1]
        np.testing.assert_allclose(found["y"][here], share * arrays["y"][here] + (1 - share) * arrays["y"][there])


def test_sums_stay_and_so_do_rows_that_are_alike(kernels):
    arrays = batch(dtype=np.float32) | {"w": np.ones(8, np.float32)}
    found, _, _ = mixed(arrays)
    np.testing.assert_allclose(found["x"].sum(axis=0), arrays["x"].sum(axis=0), rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(found["w"], 1)  # to the bit: they are mixed again with every batch
    np.testing.assert_array_equal(found["total"], 0)


def test_shares_of_classes_stay_shares(kernels):
    arrays = batch() | {"y": np.eye(3)[np.random.default_rng(1).integers(0, 3, 8)]}
    found, _, _ = mixed(arrays)
    np.testing.assert_allclose(found["y"].sum(axis=1), 1)
    assert found["y"].min() >= 0 and found["y"].max() <= 1


def test_the_generator_decides(numpy_kernels):
    first, again, other = (mixed(batch(), seed=seed)[0]["x"] for seed in (1, 1, 2))
    np.testing.assert_array_equal(again, first)
    assert (other != first).any()


@pytest.mark.parametrize("alpha", [0.2, 1.0, 8.0])
def test_lambda_is_beta_distributed(alpha, numpy_kernels):
    """Variance of Beta(alpha, alpha): 1 / (4 (2 alpha + 1)); read off a batch of 0 and 1."""
    generator, shares = np.random.default_rng(0), []
    for _ in range(4000):
        arrays = {"x": np.array([[0.0], [1.0]]), "y": np.zeros(2), "w": np.ones(2)}
        Mixup(alpha).apply(arrays, generator)
        shares.append(arrays["x"][1, 0])
    assert np.mean(shares) == pytest.approx(0.5, abs=0.03)
    assert np.var(shares) == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.1)


def test_views_of_a_plans_buffers_are_mixed_in_place(kernels):
    memory = np.random.default_rng(0).normal(size=200)
    arrays = batch() | {"x": memory[:40].reshape(8, 5)}
    before = memory.copy()
    Mixup(1.0).apply(arrays, np.random.default_rng(0))
    assert (memory[:40] != before[:40]).any()
    np.testing.assert_array_equal(memory[40:], before[40:])


def test_class_codes_are_refused(numpy_kernels):
    with pytest.raises(InputTypeError, match="shares of the classes"):
        Mixup(0.2).apply(batch() | {"y": np.arange(8)}, np.random.default_rng(0))


@pytest.mark.parametrize("alpha", [0, -1, float("nan"), float("inf"), "a", None, True])
def test_what_cannot_be_an_alpha(alpha):
    with pytest.raises((InputError, InputTypeError), match=r"Mixup\(alpha=\): expected a number above 0"):
        Mixup(alpha)
