"""A step of an optimiser as a short program of kernels, and the vectors that it works on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.meetings import Step
from chainrule.engine.parameters import Layout, Vector
from chainrule.training.penalty import Penalty


@dataclass(frozen=True)
class Workspace:
    """The vectors that a step reads and writes, and all that was chosen about them.

    Attributes
    ----------
    layout : of all vectors, of which an optimiser sees the trained head
    parameters, gradients, moments : the vectors
    parts : that a step is cut into
    penalty : Penalty
    factors : what multiplies the learning rate of each trained parameter
    clip : float64 [largest entry of a gradient, factor of all gradients], which kernels may change
    """

    layout: Layout
    parameters: Vector
    gradients: Vector
    moments: tuple[Vector, ...]
    parts: int
    penalty: Penalty
    factors: Mapping[str, float]
    clip: NDArray[np.float64]

    def matrix(self, vector: Vector, name: str) -> Any:
        """The view of a parameter's shape."""
        place, shape = self.layout.places[name]
        return vector[place].reshape(shape)

    def factors_of(self, names: Collection[str]) -> NDArray[np.float64]:
        """The factors of these parameters in the order of `layout.segments`."""
        return np.array([self.factors[name] for name in self.layout.trained_names if name in names])


def _keep(step: int, rate: float, weight: float) -> None:
    """Leave all numbers as they are."""


@dataclass(frozen=True)
class StepProgram:
    """Kernel steps, and the function renew(step, rate, weight) that writes their `numbers` before each run."""

    steps: list[Step]
    renew: Callable[[int, float, float], None] = _keep
    numbers: tuple[NDArray[np.float64], ...] = ()


def joined(programs: Sequence[StepProgram]) -> StepProgram:
    """Programs one behind the other, as one."""
    renewals = [program.renew for program in programs if program.renew is not _keep]

    def renew(step: int, rate: float, weight: float) -> None:
        for one in renewals:
            one(step, rate, weight)

    numbers = tuple(array for program in programs for array in program.numbers)
    return StepProgram([step for program in programs for step in program.steps], renew, numbers)
