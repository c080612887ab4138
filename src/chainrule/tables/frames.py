"""From whatever holds rows in memory to a `Table`: frames of pandas, polars and Arrow, and NumPy arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from chainrule.errors import InputError, InputTypeError
from chainrule.tables import arrow
from chainrule.tables.column import MICROSECONDS, Column, coded, whole, words
from chainrule.tables.table import Table

Array = NDArray[Any]
Numbering = Callable[[int], int]

#: Seconds in units of time, and units in a second, as NumPy names them; a year and a month have their mean length.
_SECONDS = {"Y": 31_556_952, "M": 2_629_746, "W": 604_800, "D": 86_400, "h": 3600, "m": 60}
_IN_A_SECOND = {"ms": 10**3, "us": 10**6, "ns": 10**9, "ps": 10**12, "fs": 10**15, "as": 10**18}
#: Types of polars and of Arrow whose values are plain ones of Python.
_SIMPLE = {
    *(f"{kind}{bits}" for kind in ("Int", "UInt", "int", "uint") for bits in (8, 16, 32, 64)),
    *("Boolean", "String", "bool", "float", "double", "string", "large_string"),
}
#: Words of a column of truth values.
TRUTH = ("False", "True")
#: Rows below which the means of a frame take longer than a loop.
_FEW = 1000
#: What to do about text that is not in UTF-8.
OTHER_ENCODING = "Save it in UTF-8, or name its encoding: --encoding latin-1, or open_file(path, encoding=)."
#: Days before and after 1970 whose microseconds 64 bits can count, some 290,000 years.
_FARTHEST = 106_000_000


def table(X: Any, where: str = "X", numbering: Numbering = int) -> Table:
    """X as a Table of cells, as they are there.

    Parameters
    ----------
    X : a frame of pandas, polars, Arrow or anything else that narwhals knows; a dict from names to arrays of shape
        (rows,), or to the values of one row; a list of such rows; or an array of shape (rows, columns), whose columns
        are named x0, x1, ...
    where : how errors call it
    numbering : from a row to the number by which errors call it

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
    if isinstance(X, list) and X and all(isinstance(row, Mapping) for row in X):
        return _arrays(
            {name: [row.get(name) for row in X] for name in dict.fromkeys(k for row in X for k in row)}, where
        )
    if numbering is int and (short := _short(X, where)) is not None:
        return short
    try:
        frame = nw.from_native(X, eager_only=True, pass_through=True)
    except nw.exceptions.DuplicateError as error:
        raise InputError(where, "columns of different names", str(error), "Rename them.") from error
    if not isinstance(frame, nw.DataFrame) and hasattr(X, "collect"):
        frame = nw.from_native(X.collect(), eager_only=True, pass_through=True)
    if isinstance(frame, nw.DataFrame):
        names = [str(name) for name in frame.columns]
        check_different(where, names)
        columns = {
            str(name): _read(_series, frame.get_column(name), f"{where}, column {name!r}", numbering)
            for name in frame.columns
        }
        return Table(columns, len(frame), all(isinstance(name, str) for name in frame.columns))
    return _array(X, where)


def native(X: Any) -> Any:
    """What is inside of a frame of narwhals; anything else as it is."""
    return nw.to_native(X, pass_through=True)


def _short(X: Any, where: str) -> Table | None:
    """A frame of few rows, whose columns are taken as they are: to ask a frame what they hold would take longer.

    None where there are more rows, or values that are not simple.
    """
    package = type(X).__module__.partition(".")[0]
    if package not in _COLUMNS or not hasattr(X, "columns") or not 0 < len(X) < _FEW:
        return None
    names = list(X.columns) if package == "pandas" else list(getattr(X, "column_names", X.columns))
    check_different(where, list(map(str, names)))
    columns = {}
    for name, values in _COLUMNS[package](X):
        if values is None:
            return None
        columns[str(name)] = (
            of_array(values, f"{where}, column {name!r}") if isinstance(values, np.ndarray) else of_list(values)
        )
    return Table(columns, len(X), all(isinstance(name, str) for name in names))


def _of_pandas(X: Any) -> Iterator[tuple[Any, Any]]:
    cells = X.to_numpy(object)  # all at once: a column by itself takes as long as all of them
    for place, (name, kind) in enumerate(zip(X.columns, X.dtypes, strict=True)):
        if not isinstance(kind, np.dtype):
            words = str(kind) in ("str", "string")
            yield name, [value if isinstance(value, str) else None for value in cells[:, place]] if words else None
        elif kind.kind in "iufb":
            yield name, cells[:, place].astype(kind)
        else:
            yield name, cells[:, place] if kind.kind == "O" else X[name].to_numpy()


def _of_polars(X: Any) -> Iterator[tuple[Any, Any]]:
    for series in X.get_columns():
        yield series.name, series.to_list() if series.dtype.is_float() or str(series.dtype) in _SIMPLE else None


def _of_arrow(X: Any) -> Iterator[tuple[Any, Any]]:
    for name, column in zip(X.column_names, X.columns, strict=True):
        yield name, column.to_pylist() if str(column.type) in _SIMPLE and _is_valid(column) else None


def _is_valid(column: Any) -> bool:
    """Whether nothing of a column points out of its memory, and all texts are texts."""
    try:
        column.validate(full=True)
    except Exception:  # which is told with its row where the column is read by itself
        return False
    return True


def check_different(where: str, names: Sequence[str]) -> None:
    """Refuse columns of the same name."""
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise InputError(where, "columns of different names", f"{twice} more than once", "Rename them.")


def _read(read: Callable[[Any, str, Numbering], Column], values: Any, where: str, numbering: Numbering = int) -> Column:
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
            raise InputError(place, "text in UTF-8", str(error)[:300], OTHER_ENCODING) from error
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


def _arrays(X: Mapping[Any, Any], where: str) -> Table:
    columns = {str(name): of_array(_row_of(values), f"{where}, column {name!r}") for name, values in X.items()}
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise InputError(where, "columns of one length", lengths, "Give a value per row.")
    return Table(columns, next(iter(lengths.values()), 0))


def _row_of(values: Any) -> Array:
    """Values by row; one value is that of one row, and lists or arrays within are Python objects."""
    try:
        found = np.asarray(values)
    except ValueError:  # lists of different lengths
        found = np.empty((len(values), 0))
    if found.ndim < 2:
        return found.reshape(-1)
    objects = np.empty(len(values), object)
    objects[:] = list(values)
    return objects


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


def _values(values: Array, where: str, numbering: Numbering) -> Column:
    kind = values.dtype.kind
    if kind in "iu":
        return whole(values)
    if kind == "f":
        return Column("numbers", values.astype(np.float64))
    if kind == "b":
        return Column("words", values.astype(np.int32), TRUTH)
    if kind in "US":
        return words([str(v) for v in values.astype(str)])
    if kind == "M":
        return _times(values, where, numbering)
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
    """Python objects: numbers, times or truth values where all are, else words."""
    gone = np.array([_is_nothing(v) for v in values], bool)
    present = list(values[~gone])
    kinds = set(map(type, present))
    if len(kinds) <= 1 and kinds <= {str}:
        return words([None if none else v for v, none in zip(values, gone, strict=True)])
    for row, v in zip(np.flatnonzero(~gone).tolist(), present, strict=True):
        plain = np.isscalar(v) or hasattr(v, "isoformat") or hasattr(v, "as_integer_ratio")
        if not plain or isinstance(v, bytes):
            return unread(len(values), type(v).__name__)
        if isinstance(v, complex):
            raise InputError(f"{where}, row {row}", "real numbers", repr(v), "Complex data not supported.")
    if all(isinstance(v, (bool, np.bool_)) for v in present):
        return words([None if none else str(bool(v)) for v, none in zip(values, gone, strict=True)])
    if any(isinstance(v, str) for v in present):
        return words([None if none else text_of(v) for v, none in zip(values, gone, strict=True)])
    if all(hasattr(v, "isoformat") for v in present):
        stamps = np.full(len(values), np.datetime64("NaT"), "datetime64[us]")
        stamps[~gone] = np.array([_in_utc(v) for v in present], "datetime64[us]")
        return _times(stamps, where, numbering)
    if all(isinstance(v, (int, np.integer)) for v in present):
        return _integers([int(v) for v in present], gone)
    found = np.full(len(values), np.nan)
    found[~gone] = [float(v) for v in present]
    return Column("numbers", found)


def _is_nothing(value: Any) -> bool:
    return value is None or type(value).__name__ in ("NAType", "NaTType") or (np.isscalar(value) and value != value)


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


def _times(values: Array, where: str, numbering: Numbering) -> Column:
    seconds = _seconds(values)
    far = np.abs(seconds) > 86_400 * _FARTHEST
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


_COLUMNS: Mapping[str, Callable[[Any], Iterator[tuple[Any, Any]]]] = {
    "pandas": _of_pandas,
    "polars": _of_polars,
    "pyarrow": _of_arrow,
}


def _series(series: Any, where: str, numbering: Numbering) -> Column:
    kind = series.dtype
    if series.implementation.is_pyarrow():
        series.to_native().validate(full=True)  # what points out of its memory would end the process
        if kind == nw.String:
            return Column("text", arrow.texts_of(series.to_native()))
    if kind.is_integer():
        return _whole(series)
    if kind.is_decimal():
        return Column("numbers", series.cast(nw.Float64).to_numpy())
    if kind.is_numeric():
        return Column("numbers", series.to_numpy().astype(np.float64))
    if kind == nw.Boolean:
        return Column("words", series.cast(nw.Int32).fill_null(-1).to_numpy().astype(np.int32), TRUTH)
    if kind == nw.String:
        return _words(series)
    if kind in (nw.Categorical, nw.Enum):
        return replace(_words(_texts(series)), declared=True)
    if kind in (nw.Datetime, nw.Date):
        if kind == nw.Datetime and kind.time_zone is not None:
            series = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        return _times(series.to_numpy(), where, numbering)
    if kind in (nw.Duration, nw.Object, nw.Unknown):
        return _values(series.to_numpy(), where, numbering)
    return unread(len(series), str(kind))


def _whole(series: Any) -> Column:
    gone = series.is_null().to_numpy().astype(bool)
    if gone.any():
        series = series.fill_null(0)
    return whole(series.to_numpy(), gone if gone.any() else None)


def _texts(series: Any) -> Any:
    """A declared category as its texts, whatever its levels are: 3 rather than 3.0."""
    native = series.to_native()
    levels = getattr(getattr(native, "cat", None), "categories", None)
    if series.implementation.is_pandas_like() and levels is not None and levels.dtype.kind in "fi":
        return nw.from_native(native.cat.rename_categories([text_of(v) for v in levels]), series_only=True).cast(
            nw.String
        )
    return series.cast(nw.String)


def _words(series: Any) -> Column:
    """Texts by their different ones: of few rows in Python, of many by the frame's own means."""
    if len(series) < _FEW:
        return words([None if _is_nothing(v) else str(v) for v in series.to_list()])
    native = series.to_native()
    if series.implementation.is_pandas_like():
        codes, levels = native.factorize()
        return coded(codes, [str(level) for level in levels])
    if series.implementation.is_pyarrow():
        return coded(*arrow.codes(arrow.texts_of(native)))
    levels = sorted(series.drop_nulls().unique().to_list())
    codes = series.replace_strict(levels, list(range(len(levels))), default=-1, return_dtype=nw.Int32)
    return Column("words", codes.fill_null(-1).to_numpy().astype(np.int32), tuple(levels))
