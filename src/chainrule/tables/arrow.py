"""Arrays between NumPy and Arrow.

Not by `pa.array`, `pa.scalar` or `to_numpy`: where pandas is installed, they import it, only to ask whether they were
given something of it, which takes a third of a second.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule.tables.written.numbers import PLAIN_PATTERN

Array = NDArray[Any]


def array(values: Array, missing: NDArray[np.bool_] | None = None) -> Any:
    """Numbers, truth values, times or texts of one dimension as an Arrow array, null where `missing`.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.tables.arrow import array
    >>> array(np.array([1.5, 2.0]), np.array([False, True])).to_pylist()
    [1.5, None]
    """
    import pyarrow as pa

    if values.dtype.kind not in "biufM":
        return texts(list(map(str, values)))
    present = None if missing is None else _bits(~missing)
    content = _bits(values) if values.dtype == bool else pa.py_buffer(np.ascontiguousarray(values))
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [present, content])


def texts(values: Sequence[str]) -> Any:
    """Texts as an Arrow array.

    Examples
    --------
    >>> from chainrule.tables.arrow import texts
    >>> texts(["s", "größer"]).to_pylist()
    ['s', 'größer']
    """
    import pyarrow as pa

    encoded = [value.encode() for value in values]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.large_string(), len(encoded), buffers).cast(pa.string())


def no_texts(rows: int) -> Any:
    """So many nulls in place of texts, as a chunked array."""
    import pyarrow as pa

    return pa.chunked_array([pa.nulls(rows, pa.string())])


def texts_of(array: Any) -> Any:
    """Texts of whatever form as a chunked array of plain strings."""
    import pyarrow as pa

    found = array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])
    return found if found.type == pa.string() else found.cast(pa.string())


def codes(texts: Any) -> tuple[Array, list[str | None]]:
    """A chunked array of texts as int32 codes of shape (rows,), and the text of each code, None of nulls."""
    found = whole(whole(texts).dictionary_encode(null_encoding="encode"))
    return values(found.indices), found.dictionary.to_pylist()


def values(array: Any) -> Array:
    """An array of numbers or times without nulls, which share its memory; of truth values, a copy."""
    import pyarrow as pa

    if pa.types.is_boolean(array.type):
        return _unpacked(array, 1)
    kind = _kind(array.type)
    if not len(array):
        return np.empty(0, kind)
    return np.frombuffer(array.buffers()[1], kind)[array.offset : array.offset + len(array)]


def _kind(of: Any) -> np.dtype[Any]:
    """NumPy's type for one of Arrow's numbers or times; its own `to_pandas_dtype` needs pandas in some versions."""
    import pyarrow as pa

    if pa.types.is_timestamp(of) or pa.types.is_duration(of):
        return np.dtype(f"{'M' if pa.types.is_timestamp(of) else 'm'}8[{of.unit}]")
    letter = "f" if pa.types.is_floating(of) else "u" if pa.types.is_unsigned_integer(of) else "i"
    return np.dtype(f"{letter}{of.bit_width // 8}")


def nulls(array: Any) -> NDArray[np.bool_]:
    """Which values of an array, chunked or not, are null."""
    found = whole(array)
    return np.zeros(len(found), bool) if not found.null_count else ~_unpacked(found, 0)


def lengths(lists: Any) -> Array:
    """How many values each list of an array holds, -1 where it is null."""
    import pyarrow.compute as pc

    found = pc.list_value_length(lists)
    return np.where(nulls(found), -1, values(found))


def floats(array: Any) -> Array:
    """Numbers of any type as float64, NaN where one is null."""
    import pyarrow as pa

    found = array.cast(pa.float64()) if pa.types.is_decimal(array.type) else array
    missing = nulls(found)
    return np.where(missing, np.nan, values(found).astype(np.float64)) if len(found) else np.empty(0)


def lists(values: Array, missing: NDArray[np.bool_]) -> Any:
    """Rows of numbers as an Arrow array of lists, null where `missing`.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.tables.arrow import lists
    >>> lists(np.array([[1.5, 2.0], [0.0, 0.0]]), np.array([False, True])).to_pylist()
    [[1.5, 2.0], None]
    """
    import pyarrow as pa

    kept = values[~missing]
    inner = array(kept.ravel(), np.isnan(kept.ravel()))
    ends = np.cumsum([0, *np.where(missing, 0, values.shape[1])], dtype=np.int32)
    kind, buffers = pa.list_(pa.float64()), [_bits(~missing), pa.py_buffer(ends)]
    return pa.Array.from_buffers(kind, len(values), buffers, children=[inner])


def whole(array: Any) -> Any:
    """A chunked array as one array."""
    import pyarrow as pa

    if not isinstance(array, pa.ChunkedArray):
        return array
    return array.chunk(0) if array.num_chunks == 1 else array.combine_chunks()


def take(texts: Any, rows: Array) -> Any:
    """Those rows of a chunked array."""
    import pyarrow as pa

    return pa.chunked_array([whole(texts).take(array(rows.astype(np.int64)))])


def joined(parts: Sequence[Any]) -> Any:
    """Chunked arrays one behind the other."""
    import pyarrow as pa

    return pa.chunked_array([chunk for part in parts for chunk in part.chunks], parts[0].type)


class PlainNumbers(NamedTuple):
    """Which of some texts stand for nothing, and which are numbers as programs write them."""

    nothing: NDArray[np.bool_]
    rows: NDArray[np.intp]
    texts: Any
    values: Array


def plain_numbers(texts: Any, nothing: Collection[str]) -> PlainNumbers:
    """The numbers among texts, an array of Arrow; those in `nothing` stand for none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = whole(texts)
    gone = nulls(texts)
    gone |= values(pc.is_in(texts, _texts(frozenset(nothing)), skip_nulls=True))
    rows = np.flatnonzero(~gone)
    shown = texts if len(rows) == len(texts) else texts.filter(array(~gone))
    found = _cast(shown)
    if found is None:
        plain = values(pc.match_substring_regex(shown, f"^(?:{PLAIN_PATTERN})$"))
        rows, shown = rows[plain], shown.filter(array(plain))
        found = values(shown.cast(pa.float64()))
    return PlainNumbers(gone, rows, shown, found)


def containing(texts: Any, part: str) -> NDArray[np.bool_]:
    """Which texts contain a part; none of them is null."""
    import pyarrow.compute as pc

    return values(pc.match_substring(texts, part))


def starting(texts: Any, begins: Sequence[str]) -> NDArray[np.bool_]:
    """Which texts begin with one of these; none of them is null."""
    import pyarrow.compute as pc

    return np.any([values(pc.starts_with(texts, begin)) for begin in begins], axis=0)


def matching(texts: Any, pattern: str, among: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of some texts match a regular expression; the others are not looked at."""
    import pyarrow.compute as pc

    found = among.copy()
    if among.any():
        found[among] = values(pc.match_substring_regex(texts.filter(array(among)), pattern))
    return found


def _cast(texts: Any) -> Array | None:
    """All as numbers, or None where one is none: to refuse costs 1 us a text, so that is tried on the first ones."""
    import pyarrow as pa

    try:
        texts.slice(0, 8).cast(pa.float64())
        found = values(texts.cast(pa.float64()))
    except pa.ArrowInvalid:
        return None
    return None if np.isnan(found).any() else found


@lru_cache(16)
def _texts(words: frozenset[str]) -> Any:
    return texts(sorted(words))


def _unpacked(array: Any, buffer: int) -> NDArray[np.bool_]:
    """Truth values from bits: those of the values, or of which are there."""
    bits = np.frombuffer(array.buffers()[buffer], np.uint8)
    return np.unpackbits(bits, bitorder="little")[array.offset : array.offset + len(array)].astype(bool)


def _bits(values: NDArray[np.bool_]) -> Any:
    """Truth values as a buffer of bits, the first the lowest."""
    import pyarrow as pa

    return pa.py_buffer(np.packbits(values, bitorder="little"))
