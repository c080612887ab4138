"""The layers: frozen values that say what a layer is, never how it runs.

Sizes are pure functions of a layer and of the width that comes in.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from chainrule.errors import InputError, InputTypeError, unknown_name
from chainrule.network import activations, initialisers
from chainrule.network.activations import ActivationFunction
from chainrule.network.checks import check_count, check_deviation, check_eps, check_share
from chainrule.network.initialisers import Initialiser

Kind = Literal["weight", "bias", "embedding", "gain", "offset", "mean", "variance"]


@dataclass(frozen=True)
class Parameter:
    """A named array of a layer. Running means and variances are kept with the weights, but not trained."""

    name: str
    shape: tuple[int, ...]
    kind: Kind
    init: Initialiser | None = None

    @property
    def trained(self) -> bool:
        return self.kind not in ("mean", "variance")


class Layer(ABC):
    """What every layer can say of itself."""

    def width(self, inputs: int) -> int:
        """Units that come out when `inputs` come in."""
        return inputs

    @abstractmethod
    def parameters(self, inputs: int) -> tuple[Parameter, ...]:
        """The arrays of this layer, in their order in the parameter vector."""

    def flops(self, inputs: int) -> int:
        """Floating point operations per row of a forward pass, matrix products only."""
        return 0

    @property
    def draws(self) -> bool:
        """Whether training draws at random here, so that two passes over the same rows differ."""
        return False

    @property
    def reads_codes(self) -> bool:
        """Whether some of its columns are codes, which nothing may change on their way."""
        return False


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
    >>> Dense(64, "relu").width(20)
    64
    """

    units: int
    activation: str | ActivationFunction = "identity"
    bias: bool = True
    init: str | Initialiser = "auto"

    def __post_init__(self) -> None:
        check_count("Dense(units=)", self.units)
        initialisers.get(self.init, activations.get(self.activation, "Dense(activation=)"))

    def width(self, inputs: int) -> int:
        return self.units

    def parameters(self, inputs: int) -> tuple[Parameter, ...]:
        init = initialisers.get(self.init, activations.get(self.activation))
        W = Parameter("W", (self.units, inputs), "weight", init)
        return (W, Parameter("b", (self.units,), "bias")) if self.bias else (W,)

    def flops(self, inputs: int) -> int:
        return 2 * self.units * inputs


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

    def parameters(self, inputs: int) -> tuple[Parameter, ...]:
        return ()


@dataclass(frozen=True)
class BatchNorm(Layer):
    """Each column normalised over the rows of the batch, then gain * x + offset (Ioffe and Szegedy 2015).

    `(z - mean) / sqrt(var + eps)` with the biased variance. Prediction uses running statistics,
    `r <- (1 - momentum) r + momentum * batch`. Shapes: (rows, features) in and out.

    Parameters
    ----------
    momentum : number in [0, 1], the share of a batch in the running statistics
    eps : number above 0, added to the variance

    Raises
    ------
    InputError, InputTypeError
        For a number out of its range.

    Examples
    --------
    >>> from chainrule import BatchNorm, Network
    >>> network = Network([BatchNorm()], inputs=1)
    >>> [p.name for p in network.layers[0].parameters(1)]
    ['gain', 'offset', 'mean', 'variance']
    """

    momentum: float = 0.1
    eps: float = 1e-5

    def __post_init__(self) -> None:
        check_share("BatchNorm(momentum=)", self.momentum, closed_above=True)
        check_eps("BatchNorm(eps=)", self.eps)

    def parameters(self, inputs: int) -> tuple[Parameter, ...]:
        return (
            Parameter("gain", (inputs,), "gain"),
            Parameter("offset", (inputs,), "offset"),
            Parameter("mean", (inputs,), "mean"),
            Parameter("variance", (inputs,), "variance"),
        )


@dataclass(frozen=True)
class LayerNorm(Layer):
    """Each row normalised over its features, then gain * x + offset (Ba et al. 2016).

    Rows do not mix, so a batch of one and a padded sequence are normalised as any other. Shapes: (rows, features) in
    and out.

    Parameters
    ----------
    eps : number above 0, added to the variance

    Raises
    ------
    InputError, InputTypeError
        For a number out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import LayerNorm, Network
    >>> network = Network([LayerNorm()], inputs=3)
    >>> network.forward(network.init(0), np.array([[1.0, 2.0, 3.0]], np.float32)).output.astype(float).round(2).tolist()
    [[-1.22, 0.0, 1.22]]
    """

    eps: float = 1e-5

    def __post_init__(self) -> None:
        check_eps("LayerNorm(eps=)", self.eps)

    def parameters(self, inputs: int) -> tuple[Parameter, ...]:
        return Parameter("gain", (inputs,), "gain"), Parameter("offset", (inputs,), "offset")


@dataclass(frozen=True)
class Dropout(Layer):
    """In training, the share `rate` of units is set to zero and the rest divided by 1 - rate.

    Srivastava et al. 2014; the division keeps the mean, so prediction does nothing. Shapes: (rows, features) in and
    out.

    Parameters
    ----------
    rate : number in [0, 1)

    Raises
    ------
    InputError, InputTypeError
        For a number out of its range.

    Examples
    --------
    >>> from chainrule import Dense, Dropout, Network
    >>> print(Network([Dense(16, "relu"), Dropout(0.5), Dense(1)], inputs=4).layers[1])
    Dropout(rate=0.5)
    """

    rate: float

    def __post_init__(self) -> None:
        check_share("Dropout(rate=)", self.rate)

    def parameters(self, inputs: int) -> tuple[Parameter, ...]:
        return ()

    @property
    def draws(self) -> bool:
        return self.rate > 0


@dataclass(frozen=True)
class AlphaDropout(Layer):
    """Dropout that leaves activations of mean 0 and variance 1 as they are, for SELU (Klambauer et al. 2017).

    In training, the share `rate` of units is set to SELU's limit for z -> -inf, -1.758, and all units then pass
    through the a * x + b that restores mean 0 and variance 1. Prediction does nothing. The weights in front want
    LeCun's initialisation, which `init="auto"` gives a `Dense(units, "selu")`.

    Parameters
    ----------
    rate : number in [0, 1)

    Raises
    ------
    InputError, InputTypeError
        For a number out of its range.

    Examples
    --------
    >>> from chainrule import AlphaDropout, Dense, Network
    >>> Network([Dense(16, "selu"), AlphaDropout(0.1), Dense(1)], inputs=4).widths
    [16, 16, 1]
    """

    rate: float

    def __post_init__(self) -> None:
        check_share("AlphaDropout(rate=)", self.rate)

    def parameters(self, inputs: int) -> tuple[Parameter, ...]:
        return ()

    @property
    def draws(self) -> bool:
        return self.rate > 0


@dataclass(frozen=True)
class GaussianNoise(Layer):
    """In training, x + N(0, std^2), drawn anew for every entry; prediction does nothing.

    As the first layer it is noise on the input, which for small `std` acts like a penalty on the slope of what the
    network computes (Bishop 1995). Standardise X, so that one `std` suits all its columns.

    Parameters
    ----------
    std : number of 0 or more, in the units of x

    Raises
    ------
    InputError, InputTypeError
        For a number out of its range.

    Examples
    --------
    >>> from chainrule import Dense, GaussianNoise, Network
    >>> Network([GaussianNoise(0.1), Dense(1)], inputs=4).widths
    [4, 1]
    """

    std: float

    def __post_init__(self) -> None:
        check_deviation("GaussianNoise(std=)", self.std)

    def parameters(self, inputs: int) -> tuple[Parameter, ...]:
        return ()

    @property
    def draws(self) -> bool:
        return self.std > 0


@dataclass(frozen=True)
class Residual(Layer):
    """x + layers(x): a skip connection (He et al. 2016).

    Where the layers change the width, x passes through a projection of its own, without bias.

    Examples
    --------
    >>> [p.name for p in Residual([Dense(8, "relu")]).parameters(4)]
    ['0.W', '0.b', 'projection.W']
    """

    layers: Sequence[Layer]

    def __post_init__(self) -> None:
        object.__setattr__(self, "layers", check_layers(self.layers, "Residual(layers)"))
        if any(isinstance(layer, Pool) for layer in self.layers):
            raise InputError("Residual(layers)", "layers that keep every row", "a Pool", "Put the Pool behind it.")

    def width(self, inputs: int) -> int:
        return widths(self.layers, inputs)[-1]

    def parameters(self, inputs: int) -> tuple[Parameter, ...]:
        inner = named_parameters(self.layers, inputs)
        units = self.width(inputs)
        if units == inputs:
            return inner
        init = initialisers.get("auto", activations.get("identity"))
        return (*inner, Parameter("projection.W", (units, inputs), "weight", init))

    def flops(self, inputs: int) -> int:
        units = self.width(inputs)
        incoming = widths(self.layers, inputs)
        inner = sum(layer.flops(n) for layer, n in zip(self.layers, incoming, strict=False))
        return inner + (2 * units * inputs if units != inputs else 0)

    @property
    def draws(self) -> bool:
        return any(layer.draws for layer in self.layers)


@dataclass(frozen=True)
class Pool(Layer):
    """Mean, maximum or sum over the time axis: (batch, time, features) becomes (batch, features).

    Of sequences of different lengths, only the steps that are there count.

    Parameters
    ----------
    how : "mean", "max" or "sum"

    Raises
    ------
    InputError
        For another word.

    Examples
    --------
    >>> from chainrule import Dense, Network, Pool
    >>> Network([Dense(8, "relu"), Pool("mean"), Dense(2)], inputs=3).pools
    True
    """

    how: Literal["mean", "max", "sum"]

    def __post_init__(self) -> None:
        if self.how not in ("mean", "max", "sum"):
            raise unknown_name("Pool(how=)", self.how, ("mean", "max", "sum"))

    def parameters(self, inputs: int) -> tuple[Parameter, ...]:
        return ()


def widths(layers: Sequence[Layer], inputs: int) -> list[int]:
    """[inputs, width behind layer 0, ..., width behind the last layer]."""
    result = [inputs]
    for layer in layers:
        result.append(layer.width(result[-1]))
    return result


def named_parameters(layers: Sequence[Layer], inputs: int) -> tuple[Parameter, ...]:
    """The parameters of all layers, each name led by its layer's place: "0.W", "2.1.gain"."""
    found = []
    for place, (layer, width) in enumerate(zip(layers, widths(layers, inputs), strict=False)):
        for p in _settle_init(layer, layers[place + 1 :]).parameters(width):
            found.append(Parameter(f"{place}.{p.name}", p.shape, p.kind, p.init))
    return tuple(found)


def _settle_init(layer: Layer, behind: Sequence[Layer]) -> Layer:
    """A linear Dense with init="auto" is initialised for the Activation that stands behind it."""
    if not (isinstance(layer, Dense) and layer.init == "auto"):
        return layer
    if activations.get(layer.activation).name != "identity":
        return layer
    for following in behind:
        if isinstance(following, Activation):
            family = activations.get(following.name).family
            return Dense(layer.units, layer.activation, layer.bias, family)
        if not isinstance(following, (BatchNorm, LayerNorm)):
            break
    return layer


def check_layers(layers: Sequence[Layer], where: str) -> tuple[Layer, ...]:
    """The layers as a tuple; an empty list or a stranger among them is refused."""
    found = tuple(layers)
    if not found:
        raise InputError(where, "at least one layer", "none", "For example [Dense(64, 'relu')].")
    for place, layer in enumerate(found):
        if not isinstance(layer, Layer):
            raise InputTypeError(
                f"{where}[{place}]",
                "a layer such as Dense, BatchNorm or Residual",
                repr(layer),
                "Layers are values: Dense(64, 'relu').",
            )
        if layer.reads_codes and place:
            raise InputError(
                f"{where}[{place}]", "layers that read codes in front of all others", f"{layer} behind {found[0]}",
                "Noise, products and norms would change the codes.",
            )  # fmt: skip
    return found


def leaves(layers: Sequence[Layer]) -> Iterator[Layer]:
    """The layers, and in place of a Residual those inside it."""
    for layer in layers:
        if isinstance(layer, Residual):
            yield from leaves(layer.layers)
        else:
            yield layer
