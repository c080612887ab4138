"""How well it predicts the rows that were given: scores, confusion, calibration, residuals."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.diagnosis import scores as measures
from chainrule.plots.calibration import CalibrationDisplay
from chainrule.plots.report import axes, charts
from chainrule.plots.report.blocks import Cell, behind, facts, figure, figures, note, table
from chainrule.plots.report.markup import Markup, el, join, number, word
from chainrule.plots.report.subject import ScoredClasses, ScoredNumbers, Subject

#: Classes up to which all pairs are shown; of more, those that are confused most.
MOST_CLASSES = 20
#: Points of a scatter, at most.
MOST_ROWS = 1500
#: Steps of shading behind the cells of a confusion.
STEPS = 6

#: Of rows that training looked at.
STOPPED = (
    "These are the held-out rows that stopped training: the best epoch was chosen by them, so others are predicted a "
    "little worse."
)

Array = NDArray[Any]
_NAMES = {"roc_auc": "area under the ROC curve", "rmse": "RMSE", "mae": "MAE", "r2": "R²"}


def scores(subject: Subject) -> Markup | None:
    found = _scores(subject)
    return join(note(STOPPED), found) if found and subject.stopped else found


def _scores(subject: Subject) -> Markup | None:
    match subject.scored:
        case ScoredNumbers() as scored:
            return join(*(_numbers(scored, place) for place in range(scored.true.shape[1])))
        case ScoredClasses() as scored if scored.codes.ndim == 2:
            return _labels(scored, subject.classes or [])
        case ScoredClasses() as scored:
            return _classes(scored, subject.classes or [])
    return None


def _facts(found: dict[str, float], rows: int) -> Markup:
    said = [(_NAMES.get(name, name.replace("_", " ")), number(value)) for name, value in found.items()]
    return facts([("rows", f"{rows:,}"), *said], "facts tiles")


def _classes(scored: ScoredClasses, classes: list[str]) -> Markup:
    found = measures.of_classes(scored.codes, scored.predicted, scored.shares)
    each = measures.by_class(scored.codes, scored.predicted, len(classes))
    by_class = table(
        "Scores by class",
        ("class", "rows", "precision", "recall", "F1"),
        [
            (word(name), *map(number, (one["rows"], one["precision"], one["recall"], one["f1"])))
            for name, one in zip(classes, each, strict=True)
        ],
        numeric=range(1, 5),
    )
    drawn = [figure("Confusion", _confusion(scored, classes))]
    if scored.shares is not None:
        drawn.append(_calibration(scored, scored.shares, classes))
    return join(_facts(found, len(scored.codes)), figures(*drawn), behind("Scores by class", by_class))


def _confusion(scored: ScoredClasses, classes: list[str]) -> Markup:
    counts = measures.confusion(scored.codes, scored.predicted, len(classes))
    if len(classes) > MOST_CLASSES:
        wrong = counts * ~np.eye(len(classes), dtype=bool)
        worst = [divmod(int(k), len(classes)) for k in np.argsort(-wrong, axis=None)[:MOST_CLASSES]]
        pairs = [(word(classes[a]), word(classes[b]), f"{counts[a, b]:,}") for a, b in worst if wrong[a, b]]
        return table("Classes that are confused most", ("true", "predicted", "rows"), pairs, numeric=[2])
    rows = []
    for name, line in zip(classes, counts.tolist(), strict=True):
        whole = sum(line) or 1
        cells = [Cell(f"{one:,}", f"c{min(STEPS - 1, one * STEPS // whole)}") for one in line]
        rows.append((word(name), *cells))
    heads = ("true, down · predicted, across", *map(word, classes))
    made = table("Rows by true and predicted class", heads, rows, numeric=range(1, len(heads)))
    return el("div", made, class_="confusion")


def _calibration(scored: ScoredClasses, shares: Array, classes: list[str]) -> Markup:
    """Of two classes, probabilities of the second; of more, those of the winner."""
    if len(classes) == 2:
        sure, right, whose = shares[:, 1], scored.codes == 1, f"of {classes[1]!r}"
    else:
        sure, right, whose = shares.max(axis=1), scored.codes == scored.predicted, "of the winning class"
    found = CalibrationDisplay(sure, right).binned()
    x = axes.linear("predicted probability", [], at_least=(0.0, 1.0))
    y = axes.linear("share that came true", [], at_least=(0.0, 1.0))
    marks = (
        charts.line(charts.trace(x, y, [0, 1], [0, 1]), "faint"),
        charts.spans(x, y, found.predicted, found.low, found.high),
        charts.line(charts.trace(x, y, found.predicted, found.observed), "s0", dots=True),
    )
    title = f"Share that came true against predicted probability; calibration error {found.error:.3f}."
    columns = (found.predicted, found.observed, found.low, found.high)
    rows = [
        (*(f"{value:.3f}" for value in values), f"{count:,}")
        for *values, count in zip(*columns, found.rows.tolist(), strict=True)
    ]
    heads = ("mean probability", "came true", "from", "to", "rows")
    numbers = table("Calibration, with 95 % intervals of what came true", heads, rows, numeric=range(5))
    caption = join("Calibration ", word(whose), f"; expected calibration error {found.error:.3f}")
    return figure(caption, charts.chart(title, x, y, *marks), behind("Calibration as a table", numbers))


def _labels(scored: ScoredClasses, classes: list[str]) -> Markup:
    """Several labels a row, each there or not."""
    rows = []
    for place, name in enumerate(classes):
        there, said = scored.codes[:, place], scored.predicted[:, place]
        one = measures.by_class(there, said, 2)[1]
        rows.append((word(name), *map(number, (one["rows"], one["precision"], one["recall"], one["f1"]))))
    all_right = float((scored.codes == scored.predicted).all(axis=1).mean())
    heads = ("label", "rows", "precision", "recall", "F1")
    return join(
        _facts({"rows all right": all_right}, len(scored.codes)), table("Scores by label", heads, rows, range(1, 5))
    )


def _numbers(scored: ScoredNumbers, place: int) -> Markup:
    true, predicted = scored.true[:, place], scored.predicted[:, place]
    residual = true - predicted
    found = _facts(measures.of_numbers(true, predicted), len(true))
    which = f" of target {place}" if scored.true.shape[1] > 1 else ""
    shown = charts.few(len(true), MOST_ROWS)
    x, y = axes.linear("predicted", predicted[shown]), axes.linear("residual: true − predicted", residual[shown])
    points = charts.points(x, y, predicted[shown], residual[shown])
    least, most = number(float(residual.min())), number(float(residual.max()))
    title = f"Residuals{which} against predictions, from {least} to {most}."
    scatter = figure(f"Residuals{which} by prediction", charts.chart(title, x, y, charts.level(y, 0, ""), points))
    heights, edges = np.histogram(residual, bins=31)
    x, y = axes.linear("residual", edges), axes.linear("rows", heights, at_least=(0.0, 1.0))
    title = f"Histogram of residuals{which}; half of them lie between {_half(residual)}."
    histogram = figure(f"Residuals{which}", charts.chart(title, x, y, charts.bars(x, y, edges, heights)))
    quantiles = (0, 0.05, 0.25, 0.5, 0.75, 0.95, 1)
    numbers = table(
        f"Quantiles of the residuals{which}",
        ("quantile", "residual"),
        [(f"{share:.0%}", number(float(np.quantile(residual, share)))) for share in quantiles],
        numeric=range(2),
    )
    return join(found, figures(scatter, histogram, behind("Residuals as a table", numbers)))


def _half(residual: Array) -> str:
    low, high = np.quantile(residual, [0.25, 0.75])
    return f"{number(float(low))} and {number(float(high))}"
