"""Arrow's stream of record batches, in and out; and its files, which hold such a stream."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import MissingExtraError
from chainrule.serving.inference.bodies import cells, plain
from chainrule.serving.inference.limits import Limits
from chainrule.serving.inference.problems import malformed, unfit
from chainrule.serving.inference.served import Served
from chainrule.tables import frames
from chainrule.tables.table import Table

Array = NDArray[Any]

#: What a file of Arrow begins with, in front of its stream.
_FILE = b"ARROW1\0\0"
#: Kinds of messages, and places of fields in them, as the format numbers them.
_DICTIONARY, _BATCH = 2, 3
#: The fifth version of the format, as it is numbered.
_VERSION = 4


def table(body: bytes, served: Served, limits: Limits) -> Table:
    """The rows of a stream, which is not compressed: what a few bytes would unpack to is then known before."""
    pa = _pyarrow()
    stream = body[len(_FILE) :] if body.startswith(_FILE) else body
    try:
        _check(pa, stream, limits)
        found = pa.ipc.open_stream(stream).read_all()
        found.validate(full=True)
    except (pa.ArrowException, OSError, struct.error, LookupError, ValueError, OverflowError) as error:
        raise malformed(f"body: expected a stream of Arrow; received what is none: {error}."[:300]) from None
    cells.check_columns(found.num_columns, limits)
    cells.check_rows(found.num_rows, limits)
    frames.check_different("rows", found.column_names)
    names = [name for name in found.column_names if name in {one.name for one in served.reads}]
    for name in names:
        _check_column(pa, name, found.column(name), limits)
    return frames.table(_plain(pa, found.select(names)), "rows")


def _plain(pa: Any, found: Any) -> Any:
    """Texts as most of Arrow knows them, where they are views, as those of polars are."""
    for place, field in enumerate(found.schema):
        if pa.types.is_string_view(field.type):
            found = found.set_column(place, field.name, found.column(place).cast(pa.large_string()))
    return found


def stream(outputs: Mapping[str, Array], served: Served) -> bytes:
    """The outputs as such a stream."""
    pa = _pyarrow()
    found = pa.table({name: pa.array(_values(one)) for name, one in plain.flat(outputs, served).items()})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, found.schema) as writer:
        writer.write_table(found)
    return bytes(sink.getvalue())


def _values(values: Array) -> Any:
    return values.tolist() if values.dtype.kind == "O" else np.ascontiguousarray(values)


def _check(pa: Any, stream: bytes, limits: Limits) -> None:
    """Refuse batches that are compressed, or of more rows than are taken, before any is read."""
    for message in pa.ipc.MessageReader.open_stream(stream):
        metadata = bytes(message.metadata)
        root = _Place(metadata, struct.unpack_from("<I", metadata)[0])
        if root.byte(0) < _VERSION:  # whose batches may be compressed without a word that is looked for here
            raise unfit("body: expected version 5 of Arrow's format; received an older one. Write it anew.")
        kind = root.byte(1)
        batch = root.inside(2)
        if kind == _DICTIONARY:
            batch = batch.inside(1) if batch else None
        elif kind != _BATCH:
            continue
        if batch is None:
            continue
        if batch.inside(3) is not None:
            raise unfit("body: expected Arrow without compression; received compressed batches. Write them without.")
        if kind == _BATCH:
            cells.check_rows(max(1, batch.long(0)), limits)


def _check_column(pa: Any, name: str, column: Any, limits: Limits) -> None:
    """Refuse types that are no cells, and more text than rows may hold, before any of it is made."""
    import pyarrow.compute as pc

    kind, types = column.type, pa.types
    texts = kind.value_type if types.is_dictionary(kind) else kind
    if types.is_string(texts) or types.is_large_string(texts) or types.is_string_view(texts):
        longest = whole = 0
        for part in column.chunks:
            held = part.dictionary if types.is_dictionary(kind) else part
            lengths = _view_lengths(pa, held) if types.is_string_view(texts) else pc.binary_length(held)
            longest = max(longest, pc.max(lengths).as_py() or 0)
            whole += pc.sum(lengths.take(part.indices) if types.is_dictionary(kind) else lengths).as_py() or 0
        if longest > limits.text or whole > limits.body:
            most = f"at most {limits.text:,} bytes in a cell, {limits.body:,} in all"
            said = f"column {name!r}: expected {most}; received {longest:,} and {whole:,}."
            raise unfit(said, column=name, remedy="Shorten the texts.")
        return
    entry = (
        kind.value_type if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind) else texts
    )
    if not any(is_one(entry) for is_one in (
        types.is_integer, types.is_floating, types.is_boolean, types.is_decimal, types.is_date, types.is_timestamp,
        types.is_duration, types.is_null,
    )):  # fmt: skip
        said = f"column {name!r}: expected numbers, texts, truth values, times or lists of numbers; received {kind}."
        raise unfit(said, column=name, remedy="Cast it.")


def _view_lengths(pa: Any, array: Any) -> Any:
    """The lengths of texts that are views: each begins with its own, in four bytes of sixteen."""
    views = np.frombuffer(array.buffers()[1], np.dtype([("length", "<i4"), ("others", "V12")]))
    lengths = views["length"][array.offset : array.offset + len(array)].astype(np.int64)
    return pa.array(lengths, mask=np.asarray(array.is_null()))


class _Place:
    """A table of the flat buffer that describes a message: fields by their numbers."""

    def __init__(self, data: bytes, start: int) -> None:
        self.data, self.start = data, start

    def _field(self, number: int) -> int | None:
        """Where a field stands; None where it is left out."""
        shape = self.start - struct.unpack_from("<i", self.data, self.start)[0]
        if 4 + 2 * number >= struct.unpack_from("<H", self.data, shape)[0]:
            return None
        offset = struct.unpack_from("<H", self.data, shape + 4 + 2 * number)[0]
        return self.start + offset if offset else None

    def byte(self, number: int) -> int:
        place = self._field(number)
        return 0 if place is None else self.data[place]

    def long(self, number: int) -> int:
        place = self._field(number)
        return 0 if place is None else int(struct.unpack_from("<q", self.data, place)[0])

    def inside(self, number: int) -> _Place | None:
        place = self._field(number)
        return None if place is None else _Place(self.data, place + struct.unpack_from("<I", self.data, place)[0])


def _pyarrow() -> Any:
    try:
        import pyarrow
        import pyarrow.ipc
    except ImportError as error:
        raise MissingExtraError(
            "body",
            "JSON or CSV, as this server has no pyarrow",
            "Arrow",
            "pip install 'chainrule[files]' on the server.",
        ) from error
    return pyarrow
