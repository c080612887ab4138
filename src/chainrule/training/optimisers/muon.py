"""Muon: momentum made orthogonal by matrix products, matrix after matrix; the rest by another optimiser.

Newton-Schulz iterations push every singular value of X towards 1: X <- (a I + b A + c A^2) X with A = X X', or the
same from the right where X has more rows than columns, so that A is the smaller of the two.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.checks import BELOW_1
from chainrule.engine.division import by_rows, cut_product
from chainrule.engine.kernels import Kernel
from chainrule.engine.meetings import Step
from chainrule.errors import InputTypeError
from chainrule.training.optimisers.adam import Adam, AdamW
from chainrule.training.optimisers.base import Optimiser, StepProgram, Workspace, fused, refuse_l1
from chainrule.training.optimisers.lamb import LAMB
from chainrule.training.penalty import Penalty

#: a, b, c of Jordan et al.: as steep at 0 as can be, which leaves singular values between 0.7 and 1.2
COEFFICIENTS = 3.4445, -4.7750, 2.0315
ITERATIONS = 5
EPSILON = 1e-7

DOT, MOMENTUM, SCALE = Kernel("dot"), Kernel("muon_momentum"), Kernel("muon_scale")
POLYNOMIAL, STEP = Kernel("muon_polynomial"), Kernel("muon_step")


@dataclass(frozen=True)
class Muon(Optimiser):
    """Momentum made orthogonal, for hidden weight matrices; `rest` for all else (Jordan et al. 2024).

    Hidden are all weight matrices but the first and the last. Their momentum, with Nesterov's look ahead, goes through
    five Newton-Schulz iterations that push its singular values towards 1, and W moves by the result times
    rate * sqrt(max(1, units / inputs)). An orthogonal matrix keeps the length of a vector, so that spread over more
    units than inputs its entries shrink by sqrt(inputs / units): the authors' factor undoes that, and one rate
    suits all widths.

    `rest` has its own learning rate, which a schedule multiplies alike, and its own decay; `weight_decay` is that of
    the hidden matrices. L2 is a part of the gradient, and so of what is made orthogonal. L1 is refused: a
    threshold per entry has no meaning where a step is one of whole matrices.

    A step costs fifteen products per hidden matrix, whatever the batch: a square one takes the time of five times as
    many rows as it has units, so that Muon suits large batches.

    Parameters
    ----------
    learning_rate, weight_decay : of the hidden matrices, see `Optimiser`
    momentum : number in [0, 1), how much of the momentum is kept at a step
    rest : an Adam of one kernel, for all other parameters

    Examples
    --------
    >>> from chainrule.optimisers import AdamW, Muon
    >>> Muon(0.02, rest=AdamW(0.003)).rest.learning_rate
    0.003
    """

    learning_rate: float = 0.02
    momentum: float = 0.95
    rest: Adam = field(default_factory=AdamW)

    bounds = Optimiser.bounds | {"momentum": BELOW_1}

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.rest, Adam) or isinstance(self.rest, LAMB):
            raise InputTypeError(
                "Muon(rest=)", "an Adam of one kernel, such as AdamW(0.001)", repr(self.rest), "Leave it out for AdamW."
            )

    def check(self, penalty: Penalty) -> None:
        refuse_l1(self, penalty)

    def program(self, workspace: Workspace) -> StepProgram:
        """The rest in one kernel, then every hidden weight matrix.

        Parameters
        ----------
        workspace : Workspace of the parameters, gradients and moments

        Returns
        -------
        StepProgram
        """
        hidden = workspace.layout.weights[1:-1]
        rest = fused(self.rest, workspace, [name for name in workspace.layout.trained_names if name not in hidden])
        rates = np.zeros(4)
        # Matrices take turns, so they share one room for X, the next X, and two squares of the smaller side.
        largest = max((workspace.matrix(workspace.parameters, name).size for name in hidden), default=0)
        room = np.empty((4, largest), workspace.parameters.dtype)
        steps = [*rest.steps, *(step for name in hidden for step in _matrix(workspace, name, room, rates))]

        def renew(step: int, rate: float, weight: float) -> None:
            rest.renew(step, rate / self.learning_rate * self.rest.learning_rate, weight)
            rates[:] = rate, workspace.penalty.square_factor(weight), self.weight_decay, self.momentum

        return StepProgram(steps, renew, (*rest.numbers, rates))


def _matrix(workspace: Workspace, name: str, room: Any, rates: Any) -> list[Step]:
    """The steps of one weight matrix."""
    W, dW, M = (
        workspace.matrix(vector, name) for vector in (workspace.parameters, workspace.gradients, workspace.moments[0])
    )
    units, inputs = W.shape
    X, Y = (flat[: W.size].reshape(W.shape) for flat in room[:2])
    A, B = (flat[: min(W.shape) ** 2].reshape(min(W.shape), -1) for flat in room[2:])
    squares, parts = np.zeros(workspace.parts), workspace.parts
    steps = [
        by_rows(
            MOMENTUM, (W, dW, M, X), parts,
            lambda part, rows: squares[part : part + 1], workspace.clip, rates,
        ),
        by_rows(SCALE, (X,), parts, squares, EPSILON),
    ]  # fmt: skip
    for _ in range(ITERATIONS):
        steps += [
            (DOT, cut_product([X, X.T, A] if units <= inputs else [X.T, X, A], parts)),
            (DOT, cut_product([A, A, B], parts)),
            by_rows(POLYNOMIAL, (A, B), parts, *COEFFICIENTS, lambda part, rows: rows.start),
            (DOT, cut_product([B, X, Y] if units <= inputs else [X, B, Y], parts)),
        ]
        X, Y = Y, X
    size = max(1.0, units / inputs) ** 0.5
    return [*steps, by_rows(STEP, (W, X), parts, size, workspace.factors[name], rates)]
