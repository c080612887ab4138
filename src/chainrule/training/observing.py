"""Observers: who looks into single steps of a training, at the values that a plan has in its buffers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from chainrule.engine.parameters import Parameters
from chainrule.engine.plan import Tapped


class Observer(Protocol):
    """Chooses steps and sees them; it changes nothing, and training gives the same bits."""

    def begin(self, epoch: int, steps: int, rows: int) -> None:
        """Before an epoch, counted from 1, of so many steps of at most so many rows."""

    def due(self, step: int) -> bool:
        """Whether it wants to see a step, counted from 0 in each epoch."""

    def see(
        self,
        parameters: Parameters,
        gradients: Parameters,
        values: Iterator[Tapped],
        finish: Callable[[], None],
    ) -> None:
        """See a step: to go through `values` runs the plan, whose gradients are then there; `finish` makes the step.

        Parameters
        ----------
        parameters, gradients : of the network, or of the first member of an ensemble
        values : what the plan computes, each good until the next is asked for
        finish : moves the parameters
        """
