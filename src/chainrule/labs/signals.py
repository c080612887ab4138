"""What flows through a network as it is initialised: sizes of z and of dLoss/dz, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.network import Network
from chainrule.engine.parameters import Parameters
from chainrule.network.layers import Dense, Layer

Array = NDArray[Any]

#: Stands for the logarithm of 0; float64 ends a little below it.
LOWEST = -300.0


def stack(layer: Layer, depth: int, classes: int, inputs: int) -> Network:
    """`depth` times the same layer, and a linear one that gives the logits."""
    return Network([*[layer] * depth, Dense(classes)], inputs)


def log_rms(array: Array) -> float:
    """log10 of the root mean square of all entries.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.labs.signals import log_rms
    >>> round(log_rms(np.full((2, 3), 0.1)), 6)
    -1.0
    """
    mean_square = float(np.mean(np.square(array, dtype=np.float64)))
    return max(0.5 * float(np.log10(mean_square)), LOWEST) if mean_square > 0 else LOWEST


def cross_entropy(logits: Array, y: Array) -> float:
    """The mean of log(sum exp(z)) - z[y] over the rows.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.labs.signals import cross_entropy
    >>> round(cross_entropy(np.zeros((1, 4)), np.array([1])), 6)  # log(4)
    1.386294
    """
    top = logits.max(axis=1)
    normaliser = np.log(np.exp(logits - top[:, None]).sum(axis=1)) + top
    return float(np.mean(normaliser - logits[np.arange(len(y)), y]))


def softmax_error(logits: Array, y: Array) -> Array:
    """dLoss/d(logits) of the mean cross-entropy, (p - onehot(y)) / rows.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.labs.signals import softmax_error
    >>> softmax_error(np.zeros((1, 2)), np.array([1]))
    array([[ 0.5, -0.5]])
    """
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(y)), y] -= 1
    return p / len(y)


def gradient_flow(network: Network, parameters: Parameters, X: Array, y: Array) -> list[float]:
    """log10 RMS(dLoss/dz) of each layer but the last, from the input to the output."""
    with np.errstate(all="ignore"):
        passed = network.forward(parameters, X)
        deltas = network.backward(parameters, passed, softmax_error(passed.output, y)).deltas
    return [log_rms(dz) for dz in deltas[:-1]]


def slope(values: Sequence[float]) -> float:
    """By how much values change per layer, in the order given: that of the least-squares line.

    Examples
    --------
    >>> from chainrule.labs.signals import slope
    >>> round(slope([0.0, -0.5, -1.0]), 6)
    -0.5
    """
    return float(np.polyfit(np.arange(len(values)), values, 1)[0])
