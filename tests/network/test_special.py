"""erf and the logistic function in NumPy alone, against mpmath and SciPy."""

import mpmath
import numpy as np
import pytest
import scipy.special

from chainrule.network import special

ULPS = 4
PAIRS = {
    "erf": (special.numpy_erf, scipy.special.erf, mpmath.erf),
    "expit": (special.numpy_expit, scipy.special.expit, lambda x: 1 / (1 + mpmath.exp(-x))),
}
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])
both_functions = pytest.mark.parametrize("name", PAIRS)


def assert_near(found, exact, dtype, ulps):
    """Within so many ulp, but for what is less than the smallest normal number."""
    allowed = np.maximum(ulps * np.spacing(np.abs(exact).astype(dtype)), np.finfo(dtype).tiny)
    over = ~(np.abs(found.astype(np.float64) - exact) <= allowed)
    assert found.dtype == dtype
    assert not over.any(), (found[over][:5], exact[over][:5])


@both_dtypes
@both_functions
def test_against_mpmath(name, dtype):
    ours, _, exactly = PAIRS[name]
    random = np.random.default_rng(0)
    x = np.concatenate([random.normal(scale=3, size=500), random.uniform(-90, 90, 100), [1e-30, -1e-8]]).astype(dtype)
    with mpmath.workdps(40):
        exact = np.array([float(exactly(mpmath.mpf(float(value)))) for value in x])
    assert_near(ours(x), exact, dtype, ULPS)


@both_dtypes
@both_functions
def test_against_scipy_over_the_whole_range(name, dtype):
    ours, of_scipy, _ = PAIRS[name]
    sizes = np.geomspace(np.finfo(dtype).tiny, 800, 200_001)
    x = np.concatenate([np.linspace(-7, 7, 500_001), sizes, -sizes]).astype(dtype)
    assert_near(ours(x), of_scipy(x.astype(np.float64)), dtype, ULPS + 2)  # SciPy's are not exact either


@both_dtypes
@both_functions
def test_limits_and_what_is_no_number(name, dtype):
    ours, of_scipy, _ = PAIRS[name]
    x = np.array([-np.inf, np.inf, np.nan, 0.0, -0.0, 1e30, -1e30], dtype)
    np.testing.assert_array_equal(ours(x), of_scipy(x))
    np.testing.assert_array_equal(np.signbit(ours(x)[:2]), np.signbit(of_scipy(x)[:2]))


@both_functions
def test_every_shape_and_kind_of_number(name):
    ours, of_scipy, _ = PAIRS[name]
    for x in (0.5, 3, np.float32(0.5), np.array(2.0), np.zeros((0, 3)), np.arange(6).reshape(2, 3)):
        assert np.shape(ours(x)) == np.shape(x)
        np.testing.assert_allclose(ours(x), of_scipy(x), rtol=1e-6)


@both_functions
def test_whoever_has_scipy_gets_its_functions_and_the_others_get_ours(name, monkeypatch):
    ours, of_scipy, _ = PAIRS[name]
    x = np.linspace(-4, 4, 1001)
    assert not np.array_equal(ours(x), of_scipy(x))  # to the bit
    np.testing.assert_array_equal(getattr(special, name)(x), of_scipy(x))
    monkeypatch.setattr(special, "_of_scipy", lambda: None)
    np.testing.assert_array_equal(getattr(special, name)(x), ours(x))
