"""Products of our own: every shape in every order of memory against NumPy, and which products they are chosen for."""

import ctypes
from itertools import product

import numpy as np
import pytest

from chainrule.engine.kernels import Kernel
from chainrule.engine.kernels.numba_set import gemm, on_disk
from chainrule.engine.kernels.numba_set.tasks import Room
from chainrule.engine.work import bind

DOT = Kernel("dot")
TOLERANCE = {np.float32: 1e-4, np.float64: 1e-12}
#: On both sides of a tile, a vector and a panel; the most columns are enough for strips.
ROWS, COLUMNS, DEPTHS = (1, 2, 5, 6, 7, 9, 12, 13, 40), (2, 4, 7, 8, 9, 16, 17, 33, 260), (1, 3, 8, 9, 16, 20)
UNTOUCHED = 7


def orders(rows, columns, depth, dtype):
    """x, y and out in every order of memory that a plan has, each a part of a wider array."""
    random = np.random.default_rng(0)

    def part(rows, columns):
        return random.standard_normal((rows, columns + 3)).astype(dtype)[:, 1:-2]

    for x, y in product((part(rows, depth), part(depth, rows).T), (part(depth, columns), part(columns, depth).T)):
        yield x, y, np.full((rows, columns + 3), UNTOUCHED, dtype)[:, 1:-2]


def multiply(x, y, out, target=None):
    """The product by the task for this target; whether strips were cut."""
    assert gemm.possible(y)  # else it would write outside of its room
    room = Room()
    record = np.array(gemm.words(room, x, y, out), np.int64)
    task = gemm.task(out.dtype, on_disk.sources(), target)
    task.ctypes(record.ctypes.data_as(ctypes.POINTER(ctypes.c_int64)))
    return bool(record[12])


def is_product(out, x, y, dtype):
    np.testing.assert_allclose(out, x @ y, rtol=0, atol=TOLERANCE[dtype], err_msg=f"{x.shape} @ {y.shape}")
    np.testing.assert_array_equal(out.base[:, [0, -2, -1]], UNTOUCHED)


@pytest.mark.parametrize(
    "dtype", [np.float32, pytest.param(np.float64, marks=pytest.mark.slow)], ids=lambda dtype: dtype.__name__
)
@pytest.mark.parametrize("feature", gemm.TARGETS)
def test_every_target_in_every_order(feature, dtype, monkeypatch):
    target = gemm.TARGETS[feature]  # LLVM splits vectors that this processor does not have
    monkeypatch.setattr(gemm, "target", lambda: target)
    cut = 0
    for rows, columns, depth in product(ROWS, COLUMNS, DEPTHS):
        for x, y, out in orders(rows, columns, depth, dtype):
            if gemm.possible(y):
                cut += multiply(x, y, out, target)
                is_product(out, x, y, dtype)
    assert cut  # strips were among them


@pytest.mark.parametrize("outdone", [True, False])
@pytest.mark.parametrize("dtype", TOLERANCE, ids=lambda dtype: dtype.__name__)
def test_a_table_of_products(dtype, outdone, monkeypatch):
    """Some of them are the BLAS's whatever is chosen."""
    monkeypatch.setattr(gemm, "_outdone", lambda: outdone)
    shapes = [(1, 64, 20), (64, 2, 32), (3, 300, 7), (2, 40, 130), (130, 40, 2), (1024, 1024, 3)]
    given = [arrays for shape in shapes for arrays in orders(*shape, dtype)]
    assert any(gemm.suits(*arrays) for arrays in given) == outdone
    assert not all(gemm.suits(*arrays) for arrays in given)
    bind("numba", np.dtype(dtype), [[(DOT, [arrays]) for arrays in given]])()
    for x, y, out in given:
        is_product(out, x, y, dtype)


def test_an_entry_is_the_same_to_the_bit_in_every_cut():
    random = np.random.default_rng(0)
    x, y = (random.standard_normal(shape).astype(np.float32) for shape in ((83, 50), (50, 75)))
    whole, part = np.zeros((2, 83, 75), np.float32)
    multiply(x, y, whole)
    for cut in np.s_[40:, :], np.s_[:41, :], np.s_[:, 30:], np.s_[1:2, :16]:
        rows, columns = cut
        multiply(x[rows], y[:, columns], part[cut])
        np.testing.assert_array_equal(part[cut], whole[cut])


def test_what_is_not_finite_stays_in_its_row_and_its_column():
    expected = np.zeros((13, 40), bool)
    expected[3], expected[:, 35] = True, True
    for x, y, out in orders(13, 40, 17, np.float32):
        x[3, 2], y[4, 35] = np.nan, np.inf
        multiply(x, y, out)
        np.testing.assert_array_equal(~np.isfinite(out), expected)


@pytest.mark.parametrize(
    ("found", "outdone"),
    [({"Haswell"}, True), ({"Haswell", "Zen"}, True), ({"SkylakeX"}, False), ({"Haswell", ""}, False), (set(), False)],
)
def test_only_a_blas_that_was_measured_is_outdone(found, outdone, monkeypatch):
    monkeypatch.setattr(gemm.threads, "blas_processors", lambda: found)
    assert gemm._outdone.__wrapped__() == outdone
