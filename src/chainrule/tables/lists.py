"""Lists of numbers as cells: vectors where all are of one length, else only their lengths are kept."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.tables import arrow
from chainrule.tables.column import Column, is_nothing

Array = NDArray[Any]

#: What a cell of Python that holds several values is.
CELLS = (list, tuple, np.ndarray)


def column(lengths: Array, values: Array) -> Column:
    """A column of lists of numbers; one of which every number is missing is missing.

    Parameters
    ----------
    lengths : of the list in each row, -1 where there is none
    values : the numbers of all lists, one behind the other, NaN where one is missing

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.tables.lists import column
    >>> column(np.array([2, -1]), np.array([1.5, 3.0])).values.tolist()
    [[1.5, 3.0], [nan, nan]]
    >>> column(np.array([2, 1]), np.array([1.5, 3.0, 4.0])).storage
    'lists'
    """
    if np.isnan(values).any():
        owner = np.repeat(np.arange(len(lengths)), np.maximum(lengths, 0))
        some = np.bincount(owner, ~np.isnan(values), len(lengths)) > 0
        lengths, values = np.where(some | (lengths == 0), lengths, -1), values[some[owner]]
    known = lengths >= 0
    width = int(lengths.max(initial=0))
    if (lengths[known] != width).any() or (known.any() and not width):
        return Column("lists", lengths.astype(np.int64))
    found = np.full((len(lengths), width), np.nan)
    if width:
        found[known] = values.reshape(-1, width)
    return Column("vectors", found)


def of_cells(cells: Sequence[Any], gone: NDArray[np.bool_]) -> Column | str:
    """Lists, tuples or arrays of Python, `gone` where a row has none; or what they hold, where that is no numbers."""
    lengths, values = np.full(len(gone), -1), []
    for row, cell in zip(np.flatnonzero(~gone).tolist(), cells, strict=True):
        found = _numbers(cell)
        if isinstance(found, str):
            return found
        lengths[row] = len(found)
        values.append(found)
    return column(lengths, np.concatenate(values))


def of_arrow(found: Any) -> Column:
    """An array of Arrow, chunked or not, of lists of numbers."""
    found = arrow.whole(found)
    return column(arrow.lengths(found), arrow.floats(found.flatten()))


def of_polars(lists: Any) -> Column:
    """A series of polars, of lists of numbers."""
    lengths = lists.list.len().cast(int).fill_null(-1)
    values = lists.filter(lengths > 0).explode().cast(float).fill_null(np.nan)
    return column(lengths.to_numpy(), values.to_numpy())


def _numbers(cell: Any) -> Array | str:
    """A list as float64, NaN where a number is missing; or what it holds, where that is no numbers."""
    if isinstance(cell, np.ndarray) and cell.ndim != 1:
        return f"arrays of {cell.ndim} dimensions"
    if isinstance(cell, np.ndarray) and cell.dtype.kind in "iuf":
        return cell.astype(np.float64)
    if set(map(type, cell)) <= {float, int}:
        return np.array(cell, np.float64)
    found = np.full(len(cell), np.nan)
    for place, value in enumerate(cell):
        if is_nothing(value):
            continue
        if isinstance(value, bool) or not isinstance(value, (Real, Decimal)):
            return f"lists of {type(value).__name__}"
        found[place] = float(value)
    return found
