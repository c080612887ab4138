"""Parquet and Arrow (Feather, IPC), read with pyarrow by row groups and record batches.

What these files hold is believed only after it was looked at: sizes here, and the values of each part in `frames`,
since a length or an index that points out of its memory would end the process.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from operator import add
from typing import Any

from chainrule.errors import InputError
from chainrule.tables import frames, table_file
from chainrule.tables.sources.stored import Stored
from chainrule.tables.table import Table
from chainrule.tables.table_file import ArrowPlaces, Place, TableFile, reading

#: What an Arrow file begins with; a stream does not.
_MAGIC = b"ARROW1"
#: Bytes of a column that are read from the disk at a time.
_BUFFER = 1 << 16
#: Rows of a batch that need no bytes, as those of columns without a value; any other row takes a bit at least.
_BARE_ROWS = 1 << 24
#: Arrow files of more bytes are mapped into memory, for a single batch may be larger than that.
_MAPPED = 1 << 26


@dataclass(frozen=True)
class ParquetFile(ArrowPlaces):
    """A Parquet file, by row groups."""

    noun = "row group"

    @cached_property
    def _about(self) -> Any:
        """What the file says of itself."""
        import pyarrow.parquet as pq

        with reading(self.path), self.path.source() as source:
            return pq.read_metadata(source)

    @cached_property
    def names(self) -> tuple[str, ...]:
        with reading(self.path):
            return _names(self.path, self._about.schema.to_arrow_schema())

    def types(self) -> dict[str, Any]:
        return _types(self._about.schema.to_arrow_schema())

    @cached_property
    def places(self) -> Sequence[Place]:
        with reading(self.path):
            _names(self.path, self._about.schema.to_arrow_schema())
            sizes = [self._about.row_group(k).num_rows for k in range(self._about.num_row_groups)]
        return _places(self.path, self.noun, sizes)

    def raw_bytes(self) -> int:
        about, cells = self._about, sum(place.rows for place in self.places) * len(self.names)
        told = [about.schema.column(k) for k in range(about.num_columns)]
        lists = [k for k, one in enumerate(told) if one.max_repetition_level]
        texts = [k for k, one in enumerate(told) if one.physical_type == "BYTE_ARRAY" and k not in lists]
        groups = [about.row_group(k) for k in range(about.num_row_groups)] if lists or texts else []
        listed = sum(group.column(k).num_values for group in groups for k in lists)
        return 8 * (cells + listed) + sum(group.column(k).total_uncompressed_size for group in groups for k in texts)

    def _batches_at(self, place: Place, columns: Sequence[str] | None) -> Iterator[Any]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        chosen = None if columns is None else list(columns)
        with reading(self.path), self.path.source() as source, pq.ParquetFile(source, buffer_size=_BUFFER) as opened:
            for batch in opened.iter_batches(table_file.STEP, [place.number], chosen, use_threads=False):
                yield pa.Table.from_batches([batch])


@dataclass(frozen=True)
class ArrowFile(ArrowPlaces):
    """An Arrow (Feather) file, by record batches."""

    noun = "record batch"

    @cached_property
    def names(self) -> tuple[str, ...]:
        with reading(self.path), _source(self.path) as source:
            return _names(self.path, _opened(source).schema)

    def types(self) -> dict[str, Any]:
        with reading(self.path), _source(self.path) as source:
            return _types(_opened(source).schema)

    @cached_property
    def places(self) -> Sequence[Place]:
        with reading(self.path), _source(self.path) as source:
            whole = _opened(source)
            _names(self.path, whole.schema)  # refuses what cannot be read as names
            opened = _opened(source, _telling(whole.schema))
            sizes = [
                _possible(f"{self.path}, {self.noun} {k}", opened.get_batch(k)).num_rows
                for k in range(opened.num_record_batches)
            ]
        return _places(self.path, self.noun, sizes)

    def _batches_at(self, place: Place, columns: Sequence[str] | None) -> Iterator[Any]:
        fields = [] if columns is None else [self.names.index(name) for name in columns]
        with reading(self.path), _source(self.path) as source:
            size, batch = source.size(), _opened(source, fields).get_batch(place.number)
            for part in table_file.steps(_valid(f"{place.file}, {self.noun} {place.number}", batch), columns):
                if self.path.size() < size:  # mapped memory past the end would end the process
                    raise InputError(str(place.file), f"{size} bytes, as before", "fewer", "Read it when it is whole.")
                yield part


@dataclass(frozen=True)
class ArrowStream(TableFile):
    """A stream of Arrow's record batches in a file, which can be read from its beginning only."""

    def raw_bytes(self) -> int:
        return 2 * int(self.path.size())

    @cached_property
    def names(self) -> tuple[str, ...]:
        import pyarrow as pa

        with reading(self.path), self.path.stream() as source:
            return _names(self.path, pa.ipc.open_stream(source).schema)

    def parts(self, columns: Sequence[str] | None = None) -> Iterator[Table]:
        first = 0
        for number, batch in enumerate(self._batches()):
            where, done = f"{self.path}, record batch {number}", 0
            for part in table_file.steps(_possible(where, batch), columns):
                yield frames.table(part, where, partial(add, done)).numbered(partial(add, first))
                first, done = first + part.num_rows, done + part.num_rows

    def _batches(self) -> Iterator[Any]:
        import pyarrow as pa

        with reading(self.path), self.path.stream() as source:
            opened = pa.ipc.open_stream(source)
            _names(self.path, opened.schema)
            yield from opened


def arrow_file(path: Stored) -> TableFile:
    """An Arrow file of either form, by what it begins with."""
    with reading(path), path.stream() as file:
        return ArrowFile(path) if file.read(len(_MAGIC)) == _MAGIC else ArrowStream(path)


def _places(file: Stored, noun: str, sizes: Sequence[int]) -> list[Place]:
    """Those that have rows."""
    for number, rows in enumerate(sizes):
        if rows < 0:
            raise InputError(f"{file}, {noun} {number}", "a number of rows", rows, "Write the file anew.")
    return [Place(file, number, rows) for number, rows in enumerate(sizes) if rows]


def _source(path: Stored) -> Any:
    """An Arrow file to read from: copied as it is read, or mapped where it is large."""
    return path.source(mapped=path.size() > _MAPPED)


def _opened(source: Any, fields: Sequence[int] = ()) -> Any:
    """A reader of these columns, or of all."""
    import pyarrow as pa

    return pa.ipc.open_file(source, options=pa.ipc.IpcReadOptions(included_fields=list(fields), use_threads=False))


def _names(path: Stored, schema: Any) -> tuple[str, ...]:
    names = tuple(schema.names)
    frames.check_different(str(path), names)
    return names


def _types(schema: Any) -> dict[str, Any]:
    """Of numbers, truth values, dates and times, which are read as numbers of one type."""
    from pyarrow import types

    plain = (types.is_integer, types.is_floating, types.is_boolean, types.is_date, types.is_timestamp)
    return {one.name: one.type for one in schema if any(is_one(one.type) for is_one in plain)}


def _valid(where: str, batch: Any) -> Any:
    """A record batch that can be cut: to cut columns of unequal length would end the process."""
    with reading(where):
        batch.validate()
    return batch


def _possible(where: str, batch: Any) -> Any:
    """A valid record batch whose rows can be in its bytes."""
    with reading(where):
        most = max(8 * _valid(where, batch).nbytes, _BARE_ROWS)
    if batch.num_rows > most:
        raise InputError(where, f"at most {most:,} rows in its bytes", f"{batch.num_rows:,}", "Write the file anew.")
    return batch


def _telling(schema: Any) -> list[int]:
    """The first column whose rows take bytes, whose length is that of all; where none has any, the first."""
    import pyarrow as pa

    return next(([k] for k, one in enumerate(schema.types) if not pa.types.is_null(one)), [0][: len(schema)])
