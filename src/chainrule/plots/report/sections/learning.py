"""Learning curves: loss, score and learning rate, epoch by epoch."""

from __future__ import annotations

import math
from collections.abc import Sequence

from chainrule.plots.report import axes, charts
from chainrule.plots.report.blocks import behind, figure, figures, legend, table
from chainrule.plots.report.course import Course
from chainrule.plots.report.markup import Markup, number

#: Epochs in the table behind the curves, at most.
MOST_ROWS = 100

Lines = Sequence[tuple[str, str, list[float]]]


def learning(course: Course) -> Markup | None:
    """Curves with the best epoch marked, and their numbers."""
    if not course.history:
        return None
    rates = course.of(lambda one: one.rate)
    drawn = [
        _curves(course, "Loss", "loss", [
            ("s0", "training, as the batches met it, penalties included", course.of(lambda one: one.loss)),
            ("s1", "held-out rows, which stop training", course.of(lambda one: one.validation_loss)),
        ]),
    ]  # fmt: skip
    errors = course.of(course.rmse)
    if any(map(math.isfinite, errors)):
        drawn.append(_curves(course, "RMSE", "RMSE, in units of the target", [("s1", "held-out rows", errors)]))
    if course.scored:
        name = course.score[:1].upper() + course.score[1:]
        drawn.append(_curves(course, name, f"{course.score}, higher is better", [
            ("s0", "training rows", course.of(lambda one: one.training_score)),
            ("s1", "held-out rows", course.of(lambda one: one.score)),
        ]))  # fmt: skip
    if len({rate for rate in rates if not math.isnan(rate)}) > 1:
        drawn.append(_curves(course, "Learning rate", "learning rate", [("s2", "of the last step", rates)], best=False))
    return figures(*drawn, behind("Epochs as a table", _table(course)))


def _curves(course: Course, what: str, label: str, lines: Lines, best: bool = True) -> Markup:
    known = [one for one in lines if any(map(math.isfinite, one[2]))]
    epochs = [one.epoch for one in course.history]
    x = axes.whole("epoch", epochs[0], epochs[-1])
    y = axes.linear(label, [value for _, _, values in known for value in values])
    marks = [charts.line(charts.trace(x, y, epochs, values), style, len(epochs) <= 3) for style, _, values in known]
    if best and course.best is not None:
        marks.insert(0, charts.mark(x, course.best.epoch, f"best: epoch {course.best.epoch}"))
    last = ", ".join(f"{name}: {number(values[0])} at first, {number(values[-1])} at last" for _, name, values in known)
    title = f"{what} over {len(epochs)} epochs. {last}."
    names = legend([(style, name) for style, name, _ in known])
    return figure(f"{what} by epoch", names, charts.chart(title, x, y, *marks))


def _table(course: Course) -> Markup:
    heads = ["epoch", "loss", "held-out loss", course.score, f"training {course.score}", "learning rate", "seconds"]
    heads += ["RMSE", "R2 by the loss"] * (course.units is not None)
    rows = []
    for place in charts.few(len(course.history), MOST_ROWS):
        one = course.history[place]
        values = [one.loss, one.validation_loss, one.score, one.training_score, one.rate, one.seconds]
        values += [course.rmse(one), course.r2(one)] if course.units is not None else []
        rows.append((one.epoch, *map(number, values)))
    said = "" if len(rows) == len(course.history) else f", {len(rows)} of {len(course.history)}"
    return table(f"Epochs{said}", heads, rows, numeric=range(len(heads)))
