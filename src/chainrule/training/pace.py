"""The learning rate of a training, step by step: a rate, times what a schedule makes of the steps and of the scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chainrule.training.schedules import Schedule


class Paced:
    """What has a learning rate.

    Attributes
    ----------
    rate : learning rate, which may be set between epochs
    schedule : Schedule that multiplies it at each step, or None
    planned : number of all steps, where the schedule takes its length from there
    watched : what was watched behind each epoch, higher is better
    """

    def __init__(self, rate: float, schedule: Schedule | None) -> None:
        self.rate = rate
        self.schedule = schedule
        self.planned: int | None = None
        self.watched: list[float] = []
        self._began = 0

    def begin(self, rate: float, steps: int) -> None:
        """Let rate and schedule start anew behind this many steps; moments stay."""
        self.rate, self.watched, self._began = rate, [], steps

    def react(self, value: float) -> None:
        """Tell the schedule what was watched behind an epoch."""
        self.watched.append(value)

    def _reaction(self) -> float:
        """What the scores of the epochs so far multiply the rate by, all through the next."""
        return 1.0 if self.schedule is None else self.schedule.multiplier(self.watched)

    def _rate_at(self, steps: int, reaction: float) -> float:
        """The learning rate behind this many steps."""
        if self.schedule is None:
            return self.rate
        return self.rate * reaction * self.schedule.factor(steps - self._began, self.planned)

    def _pace(self) -> dict[str, Any]:
        return {"rate": self.rate, "planned": self.planned, "watched": [*self.watched], "began": self._began}

    def _load_pace(self, data: Mapping[str, Any]) -> None:
        self.rate, self.planned, self._began = data["rate"], data["planned"], data["began"]
        self.watched = [*data["watched"]]
