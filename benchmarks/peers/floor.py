"""The floor: the matrix products of a training step in NumPy, and nothing else.

No library that multiplies with this BLAS can train faster, whatever the rest of the step costs it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.cases import Case, Labels, Rows
from benchmarks.timing import on_fewer_threads_if_faster


def make(case: Case, X: Rows, y: Labels, rich: bool = False) -> Callable[[], float]:
    """Seconds per epoch of the products alone, which a rich network shares with a plain one."""
    random = np.random.default_rng(0)
    inputs, units = case.sizes[:-1], case.sizes[1:]
    weights = [
        random.standard_normal((u, i), dtype=np.float32) / np.float32(i**0.5)
        for i, u in zip(inputs, units, strict=True)
    ]
    outputs = [np.empty((case.batch, u), np.float32) for u in units]
    d_outputs = [random.standard_normal((case.batch, u), dtype=np.float32) for u in units]
    d_weights = [np.empty_like(W) for W in weights]

    def step(x: Rows) -> None:
        layer_inputs = [x, *outputs[:-1]]
        for a, W, z in zip(layer_inputs, weights, outputs, strict=True):
            np.dot(a, W.T, out=z)
        for layer in reversed(range(len(weights))):
            dz = d_outputs[layer]
            np.dot(dz.T, layer_inputs[layer], out=d_weights[layer])
            if layer:
                np.dot(dz, weights[layer], out=d_outputs[layer - 1])

    def epoch() -> None:
        for start in range(0, len(X), case.batch):
            step(X[start : start + case.batch])

    return on_fewer_threads_if_faster(epoch)
