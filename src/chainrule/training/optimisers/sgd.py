"""Stochastic gradient descent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.engine.kernels import rules
from chainrule.errors import InputError
from chainrule.training.optimisers.base import Pointwise, steady
from chainrule.training.penalty import Penalty


@dataclass(frozen=True)
class SGD(Pointwise):
    """Stochastic gradient descent, with momentum, or with Nesterov's look ahead.

    Polyak 1964; Nesterov 1983 in the form of Sutskever et al. 2013. A steady gradient moves p by rate g / (1 - mu) a
    step, so the threshold of L1 is rate l1 / (1 - mu).

    Parameters
    ----------
    learning_rate, weight_decay : see `Optimiser`
    momentum : number in [0, 1], the share of the last step that the next one keeps
    nesterov : whether the gradient is followed from where the momentum leads

    Examples
    --------
    >>> from chainrule.optimisers import SGD
    >>> SGD(0.1, momentum=0.5, nesterov=True).numbers(1, 0.1)
    (0.1, 0.5, 0.5, 0.1, 2.0)
    """

    learning_rate: float = 0.01
    momentum: float = 0.0
    nesterov: bool = False

    rule = staticmethod(rules.sgd)
    moments = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.nesterov, (bool, np.bool_)):
            raise InputError("SGD(nesterov=)", "True or False", repr(self.nesterov), "True looks ahead.")

    def check(self, penalty: Penalty) -> None:
        if penalty.l1 > 0 and self.momentum == 1:
            raise InputError(
                "SGD(momentum=)", "less than 1 together with l1", self.momentum,
                "With momentum 1 a gradient never fades, and L1 has no point of rest: 0.9 is a common choice.",
            )  # fmt: skip

    def numbers(self, step: int, rate: float) -> tuple[float, ...]:
        ahead, straight = (self.momentum, rate) if self.nesterov and self.momentum > 0 else (1.0, 0.0)
        return rate, self.momentum, ahead, straight, steady(self.momentum)
