"""The network: a drawing of its layers, and their sizes."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from chainrule.network.activations import ActivationFunction
from chainrule.network.describe import Placed, layer, placed
from chainrule.network.layers import GLU, PRODUCTS, Activation, Dense, Layer, Residual
from chainrule.plots.report import charts
from chainrule.plots.report.blocks import behind, facts, figure, figures, table
from chainrule.plots.report.markup import Markup, el, join
from chainrule.plots.report.subject import Subject

#: Layers whose table stands beside the drawing; of more it is behind a line to be opened.
OPEN = 20
#: Height of a layer; where its bar begins, and how long the longest is.
ROW, START, LONGEST = 24, 196, 178


def network(subject: Subject) -> Markup:
    found = subject.model.network
    layers = list(placed(found.layers, found.inputs))
    members, kinds = subject.model.predictor.members, subject.model.kinds()
    pairs = [
        ("layers of weights", f"{sum(isinstance(one.layer, PRODUCTS) for one in layers):,}"),
        ("parameters", f"{subject.model.predictor.trained:,}"),
        ("members", f"{members:,}, whose mean is predicted" if members > 1 else None),
        ("of several kinds", "the first is drawn" if len(kinds) > 1 else None),
        ("loss", subject.model.loss.name),
    ]
    rows = [
        (one.place, _said(one.layer), f"{one.inputs:,}", f"{one.outputs:,}", f"{one.parameters:,}") for one in layers
    ]
    heads = ("place", "layer", "in", "out", "parameters")
    sizes = table("Layers", heads, rows, numeric=(2, 3, 4))
    caption = "Layers from input to output; lengths go by the logarithm of the width"
    beside = sizes if len(layers) <= OPEN else behind("Layers as a table", sizes)
    return join(
        facts((name, value) for name, value in pairs if value is not None),
        _kinds(kinds) if len(kinds) > 1 else None,
        figures(figure(caption, _drawn(layers, found.inputs)), beside),
    )


def _kinds(kinds: list[tuple[str, int, float]]) -> Markup:
    """A row for each kind of networks."""
    rows = [(said, f"{members:,}", f"{share:.0%}") for said, members, share in kinds]
    return table("Networks that were chosen", ("networks", "members", "of a prediction"), rows, numeric=(1, 2))


def _said(one: Layer) -> str:
    return "Residual, of the following" if isinstance(one, Residual) else layer(one)


def _drawn(layers: list[Placed], inputs: int) -> Markup:
    """A bar for each layer that has weights, a line for each other; an arc around what a Residual skips."""
    widest = max(inputs, *(one.outputs for one in layers))
    parts = [*_row(0, "input", inputs, widest, "input")]
    for row, one in enumerate(layers, start=1):
        style = "solid" if isinstance(one.layer, PRODUCTS) else "hollow"
        if isinstance(one.layer, Residual):
            inner = sum(other.place.startswith(f"{one.place}.") for other in layers)
            parts += _arc(row, inner, one.inside)
            style = "none"
        parts += _row(row, _short(one), one.outputs, widest, style, one.inside + isinstance(one.layer, Residual))
    said = ", ".join(f"{_short(one)} {one.outputs}" for one in layers if isinstance(one.layer, (*PRODUCTS, Residual)))
    return charts.drawing(f"{inputs} inputs, then {said}", ROW * (len(layers) + 1) + 8, *parts)


def _row(row: int, said: str, units: int, widest: int, style: str, inside: int = 0) -> Iterator[Markup]:
    middle = ROW * row + ROW / 2 + 4
    yield el("text", said, x=16 + 12 * inside, y=middle + 4, class_="layer")
    if style == "none":
        return
    long = max(3.0, LONGEST * math.log1p(units) / math.log1p(widest))
    thick = 14 if style != "hollow" else 2
    yield el(
        "rect", x=START, y=f"{middle - thick / 2:g}", width=f"{long:.1f}", height=thick, rx=2, class_=f"layer {style}"
    )
    if style != "hollow":
        yield el("text", f"{units:,}", x=f"{START + long + 6:.1f}", y=middle + 4, class_="units")


def _arc(row: int, inner: int, inside: int) -> Iterator[Markup]:
    top, bottom, x = ROW * row + ROW / 2 + 4, ROW * (row + inner + 1) + 2, 12 + 12 * inside
    yield el("path", d=f"M{x},{top}C{x - 12},{top + 8} {x - 12},{bottom - 8} {x},{bottom}", class_="arc")


def _short(one: Placed) -> str:
    match one.layer:
        case Dense(activation=activation):
            name = _name(activation)
            return "dense" if name == "identity" else f"dense, {name}"
        case GLU(activation=activation):
            return f"GLU, {_name(activation)}"
        case Activation(name=activation):
            return _name(activation)
        case Residual():
            return "skip connection over"
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(one.layer).__name__).lower()


def _name(activation: str | ActivationFunction) -> str:
    return (activation if isinstance(activation, str) else activation.name)[:20]
