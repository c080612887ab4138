"""Backpropagation held against finite differences."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from chainrule.engine.parameters import Parameters
from chainrule.engine.ragged import packing
from chainrule.errors import InputError
from chainrule.network.losses import Loss


def largest_error(
    network: Any,
    parameters: Parameters,
    X: ArrayLike,
    y: ArrayLike,
    loss: Loss,
    directions: int,
    seed: int,
    lengths: ArrayLike | None = None,
) -> float:
    """Largest relative error over random directions of directional derivatives, in float64.

    A direction's derivative is read off the gradient, g . v, and measured, (L(p + h v) - L(p - h v)) / 2h with
    Richardson's extrapolation, which takes the error from h^2 to h^4.
    """
    X = np.asarray(X, np.float64)
    packed = None
    if X.ndim == 3:
        packed = packing(X.shape, lengths)
        X = packed.pack(X)
    elif network.pools or X.ndim != 2 or lengths is not None:
        raise InputError(
            "check_gradients(X)", "rows, (rows, features), or sequences, (batch, time, features)", X.shape,
            "A Pool and lengths= need a time axis.",
        )  # fmt: skip
    trial = Parameters(parameters.layout, parameters.vector.astype(np.float64))
    start = trial.vector.copy()
    sequences = None if packed is None else packed.sequences
    plan = network.plan(trial, len(X), loss=loss, sequences=sequences)
    run = plan.run(len(X), sequences)
    assert plan.gradients is not None
    y = np.asarray(y)
    if packed is not None and network.pools:
        run.arrays["boundaries"][...] = packed.boundaries
    elif packed is not None:
        y = packed.pack(y)
    y = y.reshape(run.arrays["y"].shape)
    loss.check_y(y, network.outputs, where="check_gradients(y)")
    run.arrays["y"][...] = y
    run.arrays["w"][...] = 1
    trained = parameters.layout.trained

    def objective(vector: Any) -> float:
        trial.vector[...] = vector
        run.arrays["x"][...] = X
        run.arrays["total"][...] = 0
        run()
        total = run.arrays["total"]
        return float(total[0] / total[1])

    objective(start)
    gradient = plan.gradients.vector[:trained].copy()
    generator = np.random.default_rng(seed)
    worst = 0.0
    for _ in range(directions):
        v = np.zeros_like(start)
        v[:trained] = generator.normal(size=trained)
        v /= np.linalg.norm(v)

        def slope(h: float, v: Any = v) -> float:
            return (objective(start + h * v) - objective(start - h * v)) / (2 * h)

        measured = (4 * slope(5e-5) - slope(1e-4)) / 3
        derived = float(gradient @ v[:trained])
        size = max(abs(measured), abs(derived), 1e-3 * float(np.linalg.norm(gradient)), 1e-12)
        worst = max(worst, abs(measured - derived) / size)
    return worst
