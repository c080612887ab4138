"""Arrays between NumPy and Arrow.

Not by `pa.array`, `pa.scalar` or `to_numpy`: where pandas is installed, they import it, only to ask whether they were
given something of it, which takes a third of a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

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


def codes(texts: Any) -> tuple[Array, list[str | None]]:
    """A chunked array of texts as int32 codes of shape (rows,), and the text of each code, None of nulls."""
    import pyarrow as pa

    found = texts.combine_chunks().dictionary_encode(null_encoding="encode")
    found = found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found
    indices = np.frombuffer(found.indices.buffers()[1], np.int32) if len(found) else np.empty(0, np.int32)
    return indices[found.offset : found.offset + len(found)], found.dictionary.to_pylist()


def _bits(values: NDArray[np.bool_]) -> Any:
    """Truth values as a buffer of bits, the first the lowest."""
    import pyarrow as pa

    return pa.py_buffer(np.packbits(values, bitorder="little"))
