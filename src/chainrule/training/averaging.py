"""Averages of weights over the steps of a training, which often predict better than the last weights do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from chainrule.checks import BELOW_1, Checked, Number, at_least
from chainrule.engine.division import cut
from chainrule.engine.kernels import Kernel
from chainrule.engine.parameters import Vector
from chainrule.errors import InputError
from chainrule.training.optimisers.base import StepProgram

AVERAGE = Kernel("average")

_STEPS = at_least(1, "Steps are batches: rows / batch_size an epoch.")


@dataclass(frozen=True)
class Averaging(Checked, ABC):
    """A running mean of the weights: mean += share * (weights - mean) after each step.

    It covers the whole vector, running statistics of BatchNorm included.

    Examples
    --------
    One of your own is a subclass with a `share`; here the mean of all weights so far:

    >>> from dataclasses import dataclass
    >>> from chainrule.averaging import Averaging
    >>> @dataclass(frozen=True)
    ... class OfAll(Averaging):
    ...     def share(self, step):
    ...         return 1 / step
    >>> [OfAll().share(step) for step in (1, 2, 4)]
    [1.0, 0.5, 0.25]
    """

    bounds: ClassVar[Mapping[str, Number]] = {"decay": BELOW_1, "start": _STEPS, "every": _STEPS}

    @abstractmethod
    def share(self, step: int) -> float:
        """The share of the weights after this step in the new mean: 1 copies them, 0 skips them.

        Parameters
        ----------
        step : counted from 1

        Returns
        -------
        float from 0 to 1
        """


@dataclass(frozen=True)
class EMA(Averaging):
    """An exponential moving average: weights of t steps ago count `decay**t` (Polyak and Juditsky 1992 for averaging).

    With `ramp`, step s decays by min(decay, (1 + s) / (10 + s)), so that the mean soon forgets where training began.

    Examples
    --------
    >>> from chainrule.averaging import EMA
    >>> [round(1 - EMA(0.9).share(s), 3) for s in (1, 10, 100)]
    [0.182, 0.55, 0.9]
    """

    decay: float = 0.999
    ramp: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.ramp, (bool, np.bool_)):
            raise InputError("EMA(ramp=)", "True or False", repr(self.ramp), "True lets it forget the first weights.")

    def share(self, step: int) -> float:
        return 1 - (min(self.decay, (1 + step) / (10 + step)) if self.ramp else self.decay)


@dataclass(frozen=True)
class SWA(Averaging):
    """Stochastic weight averaging: the plain mean of every `every`-th step's weights from `start` on.

    Izmailov et al. 2018. Before `start` the mean is the weights themselves. Those of BatchNorm's running statistics
    are averaged like the weights; the paper computes them anew.

    Examples
    --------
    >>> from chainrule.averaging import SWA
    >>> [SWA(start=3, every=2).share(step) for step in range(1, 8)]
    [1.0, 1.0, 1.0, 0.0, 0.5, 0.0, 0.3333333333333333]
    """

    start: int
    every: int = 1

    def share(self, step: int) -> float:
        if step <= self.start:
            return 1.0
        taken, between = divmod(step - self.start, self.every)
        return 0.0 if between else 1 / (1 + taken)


def averages(averaging: Averaging, vector: Vector, mean: Vector, parts: int) -> StepProgram:
    """The mean of a whole vector, running statistics included."""
    share = np.zeros(1)
    shares = [[vector[part], mean[part], share] if part.start < part.stop else [] for part in cut(len(vector), parts)]

    def renew(step: int, rate: float, weight: float) -> None:
        share[0] = averaging.share(step)

    return StepProgram([(AVERAGE, shares)], renew, (share,))
