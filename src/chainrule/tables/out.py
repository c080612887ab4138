"""From a table's column to one of Arrow, to be written to a file."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import InputError
from chainrule.tables import arrow
from chainrule.tables.column import MICROSECONDS, READABLE, TRUTH, Column


def as_arrow(column: Column, where: str) -> Any:
    """A column as one of Arrow: texts as they stand in their file.

    Raises
    ------
    InputError
        For what was not read, such as bytes, and lists of different lengths.
    """
    import pyarrow as pa

    if column.storage in ("unread", "lists"):
        what = column.levels[0] if column.storage == "unread" else "lists of different lengths"
        raise InputError(where, READABLE, what, "Leave it out, and join it to the predictions by their rows.")
    if column.storage == "text":
        return arrow.whole(column.values)
    if column.storage == "words":
        if column.levels == TRUTH and not column.declared:
            return arrow.array(column.values > 0, column.missing)
        codes = arrow.array(column.values, column.missing)
        return pa.DictionaryArray.from_arrays(codes, arrow.texts(column.levels))
    if column.storage == "times":
        stamps = np.round(np.nan_to_num(column.values) * MICROSECONDS).astype("datetime64[us]")
        return arrow.array(stamps, column.missing)
    if column.storage == "vectors":
        return arrow.lists(column.values, column.missing)
    return arrow.array(column.values, column.missing)
