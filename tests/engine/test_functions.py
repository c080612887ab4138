"""The scalar functions of the kernels against NumPy, SciPy and mpmath, under the flags of the kernels."""

from collections.abc import Callable
from typing import Any

import mpmath
import numba
import numpy as np
import pytest
import scipy.special

from chainrule.engine.kernels.functions import TWINS, select
from chainrule.network import special

FLAGS = {"contract", "reassoc", "nsz", "arcp", "afn"}
ULPS = 4
VANISHING = {np.exp: 1e-37, special.expit: 1e-37}  # may give 0 instead of less than this
EXACT = {
    np.exp: mpmath.exp, np.expm1: mpmath.expm1, np.log1p: mpmath.log1p,
    np.tanh: mpmath.tanh, special.expit: lambda x: 1 / (1 + mpmath.exp(-x)),
    special.erf: mpmath.erf,
}  # fmt: skip
LARGEST = float(np.finfo(np.float32).max)

every_function = pytest.mark.parametrize("function", list(EXACT), ids=lambda function: function.__name__)
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])

_loops: dict[Any, Callable[..., None]] = {}


def loop_over(scalar: Callable[..., Any]) -> Callable[..., None]:
    """A kernel that applies a scalar function to every element; kept, as compiling is what takes time."""

    def loop(x, y):
        for i in range(x.shape[0]):
            y[i] = scalar(x[i])

    if scalar not in _loops:
        _loops[scalar] = numba.njit(error_model="numpy", fastmath=FLAGS)(loop)
    return _loops[scalar]


def twin(function: Any, x: np.ndarray) -> np.ndarray:
    y = np.empty_like(x)
    loop_over(TWINS[x.dtype.type][function])(x, y)
    return y


def reference(function: Any, x: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return function(x.astype(np.float64))


def allowed(function: Any, exact: np.ndarray) -> np.ndarray:
    ulp = np.spacing(np.abs(exact).astype(np.float32)).astype(np.float64)
    return np.maximum(ULPS * ulp, VANISHING.get(function, 0.0))


@pytest.fixture(scope="module")
def sweep() -> np.ndarray:
    """About 3 million floats: every 2003rd bit pattern, more where the functions bend, and the edges."""
    patterns = np.arange(0, 2**32, 2003, dtype=np.uint64).astype(np.uint32).view(np.float32)
    near = np.linspace(-20, 20, 1_000_001, dtype=np.float32)
    edges = np.array([0, np.inf, np.nan, 1e-45, LARGEST, 1, 88.72283, 88.72284], dtype=np.float32)
    edges = np.concatenate([edges, np.nextafter(edges, np.float32(0))])
    return np.concatenate([patterns, near, edges, -edges])


@every_function
def test_float32_error_over_the_whole_range(function, sweep):
    y, exact = twin(function, sweep), reference(function, sweep)
    np.testing.assert_array_equal(np.isnan(y), np.isnan(exact))

    too_large = np.abs(exact) > LARGEST  # inf in float32; NaN is False
    np.testing.assert_array_equal(y[too_large], np.copysign(np.inf, exact[too_large]))

    finite = np.abs(exact) <= LARGEST
    error = np.abs(y[finite] - exact[finite])
    over = error > allowed(function, exact[finite])
    assert not over.any(), (sweep[finite][over][:5], y[finite][over][:5])


@both_dtypes
@every_function
def test_limits(function, dtype):
    edges = np.array([-np.inf, -1.0, -0.0, 0.0, np.inf], dtype=dtype)
    y, exact = twin(function, edges), reference(function, edges).astype(dtype)
    np.testing.assert_array_equal(y[[0, 2, 3, 4]], exact[[0, 2, 3, 4]])
    np.testing.assert_allclose(y[1], exact[1], rtol=1e-6)


@pytest.mark.parametrize("function", [np.tanh, special.expit, special.erf])
def test_saturation_is_exact_and_never_passed(function, sweep):
    y = twin(function, sweep)
    assert np.nanmax(y) == 1
    assert np.nanmin(y) == (0 if function is special.expit else -1)
    assert (y[sweep > 20] == 1).all()


@both_dtypes
@every_function
def test_nan_stays_nan(function, dtype):
    assert np.isnan(twin(function, np.full(40, np.nan, dtype))).all()


@every_function
def test_float64(function):
    rng = np.random.default_rng(0)
    scales = rng.choice([-1.0, 1.0], 20_000) * 10 ** rng.uniform(-300, 300, 20_000)
    x = np.concatenate([np.linspace(-800, 800, 20_001), np.linspace(-5, 5, 20_001), scales])
    np.testing.assert_allclose(twin(function, x), reference(function, x), rtol=1e-15, atol=1e-307)


@both_dtypes
@every_function
def test_against_mpmath(function, dtype):
    x = np.random.default_rng(1).normal(scale=3, size=300).astype(dtype)
    if function is np.log1p:
        x = np.expm1(x)  # above -1
    with mpmath.workdps(30):
        exact = np.array([float(EXACT[function](mpmath.mpf(float(value)))) for value in x])
    error = np.abs(twin(function, x) - exact)
    assert (error <= (allowed(function, exact) if dtype is np.float32 else 1e-15 * np.abs(exact))).all()


@every_function
def test_the_loop_is_vectorised_in_float32(function):
    loop = loop_over(TWINS[np.float32][function])
    loop(np.zeros(1, np.float32), np.zeros(1, np.float32))
    (code,) = (code for types, code in loop.inspect_llvm().items() if types[0].dtype == numba.float32)
    assert " x float>" in code
    assert "double" not in code


@pytest.mark.parametrize("function", [np.exp, np.log1p, special.erf])
def test_an_argument_that_numba_widened_is_narrowed(function):
    loop = loop_over(TWINS[np.float32][function])
    x = np.linspace(-0.9, 5, 50, dtype=np.float32)
    y = np.empty_like(x)
    loop(x.astype(np.float64), y)
    np.testing.assert_allclose(y, twin(function, x), rtol=3e-7)


def test_inside_a_kernel_that_may_reassociate():
    erf = TWINS[np.float32][special.erf]
    half, one, root_half = np.array([0.5, 1, 0.5**0.5], np.float32)

    @numba.njit(error_model="numpy", fastmath=FLAGS)
    def gelu(z, b, a):
        for i in range(z.shape[0]):
            for j in range(z.shape[1]):
                t = z[i, j] + b[j]
                z[i, j] = t
                a[i, j] = t * half * (one + erf(t * root_half))

    z = np.linspace(-10, 10, 8192, dtype=np.float32).reshape(64, 128)
    b, a = np.linspace(-1, 1, 128, dtype=np.float32), np.empty_like(z)
    gelu(z, b, a)
    np.testing.assert_allclose(a, z * scipy.special.ndtr(z.astype(np.float64)), rtol=5e-7, atol=5e-7)
    assert (a[z < -7] == 0).all()


@both_dtypes
def test_select(dtype):
    @numba.njit
    def loop(x, y):
        for i in range(x.shape[0]):
            y[i] = select(x[i] > y[i], x[i], y[i])

    x, y = np.array([1, 2, np.nan, 0], dtype), np.array([2, 1, 0, np.nan], dtype)
    expected = np.where(x > y, x, y)
    loop(x, y)
    np.testing.assert_array_equal(y, expected)
