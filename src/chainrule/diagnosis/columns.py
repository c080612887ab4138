"""What is known of each column of a raw table: how fit read it, and what its cells are in rows that are given."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.diagnosis.relations import ENOUGH, told
from chainrule.tables.unseen import NONE, Portion

Array = NDArray[Any]

#: Values of which no more are different name no rows, and are not looked at further.
REPEATED = 0.5


@dataclass(frozen=True)
class Naming:
    """Whether whole numbers name rows.

    Attributes
    ----------
    rows : that hold one
    different : share of the values that are different
    span : from the least to the greatest, both counted
    uneven : how far their distribution is from an even one between these (Kolmogorov's distance)
    told : share of the target's variance that the column's inputs explain, adjusted for their number; None where rows
        are few for that
    by_chance : its deviation where the two have nothing to do
    """

    rows: int
    different: float
    span: float
    uneven: float
    told: float | None
    by_chance: float


@dataclass(frozen=True)
class ColumnSeen:
    """A column that is learned.

    Attributes
    ----------
    name, kind : of the column, and "number", "category", "boolean" or "date"
    why : what the kind rests on, as fit said it
    mixed : whether fit met cells that are none of the kind, and took them as missing
    levels : of a category, those that are known
    unread : cells that are none of the kind
    unknown : cells whose level is unknown to the encoder, which has no place for others
    beyond : of a date, cells before the first or after the last of fit
    rare : share of the cells whose level shares a code with all that are rare or unknown
    naming : of whole numbers, whether they name rows; None of others
    called_id : whether its name is that of row numbers
    """

    name: str
    kind: str
    why: str = ""
    mixed: bool = False
    levels: int = 0
    unread: Portion = NONE
    unknown: Portion = NONE
    beyond: Portion = NONE
    rare: float = 0.0
    naming: Naming | None = None
    called_id: bool = False


def naming(values: Array, inputs: Callable[[], Array], y: Array, classes: int) -> Naming | None:
    """Whether numbers name rows; None where they are not whole, or half of them repeat another one.

    Parameters
    ----------
    values : float64 of shape (rows,), NaN where one is missing
    inputs : gives what the network gets of them, (rows, inputs)
    y : class codes, (rows,), or values, (rows,) or (rows, outputs)
    classes : how many there are, 0 of numbers

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.diagnosis.columns import naming
    >>> random = np.random.default_rng(0)
    >>> numbers, y = random.permutation(500) + 0.0, random.normal(size=500)
    >>> found = naming(numbers, lambda: numbers[:, None], y, classes=0)
    >>> found.different, found.span, found.uneven < 0.01, found.told < 3 * found.by_chance
    (1.0, 500.0, True, True)
    """
    known = np.sort(values[~np.isnan(values)])
    if len(known) < 2 or (known != np.floor(known)).any():
        return None
    different = float((np.diff(known) > 0).sum() + 1) / len(known)
    if different <= REPEATED:
        return None
    reach = float(known[-1] - known[0])
    places = np.arange(1, len(known) + 1) / len(known)
    uneven = float(np.abs(places - (known - known[0]) / reach).max())
    found = np.asarray(inputs(), np.float64)
    rows, count = found.shape
    explained = None
    if rows >= ENOUGH * count + 2:
        explained = told(found, found.std(axis=0) > 0, y, classes, [0] * count).whole ** 2
    return Naming(len(known), different, reach + 1, uneven, explained, math.sqrt(2 * count) / rows)
