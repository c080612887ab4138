"""From whatever holds rows in memory to a `Table`: frames of pandas, polars and Arrow, and NumPy arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import narwhals as nw
import numpy as np

from chainrule.errors import InputError, InputTypeError
from chainrule.tables import arrays, arrow, lists
from chainrule.tables.arrays import Numbering
from chainrule.tables.column import TRUTH, Column, coded, is_nothing, whole, words
from chainrule.tables.table import Table

#: Types of polars and of Arrow whose values are plain ones of Python.
_SIMPLE = {
    *(f"{kind}{bits}" for kind in ("Int", "UInt", "int", "uint") for bits in (8, 16, 32, 64)),
    *("Boolean", "String", "bool", "float", "double", "string", "large_string"),
}
#: Rows below which the means of a frame take longer than a loop.
_FEW = 1000


def table(X: Any, where: str = "X", numbering: Numbering = int) -> Table:
    """X as a Table of cells, as they are there.

    Parameters
    ----------
    X : a frame of pandas, polars, Arrow or anything else that narwhals knows; a dict from names to arrays of shape
        (rows,), or of vectors (rows, length), or to the values of one row; a list of such rows; or an array of shape
        (rows, columns), whose columns are named x0, x1, ...
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
            str(name): arrays.read(_series, frame.get_column(name), f"{where}, column {name!r}", numbering)
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
            arrays.of_array(values, f"{where}, column {name!r}")
            if isinstance(values, np.ndarray)
            else arrays.of_list(values)
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


def _arrays(X: Mapping[Any, Any], where: str) -> Table:
    columns = {
        str(name): arrays.of_array(arrays.by_row(values), f"{where}, column {name!r}") for name, values in X.items()
    }
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        mend = "Give a value per row. One row that holds a list is [row]."
        raise InputError(where, "columns of one length", lengths, mend)
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
    columns = {f"x{k}": arrays.of_array(values[:, k], f"{where}, column {k}") for k in range(values.shape[1])}
    return Table(columns, len(values), named=False)


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
        return arrays.of_times(series.to_numpy(), where, numbering)
    if kind in (nw.Duration, nw.Object, nw.Unknown):
        return arrays.of_values(series.to_numpy(), where, numbering)
    if kind in (nw.List, nw.Array) and kind.inner.is_numeric():
        return _lists(series)
    return arrays.unread(len(series), str(kind))


def _lists(series: Any) -> Column:
    if not series.implementation.is_polars():
        return lists.of_arrow(series.to_arrow())
    found = series.to_native()
    return lists.of_polars(found.arr.to_list() if series.dtype == nw.Array else found)


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
        return nw.from_native(native.cat.rename_categories([arrays.text_of(v) for v in levels]), series_only=True).cast(
            nw.String
        )
    return series.cast(nw.String)


def _words(series: Any) -> Column:
    """Texts by their different ones: of few rows in Python, of many by the frame's own means."""
    if len(series) < _FEW:
        return words([None if is_nothing(v) else str(v) for v in series.to_list()])
    native = series.to_native()
    if series.implementation.is_pandas_like():
        codes, levels = native.factorize()
        return coded(codes, [str(level) for level in levels])
    if series.implementation.is_pyarrow():
        return coded(*arrow.codes(arrow.texts_of(native)))
    levels = sorted(series.drop_nulls().unique().to_list())
    codes = series.replace_strict(levels, list(range(len(levels))), default=-1, return_dtype=nw.Int32)
    return Column("words", codes.fill_null(-1).to_numpy().astype(np.int32), tuple(levels))
