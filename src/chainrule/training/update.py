"""An optimiser at work: its state, and the fused kernel call that its configuration becomes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.kernels import Kernel, chosen_set
from chainrule.engine.kernels.rules import no_threshold, soft_threshold
from chainrule.engine.parameters import Parameters
from chainrule.engine.work import Team, bind
from chainrule.errors import InputError
from chainrule.training.optimisers import SGD, Optimiser
from chainrule.training.penalty import Penalty


class Step(Protocol):
    """One step of an optimiser, done by a team or alone."""

    def __call__(self, rate: float, weight: float, team: Team | None = None) -> None: ...


class Update:
    """An optimiser at work: its moments and its count of steps, and its kernel bound to the vectors."""

    def __init__(self, optimiser: Optimiser, penalty: Penalty, parameters: Parameters) -> None:
        if penalty.l1 > 0 and isinstance(optimiser, SGD) and optimiser.momentum == 1:
            raise InputError(
                "SGD(momentum=)", "less than 1 together with l1", optimiser.momentum,
                "With momentum 1 a gradient never fades, and L1 has no point of rest: 0.9 is a common choice.",
            )  # fmt: skip
        self.optimiser = optimiser
        self.penalty = penalty
        self.steps = 0
        layout, dtype = parameters.layout, parameters.vector.dtype
        self.moments = [np.zeros(layout.trained, dtype) for _ in range(optimiser.moments)]
        self._rates = np.zeros(3 + 8)

    def state(self) -> dict[str, NDArray[Any]]:
        """Every array that a checkpoint must hold, and the count of steps as one."""
        return {"steps": np.array(self.steps), **{f"moment {i}": m for i, m in enumerate(self.moments)}}

    def load(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on from what `state` gave."""
        self.steps = int(state["steps"])
        for i, moment in enumerate(self.moments):
            moment[...] = state[f"moment {i}"]

    def bind(self, parameters: Parameters, gradients: Parameters, members: int = 1) -> Step:
        """A function step(rate, weight, team): one step at this rate, after a batch of this weight."""
        layout, optimiser, penalty, rates = parameters.layout, self.optimiser, self.penalty, self._rates
        value = soft_threshold if penalty.l1 > 0 else no_threshold
        kernel = Kernel(
            f"optimise_{optimiser.moments}", value=value, rule=optimiser.rule,
            label=f"{optimiser.rule.__name__}.{value.__name__}",
        )  # fmt: skip
        vectors = [vector[: layout.trained] for vector in (parameters.vector, gradients.vector)] + self.moments
        shares = [[*vectors, *segments, rates] for segments in layout.segments(members)]
        work = bind(chosen_set(), parameters.vector.dtype, [(kernel, shares)])

        def step(rate: float, weight: float, team: Team | None = None) -> None:
            self.steps += 1
            rates[0] = rate * penalty.l1
            rates[1] = penalty.square_factor(weight)
            rates[2] = rate * optimiser.weight_decay
            for place, number in enumerate(optimiser.numbers(self.steps, rate), start=3):
                rates[place] = number
            work(team)

        return step
