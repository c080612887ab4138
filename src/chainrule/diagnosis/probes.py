"""Probes: what was measured of every layer while a network trained, as arrays over probes and layers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chainrule.diagnosis.survey import Survey
from chainrule.errors import unknown_name

#: What is measured of a layer, in the order of the last axis of `Probes.values`. Widths and rows are averaged over;
#: a number that a layer does not have (dead units of the output, saturation of ReLU) is NaN.
QUANTITIES = {
    "z_rms": "root mean square of the pre-activations",
    "a_rms": "root mean square of the activations, after dropout",
    "dz_rms": "root mean square of dLoss/dz, of the loss of a single row",
    "dW_rms": "root mean square of the gradient of the weights",
    "W_rms": "root mean square of the weights",
    "update": "log10 of the norm of a step over the norm of the weights",
    "dead": "share of units that were 0 for every row seen, at least 64",
    "saturated": "share of activations, of a GLU of gates, at a flat end of their function",
    "rank": "effective rank of the activations (participation ratio) over the units or rows there are",
}

#: Edges of the histograms: log10 of magnitudes. The first bin has all that is smaller, zeros too, the last all larger.
EDGES = np.linspace(-8.0, 2.0, 41)


#: The smallest gradient that float32 holds: what is 0 counts as this.
NOTHING = 1.4e-45


@dataclass(frozen=True)
class Probed:
    """A layer that is probed: a product and what follows it element by element.

    Attributes
    ----------
    name : place of its Dense or GLU in the network, "0" or "3.1" inside a Residual
    units : width
    activation : name of its function, of a GLU that of its gates; "identity" where it has none
    norm : "batch", "layer", "rms" or ""
    """

    name: str
    units: int
    activation: str
    norm: str


@dataclass(frozen=True, eq=False)
class Probes:
    """What was measured, in the order in which it was; the last layer is the output layer.

    Attributes
    ----------
    layers : the layers in the order of the forward pass
    epochs : array of shape (probes,), int: the epoch of each, 0 for the very first step
    values : array of shape (probes, layers, quantities), float32, in the order of `QUANTITIES`
    drawn : array of shape (snapshots,), int: the epoch of each snapshot of the histograms
    weights, gradients : arrays of shape (snapshots, layers, 42), float32: share of weights, and of their gradients,
        in the bins between `EDGES`, with one bin below and one above
    survey : what the rows to train on were like, or None where nobody looked
    """

    layers: tuple[Probed, ...]
    epochs: NDArray[np.int64]
    values: NDArray[np.float32]
    drawn: NDArray[np.int64]
    weights: NDArray[np.float32]
    gradients: NDArray[np.float32]
    survey: Survey | None = None

    def __len__(self) -> int:
        return len(self.epochs)

    def of(self, quantity: str) -> NDArray[np.float32]:
        """One quantity: array of shape (probes, layers)."""
        if quantity not in QUANTITIES:
            raise unknown_name("probes.of(...)", quantity, QUANTITIES)
        return self.values[:, :, list(QUANTITIES).index(quantity)]

    @property
    def hidden(self) -> tuple[Probed, ...]:
        """All layers but the output layer."""
        return self.layers[:-1]

    def flow(self) -> NDArray[np.float64]:
        """log10 of `dz_rms` of the hidden layers, (probes, hidden layers): what gradient flow is read from."""
        return np.log10(np.maximum(self.of("dz_rms")[:, :-1].astype(np.float64), NOTHING))

    def slope(self) -> NDArray[np.float64]:
        """Powers of ten that `dz_rms` gains per hidden layer on the way back, (probes,): least squares over depth.

        Below zero gradients vanish, above they explode; 0 where there are less than two hidden layers.
        """
        depth = np.arange(len(self.hidden))[::-1]
        return np.array([_slope(depth, row) for row in self.flow()])

    def reach(self) -> NDArray[np.float64]:
        """Powers of ten that `dz_rms` gains from the output back to the first layer, (probes,)."""
        dz = np.maximum(self.of("dz_rms").astype(np.float64), NOTHING)
        return np.log10(dz[:, 0]) - np.log10(dz[:, -1])


def _slope(depth: NDArray[np.int64], flow: NDArray[np.float64]) -> float:
    """Least squares over the layers whose gradient is a number above zero."""
    known = np.isfinite(flow) & (flow > np.log10(2 * NOTHING))
    if np.count_nonzero(known) < 2:
        return 0.0
    return float(np.polyfit(depth[known], flow[known], 1)[0])
