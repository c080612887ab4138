"""Normalisations: each column over the rows of a batch, or each row over its features."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.checks import UP_TO_1, Number
from chainrule.network.layers.base import Layer, Parameter

EPS = Number(0, open_low=True, mend="1e-5 is the usual choice.")


class Norm(Layer):
    """A normalisation, which stands between a product and its function or in front of a product."""

    eps: float


@dataclass(frozen=True)
class BatchNorm(Norm):
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
        UP_TO_1("BatchNorm(momentum=)", self.momentum)
        EPS("BatchNorm(eps=)", self.eps)

    def parameters(self, inputs: int) -> tuple[Parameter, ...]:
        return (
            Parameter("gain", (inputs,), "gain"),
            Parameter("offset", (inputs,), "offset"),
            Parameter("mean", (inputs,), "mean"),
            Parameter("variance", (inputs,), "variance"),
        )

    @property
    def words(self) -> tuple[str, ...]:
        return ("batch norm",)


@dataclass(frozen=True)
class LayerNorm(Norm):
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
        EPS("LayerNorm(eps=)", self.eps)

    def parameters(self, inputs: int) -> tuple[Parameter, ...]:
        return Parameter("gain", (inputs,), "gain"), Parameter("offset", (inputs,), "offset")

    @property
    def words(self) -> tuple[str, ...]:
        return ("layer norm",)


@dataclass(frozen=True)
class RMSNorm(Norm):
    """Each row divided by the root of its mean square, then times gain (Zhang and Sennrich 2019).

    `x / sqrt(mean(x^2) + eps)`: `LayerNorm` without the mean and the offset, and so a little faster. Shapes: (rows,
    features) in and out.

    Parameters
    ----------
    eps : number above 0, added to the mean square

    Raises
    ------
    InputError, InputTypeError
        For a number out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import Network, RMSNorm
    >>> network = Network([RMSNorm()], inputs=2)
    >>> network.forward(network.init(0), np.array([[3.0, 4.0]], np.float32)).output.astype(float).round(2).tolist()
    [[0.85, 1.13]]
    """

    eps: float = 1e-5

    def __post_init__(self) -> None:
        EPS("RMSNorm(eps=)", self.eps)

    def parameters(self, inputs: int) -> tuple[Parameter, ...]:
        return (Parameter("gain", (inputs,), "gain"),)

    @property
    def words(self) -> tuple[str, ...]:
        return ("RMS norm",)


#: Every normalisation, by the name that estimators give it.
NORMS: dict[str, type[Norm]] = {"batch": BatchNorm, "layer": LayerNorm, "rms": RMSNorm}
