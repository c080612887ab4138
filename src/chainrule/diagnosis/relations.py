"""Relations: how closely columns, or predictions, go with the target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

#: Inputs of a column are held against the target together where there are so many times more rows.
ENOUGH = 3


class Told(NamedTuple):
    """What columns tell of the target.

    Attributes
    ----------
    place : the column that tells all of the target most closely, -1 where none varies
    whole : how closely: correlation with numbers, or with every class
    part : the largest correlation of a column with the target or with one class
    """

    place: int
    whole: float
    part: float


def told(sample: Array, varies: Array, y: Array, classes: int, owners: Sequence[int] = ()) -> Told:
    """What columns tell of the target; one class of many that a column sets apart is not the target.

    Parameters
    ----------
    sample : array of shape (rows, columns)
    varies : which columns vary
    y : class codes, (rows,), or values, (rows,) or (rows, outputs)
    classes : how many there are, 0 of numbers
    owners : of each column, the number of what it was made of, where several are made of one; or nothing

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.diagnosis.relations import told
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> told(X, np.full(3, True), 2 * X[:, 1], classes=0).place
    1
    """
    by_class = [y == k for k in range(classes)] if classes > 2 else []
    plain = _centred(y.reshape(len(y), -1))
    apart = _centred(np.column_stack(by_class)) if by_class else plain[:, :0]
    if not varies.any() or not plain.shape[1]:
        return Told(-1, 0.0, 0.0)
    columns = sample - sample.mean(axis=0)
    with_plain, with_class = (np.where(varies[:, None], _cosines(columns, one), 0.0) for one in (plain, apart))
    part = float(max(with_plain.max(), with_class.max(initial=0.0)))
    best = with_plain.max(axis=1)
    place, whole = int(np.argmax(best)), float(best.max())
    if apart.shape[1] and (least := float(with_class.max(axis=0).min())) > whole:
        place, whole = int(with_class[:, with_class.max(axis=0).argmin()].argmax()), least
    if len(owners):
        place, whole = _of_owners(columns, varies, np.asarray(owners), apart if by_class else plain)
    return Told(place, min(whole, 1.0), min(part, 1.0))


def _of_owners(columns: Array, varies: Array, owners: Array, targets: Array) -> tuple[int, float]:
    """The same of all inputs that were made of one column, held against the target together."""
    found = -1, 0.0
    for owner in np.unique(owners[varies]):
        chosen = np.flatnonzero((owners == owner) & varies)
        whole = _multiple(columns[:, chosen], targets)
        if found[0] < 0 or whole > found[1]:
            found = int(chosen[0]), whole
    return found


def _multiple(inputs: Array, targets: Array) -> float:
    """Multiple correlation, adjusted for how many inputs there are; 0 where rows are few for them."""
    rows, count = inputs.shape
    if rows < ENOUGH * count or rows < count + 2:
        return 0.0
    gram, together = inputs.T @ inputs, inputs.T @ targets
    gram[np.diag_indices(count)] += 1e-9 * np.trace(gram)
    explained = float((together * np.linalg.solve(gram, together)).sum() / (targets**2).sum())
    return float(np.sqrt(max(0.0, 1 - (1 - explained) * (rows - 1) / (rows - count - 1))))


def agreement(prediction: Array, truth: Array) -> tuple[float, float]:
    """Correlation of what is predicted with what is true, and its deviation where the two have nothing to do.

    Parameters
    ----------
    prediction, truth : arrays of shape (rows, outputs); of classes, probabilities and indicators

    Returns
    -------
    over all outputs together, 1 at most; and its deviation over permutations of the rows; zeros where one is constant

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.diagnosis.relations import agreement
    >>> y = np.arange(101.0)[:, None]
    >>> agreement(2 * y + 1, y)
    (1.0, 0.1)
    """
    p, t = (one - one.mean(axis=0) for one in (prediction.astype(np.float64), truth.astype(np.float64)))
    size = float(np.sqrt((p**2).sum() * (t**2).sum()))
    if len(p) < 2 or not size > 0 or not np.isfinite(size):
        return 0.0, 0.0
    spread = float(np.sqrt(((p.T @ p) * (t.T @ t)).sum() / (len(p) - 1)))
    return float((p * t).sum() / size), spread / size


def _centred(targets: Array) -> Array:
    """Those that vary, minus their means."""
    found = targets.astype(np.float64)
    found -= found.mean(axis=0)
    return found[:, (found**2).sum(axis=0) > 0]


def _cosines(columns: Array, targets: Array) -> Array:
    """Absolute correlations of centred columns, 0 of those that do not vary."""
    sizes = np.outer(np.sqrt((columns**2).sum(axis=0)), np.sqrt((targets**2).sum(axis=0)))
    return np.abs(columns.T @ targets) / np.where(sizes > 0, sizes, np.inf)
