"""How predictions go with a column: a line over numbers and times, dots for levels; and the same as a table."""

from __future__ import annotations

import numpy as np

from chainrule.explanations import PartialDependence
from chainrule.plots.explained import cell
from chainrule.plots.report import axes, charts
from chainrule.plots.report.axes import Axis
from chainrule.plots.report.blocks import figure, table
from chainrule.plots.report.markup import Markup, el, join, number, word
from chainrule.plots.report.rows import Rows

#: Rows that have a line of their own, and days of a tick.
SINGLE, TICKS = 25, 4
#: Letters of a level below a caption.
LEVEL = 22


def dependence(found: PartialDependence) -> tuple[Markup, Markup]:
    """The figure, and its table."""
    drawn = _line(found) if found.ordered[0] else _levels(found)
    name = found.names[0]
    rows = [
        (word(_written(value)), *(number(float(one)) for one in numbers))
        for value, *numbers in zip(found.grids[0], found.mean, found.low, found.high, strict=True)
    ]
    heads = ("value", "mean prediction", "from", "to")
    numbers = table(f"Mean prediction by {charts.short(name, 40)}", heads, rows, numeric=range(1, 4))
    return figure(join("By ", word(charts.short(name, 60))), drawn), numbers


def _written(value: object) -> str:
    return str(value)[:19] if isinstance(value, np.datetime64) else cell(value)


def _title(found: PartialDependence) -> str:
    least, most = (number(float(one)) for one in (found.mean.min(), found.mean.max()))
    return f"Mean prediction by {charts.short(found.names[0], 40)}, from {least} to {most}."


def _line(found: PartialDependence) -> Markup:
    single = np.empty((0, len(found.mean))) if found.individual is None else found.individual
    single = single[charts.few(len(single), SINGLE)]
    label = charts.short(found.names[0], 40)
    xs = found.grids[0]
    if xs.dtype.kind == "M":
        xs = xs.astype("datetime64[ms]").astype(np.float64)
        marks = np.linspace(xs[0], xs[-1], TICKS)[: TICKS if xs[-1] > xs[0] else 1]
        plain = axes.linear(label, xs)
        days = marks.astype("datetime64[ms]").astype("datetime64[D]")
        x = Axis(label, plain.low, plain.high, tuple(zip(marks.tolist(), map(str, days), strict=True)))
    else:
        x = axes.linear(label, xs)
    y = axes.linear("mean prediction", [*found.low, *found.high, *found.mean, *single.ravel()])
    thin = "".join(charts.trace(x, y, xs, one) for one in single)
    low, high = charts.trace(x, y, xs, found.low), charts.trace(x, y, xs[::-1], found.high[::-1])
    band = f"{low}{high.replace('M', 'L', 1)}z" if low else ""
    return charts.chart(
        _title(found), x, y, el("path", d=thin, class_="thin"), el("path", d=band, class_="band"),
        charts.line(charts.trace(x, y, xs, found.mean), "s0", dots=len(xs) < 3),
    )  # fmt: skip


def _levels(found: PartialDependence) -> Markup:
    x = axes.linear("mean prediction", [*found.low, *found.high, *found.mean], 5)
    rows = Rows([charts.short(cell(level), LEVEL) for level in found.grids[0]], x)
    dots = "".join(f"M{at:.1f},{rows.middle(row):.1f}h0" for row, at in enumerate(rows.across(found.mean)))
    whiskers = "".join(
        rows.whisker(row, *ends) for row, ends in enumerate(zip(found.low, found.high, strict=True))
    )  # fmt: skip
    return rows.draw(
        _title(found), el("path", d=whiskers, class_="whiskers"), el("path", d=dots, class_="dots s0")
    )  # fmt: skip
