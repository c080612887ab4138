"""A model with all that it does to its input and its output, as one ONNX graph."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.mixture import Mixture
from chainrule.engine.predictor import Predictor
from chainrule.formats.onnx.columns import encoded
from chainrule.formats.onnx.graph import Graph, concatenated
from chainrule.formats.onnx.network import Here, layers, linked
from chainrule.models.answers import Answer, Classes, Labels, Numbers
from chainrule.models.document import Written
from chainrule.models.inputs import ColumnInput
from chainrule.network import losses
from chainrule.network.losses import Loss
from chainrule.tables.targets import TargetScale

Array = NDArray[Any]


def graph(model: Written) -> Any:
    """A model as an `onnx.ModelProto`; see `chainrule.to_onnx`.

    Raises
    ------
    InputError
        For an activation or a loss of your own.
    MissingExtraError
        Where the package onnx is not installed.
    """
    g, predictor, network = Graph(), model.predictor, model.predictor.network
    if isinstance(model.input, ColumnInput):
        xs = encoded(g, model.input.encoder)
        if isinstance(predictor, Mixture):
            each = [one for part in predictor.parts for one in _each(g, part.predictor, xs[part.view], None)]
            _answered(g, _mixed(g, predictor.loss, each, predictor.shares), model.answer)
        else:
            outputs(g, predictor, model.answer, xs[0], None)
    else:
        assert isinstance(predictor, Predictor)
        x = g.input("X", np.float32, 3 if network.pools else 2, network.inputs)
        outputs(g, predictor, model.answer, x, g.input("lengths", np.int64, 1) if network.pools else None)
    return g.model(model.kind, {"estimator": model.kind})


def outputs(g: Graph, predictor: Predictor, answer: Answer, x: str, lengths: str | None) -> None:
    """Everything after x: the network, what its loss makes of z, and the outputs of a graph."""
    each = _each(g, predictor, x, lengths)
    _answered(g, _mixed(g, predictor.loss, each, np.full(len(each), 1 / len(each))), answer)


def _answered(g: Graph, p: str, answer: Answer) -> None:
    """The outputs of a graph, of a prediction."""
    if isinstance(answer, Labels):
        label = g.cast(g.op("Greater", p, g.number(answer.border)), np.int64)
        g.output("label", label, np.int64, 2)
        _shares(g, answer, p)
    elif isinstance(answer, Classes):
        _classes(g, answer, p)
    elif isinstance(answer, Numbers):
        _numbers(g, answer, p)


def _each(g: Graph, predictor: Predictor, x: str, lengths: str | None) -> list[str]:
    """The prediction of every member."""
    network, loss, temperature = predictor.network, predictor.loss, float(predictor.temperature)
    return [
        linked(g, layers(Here(g, one, "", network.inputs, lengths), network.layers, x), loss, temperature)
        for one in predictor.parameters.members
    ]


def _mixed(g: Graph, loss: Loss, found: list[str], shares: Array) -> str:
    """What the loss makes of the predictions of all members."""
    if len(found) == 1:
        return found[0]
    if not isinstance(loss, losses.Gaussian):
        return _averaged(g, found, shares)
    halves = [_halves(g, one) for one in found]
    mean = _averaged(g, [m for m, _ in halves], shares)
    away = [g.op("Sub", m, mean) for m, _ in halves]
    spread = _averaged(g, [g.op("Mul", distance, distance) for distance in away], shares)
    variance = g.op("Add", _averaged(g, [g.op("Exp", s) for _, s in halves], shares), spread)
    return concatenated(g, [mean, g.op("Log", g.op("Max", variance, g.number(float(np.finfo(np.float32).tiny))))])


def _averaged(g: Graph, found: list[str], shares: Array) -> str:
    """The mean by shares, whose sum is 1."""
    if np.ptp(shares) == 0:
        return g.op("Mean", *found)
    return g.op("Sum", *(g.op("Mul", one, g.number(float(share))) for one, share in zip(found, shares, strict=True)))


def _halves(g: Graph, x: str) -> tuple[str, str]:
    """The left and the right half of the columns."""
    width = g.op("Gather", g.op("Shape", x), g.constant(np.array(1)), axis=0)
    middle = g.op("Unsqueeze", g.op("Div", width, g.number(2, np.int64)), g.whole(0))
    end = g.op("Unsqueeze", width, g.whole(0))
    return tuple(g.op("Slice", x, *part, g.whole(1)) for part in ((g.whole(0), middle), (middle, end)))  # type: ignore[return-value]


def _classes(g: Graph, answer: Classes, p: str) -> None:
    """The label, and probabilities or decision values."""
    labels = np.array(answer.labels.tolist())
    if answer.outputs > 1:
        code = g.op("ArgMax", p, axis=1, keepdims=0)
    elif len(labels) == 2:
        code = g.op("Squeeze", g.cast(g.op("Greater", p, g.number(answer.border)), np.int64), g.whole(1))
    else:
        code = g.op("Squeeze", g.cast(g.op("Less", p, p), np.int64), g.whole(1))  # 0 of every row
    kind = str if labels.dtype.kind == "U" else labels.dtype
    g.output("label", g.op("Gather", g.constant(labels), code, axis=0), kind, 1)
    if answer.outputs == 1 and answer.loss.link == "sigmoid":
        one = g.op("Add", g.cast(g.op("Less", p, p), np.float32), g.number(1.0))
        p = concatenated(g, [g.op("Sub", g.number(1.0), p), p]) if len(labels) == 2 else one
    _shares(g, answer, p)


def _shares(g: Graph, answer: Answer, p: str) -> None:
    g.output("probabilities" if answer.gives_probabilities else "decisions", p, np.float32, 2)


def _numbers(g: Graph, answer: Numbers, p: str) -> None:
    """The prediction in units of y."""
    loss, scale = answer.loss, answer.scale
    if isinstance(loss, losses.Gaussian):
        mean, s = _halves(g, p)
        deviation = g.op("Sqrt", g.op("Add", g.op("Exp", s), g.number(loss.floor)))
        if scale is not None:
            deviation = g.op("Mul", g.cast(deviation, np.float64), g.constant(np.array(scale.scale)))
            deviation = g.op("Mul", deviation, _unscaled(g, scale, mean)) if scale.log else deviation
        _said(g, "prediction", mean if scale is None else _unscaled(g, scale, mean), scale, 2)
        _said(g, "deviation", deviation, scale, 2)
        return
    if isinstance(loss, losses.Quantile) and loss.per_target > 1:
        targets = loss.targets(answer.outputs)
        by_level = g.op("Reshape", p, g.whole(-1, loss.per_target, targets))
        by_level = _unscaled(g, scale, by_level) if scale is not None else by_level
        by_level = g.op("Transpose", by_level, perm=[0, 2, 1])
        p = _ascending(g, by_level, loss.per_target)
        if targets == 1:
            p = g.op("Squeeze", p, g.whole(1))
        _said(g, "prediction", p, scale, 2 if targets == 1 else 3)
        return
    _said(g, "prediction", p if scale is None else _unscaled(g, scale, p), scale, 2)


def _said(g: Graph, name: str, value: str, scale: TargetScale | None, axes: int) -> None:
    g.output(name, value, np.float32 if scale is None else np.float64, axes)


def _unscaled(g: Graph, scale: TargetScale, p: str) -> str:
    """In units of y, within what was seen."""

    def constant(numbers: tuple[float, ...]) -> str:
        array: NDArray[np.float64] = np.array(numbers)
        return g.constant(array)

    values = g.op("Mul", g.cast(p, np.float64), constant(scale.scale))
    values = g.op("Add", values, constant(scale.center))
    if scale.log:
        values = g.op("Exp", values)
    return g.op("Min", g.op("Max", values, constant(scale.low)), constant(scale.high))


def _ascending(g: Graph, x: str, count: int) -> str:
    """The last axis sorted."""
    node = g.onnx.helper.make_node(
        "TopK", [x, g.whole(count)], [f"/sorted_{x}", f"/order_{x}"], axis=-1, largest=0, sorted=1
    )
    g.nodes.append(node)
    return f"/sorted_{x}"
