"""An optimiser at work: its state, and the short program of kernels that a step becomes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.kernels import chosen_set
from chainrule.engine.parameters import Parameters
from chainrule.engine.team import Team
from chainrule.engine.work import bind
from chainrule.errors import InputError
from chainrule.training.averaging import averages
from chainrule.training.clipping import bounding, clipping, keeping_signs
from chainrule.training.optimisers import Optimiser
from chainrule.training.optimisers.base import StepProgram, Workspace, joined
from chainrule.training.penalty import Penalty
from chainrule.training.step_options import PLAIN, StepOptions


class Step(Protocol):
    """One step of an optimiser, done by a team or alone."""

    def __call__(self, rate: float, weight: float, team: Team | None = None) -> None: ...


class Update:
    """An optimiser at work: its moments, its count of steps, the average of the weights where one is kept.

    A step is [norm of the gradient] -> optimiser -> [bound of weights] -> [signs] -> [average], one compiled program.

    Attributes
    ----------
    steps : int, steps taken
    moments : vectors of the optimiser's state
    average : Parameters to predict with, or None where nothing is averaged
    """

    def __init__(
        self,
        optimiser: Optimiser,
        penalty: Penalty,
        parameters: Parameters,
        options: StepOptions = PLAIN,
    ) -> None:
        optimiser.check(penalty)
        self.optimiser = optimiser
        self.penalty = penalty
        self.options = options
        self.steps = 0
        self.factors = options.factors(parameters.layout)
        layout, dtype = parameters.layout, parameters.vector.dtype
        self.moments = tuple(np.zeros(layout.trained, dtype) for _ in range(optimiser.moments))
        self.average = None if options.averaging is None else parameters.copy()

    def does(self, optimiser: Optimiser, penalty: Penalty, options: StepOptions) -> bool:
        """Whether this is the update of these configurations."""
        return (self.optimiser, self.penalty, self.options) == (optimiser, penalty, options)

    def program(self, parameters: Parameters, gradients: Parameters, parts: int = 1) -> StepProgram:
        """One step as kernel steps, whose numbers are to be renewed before each run."""
        options, layout = self.options, parameters.layout
        clip = np.array([np.inf if options.clip_value is None else options.clip_value, 1.0])
        trained = slice(layout.trained)
        workspace = Workspace(
            layout, parameters.vector[trained], gradients.vector[trained], self.moments, parts,
            self.penalty, self.factors, clip,
        )  # fmt: skip
        programs = [self.optimiser.program(workspace)]
        if options.clip_norm is not None:
            programs.insert(0, clipping(workspace, options.clip_norm))
        if options.max_norm is not None:
            programs.append(bounding(workspace, options.max_norm))
        if layout.signed:
            programs.append(keeping_signs(workspace))
        if options.averaging is not None and self.average is not None:
            programs.append(averages(options.averaging, parameters.vector, self.average.vector, parts))
        return joined(programs)

    def bind(self, parameters: Parameters, gradients: Parameters, parts: int = 1) -> Step:
        """A function step(rate, weight, team): one step at this rate, after a batch of this weight."""
        program = self.program(parameters, gradients, parts)
        work = bind(chosen_set(), parameters.vector.dtype, [program.steps])

        def step(rate: float, weight: float, team: Team | None = None) -> None:
            self.steps += 1
            program.renew(self.steps, rate, weight)
            work(team)

        return step

    def state(self) -> dict[str, NDArray[Any]]:
        """All that a checkpoint must hold to go on bit for bit, beside the parameters: copies, by name."""
        return {name: array.copy() for name, array in self._arrays().items()} | {"steps": np.array(self.steps)}

    def load(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Put a state back, into the arrays that steps are bound to.

        Raises
        ------
        InputError
            Where a name, a shape or a type is not that of this optimiser, these options and this network. Nothing is
            changed then.
        """
        mine = self._arrays() | {"steps": np.array(self.steps)}
        if set(state) != set(mine):
            raise InputError(
                "load(state)", ", ".join(sorted(mine)), ", ".join(sorted(map(str, state))) or "nothing",
                "Load what was saved with the same optimiser and the same averaging.",
            )  # fmt: skip
        for name, array in mine.items():
            given = np.asarray(state[name])
            if (given.shape, given.dtype) != (array.shape, array.dtype) or (name == "steps" and given < 0):
                raise InputError(
                    f"load(state[{name!r}])", f"{array.dtype} of shape {array.shape}, no count below 0",
                    f"{given.dtype} of shape {given.shape}", "Load what was saved for the same network and dtype.",
                )  # fmt: skip
        for name, array in self._arrays().items():
            array[...] = state[name]
        self.steps = int(state["steps"])

    def _arrays(self) -> dict[str, NDArray[Any]]:
        found: dict[str, NDArray[Any]] = {f"moment_{place}": m for place, m in enumerate(self.moments, start=1)}
        return found if self.average is None else found | {"average": self.average.vector}
