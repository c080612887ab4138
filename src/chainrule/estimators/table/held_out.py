"""Which rows of a table are held out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split

from chainrule.estimators.held_out import Indices, withheld
from chainrule.estimators.table.presets import seed


def folds(target: NDArray[Any], count: int, random_state: Any, stratify: bool) -> list[tuple[Indices, Indices]]:
    """Rows to train on and rows to validate on, each in order, so many times: each row is validated on once.

    Classes keep their shares, as far as there are rows enough; each has at least one to train on.
    """
    chance = np.random.RandomState(seed(random_state))
    enough = stratify and np.unique(target, return_counts=True)[1].min() >= count
    kind = StratifiedKFold if enough else KFold
    found = []
    for training, validation in kind(count, shuffle=True, random_state=chance).split(np.zeros(len(target)), target):
        if stratify and len(np.unique(target[training])) < len(np.unique(target)):
            _, first = np.unique(target[validation], return_index=True)
            back = validation[first[~np.isin(target[validation[first]], target[training])]]
            training, validation = np.append(training, back), np.setdiff1d(validation, back)
        found.append((np.sort(training), np.sort(validation)))
    return found


def split(target: NDArray[Any], share: float, random_state: Any, stratify: bool) -> tuple[Indices, Indices]:
    """Rows to train on and rows to validate on, each in order; at least one of each, if not all are of one class each.

    Classes keep their shares in both, as far as there are rows enough; each has at least one to train on.
    """
    rows = len(target)
    count = int(np.clip(round(share * rows), 1, rows - 1))
    chance = np.random.RandomState(seed(random_state))
    if not stratify:
        return withheld(chance.permutation(rows), count)
    found, sizes = np.unique(target, return_counts=True)
    if sizes.min() < 2 or min(count, rows - count) < len(found):
        return withheld(chance.permutation(rows), count, target)
    training, validation = train_test_split(np.arange(rows), test_size=count, random_state=chance, stratify=target)
    if len(np.unique(target[training])) < len(found):  # a small class may be validated on whole
        return withheld(chance.permutation(rows), count, target)
    return np.sort(training), np.sort(validation)
