"""What an optimiser works on, and what it becomes there: a short program of kernel steps."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.kernels import Kernel
from chainrule.engine.kernels.rules import no_threshold, soft_threshold
from chainrule.engine.meetings import Step
from chainrule.engine.parameters import Layout, Vector
from chainrule.training.penalty import Penalty

if TYPE_CHECKING:
    from chainrule.training.optimisers import Pointwise


@dataclass(frozen=True)
class Site:
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
class Piece:
    """Kernel steps, and the function renew(step, rate, weight) that writes their `numbers` before each run."""

    steps: list[Step]
    renew: Callable[[int, float, float], None] = _keep
    numbers: tuple[NDArray[np.float64], ...] = ()


def joined(pieces: Sequence[Piece]) -> Piece:
    """Pieces one behind the other, as one."""
    renewals = [piece.renew for piece in pieces if piece.renew is not _keep]

    def renew(step: int, rate: float, weight: float) -> None:
        for one in renewals:
            one(step, rate, weight)

    numbers = tuple(array for piece in pieces for array in piece.numbers)
    return Piece([step for piece in pieces for step in piece.steps], renew, numbers)


def fused(optimiser: Pointwise, site: Site, names: Collection[str]) -> Piece:
    """The whole optimiser as one kernel over these parameters: penalties, clipping and decay are inside."""
    value = soft_threshold if site.penalty.l1 > 0 else no_threshold
    kernel = Kernel(
        f"optimise_{optimiser.moments}", value=value, rule=optimiser.rule,
        label=f"{optimiser.rule.__name__}.{value.__name__}",
    )  # fmt: skip
    rates = np.zeros(3 + 8)
    vectors = site.parameters, site.gradients, *site.moments[: optimiser.moments]
    factors = site.factors_of(names)
    shares = [[*vectors, *segments, factors, site.clip, rates] for segments in site.layout.segments(site.parts, names)]

    def renew(step: int, rate: float, weight: float) -> None:
        rates[0] = rate * site.penalty.l1
        rates[1] = site.penalty.square_factor(weight)
        rates[2] = rate * optimiser.weight_decay
        for place, number in enumerate(optimiser.numbers(step, rate), start=3):
            rates[place] = number

    return Piece([(kernel, shares)], renew, (rates,))
