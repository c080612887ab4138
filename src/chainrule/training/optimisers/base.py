"""What all optimisers are: frozen configurations, most of them a rule for one entry and the numbers that it wants, that
write a short program of kernels over vectors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from chainrule.checks import BELOW_1, NOT_NEGATIVE, POSITIVE, UP_TO_1, Checked, Number
from chainrule.engine.kernels import Kernel
from chainrule.engine.kernels.rules import no_threshold, soft_threshold
from chainrule.engine.meetings import Step
from chainrule.engine.parameters import Layout, Vector
from chainrule.errors import InputError
from chainrule.training.penalty import Penalty

Rule = Callable[..., Any]


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
    """Programs one after the other, as one."""
    renewals = [program.renew for program in programs if program.renew is not _keep]

    def renew(step: int, rate: float, weight: float) -> None:
        for one in renewals:
            one(step, rate, weight)

    numbers = tuple(array for program in programs for array in program.numbers)
    return StepProgram([step for program in programs for step in program.steps], renew, numbers)


@dataclass(frozen=True)
class Optimiser(Checked, ABC):
    """How gradients become a step of the parameters: a frozen configuration, whose state lives in the trainer.

    Parameters
    ----------
    learning_rate : number above 0, the size of a step
    weight_decay : number of 0 or more; weights also shrink by rate * weight_decay a step, beside the gradient
        (decoupled: Loshchilov and Hutter 2019). Biases, gains and offsets do not.

    Raises
    ------
    InputError, InputTypeError
        For a number out of its range, when an optimiser is made.

    Examples
    --------
    >>> import dataclasses
    >>> from chainrule.optimisers import SGD, Optimiser
    >>> optimiser = SGD(0.1, momentum=0.9)
    >>> isinstance(optimiser, Optimiser), dataclasses.replace(optimiser, learning_rate=0.01).momentum
    (True, 0.9)
    """

    learning_rate: float
    weight_decay: float = 0.0

    #: how many numbers of state it keeps per parameter
    moments: ClassVar[int] = 2

    bounds: ClassVar[dict[str, Number]] = {
        "learning_rate": POSITIVE,
        "weight_decay": NOT_NEGATIVE,
        "momentum": UP_TO_1,
        "beta_1": BELOW_1,
        "beta_2": BELOW_1,
        "rho": BELOW_1,
        "epsilon": POSITIVE,
    }

    def check(self, penalty: Penalty) -> None:
        """Refuse a penalty that it cannot follow.

        Parameters
        ----------
        penalty : Penalty

        Raises
        ------
        InputError
        """

    @abstractmethod
    def program(self, workspace: Workspace) -> StepProgram:
        """Its kernels, bound to vectors.

        Parameters
        ----------
        workspace : Workspace of the parameters, gradients and moments

        Returns
        -------
        StepProgram
        """


@dataclass(frozen=True)
class Pointwise(Optimiser):
    """An optimiser whose step for an entry depends on that entry alone: one fused kernel."""

    #: from `engine.kernels.rules`
    rule: ClassVar[Rule]

    def program(self, workspace: Workspace) -> StepProgram:
        return fused(self, workspace, workspace.layout.trained_names)

    @abstractmethod
    def numbers(self, step: int, rate: float) -> tuple[float, ...]:
        """What the rule wants to know at this step, eight numbers at most.

        Parameters
        ----------
        step : counted from 1
        rate : learning rate of this step

        Returns
        -------
        tuple of floats
        """


def fused(optimiser: Pointwise, workspace: Workspace, names: Collection[str]) -> StepProgram:
    """The whole optimiser as one kernel over these parameters: penalties, clipping and decay are inside."""
    value = soft_threshold if workspace.penalty.l1 > 0 else no_threshold
    kernel = Kernel(
        f"optimise_{optimiser.moments}", value=value, rule=optimiser.rule,
        label=f"{optimiser.rule.__name__}.{value.__name__}",
    )  # fmt: skip
    rates = np.zeros(3 + 8)
    vectors = workspace.parameters, workspace.gradients, *workspace.moments[: optimiser.moments]
    factors = workspace.factors_of(names)
    shares = [
        [*vectors, *segments, factors, workspace.clip, rates]
        for segments in workspace.layout.segments(workspace.parts, names)
    ]

    def renew(step: int, rate: float, weight: float) -> None:
        rates[0] = rate * workspace.penalty.l1
        rates[1] = workspace.penalty.square_factor(weight)
        rates[2] = rate * optimiser.weight_decay
        for place, number in enumerate(optimiser.numbers(step, rate), start=3):
            rates[place] = number

    return StepProgram([(kernel, shares)], renew, (rates,))


def refuse_l1(optimiser: Optimiser, penalty: Penalty) -> None:
    """Refuse L1 for an optimiser whose step has no size of its own per entry."""
    if penalty.l1 > 0:
        raise InputError(
            f"l1 with {type(optimiser).__name__}", "l1 = 0", penalty.l1,
            "Its step has no size per entry, which L1 needs: take l2, weight_decay, or AdamW.",
        )  # fmt: skip


def steady(momentum: float) -> float:
    """How far a steady gradient moves a parameter per step, in steps without momentum."""
    return 1 / (1 - momentum) if momentum < 1 else 0.0
