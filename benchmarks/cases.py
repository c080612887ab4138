"""The networks that are timed, and generated rows to train them on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Case:
    """A classifier: units of every layer from features to classes, and rows of a batch."""

    name: str
    sizes: tuple[int, ...]
    batch: int


CASES = {
    case.name: case
    for case in (
        Case("small", (20, 64, 64, 2), 128),
        Case("medium", (100, 256, 256, 10), 256),
        Case("image", (784, 512, 512, 10), 128),
        Case("large", (512, 1024, 1024, 1024, 10), 1024),
    )
}


def data(case: Case, batches: int, seed: int) -> tuple[Rows, Labels]:
    """Standard normal rows, `batches` full batches of them, labelled by a random linear teacher."""
    random = np.random.default_rng(seed)
    features, classes = case.sizes[0], case.sizes[-1]
    X = random.standard_normal((batches * case.batch, features), dtype=np.float32)
    teacher = random.standard_normal((features, classes), dtype=np.float32)
    return X, (X @ teacher).argmax(axis=1).astype(np.int64)
