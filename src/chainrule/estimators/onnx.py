"""`to_onnx`: a fitted estimator, with all that it does to its input and its output, as one ONNX graph."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from chainrule.errors import InputTypeError
from chainrule.estimators.base import BaseMLP
from chainrule.estimators.classifier import MLPClassifier
from chainrule.estimators.one_value import at_rest
from chainrule.estimators.regressor import MLPRegressor
from chainrule.estimators.table.base import BaseTable
from chainrule.formats.onnx.columns import encoded
from chainrule.formats.onnx.graph import Graph, concatenated
from chainrule.formats.onnx.network import Here, layers, linked
from chainrule.network import losses
from chainrule.tables.targets import TargetScale


def to_onnx(estimator: Any) -> Any:
    """A fitted estimator as an `onnx.ModelProto`.

    Inputs: "X", float32 of shape (rows, features); of sequences (batch, time, features), and "lengths", int64 of shape
    (batch,). Table estimators have an input per column, named like it, of shape (rows, 1): numbers as doubles, NaN
    where one is missing; dates as doubles, days since 1970; words as strings, "" where one is missing.

    Outputs: of a classifier "label" and "probabilities", (rows, classes), or "decisions" of a hinge; of a regressor
    "prediction", of shape (rows, targets), with loss='gaussian' also "deviation". The graph reckons in float32: of
    inputs that are scaled, predictions agree to 1e-5.

    Parameters
    ----------
    estimator : fitted, one of chainrule's

    Raises
    ------
    InputError, InputTypeError
        For an activation or a loss of your own, or what is no estimator of chainrule.
    MissingExtraError
        Where the package onnx is not installed.

    Examples
    --------
    >>> import chainrule
    >>> model = chainrule.MLPClassifier((4,), random_state=0, tol=1.0).fit([[0.0], [1.0]] * 20, [0, 1] * 20)
    >>> [one.name for one in chainrule.to_onnx(model).graph.output]
    ['label', 'probabilities']
    """
    if not isinstance(estimator, (BaseMLP, BaseTable)):
        raise InputTypeError(
            "to_onnx(estimator)", "an estimator of chainrule", type(estimator).__name__,
            "Pipelines are exported by skl2onnx: see chainrule.estimators.skl2onnx.",
        )  # fmt: skip
    check_is_fitted(estimator)
    estimator, g = at_rest(estimator), Graph()
    if isinstance(estimator, BaseTable):
        outputs(g, at_rest(estimator.model_), encoded(g, estimator.encoder_), None, estimator)
    else:
        network = estimator.network_
        x = g.input("X", np.float32, 3 if network.pools else 2, network.inputs)
        outputs(g, estimator, x, g.input("lengths", np.int64, 1) if network.pools else None, estimator)
    return g.model(type(estimator).__name__, {"estimator": type(estimator).__name__})


def outputs(g: Graph, model: BaseMLP, x: str, lengths: str | None, face: Any) -> None:
    """Everything behind x: the network, what its loss makes of z, and the outputs of a graph.

    `face` is the estimator that a person sees: the model itself, or the table estimator around it, whose classes or
    scale of the target it then has.
    """
    p = _mixed(g, model, x, lengths)
    if isinstance(model, MLPClassifier):
        _classes(g, model, p, face.classes_[model.classes_] if face is not model else model.classes_)
    elif isinstance(model, MLPRegressor):
        _numbers(g, model, p, None if face is model else face.target_)


def _mixed(g: Graph, model: BaseMLP, x: str, lengths: str | None) -> str:
    """What the loss makes of the predictions of all members."""
    network, parameters, loss = model.network_, model.parameters_, model._loss
    temperature = float(model._session.predictor.temperature)
    each = parameters.members
    found = [
        linked(g, layers(Here(g, one, "", network.inputs, lengths), network.layers, x), loss, temperature)
        for one in each
    ]
    if len(found) == 1:
        return found[0]
    if not isinstance(loss, losses.Gaussian):
        return g.op("Mean", *found)
    halves = [_halves(g, one) for one in found]
    mean = g.op("Mean", *(m for m, _ in halves))
    away = [g.op("Sub", m, mean) for m, _ in halves]
    spread = g.op("Mean", *(g.op("Mul", distance, distance) for distance in away))
    variance = g.op("Add", g.op("Mean", *(g.op("Exp", s) for _, s in halves)), spread)
    return concatenated(g, [mean, g.op("Log", g.op("Max", variance, g.number(float(np.finfo(np.float32).tiny))))])


def _halves(g: Graph, x: str) -> tuple[str, str]:
    """The left and the right half of the columns."""
    width = g.op("Gather", g.op("Shape", x), g.constant(np.array(1)), axis=0)
    middle = g.op("Unsqueeze", g.op("Div", width, g.number(2, np.int64)), g.whole(0))
    end = g.op("Unsqueeze", width, g.whole(0))
    return tuple(g.op("Slice", x, *part, g.whole(1)) for part in ((g.whole(0), middle), (middle, end)))  # type: ignore[return-value]


def _classes(g: Graph, model: MLPClassifier, p: str, classes: Any) -> None:
    """The label, and probabilities or decision values."""
    link = model._loss.link
    border = g.number(0.5 if link == "sigmoid" else 0.0)
    if model._multilabel:
        g.output("label", g.cast(g.op("Greater", p, border), np.int64), np.int64, 2)
    else:
        labels = np.array(classes.tolist())
        if model.n_outputs_ > 1:
            code = g.op("ArgMax", p, axis=1, keepdims=0)
        elif len(labels) == 2:
            code = g.op("Squeeze", g.cast(g.op("Greater", p, border), np.int64), g.whole(1))
        else:
            code = g.op("Squeeze", g.cast(g.op("Less", p, p), np.int64), g.whole(1))  # 0 of every row
        kind = str if labels.dtype.kind == "U" else labels.dtype
        g.output("label", g.op("Gather", g.constant(labels), code, axis=0), kind, 1)
        if model.n_outputs_ == 1 and link == "sigmoid":
            one = g.op("Add", g.cast(g.op("Less", p, p), np.float32), g.number(1.0))
            p = concatenated(g, [g.op("Sub", g.number(1.0), p), p]) if len(labels) == 2 else one
    g.output("decisions" if link == "identity" else "probabilities", p, np.float32, 2)


def _numbers(g: Graph, model: MLPRegressor, p: str, scale: TargetScale | None) -> None:
    """The prediction in units of y."""
    loss = model._loss
    if isinstance(loss, losses.Gaussian):
        mean, s = _halves(g, p)
        g.output("prediction", mean, np.float32, 2)
        g.output("deviation", g.op("Sqrt", g.op("Add", g.op("Exp", s), g.number(loss.floor))), np.float32, 2)
        return
    if isinstance(loss, losses.Quantile) and loss.per_target > 1:
        targets = loss.targets(model.n_outputs_)
        by_level = g.op("Reshape", p, g.whole(-1, loss.per_target, targets))
        by_level = g.op("Transpose", by_level, perm=[0, 2, 1])
        p = _ascending(g, by_level, loss.per_target)
        if targets == 1:
            p = g.op("Squeeze", p, g.whole(1))
        g.output("prediction", p, np.float32, 2 if targets == 1 else 3)
        return
    if scale is None:
        g.output("prediction", p, np.float32, 2)
        return
    values = g.op("Mul", g.cast(p, np.float64), g.constant(np.array(scale.scale)))
    values = g.op("Add", values, g.constant(np.array(scale.center)))
    if scale.log:
        values = g.op("Exp", values)
    values = g.op("Min", g.op("Max", values, g.constant(np.array(scale.low))), g.constant(np.array(scale.high)))
    g.output("prediction", values, np.float64, 2)


def _ascending(g: Graph, x: str, count: int) -> str:
    """The last axis sorted."""
    node = g.onnx.helper.make_node(
        "TopK", [x, g.whole(count)], [f"/sorted_{x}", f"/order_{x}"], axis=-1, largest=0, sorted=1
    )
    g.nodes.append(node)
    return f"/sorted_{x}"
