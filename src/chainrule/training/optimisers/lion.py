"""Steps by signs."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.engine.kernels import rules
from chainrule.training.optimisers.base import Pointwise


@dataclass(frozen=True)
class Lion(Pointwise):
    """The sign of an interpolated momentum (Chen et al. 2023).

    Every step has the size of the rate, so L1 is a decay of its own, rate * l1 towards 0 a step, like `weight_decay`.

    Parameters
    ----------
    learning_rate, weight_decay : see `Optimiser`; a tenth of Adam's rate, and ten times its decay, are usual
    beta_1 : number in [0, 1), the momentum's share in what the sign is taken of
    beta_2 : number in [0, 1), how much of the momentum is kept at a step

    Examples
    --------
    >>> from chainrule.optimisers import Lion
    >>> Lion(1e-4, weight_decay=0.1)
    Lion(learning_rate=0.0001, weight_decay=0.1, beta_1=0.9, beta_2=0.99)
    """

    learning_rate: float = 1e-4
    beta_1: float = 0.9
    beta_2: float = 0.99

    rule = staticmethod(rules.lion)
    moments = 1

    def numbers(self, step: int, rate: float) -> tuple[float, ...]:
        return rate, self.beta_1, 1 - self.beta_1, self.beta_2, 1 - self.beta_2, 1.0
