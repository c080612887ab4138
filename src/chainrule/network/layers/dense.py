"""Products, and functions of single units."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.checks import at_least
from chainrule.network import activations, initialisers
from chainrule.network.activations import ActivationFunction
from chainrule.network.initialisers import Initialiser
from chainrule.network.layers.base import Layer, Parameter

UNITS = at_least(1, "For example 64.")


@dataclass(frozen=True)
class Dense(Layer):
    """z = x @ W.T + b, a = f(z).

    Parameters
    ----------
    units : int, width of the output
    activation : name, see `chainrule.activations.table()`, or an `activations.custom(...)`
    bias : whether there is a b
    init : name, initialiser, or "auto": the one that suits the activation that follows the weights

    Examples
    --------
    >>> from chainrule import Dense
    >>> Dense(64, "relu").width(20)
    64
    """

    units: int
    activation: str | ActivationFunction = "identity"
    bias: bool = True
    init: str | Initialiser = "auto"

    def __post_init__(self) -> None:
        UNITS("Dense(units=)", self.units)
        initialisers.get(self.init, activations.get(self.activation, "Dense(activation=)"))

    def width(self, inputs: int) -> int:
        return self.units

    def parameters(self, inputs: int) -> tuple[Parameter, ...]:
        init = initialisers.get(self.init, activations.get(self.activation))
        W = Parameter("W", (self.units, inputs), "weight", init)
        return (W, Parameter("b", (self.units,), "bias")) if self.bias else (W,)

    def flops(self, inputs: int) -> int:
        return 2 * self.units * inputs

    @property
    def words(self) -> tuple[str, ...]:
        name = activations.get(self.activation).name
        return (f"dense {self.units}", *([name] if name != "identity" else []))


@dataclass(frozen=True)
class Activation(Layer):
    """a = f(z), element by element, where a normalisation stands between a `Dense` and its f.

    Parameters
    ----------
    name : the name of one of `chainrule.activations.ACTIVATIONS`, or an `ActivationFunction`

    Raises
    ------
    InputError, InputTypeError
        For a name that is none.

    Examples
    --------
    >>> from chainrule import Activation, BatchNorm, Dense, Network
    >>> Network([Dense(8, bias=False), BatchNorm(), Activation("relu"), Dense(1)], inputs=4).widths
    [8, 8, 8, 1]
    """

    name: str | ActivationFunction

    def __post_init__(self) -> None:
        activations.get(self.name, "Activation(name=)")

    @property
    def words(self) -> tuple[str, ...]:
        return (activations.get(self.name).name,)


@dataclass(frozen=True)
class GLU(Layer):
    """a = f(z) * v, with z and v the halves of x @ W.T + b: a gated linear unit (Dauphin et al. 2017; Shazeer 2020).

    The gate f(z) lets through as much of the value v as it is open. With "gelu" it is called GEGLU, with "silu" SwiGLU.
    Shapes: (rows, inputs) in, (rows, units) out; W is (2 * units, inputs), the rows of the gates first.

    Parameters
    ----------
    units : int, width of the output
    activation : f, a name, see `chainrule.activations.table()`, or an `activations.custom(...)`
    bias : whether there is a b
    init : name, initialiser, or "auto": the one that suits f

    Raises
    ------
    InputError, InputTypeError
        For units below 1, and for a name that is none.

    Examples
    --------
    >>> from chainrule import Dense, GLU, Network
    >>> network = Network([GLU(16, "silu"), Dense(1)], inputs=4)
    >>> network.widths, network.init(0)["0.W"].shape
    ([16, 1], (32, 4))
    """

    units: int
    activation: str | ActivationFunction = "sigmoid"
    bias: bool = True
    init: str | Initialiser = "auto"

    def __post_init__(self) -> None:
        UNITS("GLU(units=)", self.units)
        initialisers.get(self.init, activations.get(self.activation, "GLU(activation=)"))

    def width(self, inputs: int) -> int:
        return self.units

    def parameters(self, inputs: int) -> tuple[Parameter, ...]:
        init = initialisers.get(self.init, activations.get(self.activation))
        W = Parameter("W", (2 * self.units, inputs), "weight", init)
        return (W, Parameter("b", (2 * self.units,), "bias")) if self.bias else (W,)

    def flops(self, inputs: int) -> int:
        return 4 * self.units * inputs

    @property
    def words(self) -> tuple[str, ...]:
        return (f"GLU {self.units}", activations.get(self.activation).name)


#: Layers that are a product with weights of their own.
PRODUCTS = (Dense, GLU)
