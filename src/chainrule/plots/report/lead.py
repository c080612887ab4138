"""The few figures of a model that matter most."""

from __future__ import annotations

from chainrule.models.model import Model
from chainrule.plots.report.course import Course
from chainrule.plots.report.markup import number


def lead(model: Model, course: Course) -> list[tuple[str, str]]:
    """Names and values: its size, how long it was trained on how much, and how well it did on the rows held out."""
    best, outlook, mixed = course.best, model.progress.outlook, model.progress.mixed
    pairs = []
    if outlook is not None:
        pairs.append(("rows", f"{outlook.rows + outlook.held_out:,}"))
    pairs.append(("parameters", f"{model.predictor.trained:,}"))
    pairs.append(("epochs", f"{len(course.history):,}"))
    if best is not None:
        pairs.append(("best epoch", f"{best.epoch:,}"))
        whose = "loss" if mixed is None else "loss of all networks"
        pairs.append((f"{whose}, rows that stopped training", number(best.validation_loss if mixed is None else mixed)))
        if course.scored:
            pairs.append((f"{course.score}, the same rows", number(best.score)))
        error, explained = course.rmse(best), course.r2(best)
        if error is not None:
            pairs.append(("RMSE, the same rows", number(error)))
        if explained is not None and not course.scored:
            pairs.append(("R2, the same rows", number(explained)))
    pairs.append(("seconds", number(sum(one.seconds for one in course.history), 3)))
    return pairs
