"""A forward and a backward pass of one row, written out step by step in float64: what the formulas of a page show.

The engine fuses these steps and goes through whole batches; a test holds both against each other. Batch normalisation
is by its running statistics, and nothing is dropped, as in prediction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.parameters import Parameters
from chainrule.network import activations
from chainrule.network.layers import Activation, Dense, Dropout, Layer, Residual
from chainrule.network.layers.norms import BatchNorm, LayerNorm, RMSNorm

Array = NDArray[np.float64]
Kind = Literal["product", "norm", "function", "skip"]


@dataclass(eq=False)
class Step:
    """One step of the forward pass.

    Attributes
    ----------
    kind : what it does
    name : of its layer, as parameters have it
    given : numbers of the step that it reads, -1 is the row; a skip reads two, what it goes around first
    values : what comes out
    said : of a function its name, of a normalisation which
    W, b : of a product
    slope : of what comes out by what goes in, where that is one number for each unit
    normal : of a normalisation, what it is before gain and offset
    spread, gain : what a normalisation divides and multiplies by
    d : dLoss/d(values), after `backward`
    by : what each part of `d` comes from: (number of a later step, its part)
    """

    kind: Kind
    name: str
    given: tuple[int, ...]
    values: Array
    said: str = ""
    W: Array | None = None
    b: Array | None = None
    slope: Array | None = None
    normal: Array | None = None
    spread: Any = 1.0
    gain: Any = 1.0
    d: Array = field(default_factory=lambda: np.zeros(0))
    by: list[tuple[int, Array]] = field(default_factory=list)


def forward(layers: Sequence[Layer], parameters: Parameters, x: Array) -> list[Step]:
    """The steps of a row, (inputs,), in order; the last one gives the output.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import Dense, Network
    >>> from chainrule.playground.written import forward
    >>> network = Network([Dense(3, "tanh"), Dense(1)], inputs=2)
    >>> [step.kind for step in forward(network.layers, network.init(0), np.ones(2))]
    ['product', 'function', 'product']
    """
    steps: list[Step] = []
    _through(layers, "", parameters, steps, -1, x)
    return steps


def _through(layers: Sequence[Layer], front: str, parameters: Parameters, steps: list[Step], at: int, x: Array) -> int:
    """Add the steps of layers behind the step `at`; the number of the last."""
    for place, layer in enumerate(layers):
        name = f"{front}{place}"
        a = x if at < 0 else steps[at].values
        match layer:
            case Dense():
                W, b = (parameters[f"{name}.{one}"].astype(np.float64) for one in "Wb")
                steps.append(Step("product", name, (at,), W @ a + b, W=W, b=b))
                if activations.get(layer.activation).name != "identity":
                    steps.append(_function(layer.activation, name, len(steps) - 1, steps[-1].values))
            case Activation(f):
                steps.append(_function(f, name, at, a))
            case BatchNorm() | LayerNorm() | RMSNorm():
                steps.append(_norm(layer, name, parameters, at, a))
            case Dropout():
                continue
            case Residual(inner):
                last = _through(inner, f"{name}.", parameters, steps, at, x)
                steps.append(Step("skip", name, (at, last), a + steps[last].values))
            case _:
                raise TypeError(layer)
        at = len(steps) - 1
    return at


def _function(f: Any, name: str, at: int, z: Array) -> Step:
    function = activations.get(f)
    a = np.asarray(function.value(z))
    slope = np.broadcast_to(np.asarray(function.derivative(a if function.reads == "a" else z), np.float64), z.shape)
    return Step("function", name, (at,), a, function.name, slope=slope)


def _norm(layer: BatchNorm | LayerNorm | RMSNorm, name: str, parameters: Parameters, at: int, z: Array) -> Step:
    gain = parameters[f"{name}.gain"].astype(np.float64)
    offset, mean = np.zeros_like(z), np.zeros_like(z)
    if not isinstance(layer, RMSNorm):
        offset = parameters[f"{name}.offset"].astype(np.float64)
    if isinstance(layer, BatchNorm):
        mean = parameters[f"{name}.mean"].astype(np.float64)
        spread: Any = np.sqrt(parameters[f"{name}.variance"].astype(np.float64) + layer.eps)
    else:
        mean = z.mean() if isinstance(layer, LayerNorm) else mean
        spread = np.sqrt(((z - mean) ** 2).mean() + layer.eps)
    said = {BatchNorm: "batch", LayerNorm: "layer", RMSNorm: "rms"}[type(layer)]
    slope = gain / spread if said == "batch" else None  # else units hang together
    normal = (z - mean) / spread
    return Step("norm", name, (at,), gain * normal + offset, said, slope=slope, normal=normal, spread=spread, gain=gain)


def backward(steps: Sequence[Step], d_output: Array) -> None:
    """Fill in `d` and `by` of every step by the chain rule, from the last to the first.

    Parameters
    ----------
    steps : of `forward`
    d_output : dLoss/d(output), (outputs,)
    """
    for step in steps:
        step.d, step.by = np.zeros_like(step.values), []
    steps[-1].d = d_output.astype(np.float64)
    for number in range(len(steps) - 1, -1, -1):
        step = steps[number]
        for place, part in zip(step.given, _back(step), strict=True):
            if place >= 0:
                steps[place].d = steps[place].d + part
                steps[place].by.append((number, part))


def _back(step: Step) -> list[Array]:
    """dLoss/d of each thing that a step reads."""
    d = step.d
    match step.kind:
        case "product":
            assert step.W is not None
            return [step.W.T @ d]
        case "skip":
            return [d, d]
        case "function":
            assert step.slope is not None
            return [d * step.slope]
    if step.slope is not None:
        return [d * step.slope]
    assert step.normal is not None
    through = d * step.gain / step.spread  # mean and deviation hang on every unit, too
    mean = through.mean() if step.said == "layer" else 0.0
    return [through - mean - step.normal * (through * step.normal).mean()]
