"""What was probed of each layer: gradient flow, health of the activations, size of the updates."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.diagnosis.probes import Probes
from chainrule.plots.report import axes, charts
from chainrule.plots.report.axes import Axis
from chainrule.plots.report.blocks import behind, figure, figures, legend, note, table
from chainrule.plots.report.course import Course
from chainrule.plots.report.markup import Markup, el, number

#: Up to so many layers are lines; more are rows of a map, where lines would hide each other.
MOST_LINES = 8
#: Probes that are drawn or put in a table, at most, evenly over the training.
MOST_PROBES, MOST_ROWS = 120, 25

Array = NDArray[Any]


def flow(course: Course) -> Markup | None:
    """log10 RMS(dLoss/dz) over the hidden layers: at an epoch that a slider chooses, and over all of them."""
    probes = course.probes
    if probes is None or not len(probes) or not probes.hidden:
        return None
    values, names, epochs = probes.flow(), _names(probes)[:-1], probes.epochs
    slopes, reaches = probes.slope(), probes.reach()
    kept = charts.few(len(epochs), MOST_PROBES)
    x = axes.named("hidden layer, first to last", names)
    y = axes.decades("RMS of dLoss/dz", values)
    paths = [charts.trace(x, y, range(len(names)), values[place]) for place in kept]
    said = [_said(int(epochs[place]), len(names), slopes[place], reaches[place]) for place in kept]
    first = charts.line(paths[0], "faint")
    last = charts.line(paths[-1], "s0", dots=True)
    title = f"Root mean square of the loss gradient by hidden layer. {said[-1]}"
    one = figure(
        "Gradient by layer, at one epoch",
        legend([("s0", "at the epoch chosen"), ("faint", f"at epoch {epochs[0]}")]),
        el("div", charts.chart(title, x, y, first, last), class_="frames"),
        _slider(paths, said),
    )
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    every = figure("Gradient by layer, over all epochs", _map("RMS of dLoss/dz", probes, values, low, high, _power))
    text = note(
        "A healthy network has a flat line: each layer hears as much of the loss as the next. Where the line falls "
        "towards the first layer, gradients vanish; where it rises, they explode."
    )
    rows = _table("log10 of the RMS of dLoss/dz", probes, values, names)
    return Markup(text + figures(one, every, behind("Gradients as a table", rows)))


def health(course: Course) -> Markup | None:
    """Dead units, saturated activations, and how many dimensions the activations fill."""
    probes = course.probes
    if probes is None or not len(probes):
        return None
    hidden = probes.hidden or probes.layers
    count = len(hidden)
    shares: dict[str, tuple[str, Array]] = {
        "Units that are dead": ("share of units", probes.of("dead")[:, :count]),
        "Activations that are saturated": ("share of activations", probes.of("saturated")[:, :count]),
        "Effective rank of the activations": ("share of units or rows", probes.of("rank")[:, :count]),
    }
    names, drawn, tables = _names(probes)[:count], [], []
    for what, (label, values) in shares.items():
        if np.isfinite(values).any():
            y = axes.linear(label, [], at_least=(0.0, 1.0))
            drawn.append(figure(what, *_by_layer(what, probes, values, names, y, _share)))
            tables.append(_table(what, probes, values, names))
    return figures(*drawn, behind("Activations as tables", *tables)) if drawn else None


def updates(course: Course) -> Markup | None:
    """How far a step moves the weights, measured by their own size."""
    probes = course.probes
    if probes is None or not len(probes) or not np.isfinite(probes.of("update")).any():
        return None
    values, names = probes.of("update").astype(np.float64), _names(probes)
    y = axes.decades("norm of a step / norm of the weights", values, at_least=(-4.2, -0.8))
    usual = [charts.level(y, -4, "below: too slow"), charts.level(y, -1, "above: too fast")]
    content = _by_layer("Update ratio", probes, values, names, y, _power, *usual)
    text = note(
        "Between 10⁻⁴ and 10⁻¹ a step is neither too small to matter nor large enough to wipe out what was learned."
    )
    rows = _table("log10 of the update ratio", probes, values, names)
    return Markup(text + figures(figure("Update ratio by layer", *content), behind("Updates as a table", rows)))


def _slider(paths: list[str], said: list[str]) -> Markup:
    """A range over the frames, which the page's script moves; without it, the last frame stands."""
    frames = Markup(json.dumps({"paths": paths, "said": said}).replace("<", "\\u003c"))
    last = str(len(paths) - 1)
    label = el("label", "Epoch", for_="flow-epoch")
    range_ = el(
        "input", type="range", id="flow-epoch", min="0", max=last, value=last, step="1", aria_valuetext=said[-1]
    )
    return el(
        "div",
        el("div", label, range_, class_="slider"),
        el("output", said[-1], for_="flow-epoch", class_="said"),
        el("script", frames, type="application/json"),
        class_="control",
    )


def _said(epoch: int, hidden: int, slope: float, reach: float) -> str:
    """The headline figures of an epoch, on the way back from the loss."""
    if hidden < 2:
        return f"Epoch {epoch}."
    by_layer, whole = (f"{value:+.2f}".replace("-", "−") for value in (slope, reach))
    return f"Epoch {epoch}: {by_layer} powers of ten a layer on the way back, {whole} in all."


def _by_layer(what: str, probes: Probes, values: Array, names: list[str], y: Axis, ends: Any, *marks: Any) -> list[Any]:
    """A legend and lines, or a map where there are many layers."""
    if len(names) > MOST_LINES:
        return [_map(what, probes, values, y.low, y.high, ends)]
    epochs = probes.epochs
    x = axes.whole("epoch", int(epochs[0]), int(epochs[-1]))
    drawn = [
        charts.line(charts.trace(x, y, epochs, values[:, place]), f"s{place}", len(epochs) <= 3)
        for place in range(len(names))
    ]
    last = ", ".join(f"layer {name} {number(float(one), 3)}" for name, one in zip(names, values[-1], strict=True))
    title = f"{what} over epochs {epochs[0]} to {epochs[-1]}; at last {last}."
    return [
        legend((f"s{place}", f"layer {name}") for place, name in enumerate(names)),
        charts.chart(title, x, y, *marks, *drawn),
    ]


def _map(what: str, probes: Probes, values: Array, low: float, high: float, ends: Any) -> Markup:
    """Layers from first to last, top to bottom, over the epochs."""
    kept = charts.few(len(values), MOST_PROBES)
    names, epochs = _names(probes)[: values.shape[1]], probes.epochs
    x = axes.whole("epoch", int(epochs[0]), int(epochs[-1]), room=0.5)
    title = f"{what} of {len(names)} layers over epochs {epochs[0]} to {epochs[-1]}, from {ends(low)} to {ends(high)}."
    return charts.cells(
        title, x, axes.named("layer", names), epochs[kept], values[kept], low, high, (ends(low), ends(high))
    )


def _table(caption: str, probes: Probes, values: Array, names: list[str]) -> Markup:
    kept = charts.few(len(values), MOST_ROWS)
    said = "" if len(kept) == len(values) else f", {len(kept)} of {len(values)} epochs"
    rows = [(int(probes.epochs[place]), *(number(float(one), 3) for one in values[place])) for place in kept]
    return table(f"{caption}{said}", ("epoch", *(f"layer {name}" for name in names)), rows, range(len(names) + 1))


def _names(probes: Probes) -> list[str]:
    return [one.name for one in probes.layers]


def _power(logarithm: float) -> str:
    return number(10.0**logarithm, 2)


def _share(share: float) -> str:
    return f"{share:.0%}"
