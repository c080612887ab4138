"""Why single predictions are what they are: what columns add to them, and how predictions go with a column."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from chainrule.explanations import Explanation
from chainrule.plots.explained import between, cell, summed
from chainrule.plots.explained import subject as said_of
from chainrule.plots.report import axes, charts
from chainrule.plots.report.blocks import behind, figure, figures, note, table
from chainrule.plots.report.markup import Markup, el, join, number, word
from chainrule.plots.report.rows import Rows
from chainrule.plots.report.sections.dependence import dependence
from chainrule.plots.report.subject import Subject
from chainrule.plots.swarm import swarm

#: Columns of the whole, and of a single row; the others are added up.
MOST, OF_ROW = 12, 8
#: Letters of a column's name where its value stands beside it, and of that value.
NAME, VALUE = 12, 7
#: Where the axis of a single row begins, and room for numbers at its right.
START, RIGHT = 190, 78
#: Shades from low to high, `.low0` to `.low4` in the style.
SHADES = 5


def explanations(subject: Subject) -> Markup | None:
    about = subject.explained
    if about is None:
        return None
    one = about.explanation
    shown = summed(one, MOST)
    drawn = [_importances(shown), _beeswarm(shown)]
    predictions = one.predictions
    order = np.argsort(predictions, kind="stable")
    places = {"lowest": order[0], "middle": order[len(order) // 2], "highest": order[-1]}
    single = [(f"The {which} prediction", one[int(place)]) for which, place in places.items()]
    drawn += [_waterfall(which, summed(row, OF_ROW)) for which, row in single]
    along = [dependence(found) for found in about.dependences]
    return join(
        note(_about(subject, one, about.outputs)),
        figures(
            *drawn,
            behind("What columns add, as a table", _numbers(one)),
            behind("The three rows as tables", *(_row(which, row) for which, row in single)),
        ),
        el("h3", "How predictions go with a column") if along else None,
        note(
            "The mean prediction of these rows, had they all this value, with its 95 % interval; faint lines are "
            "single rows. Values and columns are put together as no real row may have them."
        ) if along else None,
        figures(*(one for one, _ in along), *(behind("The same as tables", *(two for _, two in along)),) * bool(along)),
    )  # fmt: skip


def _about(subject: Subject, one: Explanation, outputs: int) -> Markup:
    """What is explained, and what that does not tell."""
    which = "" if outputs == 1 else f", one of {outputs:,} outputs"
    if outputs > 1:
        which += ": the most probable" if subject.classes is not None else ": the first"
    exact = "exact" if one.method == "exact" else "by random orders of the columns"
    return join(
        f"Shapley values, {exact}, of {len(one):,} of these rows against {one.background:,} of them: the mean "
        f"prediction, {number(float(one.base_values[0]))}, and what the columns of a row add make up the ",
        word(said_of(one)), f"{which}. They tell what the model does with its columns, not what causes what.",
    )  # fmt: skip


def _importances(shown: Explanation) -> Markup:
    names = shown.feature_names
    found = sorted(shown.importances(), key=lambda one: names.index(one.name))
    ends = [value for one in found for value in (one.mean, one.high)]
    x = axes.linear("mean of what it adds or takes", ends, 5, at_least=(0.0, max(np.nanmax(ends), 1e-9)))
    rows = Rows(names, x)
    bars = [rows.bar(row, 0.0, one.mean, "up") for row, one in enumerate(found)]
    whiskers = "".join(rows.whisker(row, one.low, one.high) for row, one in enumerate(found))
    first = ", ".join(f"{charts.short(one.name, 40)} {number(one.mean, 3)}" for one in found[:3])
    title = f"How far each column moves predictions, mean and 95 % interval. Most: {first}."
    caption = "How far columns move predictions, mean and 95 % interval"
    return figure(caption, rows.draw(title, *bars, el("path", d=whiskers, class_="whiskers")))


def _beeswarm(shown: Explanation) -> Markup:
    values, names = shown.values, shown.feature_names
    x = axes.linear("what it adds", [*values.ravel(), 0.0], 5)
    rows = Rows(names, x, depth=26)
    marks: dict[str, list[tuple[float, float]]] = {}
    for column in range(len(names)):
        dots = rows.dots(column, values[:, column], swarm(values[:, column], x.low, x.high))
        for style, dot in zip(_styles(shown, column), dots, strict=True):
            marks.setdefault(style, []).append(dot)
    paths = [
        el("path", d=_rings(dots) if style == "gone" else _dots(dots), class_=style) for style, dots in marks.items()
    ]
    title = (
        f"What each column adds to the prediction of each of {len(shown):,} rows, a dot each; from "
        f"{number(float(values.min()), 3)} to {number(float(values.max()), 3)}."
    )
    keys = [
        ("low0", "low value of the column"),
        (f"low{SHADES - 1}", "high"),
        ("unordered", "without an order"),
        ("gone", "missing"),
    ]
    return figure(
        "What columns add to each prediction", _legend((style, said) for style, said in keys if style in marks),
        rows.draw(title, rows.zero(), *paths),
    )  # fmt: skip


def _styles(shown: Explanation, column: int) -> list[str]:
    """The style of each row's dot: by the column's own value where it has an order."""
    if not shown.ordered[column]:
        return ["unordered"] * len(shown)
    shades = between(shown.data[:, column])
    return ["gone" if one != one else f"low{min(int(one * SHADES), SHADES - 1)}" for one in shades.tolist()]


def _dots(places: Iterable[tuple[float, float]]) -> str:
    return "".join(f"M{a:.1f},{b:.1f}h0" for a, b in places)


def _rings(places: Iterable[tuple[float, float]]) -> str:
    return "".join(f"M{a - 2:.1f},{b:.1f}a2,2 0 1,0 4,0a2,2 0 1,0 -4,0" for a, b in places)


def _legend(entries: Iterable[tuple[str, str]]) -> Markup:
    """Dots by their style, with what they stand for."""

    def sample(style: str) -> Markup:
        dot = el("path", d=_rings([(12, 5)]) if style == "gone" else _dots([(12, 5)]), class_=style)
        return el("svg", dot, class_="sample", viewBox="0 0 24 10", aria_hidden="true")

    return el("ul", *(el("li", sample(style), said) for style, said in entries), class_="legend")


def _waterfall(which: str, row: Explanation) -> Markup:
    values, errors = row.values[0], row.errors[0]
    ends = float(row.base_values[0]) + np.cumsum([0.0, *values])
    names = ["mean prediction", *_named(row), "prediction"]
    rows = Rows(names, axes.linear("prediction", ends, 4), start=START, right=RIGHT)
    last, marks = len(names) - 1, []
    for place, value in enumerate(values.tolist(), start=1):
        marks.append(rows.bar(place, ends[place - 1], ends[place], "up" if value >= 0 else "down"))
    joints = "".join(
        f"M{at:.1f},{rows.middle(place) - 6:.1f}V{rows.middle(place + 1) + 6:.1f}"
        for place, at in enumerate(rows.across(ends))
    )
    marks.append(el("path", d=joints, class_="axis"))
    whiskers = "".join(
        rows.whisker(place, ends[place] - error, ends[place] + error)
        for place, error in enumerate(errors.tolist(), start=1) if error > 0
    )  # fmt: skip
    marks.append(el("path", d=whiskers, class_="whiskers"))
    told = [number(float(ends[0])), *map(_signed, values.tolist()), number(float(ends[-1]))]
    for place, text in enumerate(told):
        x, y = charts.WIDTH - RIGHT + 8, f"{rows.middle(place) + 4:.1f}"
        marks.append(el("text", text, x=x, y=y, class_="layer" if place in (0, last) else "units"))
    first = ", ".join(
        f"{charts.short(name, 40)} {text}" for name, text in zip(row.feature_names[:3], told[1:4], strict=False)
    )
    title = f"{which}: from the mean, {told[0]}, to {told[-1]}. Most: {first}."
    return figure(f"{which}, {told[-1]}", rows.draw(title, *marks))


def _named(row: Explanation) -> list[str]:
    """Columns with their values."""
    return [
        name if value is None else f"{charts.short(name, NAME)} = {charts.short(cell(value), VALUE)}"
        for name, value in zip(row.feature_names, row.display_data[0], strict=True)
    ]


def _signed(value: float) -> str:
    return f"{'+' if value >= 0 else ''}{number(value, 3)}"


def _numbers(one: Explanation) -> Markup:
    rows = []
    for found in one.importances():
        values = one.values[:, one.feature_names.index(found.name)]
        parts = (found.mean, found.low, found.high, *np.quantile(values, [0, 0.5, 1]).tolist())
        rows.append((word(found.name), *(number(value, 3) for value in parts)))
    heads = ("column", "mean of sizes", "from", "to", "least", "median", "most")
    return table("What columns add to predictions, sizes with 95 % intervals", heads, rows, numeric=range(1, 7))


def _row(which: str, row: Explanation) -> Markup:
    order = np.argsort(-np.abs(row.values[0]), kind="stable").tolist()
    rows = [
        (
            word(row.feature_names[place]),
            word(cell(row.display_data[0, place])),
            _signed(float(row.values[0, place])),
            number(float(row.errors[0, place]), 2),
        )
        for place in order
    ]
    return table(f"{which}: what columns add", ("column", "value", "adds", "± 95 %"), rows, numeric=(2, 3))
