"""A rule: what it reads, when it speaks, what it says, as data; and what its judgement is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

from chainrule.diagnosis.findings import Evidence, Level, When
from chainrule.diagnosis.observed import Observed
from chainrule.diagnosis.remedies import Remedy

#: Share of a constant prediction's loss below which a network has learned.
LEARNED = 0.3

#: Share of a constant prediction's loss that is explained where a network is better than a constant at all.
EXPLAINED = 0.05


@dataclass(frozen=True)
class Verdict:
    """What a rule has found: how bad it is, where, by which numbers."""

    level: Level
    confidence: float
    evidence: tuple[Evidence, ...]
    layers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule:
    """One way in which training fails.

    Attributes
    ----------
    name, title, when, reason, source : as of a `Finding`
    judge : from what was observed to a verdict, None where all is well or too little is known
    remedies : from what was observed to remedies, the most promising first
    behind : rules that explain what this one sees: where one of them has found something, this is but a note
    """

    name: str
    title: str
    when: When
    reason: str
    source: str
    judge: Callable[[Observed], Verdict | None]
    remedies: Callable[[Observed], tuple[Remedy, ...]]
    behind: tuple[str, ...] = ()


def noise(score: float, rows: int, classes: bool) -> float:
    """Deviation of an accuracy, or of an R2, between samples of this many rows."""
    return sqrt(score * (1 - score) / rows) if classes else (1 - score) * sqrt(2 / rows)


def confidence(value: float, threshold: float, sure: float) -> float:
    """0.5 at the threshold, 1 from `sure` on, in between by proportion; `sure` may lie on either side."""
    return float(min(1.0, 0.5 + 0.5 * max(0.0, (value - threshold) / (sure - threshold))))


def unlearned(observed: Observed) -> float | None:
    """Training loss at the end over that of the best constant prediction, where that is known and positive."""
    constant, scores = observed.constant_loss, observed.training
    if constant is None or constant <= 0 or (scores is None and not observed.history):
        return None
    return float((observed.losses[-1] if scores is None else scores.loss) / constant)
