"""The activations: one entry each, with formula, range, derivative, and what backward reads.

`value` and `derivative` are written once, with NumPy's names. Applied to arrays they are the reference;
the engine compiles the same functions, scalar by scalar, into the kernels of a layer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import sqrt
from typing import Any, Literal

from numpy import exp, expm1, log1p, tanh, where

from chainrule.errors import InputTypeError, unknown_name
from chainrule.network.own import check_value
from chainrule.network.special import erf, expit

SELU_SCALE = 1.0507009873554805
SELU_ALPHA = 1.6732632423543772
SELU_LOW = -SELU_SCALE * SELU_ALPHA  # its limit for z -> -inf
INV_SQRT_2 = 1 / sqrt(2)
INV_SQRT_2PI = 0.3989422804014327
SQRT_2_OVER_PI = 0.7978845608028654

Scalar = Callable[[Any], Any]


@dataclass(frozen=True)
class ActivationFunction:
    """An activation and its derivative. `activations.custom` makes one of your own.

    Attributes
    ----------
    name, formula, derivative_formula, range : how it is called and written, and which values it takes
    used, source : what it is used for, and who proposed it
    value : z -> a
    derivative : of a = f(z) where `reads` is "a", which lets the engine overwrite z, else of z
    family : which initialiser `init="auto"` picks: "he", "xavier" or "lecun"
    scalar : whether the functions know only scalars, as a user's own may; built-in ones take arrays too
    rises : whether it never falls, as far as that is known: a monotone network has no others

    Examples
    --------
    >>> from chainrule.activations import ACTIVATIONS
    >>> tanh = ACTIVATIONS["tanh"]
    >>> tanh.derivative_formula, float(tanh.derivative(tanh.value(0.0)))
    ('1 - a^2', 1.0)
    """

    name: str
    formula: str
    range: str
    derivative_formula: str
    reads: Literal["a", "z"]
    used: str
    source: str
    value: Scalar = field(repr=False)
    derivative: Scalar = field(repr=False)
    family: Literal["he", "xavier", "lecun"] = "he"
    scalar: bool = False
    rises: bool = True


def _relu(z: Any) -> Any:
    return where(z < 0.0, 0.0, z)  # this way round a NaN stays a NaN


def _relu_derivative(a: Any) -> Any:
    return where(a > 0.0, 1.0, 0.0)


def _leaky_relu(z: Any) -> Any:
    return where(z < 0.0, 0.01 * z, z)


def _leaky_relu_derivative(a: Any) -> Any:
    return where(a > 0.0, 1.0, 0.01)


def _elu(z: Any) -> Any:
    return where(z > 0.0, z, expm1(where(z > 0.0, 0.0, z)))


def _elu_derivative(a: Any) -> Any:
    return where(a > 0.0, 1.0, a + 1.0)


def _selu(z: Any) -> Any:
    return SELU_SCALE * where(z > 0.0, z, SELU_ALPHA * expm1(where(z > 0.0, 0.0, z)))


def _selu_derivative(a: Any) -> Any:
    return where(a > 0.0, SELU_SCALE, a + SELU_SCALE * SELU_ALPHA)


def _gelu(z: Any) -> Any:
    return 0.5 * z * (1.0 + erf(z * INV_SQRT_2))


def _gelu_derivative(z: Any) -> Any:
    return 0.5 * (1.0 + erf(z * INV_SQRT_2)) + z * INV_SQRT_2PI * exp(-0.5 * z * z)


def _gelu_tanh(z: Any) -> Any:
    return 0.5 * z * (1.0 + tanh(SQRT_2_OVER_PI * z * (1.0 + 0.044715 * z * z)))


def _gelu_tanh_derivative(z: Any) -> Any:
    t = tanh(SQRT_2_OVER_PI * z * (1.0 + 0.044715 * z * z))
    return 0.5 * (1.0 + t) + 0.5 * z * (1.0 - t * t) * SQRT_2_OVER_PI * (1.0 + 0.134145 * z * z)


def _silu(z: Any) -> Any:
    return z * expit(z)


def _silu_derivative(z: Any) -> Any:
    s = expit(z)
    return s * (1.0 + z * (1.0 - s))


def _softplus(z: Any) -> Any:
    return where(z < 0.0, 0.0, z) + log1p(exp(-abs(z)))


def _softplus_derivative(a: Any) -> Any:
    return -expm1(-a)


def _mish(z: Any) -> Any:
    return z * tanh(_softplus(z))


def _mish_derivative(z: Any) -> Any:
    t = tanh(_softplus(z))
    return t + z * (1.0 - t * t) * expit(z)


def _sigmoid(z: Any) -> Any:
    return expit(z)


def _sigmoid_derivative(a: Any) -> Any:
    return a * (1.0 - a)


def _tanh(z: Any) -> Any:
    return tanh(z)


def _tanh_derivative(a: Any) -> Any:
    return 1.0 - a * a


def _identity(z: Any) -> Any:
    return z


def _identity_derivative(a: Any) -> Any:
    return 1.0


# name, formula, range, derivative, what backward reads, where it is used, source, f, f', family
_ENTRIES = (
    ActivationFunction(
        "identity", "z", "(-inf, inf)", "1", "a",
        "the output of a regression; stacked, it collapses to one linear layer",
        "-", _identity, _identity_derivative, "xavier",
    ),
    ActivationFunction(
        "relu", "max(0, z)", "[0, inf)", "1 if a > 0 else 0", "a",
        "the default of hidden layers: cheap, no saturation for z > 0; units can die",
        "Nair and Hinton 2010", _relu, _relu_derivative,
    ),
    ActivationFunction(
        "leaky_relu", "z if z > 0 else 0.01 z", "(-inf, inf)", "1 if a > 0 else 0.01", "a",
        "where ReLU units die", "Maas et al. 2013", _leaky_relu, _leaky_relu_derivative,
    ),
    ActivationFunction(
        "elu", "z if z > 0 else exp(z) - 1", "(-1, inf)", "1 if a > 0 else a + 1", "a",
        "smooth alternative to ReLU with mean nearer 0", "Clevert et al. 2015",
        _elu, _elu_derivative,
    ),
    ActivationFunction(
        "selu", "s (z if z > 0 else alpha (exp(z) - 1))", "(-1.758, inf)",
        "s if a > 0 else a + s alpha", "a",
        "self-normalising deep stacks with LeCun initialisation and no normalisation layer",
        "Klambauer et al. 2017", _selu, _selu_derivative, "lecun",
    ),
    ActivationFunction(
        "gelu", "z Phi(z)", "[-0.170, inf)", "Phi(z) + z phi(z)", "z",
        "smooth default of transformers; good on tables with layer normalisation",
        "Hendrycks and Gimpel 2016", _gelu, _gelu_derivative, rises=False,
    ),
    ActivationFunction(
        "gelu_tanh", "z/2 (1 + tanh(sqrt(2/pi) (z + 0.044715 z^3)))", "[-0.170, inf)",
        "(1+t)/2 + z/2 (1-t^2) sqrt(2/pi) (1 + 0.134145 z^2)", "z",
        "the tanh approximation of GELU, for weights trained with it",
        "Hendrycks and Gimpel 2016", _gelu_tanh, _gelu_tanh_derivative, rises=False,
    ),
    ActivationFunction(
        "silu", "z sigmoid(z)", "[-0.278, inf)", "s (1 + z (1 - s))", "z",
        "smooth, also called swish", "Elfwing et al. 2017", _silu, _silu_derivative, rises=False,
    ),
    ActivationFunction(
        "mish", "z tanh(softplus(z))", "[-0.309, inf)", "t + z (1 - t^2) sigmoid(z)", "z",
        "smooth, a little more costly than SiLU", "Misra 2019", _mish, _mish_derivative, rises=False,
    ),
    ActivationFunction(
        "softplus", "log(1 + exp(z))", "(0, inf)", "1 - exp(-a)", "a",
        "a positive output, such as a variance", "Dugas et al. 2001",
        _softplus, _softplus_derivative,
    ),
    ActivationFunction(
        "sigmoid", "1 / (1 + exp(-z))", "(0, 1)", "a (1 - a)", "a",
        "a probability; in deep hidden layers its gradients vanish (f' <= 1/4)",
        "classical", _sigmoid, _sigmoid_derivative, "xavier",
    ),
    ActivationFunction(
        "tanh", "tanh(z)", "(-1, 1)", "1 - a^2", "a",
        "shallow and recurrent networks: zero-centred, saturates (f' <= 1)",
        "classical", _tanh, _tanh_derivative, "xavier",
    ),
)  # fmt: skip

#: Every activation by its name.
ACTIVATIONS: dict[str, ActivationFunction] = {entry.name: entry for entry in _ENTRIES}
ALIASES = {"logistic": "sigmoid", "swish": "silu", "linear": "identity"}


def get(activation: str | ActivationFunction, where: str = "activation") -> ActivationFunction:
    """The entry of a name (or of an alias), or the function itself.

    Parameters
    ----------
    activation : its name, or one that is made
    where : how an error calls it

    Returns
    -------
    ActivationFunction

    Raises
    ------
    InputTypeError, InputError
        For what is neither, and for a name that is none.

    Examples
    --------
    >>> from chainrule.activations import get
    >>> get("logistic").name
    'sigmoid'
    """
    if isinstance(activation, ActivationFunction):
        return activation
    if not isinstance(activation, str):
        raise InputTypeError(
            where, "a name or an activation made by activations.custom", repr(activation),
            "activations.table() lists the names.",
        )  # fmt: skip
    name = ALIASES.get(activation, activation)
    if name not in ACTIVATIONS:
        raise unknown_name(where, activation, [*ACTIVATIONS, *ALIASES])
    return ACTIVATIONS[name]


def custom(
    name: str,
    value: Scalar,
    derivative: Scalar,
    family: Literal["he", "xavier", "lecun"] = "he",
) -> ActivationFunction:
    """An activation of your own from two scalar functions, f(z) and f'(z).

    They are compiled into the layer's kernel like the built-in ones: write them in plain arithmetic with
    NumPy's or math's functions, and with float constants (2.0, not 2). They must not raise: an exception in compiled
    code is printed and goes no further.

    Parameters
    ----------
    name : str, for listings
    value : z -> f(z), floats
    derivative : z -> f'(z), floats
    family : which initialiser `init="auto"` picks

    Returns
    -------
    ActivationFunction

    Raises
    ------
    InputError, InputTypeError
        Where a function fails, or gives no number; each is called in a few places. That one is the derivative of the
        other is not asked: a step has the derivative that you give it. `Network.check_gradients` holds them together.

    Examples
    --------
    >>> from chainrule.activations import custom
    >>> softsign = custom("softsign", lambda z: z / (1.0 + abs(z)), lambda z: 1.0 / (1.0 + abs(z)) ** 2)
    >>> softsign.value(1.0), softsign.derivative(1.0)
    (0.5, 0.25)
    """
    for role, function in (("value", value), ("derivative", derivative)):
        check_value(f"custom({name!r}, {role}={getattr(function, '__name__', function)})", function)
    return ActivationFunction(
        name, "f(z)", "?", "f'(z)", "z", "your own", "-", value, derivative, family, scalar=True, rises=False
    )


def table() -> str:
    """Every activation: formula, range, derivative, what backward reads, where it is used, as text.

    Examples
    --------
    >>> from chainrule.activations import table
    >>> print(table().splitlines()[0])
    name        formula                                      range           derivative
    """
    lines = [f"{'name':<12}{'formula':<45}{'range':<16}derivative"]
    for f in _ENTRIES:
        lines.append(f"{f.name:<12}{f.formula:<45}{f.range:<16}{f.derivative_formula}")
        lines.append(f"{'':<12}{f.used}. Backward reads {f.reads}. Source: {f.source}.")
    return "\n".join(lines)
