"""A network as nodes, layer by layer, in prediction: running statistics, nothing drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from chainrule.engine.network import Network
from chainrule.engine.parameters import Parameters
from chainrule.formats.onnx.functions import LINKS, activate
from chainrule.formats.onnx.graph import Graph, concatenated
from chainrule.network import activations, losses
from chainrule.network.layers import (
    GLU,
    Activation,
    AlphaDropout,
    Dense,
    Dropout,
    Embedding,
    GaussianNoise,
    Layer,
    Periodic,
    Pool,
    Residual,
    widths,
)
from chainrule.network.layers.norms import BatchNorm, LayerNorm, RMSNorm
from chainrule.network.losses import Loss


class Here(NamedTuple):
    """Where a layer stands: the graph, the parameters and the front of their names, the width that comes in.

    `lengths` names the steps of each sequence, where there is a time axis.
    """

    g: Graph
    parameters: Parameters
    prefix: str
    inputs: int
    lengths: str | None

    def floats(self, name: str) -> str:
        return self.g.floats(self.parameters[self.prefix + name])


def network_model(
    network: Network, parameters: Parameters, loss: str | Loss | None = None, temperature: float = 1.0
) -> Any:
    """A network alone as an `onnx.ModelProto`.

    Its input is "x", float32 of shape (rows, inputs); of a network with a Pool (batch, time, inputs), with a second
    input "lengths", int64 of shape (batch,). Its output is "output": what a `Predictor` gives.

    Parameters
    ----------
    network, parameters : those of one network
    loss : its link is applied; None leaves z as it is
    temperature : what z is divided by before

    Raises
    ------
    InputError
        For an activation of your own.

    Examples
    --------
    >>> from chainrule.formats.onnx.network import network_model
    >>> from chainrule import Dense, Network
    >>> network = Network([Dense(8, "relu"), Dense(1)], inputs=3)
    >>> network_model(network, network.init(0)).graph.output[0].name
    'output'
    """
    g = Graph()
    x = g.input("x", np.float32, 3 if network.pools else 2, network.inputs)
    lengths = g.input("lengths", np.int64, 1) if network.pools else None
    z = layers(Here(g, parameters, "", network.inputs, lengths), network.layers, x)
    g.output("output", linked(g, z, None if loss is None else losses.get(loss), temperature), np.float32, 2)
    return g.model("network")


def linked(g: Graph, z: str, loss: Loss | None, temperature: float = 1.0) -> str:
    """The prediction from the last z."""
    if temperature != 1:
        z = g.op("Div", z, g.number(temperature))
    return z if loss is None else LINKS[loss.link](g, z)


def layers(here: Here, found: Sequence[Layer], x: str) -> str:
    """What comes out of the last of some layers."""
    for place, (layer, width) in enumerate(zip(found, widths(found, here.inputs), strict=False)):
        x = EMIT[type(layer)](here._replace(prefix=f"{here.prefix}{place}.", inputs=width), layer, x)
    return x


def _product(here: Here, layer: Dense | GLU, x: str) -> str:
    z = here.g.op("MatMul", x, here.g.floats(here.parameters[f"{here.prefix}W"].T))
    return here.g.op("Add", z, here.floats("b")) if layer.bias else z


def _dense(here: Here, layer: Dense, x: str) -> str:
    return activate(here.g, activations.get(layer.activation), _product(here, layer, x))


def _activation(here: Here, layer: Activation, x: str) -> str:
    return activate(here.g, activations.get(layer.name), x)


def _batch_norm(here: Here, layer: BatchNorm, x: str) -> str:
    g, p = here.g, here.parameters
    gain, offset, mean, variance = (
        p[here.prefix + name].astype(np.float64) for name in ("gain", "offset", "mean", "variance")
    )
    slope = gain / np.sqrt(variance + layer.eps)
    return g.op("Add", g.op("Mul", g.op("Sub", x, g.floats(mean)), g.floats(slope)), g.floats(offset))


def _layer_norm(here: Here, layer: LayerNorm, x: str) -> str:
    return here.g.op(
        "LayerNormalization", x, here.floats("gain"), here.floats("offset"), axis=-1, epsilon=float(layer.eps)
    )


def _rms_norm(here: Here, layer: RMSNorm, x: str) -> str:
    g = here.g
    square = g.op("ReduceMean", g.op("Mul", x, x), g.whole(-1), keepdims=1)
    root = g.op("Sqrt", g.op("Add", square, g.number(layer.eps)))
    return g.op("Mul", g.op("Div", x, root), here.floats("gain"))


def _gate(here: Here, layer: GLU, x: str) -> str:
    z = _product(here, layer, x)
    gates, values = _columns(here.g, z, 0, layer.units), _columns(here.g, z, layer.units, 2 * layer.units)
    return here.g.op("Mul", activate(here.g, activations.get(layer.activation), gates), values)


def _nothing(here: Here, layer: Layer, x: str) -> str:
    return x


def _residual(here: Here, layer: Residual, x: str) -> str:
    inner = layers(here, layer.layers, x)
    skip = x
    if layer.width(here.inputs) != here.inputs:
        skip = here.g.op("MatMul", x, here.g.floats(here.parameters[f"{here.prefix}projection.W"].T))
    return here.g.op("Add", inner, skip)


def _embedding(here: Here, layer: Embedding, x: str) -> str:
    g, plain = here.g, layer.plain(here.inputs)
    parts = [_columns(g, x, 0, plain)] if plain else []
    column = plain
    for k, (levels, count) in enumerate(zip(layer.levels, layer.counts, strict=True)):
        codes = _columns(g, x, column, column + count)
        column += count
        known = g.op("And", g.op("GreaterOrEqual", codes, g.number(0.0)), g.op("Less", codes, g.number(levels)))
        rows = g.cast(g.op("Where", known, codes, g.number(levels)), np.int64)
        E = here.parameters[f"{here.prefix}E{k}"]
        vectors = g.op("Gather", g.floats(np.vstack([E, np.zeros_like(E[:1])])), rows, axis=0)
        found = g.op("ReduceSum", vectors, g.whole(-2), keepdims=0)
        if count > 1:
            several = g.op("ReduceSum", g.cast(known, np.float32), g.whole(-1), keepdims=1)
            found = g.op("Div", found, g.op("Sqrt", g.op("Max", several, g.number(1.0))))
        parts.append(found)
    return concatenated(g, parts, axis=-1)


def _periodic(here: Here, layer: Periodic, x: str) -> str:
    g = here.g
    numbers = g.op("Unsqueeze", _columns(g, x, 0, layer.columns), g.whole(-1))
    angles = g.op("Add", g.op("Mul", numbers, here.floats("F")), here.floats("P"))
    waves = g.op("Unsqueeze", g.op("Cos", angles), g.whole(-2))  # (..., columns, 1, waves)
    V = here.parameters[f"{here.prefix}V"].reshape(layer.columns, layer.units, layer.waves)
    combined = g.op("Squeeze", g.op("MatMul", waves, g.floats(np.ascontiguousarray(V.transpose(0, 2, 1)))), g.whole(-2))
    kept = (0,) if here.lengths is None else (0, 0)
    flat = g.op("Reshape", combined, g.whole(*kept, layer.columns * layer.units))
    return concatenated(g, [x, g.op("Add", flat, here.floats("b"))], axis=-1)


def _columns(g: Graph, x: str, start: int, stop: int) -> str:
    return g.op("Slice", x, g.whole(start), g.whole(stop), g.whole(-1))


def _pool(here: Here, layer: Pool, x: str) -> str:
    g = here.g
    assert here.lengths is not None
    steps = g.op("Gather", g.op("Shape", x), g.constant(np.array(1)), axis=0)
    step = g.op("Range", g.number(0, np.int64), steps, g.number(1, np.int64))
    real = g.op("Less", g.op("Unsqueeze", step, g.whole(0)), g.op("Unsqueeze", here.lengths, g.whole(1)))
    real = g.op("Unsqueeze", real, g.whole(2))
    if layer.how == "max":
        least = g.number(float(np.finfo(np.float32).min))
        return g.op("ReduceMax", g.op("Where", real, x, least), g.whole(1), keepdims=0)
    total = g.op("ReduceSum", g.op("Where", real, x, g.number(0.0)), g.whole(1), keepdims=0)
    if layer.how == "sum":
        return total
    return g.op("Div", total, g.cast(g.op("Unsqueeze", here.lengths, g.whole(1)), np.float32))


#: Type of a layer -> its nodes.
EMIT: dict[type[Layer], Callable[[Here, Any, str], str]] = {
    Dense: _dense,
    Activation: _activation,
    BatchNorm: _batch_norm,
    LayerNorm: _layer_norm,
    RMSNorm: _rms_norm,
    GLU: _gate,
    Dropout: _nothing,
    AlphaDropout: _nothing,
    GaussianNoise: _nothing,
    Residual: _residual,
    Embedding: _embedding,
    Periodic: _periodic,
    Pool: _pool,
}
