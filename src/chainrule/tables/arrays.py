"""Values of NumPy and of Python as cells of a column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import InputError, InputTypeError
from chainrule.tables import lists
from chainrule.tables.column import FARTHEST_DAY, MICROSECONDS, MIXED, TRUTH, Column, is_nothing, whole, words

Array = NDArray[Any]
Numbering = Callable[[int], int]

#: Seconds in units of time, and units in a second, as NumPy names them; a year and a month have their mean length.
_SECONDS = {"Y": 31_556_952, "M": 2_629_746, "W": 604_800, "D": 86_400, "h": 3600, "m": 60}
_IN_A_SECOND = {"ms": 10**3, "us": 10**6, "ns": 10**9, "ps": 10**12, "fs": 10**15, "as": 10**18}
#: What to do about text that is not in UTF-8.
OTHER_ENCODING = "Save it in UTF-8, or name its encoding: --encoding latin-1, or open_file(path, encoding=)."


def by_row(values: Any) -> Array:
    """Values by row; one value is that of one row, and lists or arrays within are Python objects.

    An array of numbers of shape (rows, length) stays as it is.
    """
    try:
        found = np.asarray(values)
    except ValueError:  # lists of different lengths
        found = np.empty((len(values), 0))
    if found.ndim < 2:
        return found.reshape(-1)
    if isinstance(values, np.ndarray) and found.ndim == 2 and found.dtype.kind in "iuf":
        return found
    objects = np.empty(len(values), object)
    objects[:] = list(values)
    return objects


def of_array(values: Array, where: str) -> Column:
    """An array of one dimension as a column, or of two, whose rows are vectors."""
    return read(of_values, values, where)


def of_values(values: Array, where: str, numbering: Numbering) -> Column:
    kind = values.dtype.kind
    if values.ndim == 2:
        return lists.column(np.full(len(values), values.shape[1]), values.astype(np.float64).ravel())
    if kind in "iu":
        return whole(values)
    if kind == "f":
        return Column("numbers", values.astype(np.float64))
    if kind == "b":
        return Column("words", values.astype(np.int32), TRUTH)
    if kind in "US":
        return words([str(v) for v in values.astype(str)])
    if kind == "M":
        return of_times(values, where, numbering)
    if kind == "m":
        return Column("spans", _seconds(values))
    return _objects(values, where, numbering)


def of_list(values: list[Any]) -> Column:
    """Python's values of one type, or None, as a column."""
    kinds = set(map(type, values)) - {type(None)}
    if kinds <= {str} and kinds:
        return words(values)
    if kinds <= {float}:
        return Column("numbers", np.array([np.nan if value is None else value for value in values], np.float64))
    if kinds == {int}:
        gone = np.array([value is None for value in values])
        return _integers([value for value in values if value is not None], gone)
    objects = np.empty(len(values), object)
    objects[:] = values
    return _objects(objects, "X", int)


def _objects(values: Array, where: str, numbering: Numbering) -> Column:
    """Python objects: numbers, times, truth values or lists of numbers where all are, else words."""
    gone = np.array([is_nothing(v) for v in values], bool)
    present = list(values[~gone])
    kinds = set(map(type, present))
    if len(kinds) <= 1 and kinds <= {str}:
        return words([None if none else v for v, none in zip(values, gone, strict=True)])
    several = [isinstance(v, lists.CELLS) for v in present]
    if any(several):
        found = lists.of_cells(present, gone) if all(several) else MIXED
        return unread(len(values), found) if isinstance(found, str) else found
    for row, v in zip(np.flatnonzero(~gone).tolist(), present, strict=True):
        plain = np.isscalar(v) or _is_time(v) or hasattr(v, "as_integer_ratio")
        if not plain or isinstance(v, bytes):
            return unread(len(values), type(v).__name__)
        if isinstance(v, complex):
            raise InputError(f"{where}, row {row}", "real numbers", repr(v), "Complex data not supported.")
    if all(isinstance(v, (bool, np.bool_)) for v in present):
        codes = np.full(len(values), -1, np.int32)
        codes[~gone] = present
        return Column("words", codes, TRUTH)
    if any(isinstance(v, str) for v in present):
        return words([None if none else text_of(v) for v, none in zip(values, gone, strict=True)])
    if any(map(_is_time, present)):
        if not all(map(_is_time, present)):
            return unread(len(values), "times beside other cells")
        stamps = np.full(len(values), np.datetime64("NaT"), "datetime64[us]")
        stamps[~gone] = np.array([_in_utc(v) for v in present], "datetime64[us]")
        return of_times(stamps, where, numbering)
    if all(isinstance(v, (int, np.integer)) for v in present):
        return _integers([int(v) for v in present], gone)
    numbers = np.full(len(values), np.nan)
    try:
        numbers[~gone] = [float(v) for v in present]
    except OverflowError:  # a whole number that no float holds
        return words([None if none else text_of(v) for v, none in zip(values, gone, strict=True)])
    return Column("numbers", numbers)


def _is_time(value: Any) -> bool:
    """Whether it is a day, or a time of one; a time of any day is none."""
    return isinstance(value, (date, np.datetime64))


def _in_utc(value: Any) -> Any:
    """A time without its zone."""
    if getattr(value, "tzinfo", None) is None:
        return value
    return value.astimezone(UTC).replace(tzinfo=None)


def _integers(present: list[int], gone: NDArray[np.bool_]) -> Column:
    """Python's integers, as words where 64 bits do not hold them."""
    kind = next(
        (k for k in (np.int64, np.uint64) if all(np.iinfo(k).min <= v <= np.iinfo(k).max for v in present)), None
    )
    if kind is None:
        texts = iter(map(str, present))
        return words([None if none else next(texts) for none in gone])
    values = np.zeros(len(gone), kind)
    values[~gone] = present
    return whole(values, gone if gone.any() else None)


def text_of(value: Any) -> str:
    """A value among texts: a number is 3 rather than 3.0."""
    if isinstance(value, (float, np.floating)) and np.isfinite(value) and value == int(value):
        return str(int(value))
    return str(value)


def unread(rows: int, kind: str) -> Column:
    """A column of what cannot be read, which does no harm until it is asked for."""
    return Column("unread", np.zeros(rows, np.int8), (kind,))


def of_times(values: Array, where: str, numbering: Numbering) -> Column:
    seconds = _seconds(values)
    far = np.abs(seconds) > 86_400 * FARTHEST_DAY
    if far.any():
        raise InputError(
            f"{where}, row {numbering(int(far.argmax()))}", "times within 290,000 years of 1970",
            f"{float(seconds[far][0]):g} seconds from it", "Mend the value, or leave it empty.",
        )  # fmt: skip
    microseconds = values.astype("datetime64[us]").astype(np.int64)
    return Column("times", np.where(np.isnat(values), np.nan, microseconds / MICROSECONDS))


def _seconds(values: Array) -> Array:
    """Times since 1970, or differences of times, as float64; NaN where one is missing."""
    unit, count = np.datetime_data(values.dtype)
    found = values.astype(np.int64) * float(count * _SECONDS.get(unit, 1)) / _IN_A_SECOND.get(unit, 1)
    return np.where(np.isnat(values), np.nan, found)


def read(read: Callable[[Any, str, Numbering], Column], values: Any, where: str, numbering: Numbering = int) -> Column:
    """A column by `read(values, where, numbering)`; what a library refuses in it is told in our form, with its row."""
    try:
        found = read(values, where, numbering)
        return found if numbering is int else replace(found, numbering=numbering)
    except (InputError, InputTypeError, MemoryError):
        raise
    except Exception as error:  # whatever the library of a frame raises for values that it cannot convert
        row = _first_refused(lambda part: read(part, where, numbering), values)
        place = where if row is None else f"{where}, row {numbering(row)}"
        if "UTF8" in str(error):
            raise InputError(place, "text in UTF-8", "other bytes", OTHER_ENCODING) from error
        raise InputError(
            place, "values that can be read as numbers, words, truth values or times", f"what cannot: {error}"[:300],
            "Mend the value, or leave the column out; a corrupt file, write anew.",
        ) from error  # fmt: skip


def _first_refused(read: Callable[[Any], object], values: Any) -> int | None:
    """The first row that cannot be read, found by halves; None where even no rows cannot."""

    def refused(start: int, stop: int) -> bool:
        try:
            read(values[start:stop])
        except Exception:  # the same as of the whole column, or one like it
            return True
        return False

    start, stop = 0, len(values)
    if refused(0, 0):
        return None
    while stop - start > 1:
        middle = (start + stop) // 2
        start, stop = (start, middle) if refused(start, middle) else (middle, stop)
    return start
