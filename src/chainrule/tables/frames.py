"""From whatever holds rows in memory to a `Table`: frames of pandas, polars and Arrow, and NumPy arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from chainrule.errors import InputError, InputTypeError
from chainrule.tables import arrow
from chainrule.tables.table import MISSING, Column, Table, coded, words

Array = NDArray[Any]

#: Seconds in units of time, and units in a second, as NumPy names them; a year and a month have their mean length.
_SECONDS = {"Y": 31_556_952, "M": 2_629_746, "W": 604_800, "D": 86_400, "h": 3600, "m": 60}
_IN_A_SECOND = {"ms": 10**3, "us": 10**6, "ns": 10**9, "ps": 10**12, "fs": 10**15, "as": 10**18}
#: Days before and after 1970 whose microseconds 64 bits can count, some 290,000 years.
_FARTHEST = 106_000_000


def table(X: Any, where: str = "X", first: int = 0) -> Table:
    """X as a Table.

    Parameters
    ----------
    X : a frame of pandas, polars, Arrow or anything else that narwhals knows; a dict from names to arrays of shape
        (rows,); or an array of shape (rows, columns), whose columns are named x0, x1, ...
    where : how errors call it
    first : the number of its first row in errors

    Raises
    ------
    InputError, InputTypeError
        Where it is no table, or a column holds what is neither number, word, truth value nor time, or is corrupt.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.tables.frames import table
    >>> found = table(np.array([[1.5, 2.0], [np.nan, 3.0]]))
    >>> found.names, found["x0"].missing
    (('x0', 'x1'), array([False,  True]))
    """
    if isinstance(X, Table):
        return X
    if type(X).__module__.startswith("scipy.sparse"):
        raise InputTypeError(
            where, "a dense table", "a sparse matrix", "Use X.toarray(), or MLPClassifier, which takes sparse X."
        )
    if isinstance(X, Mapping):
        return _arrays(X, where)
    try:
        frame = nw.from_native(X, eager_only=True, pass_through=True)
    except nw.exceptions.DuplicateError as error:
        raise InputError(where, "columns of different names", str(error), "Rename them.") from error
    if isinstance(frame, nw.DataFrame):
        names = [str(name) for name in frame.columns]
        check_different(where, names)
        columns = {
            str(name): _read(_series, frame.get_column(name), f"{where}, column {name!r}", first)
            for name in frame.columns
        }
        return Table(columns, len(frame), all(isinstance(name, str) for name in frame.columns))
    return _array(X, where)


def check_different(where: str, names: Sequence[str]) -> None:
    """Refuse columns of the same name."""
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise InputError(where, "columns of different names", f"{twice} more than once", "Rename them.")


def _read(read: Callable[[Any, str, int], Column], values: Any, where: str, first: int = 0) -> Column:
    """A column by `read(values, where, first)`; what a library refuses in it is told in our form, with its row."""
    try:
        return read(values, where, first)
    except (InputError, InputTypeError, MemoryError):
        raise
    except Exception as error:  # whatever the library of a frame raises for values that it cannot convert
        row = _first_refused(lambda part: read(part, where, first), values)
        raise InputError(
            where if row is None else f"{where}, row {first + row}",
            "values that can be read as numbers, words, truth values or times",
            f"what cannot: {error}"[:300], "Mend the value, or leave the column out; a corrupt file, write anew.",
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


def _arrays(X: Mapping[Any, Any], where: str) -> Table:
    columns = {str(name): of_array(np.asarray(values), f"{where}, column {name!r}") for name, values in X.items()}
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise InputError(where, "columns of one length", lengths, "Give a value per row.")
    return Table(columns, next(iter(lengths.values()), 0))


def _array(X: Any, where: str) -> Table:
    values = np.asarray(X)
    if values.dtype.kind == "c":
        raise InputError(where, "real numbers", "complex ones", "Complex data not supported: give their parts.")
    if values.ndim != 2:
        raise InputError(
            where, "a table of shape (rows, columns)", f"shape {values.shape}",
            "Expected 2D array: Reshape your data, either using array.reshape(-1, 1) or array.reshape(1, -1).",
        )  # fmt: skip
    columns = {f"x{k}": of_array(values[:, k], f"{where}, column {k}") for k in range(values.shape[1])}
    return Table(columns, len(values), named=False)


def of_array(values: Array, where: str) -> Column:
    """A one-dimensional array as a column."""
    return _read(_values, values, where)


def _values(values: Array, where: str, first: int) -> Column:
    kind = values.dtype.kind
    if kind in "iuf":
        return Column("numbers", values.astype(np.float64))
    if kind == "b":
        return Column("words", values.astype(np.int32), ("False", "True"))
    if kind in "US":
        return words([str(v) for v in values.astype(str)])
    if kind == "M":
        return _times(values, where, first)
    if kind == "m":
        return Column("numbers", _seconds(values))
    return _objects(values, where, first)


def _objects(values: Array, where: str, first: int) -> Column:
    """Python objects: numbers where all are, else words."""
    missing = np.array([v is None or v != v or type(v).__name__ in ("NAType", "NaTType") for v in values], bool)
    present = list(values[~missing])
    for row, v in zip(first + np.flatnonzero(~missing), present, strict=True):
        plain = np.isscalar(v) or hasattr(v, "isoformat") or hasattr(v, "as_integer_ratio")
        if not plain or isinstance(v, bytes):
            raise InputTypeError(
                f"{where}, row {row}", "a number, a word, a truth value or a date", f"{type(v).__name__} {v!r:.60}",
                "Each argument must be a string or a number.",
            )  # fmt: skip
        if isinstance(v, complex):
            raise InputError(f"{where}, row {row}", "real numbers", repr(v), "Complex data not supported.")
    if present and all(isinstance(v, (bool, np.bool_)) for v in present):
        return words([None if gone else str(bool(v)) for v, gone in zip(values, missing, strict=True)])
    if not any(isinstance(v, str) for v in present):
        found = np.full(len(values), np.nan)
        if all(hasattr(v, "isoformat") for v in present) and present:
            stamps = np.full(len(values), np.datetime64("NaT"), "datetime64[us]")
            stamps[~missing] = np.array(present, "datetime64[us]")
            return _times(stamps, where, first)
        found[~missing] = [float(v) for v in present]
        return Column("numbers", found)
    return words([None if gone else _text(v) for v, gone in zip(values, missing, strict=True)])


def _text(value: Any) -> str:
    if isinstance(value, (float, np.floating)) and value == int(value):
        return str(int(value))
    return str(value)


def _times(values: Array, where: str, first: int) -> Column:
    seconds = _seconds(values)
    far = np.abs(seconds) > 86_400 * _FARTHEST
    if far.any():
        raise InputError(
            f"{where}, row {first + int(far.argmax())}", "times within 290,000 years of 1970",
            f"{float(seconds[far][0]):g} seconds from it", "Mend the value, or leave it empty.",
        )  # fmt: skip
    microseconds = values.astype("datetime64[us]").astype(np.int64)
    return Column("times", np.where(np.isnat(values), np.nan, microseconds / 86_400_000_000))


def _seconds(values: Array) -> Array:
    """Times since 1970, or differences of times, as float64; NaN where one is missing."""
    unit, count = np.datetime_data(values.dtype)
    found = values.astype(np.int64) * float(count * _SECONDS.get(unit, 1)) / _IN_A_SECOND.get(unit, 1)
    return np.where(np.isnat(values), np.nan, found)


def _series(series: Any, where: str, first: int) -> Column:
    if series.implementation.is_pyarrow():
        series.to_native().validate(full=True)  # what points out of its memory would end the process
    kind = series.dtype
    if kind.is_decimal():
        return Column("numbers", series.cast(nw.Float64).to_numpy())
    if kind.is_numeric():
        return Column("numbers", series.to_numpy().astype(np.float64))
    if kind == nw.Boolean:
        truth = series.cast(nw.Int32).fill_null(-1).to_numpy().astype(np.int32)
        return Column("words", truth, ("False", "True"))
    if kind in (nw.String, nw.Categorical, nw.Enum):
        return _levels(series.cast(nw.String))
    if kind in (nw.Datetime, nw.Date):
        if kind == nw.Datetime and kind.time_zone is not None:
            series = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        return _times(series.to_numpy(), where, first)
    if kind in (nw.Duration, nw.Object, nw.Unknown):
        return _values(series.to_numpy(), where, first)
    raise InputTypeError(
        where, "numbers, words, truth values or times", str(kind), "Turn it into one of these, or leave it out."
    )


def _levels(series: Any) -> Column:
    if series.implementation.is_pyarrow():
        return coded(*arrow.codes(series.to_native()))
    levels = sorted(set(series.drop_nulls().unique().to_list()).difference(MISSING))
    if not levels:
        return Column("words", np.full(len(series), -1, np.int32))
    codes = series.replace_strict(levels, list(range(len(levels))), default=-1, return_dtype=nw.Int32).fill_null(-1)
    return Column("words", codes.to_numpy().astype(np.int32), tuple(levels))
