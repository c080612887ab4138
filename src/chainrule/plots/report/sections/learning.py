"""Learning curves: loss, score and learning rate, epoch by epoch."""

from __future__ import annotations

import math

from chainrule.plots.report import charts
from chainrule.plots.report.blocks import behind, figures, table
from chainrule.plots.report.course import Course
from chainrule.plots.report.curves import curves, loss, rmse, score
from chainrule.plots.report.markup import Markup, number

#: Epochs in the table behind the curves, at most.
MOST_ROWS = 100


def learning(course: Course) -> Markup | None:
    """Curves with the best epoch marked, and their numbers."""
    if not course.history:
        return None
    rates = course.of(lambda one: one.rate)
    drawn = [one for one in (loss(course), rmse(course), score(course)) if one is not None]
    if len({rate for rate in rates if not math.isnan(rate)}) > 1:
        drawn.append(curves(course, "Learning rate", "learning rate", [("s2", "of the last step", rates)], best=False))
    return figures(*drawn, behind("Epochs as a table", _table(course)))


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
