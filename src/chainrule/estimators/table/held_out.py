"""Which rows of a table are held out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from chainrule.errors import InputError
from chainrule.estimators.table.presets import seed

Indices = NDArray[np.intp]


def split(target: NDArray[Any], share: float, random_state: Any, stratify: bool) -> tuple[Indices, Indices]:
    """Rows to train on and rows to validate on, each in order; at least one of each.

    Classes keep their shares in both, as far as there are rows enough; each has at least one to train on.
    """
    rows = len(target)
    count = int(np.clip(round(share * rows), 1, rows - 1))
    if not stratify:
        validation = np.random.RandomState(seed(random_state)).permutation(rows)[:count]
    else:
        found, sizes = np.unique(target, return_counts=True)
        if sizes.min() >= 2 and count >= len(found) and rows - count >= len(found):
            _, validation = train_test_split(
                np.arange(rows), test_size=count, random_state=seed(random_state), stratify=target
            )
        else:
            order = np.random.RandomState(seed(random_state)).permutation(rows)
            validation = spared(order, target)[:count]
    return np.setdiff1d(np.arange(rows), validation), np.sort(validation)


def spared(order: Indices, labels: NDArray[Any]) -> Indices:
    """Of rows in this order, those that can be held out: all but the last of each class, which is trained on.

    Raises
    ------
    InputError
        Where no class has a second row.
    """
    _, back = np.unique(labels[order][::-1], return_index=True)
    found = np.delete(order, len(order) - 1 - back)
    if not len(found):
        raise InputError(
            "y", "a class with at least 2 rows, one to train on and one to validate on",
            f"{len(labels)} rows, each of a class of its own",
            "Give more rows of each class, or use a regressor where y is a number.",
        )  # fmt: skip
    return found
