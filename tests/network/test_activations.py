"""One contract for every activation of the table: value, derivative, range, NaN, and what it says of itself."""

from math import inf

import mpmath
import numpy as np
import pytest
from mpmath import mpf

from chainrule.errors import InputError, InputTypeError
from chainrule.network import activations
from chainrule.network.activations import ACTIVATIONS, ALIASES

every_activation = pytest.mark.parametrize("f", ACTIVATIONS.values(), ids=ACTIVATIONS)


def _softplus(z):
    return mpmath.log(1 + mpmath.exp(z))


def _selu(z):
    alpha, scale = mpf("1.6732632423543772848170429916717"), mpf("1.0507009873554804934193349852946")
    return scale * (z if z > 0 else alpha * mpmath.expm1(z))


#: The definitions, in 30 digits, written from the papers and not from the code.
EXACT = {
    "identity": lambda z: z,
    "relu": lambda z: max(z, mpf(0)),
    "leaky_relu": lambda z: z if z > 0 else z / 100,
    "elu": lambda z: z if z > 0 else mpmath.expm1(z),
    "selu": _selu,
    "gelu": lambda z: z * mpmath.ncdf(z),
    "gelu_tanh": lambda z: z / 2 * (1 + mpmath.tanh(mpmath.sqrt(2 / mpmath.pi) * (z + mpf("0.044715") * z**3))),
    "silu": lambda z: z / (1 + mpmath.exp(-z)),
    "mish": lambda z: z * mpmath.tanh(_softplus(z)),
    "softplus": _softplus,
    "sigmoid": lambda z: 1 / (1 + mpmath.exp(-z)),
    "tanh": mpmath.tanh,
}

POINTS = np.concatenate([np.linspace(-8, 8, 60), [-30.0, -1e-3, 1e-3, 30.0]])  # none at 0, where kinks are


def derivative(f, z):
    return np.broadcast_to(f.derivative(f.value(z) if f.reads == "a" else z), z.shape)


@every_activation
def test_value_and_derivative_against_the_definition(f):
    with mpmath.workdps(30):
        value = [float(EXACT[f.name](mpf(z))) for z in POINTS]
        slope = [float(mpmath.diff(EXACT[f.name], mpf(z))) for z in POINTS]
    # Far left GELU, written 1 + erf, and derivatives read off a = f(z), lose digits but stay within 5e-15.
    np.testing.assert_allclose(f.value(POINTS), value, rtol=2e-14, atol=5e-15)
    np.testing.assert_allclose(derivative(f, POINTS), slope, rtol=2e-13, atol=5e-15)


@every_activation
def test_derivative_against_finite_differences(f):
    z, h = POINTS, 1e-4

    def slope(h):
        return (f.value(z + h) - f.value(z - h)) / (2 * h)

    np.testing.assert_allclose(derivative(f, z), (4 * slope(h) - slope(2 * h)) / 3, rtol=1e-9, atol=1e-9)


@every_activation
def test_range_is_what_the_table_says(f):
    low, high = (float(end) for end in f.range[1:-1].split(","))
    z = np.concatenate([np.linspace(-12, 12, 24_001), [-1e6, -700.0, 700.0, 1e6]])
    a = f.value(z)
    rounding = 5e-4  # the table gives three decimals
    assert low - rounding <= a.min() and a.max() <= high + rounding
    assert a.min() < -1e3 if low == -inf else a.min() < low + rounding
    assert a.max() > 1e3 if high == inf else a.max() > high - rounding
    assert (a.min() >= 0) or low < 0


@every_activation
def test_nan_stays_nan_and_float32_stays_float32(f):
    a = f.value(np.array([np.nan, 1], np.float32))
    np.testing.assert_array_equal(np.isnan(a), [True, False])
    assert a.dtype == np.float32


@every_activation
def test_extremes_give_no_warning(f):
    z = np.array([-1e30, -1e4, 1e4, 1e30])
    assert not np.isnan(f.value(z)).any()
    assert np.isfinite(derivative(f, z)).all()


@every_activation
def test_table_shows_every_entry(f):
    (line,) = [line for line in activations.table().splitlines() if line.startswith(f"{f.name} ")]
    for part in (f.formula, f.range, f.derivative_formula):
        assert part in line
    assert f.used in activations.table()


@every_activation
def test_get_by_name_and_by_value(f):
    assert activations.get(f.name) is f
    assert activations.get(f) is f


@pytest.mark.parametrize(("alias", "name"), ALIASES.items())
def test_aliases(alias, name):
    assert activations.get(alias) is ACTIVATIONS[name]


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(InputError, match=r"here: expected one of .*received 'rleu'\. Did you mean 'relu'\?"):
        activations.get("rleu", "here")
    with pytest.raises(InputTypeError, match=r"received 3\. activations\.table\(\)"):
        activations.get(3)


@pytest.mark.parametrize(
    ("value", "derivative", "message"),
    [
        (lambda z: missing * z, lambda z: 1.0, r"value=<lambda>\): expected a float .* NameError: name 'missing'"),  # noqa: F821
        (lambda z: z, lambda z: None, r"derivative=<lambda>\): expected a float of \(-2.3\); received None"),
        (lambda z: (z, z), lambda z: 1.0, r"value=<lambda>\): expected a float"),
        ("relu", lambda z: 1.0, r"value=relu\): expected a float .* TypeError: 'str' object is not callable"),
    ],
)
def test_a_function_of_ones_own_is_called_before_it_is_trusted(value, derivative, message):
    with pytest.raises((InputError, InputTypeError), match=rf"custom\('mine', {message}"):
        activations.custom("mine", value, derivative)


def test_a_step_has_the_derivative_that_it_is_given():
    activations.custom("sign", lambda z: 1.0 if z > 0.0 else -1.0, lambda z: 1.0)


def test_custom():
    f = activations.custom("cube", lambda z: z * z * z, lambda z: 3.0 * z * z, family="lecun")
    assert (f.name, f.reads, f.family, f.scalar) == ("cube", "z", "lecun", True)
    assert (f.value(2.0), f.derivative(2.0)) == (8.0, 12.0)
    assert activations.get(f) is f
