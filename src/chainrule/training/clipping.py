"""What keeps a step in bounds: the norm of the gradient before the optimiser, weights and their signs after it."""

from __future__ import annotations

import numpy as np

from chainrule.engine.division import by_rows
from chainrule.engine.kernels import Kernel
from chainrule.engine.kernels.rules import within
from chainrule.training.optimisers.base import StepProgram, Workspace

SQUARES, SIGNS = Kernel("gradient_squares"), Kernel("keep_signs")
FACTOR, BOUND = (Kernel(name, value=within, label="within") for name in ("gradient_factor", "bound_rows"))


def clipping(workspace: Workspace, limit: float) -> StepProgram:
    """The factor of all gradients that keeps their norm within the limit; the optimiser's kernel applies it."""
    squares = np.zeros(workspace.parts)
    sums = [
        [workspace.gradients, starts, stops, workspace.clip, squares[part : part + 1]]
        for part, (starts, stops, _) in enumerate(workspace.layout.segments(workspace.parts))
    ]
    factor = [[squares, workspace.clip, float(limit)], *([] for _ in range(workspace.parts - 1))]
    return StepProgram([(SQUARES, sums), (FACTOR, factor)])


def bounding(workspace: Workspace, limit: float) -> StepProgram:
    """Weights into a hidden unit kept within the limit, but for parameters that stay as they are."""
    steps = [
        by_rows(BOUND, (workspace.matrix(workspace.parameters, name),), workspace.parts, float(limit))
        for name in workspace.layout.weights[:-1]
        if workspace.factors[name] > 0
    ]
    return StepProgram(steps)


def keeping_signs(workspace: Workspace) -> StepProgram:
    """Entries that have left the signs of a monotone network come back to the nearest that has them: 0."""
    steps = []
    for p in workspace.layout.signed:
        rows, columns = (np.array(one, np.int8) for one in p.signs or ())
        W = workspace.matrix(workspace.parameters, p.name).reshape(len(rows), len(columns))
        steps.append(by_rows(SIGNS, (W, rows), workspace.parts, columns))
    return StepProgram(steps)
