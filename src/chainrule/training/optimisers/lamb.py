"""LAMB: a direction with the norms of every array, then a step whose length those norms decide."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.engine.kernels import Kernel
from chainrule.engine.kernels.rules import trust
from chainrule.training.optimisers.adam import Adam
from chainrule.training.optimisers.base import StepProgram, Workspace, refuse_l1
from chainrule.training.penalty import Penalty

STEP = Kernel("lamb_step", value=trust, label="trust")


@dataclass(frozen=True)
class LAMB(Adam):
    """Adam whose step has, array by array, the length of the weights times the rate (You et al. 2020).

    W -= rate * norm(W) / norm(u) * u, with u = Adam's step at rate 1, plus weight_decay * W. The ratio is 1 where W or
    u is 0, and for biases, gains and offsets, which do not decay either. L2 is a part of the gradient. L1 is refused:
    its threshold would have to be known before the ratio is.

    Parameters are those of `Adam`.

    Examples
    --------
    >>> from chainrule.optimisers import LAMB
    >>> LAMB(weight_decay=0.01)
    LAMB(learning_rate=0.01, weight_decay=0.01, beta_1=0.9, beta_2=0.999, epsilon=1e-06)
    """

    learning_rate: float = 0.01
    epsilon: float = 1e-6

    def check(self, penalty: Penalty) -> None:
        refuse_l1(self, penalty)

    def program(self, workspace: Workspace) -> StepProgram:
        """Two kernels: no part knows the norm of an array before all have summed their rows of it.

        Parameters
        ----------
        workspace : Workspace of the parameters, gradients and moments

        Returns
        -------
        StepProgram
        """
        names = workspace.layout.trained_names
        direction = Kernel("lamb_direction", rule=self.rule, label=self.rule.__name__)
        p, g, m, v = workspace.parameters, workspace.gradients, *workspace.moments
        u, rates = np.zeros_like(m), np.zeros(3 + 8)
        factors, segments = workspace.factors_of(names), workspace.layout.segments(workspace.parts)
        squares = np.zeros((workspace.parts, 2 * len(names)))
        directions = [
            [p, g, m, v, u, *segment, own, workspace.clip, rates]
            for segment, own in zip(segments, squares, strict=True)
        ]
        steps = [[p, u, *segment, factors, squares, rates] for segment in segments]

        def renew(step: int, rate: float, weight: float) -> None:
            rates[:3] = rate, workspace.penalty.square_factor(weight), self.weight_decay
            rates[3:] = self.numbers(step, 1.0)

        return StepProgram([(direction, directions), (STEP, steps)], renew, (rates,))
