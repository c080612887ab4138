"""What is added to the objective beside the loss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.checks import NOT_NEGATIVE
from chainrule.engine import forks
from chainrule.engine.parameters import Parameters


@dataclass(frozen=True)
class Penalty:
    """What is added to the objective: `l2 / 2 * sum(W^2)` and `l1 * sum|W|`, of weights only.

    `alpha` is scikit-learn's L2: its term is divided by the weight sum of the batch.
    """

    l1: float = 0.0
    l2: float = 0.0
    alpha: float = 0.0

    def __post_init__(self) -> None:
        for name in ("l1", "l2", "alpha"):
            NOT_NEGATIVE(f"Penalty({name}=)", getattr(self, name))

    def square_factor(self, weight: float) -> float:
        """What stands before sum(W^2) / 2 where the batch weighs `weight`."""
        return self.l2 + self.alpha / weight if weight else self.l2

    def value(self, parameters: Parameters, weight: float) -> float:
        """The penalty of these parameters where the batch weighs `weight`."""
        if self.l1 == self.l2 == self.alpha == 0:
            return 0.0
        weights = [parameters[p.name] for p in parameters.layout.parameters if p.kind == "weight"]
        with forks.held_off():
            square = sum(float(np.vdot(W, W)) for W in weights)
        absolute = sum(float(np.abs(W).sum()) for W in weights) if self.l1 else 0.0
        return 0.5 * self.square_factor(weight) * square + self.l1 * absolute
