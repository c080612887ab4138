"""Rounds of several fits: a cycle of each, then the best to their end, and others behind them where that has paid."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from chainrule.models.fit import Fit
from chainrule.training.schedules import Repeat

#: After the first cycle a fit goes on if its loss is at most so many times the best, or one of the so many best.
NEAR, BEST = 1.1, 2
#: The others go on if one of these best has bettered its first cycle by this share of its loss.
PAID = 0.01


class Turn(NamedTuple):
    """What is done of a fit in a round.

    Attributes
    ----------
    fit : to be run
    epochs : until so many were trained; None until all were
    """

    fit: Fit
    epochs: int | None = None


def rounds(fits: Sequence[Fit], in_time: bool = False) -> Iterator[list[Turn]]:
    """What is to be done, round by round: fits of a round do not depend on each other, and the next on all of them.

    Parameters
    ----------
    fits : which hold out the same rows
    in_time : whether each has its part of the time, and is planned to end with it: then one round is all
    """
    cycle = None if in_time else _first_cycle(fits)
    if cycle is None:
        yield [Turn(fit) for fit in fits]
        return
    yield [Turn(fit, cycle) for fit in fits]
    before = {fit: _best(fit, cycle) for fit in fits if fit.learned}
    ranked = sorted(before, key=lambda fit: before[fit], reverse=True)
    good = [fit for place, fit in enumerate(ranked) if place < BEST or before[fit] >= NEAR * before[ranked[0]]]
    on = [fit for fit in good if fit.paused or fit.training.progress.epochs > cycle]  # as a checkpoint may have it
    _set_aside(fit for fit in fits if fit not in on)
    first, others = on[:BEST], on[BEST:]
    yield [Turn(fit) for fit in first]
    if any(_best(fit) > (1 - PAID) * before[fit] for fit in first):
        yield [Turn(fit) for fit in others]
    else:
        _set_aside(others)


def _set_aside(fits: Iterable[Fit]) -> None:
    """They stay as they were at their best."""
    for fit in fits:
        fit.settle()


def _first_cycle(fits: Sequence[Fit]) -> int | None:
    """Epochs of the first of several cycles, the same of all fits; None where there is none to judge them by."""
    first = fits[0]
    schedule, epochs = first.recipe.schedule, first.recipe.epochs
    if first.recipe.scoring != "loss" or first.answer.loss.signed or not isinstance(schedule, Repeat):
        return None
    if any(fit.recipe.schedule != schedule or fit.recipe.epochs != epochs for fit in fits):
        return None
    cycle = round(epochs * schedule.parts[0] / sum(schedule.parts))
    return cycle if 0 < cycle < epochs else None


def _best(fit: Fit, epochs: int | None = None) -> float:
    """The loss of the held-out rows at its lowest in the first epochs, or in all, with its sign turned."""
    progress = fit.training.progress
    records = progress.records[len(progress.records) - progress.epochs :][:epochs]
    losses = [record.validation_loss for record in records if record.validation_loss is not None]
    return -min((loss for loss in losses if math.isfinite(loss)), default=math.inf)
