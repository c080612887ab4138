"""Which rows of a table are held out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from chainrule.estimators.table.presets import seed

Indices = NDArray[np.intp]


def split(target: NDArray[Any], share: float, random_state: Any, stratify: bool) -> tuple[Indices, Indices]:
    """Rows to train on and rows to validate on, each in order; at least one of each.

    Classes keep their shares in both, as far as there are rows enough.
    """
    rows = len(target)
    count = int(np.clip(round(share * rows), 1, rows - 1))
    labels = None
    if stratify:
        found, sizes = np.unique(target, return_counts=True)
        if sizes.min() >= 2 and count >= len(found) and rows - count >= len(found):
            labels = target
    training, validation = train_test_split(
        np.arange(rows), test_size=count, random_state=seed(random_state), stratify=labels
    )
    return np.sort(training), np.sort(validation)
