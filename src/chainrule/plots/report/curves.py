"""Curves over the epochs of a training, as figures."""

from __future__ import annotations

import math
from collections.abc import Sequence

from chainrule.plots.report import axes, charts
from chainrule.plots.report.blocks import figure, legend
from chainrule.plots.report.course import Course
from chainrule.plots.report.markup import Markup, number

Lines = Sequence[tuple[str, str, list[float]]]


def loss(course: Course, most: int = charts.MOST_POINTS) -> Markup:
    """The loss of training and of the held-out rows; `most` is how many points a line has at most."""
    lines = [
        ("s0", "training, as the batches met it, penalties included", course.of(lambda one: one.loss)),
        ("s1", "held-out rows, which stop training", course.of(lambda one: one.validation_loss)),
    ]
    return curves(course, "Loss", "loss", lines, most=most)


def score(course: Course, most: int = charts.MOST_POINTS) -> Markup | None:
    """The score, where there is one that is not the loss by another sign."""
    if not course.scored:
        return None
    name = course.score[:1].upper() + course.score[1:]
    lines = [
        ("s0", "training rows", course.of(lambda one: one.training_score)),
        ("s1", "held-out rows", course.of(lambda one: one.score)),
    ]
    return curves(course, name, f"{course.score}, higher is better", lines, most=most)


def rmse(course: Course, most: int = charts.MOST_POINTS) -> Markup | None:
    """The error of the held-out rows in units of the target, where that is known."""
    errors = course.of(course.rmse)
    if not any(map(math.isfinite, errors)):
        return None
    return curves(course, "RMSE", "RMSE, in units of the target", [("s1", "held-out rows", errors)], most=most)


def curves(
    course: Course, what: str, label: str, lines: Lines, best: bool = True, most: int = charts.MOST_POINTS
) -> Markup:
    """Lines over the epochs, each a style of the page, a name, and a value per epoch; with the best epoch marked."""
    known = [one for one in lines if any(map(math.isfinite, one[2]))]
    epochs = [one.epoch for one in course.history]
    x = axes.whole("epoch", epochs[0], epochs[-1])
    y = axes.linear(label, [value for _, _, values in known for value in values])
    marks = [
        charts.line(charts.trace(x, y, epochs, values, most=most), style, len(epochs) <= 3)
        for style, _, values in known
    ]
    if best and course.best is not None:
        marks.insert(0, charts.mark(x, course.best.epoch, f"best: epoch {course.best.epoch}"))
    last = ", ".join(f"{name}: {number(values[0])} at first, {number(values[-1])} at last" for _, name, values in known)
    title = f"{what} over {len(epochs)} epochs. {last}."
    names = legend([(style, name) for style, name, _ in known])
    return figure(f"{what} by epoch", names, charts.chart(title, x, y, *marks))
