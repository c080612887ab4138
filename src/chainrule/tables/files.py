"""Tables in files: CSV of any delimiter, also compressed, Parquet and Arrow; read whole or by parts, with pyarrow.

Every cell of a CSV file is read as text first: what a column holds is decided on all of it, and a cell that does not
fit can be named by its row.
"""

from __future__ import annotations

import csv
import io
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from chainrule.errors import InputError, MissingExtraError
from chainrule.tables import frames
from chainrule.tables.reading import sharpened
from chainrule.tables.table import MISSING, Table, stack

#: Endings of files, before a compression's.
CSV, PARQUET, ARROW = (".csv", ".tsv", ".txt"), (".parquet", ".pq"), (".arrow", ".feather", ".ipc")
COMPRESSED = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}
#: Bytes of CSV text that are read at a time; a row cannot be longer.
BLOCK = 1 << 24
#: Rows that are read of a Parquet or Arrow file at a time.
STEP = 1 << 16
#: Bytes of a column that are read from the disk at a time.
_BUFFER = 1 << 16
#: Bytes in which the delimiter is looked for.
_SAMPLE = 1 << 16


class Place(NamedTuple):
    """Where some rows begin that can be read by themselves: a row group of Parquet, a record batch of Arrow."""

    file: Path
    number: int
    rows: int


@dataclass(frozen=True)
class TableFile(ABC):
    """A file, or a folder of Parquet files, that holds a table."""

    path: Path

    #: The number of the first row in errors: as an editor counts, where a file is text.
    first_row: ClassVar[int] = 0

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """The columns."""

    def parts(self, columns: Sequence[str] | None = None) -> Iterator[Table]:
        """The rows by parts that fit in memory, in order, of these columns or of all.

        Raises
        ------
        InputError
            Where the file cannot be read; from which row on.
        """
        done = self.first_row
        for arrow in self._batches(columns):
            yield self._table(arrow).at(done)
            done += arrow.num_rows

    def raw_bytes(self) -> int:
        """About how much memory all rows would take as a Table."""
        packed = self.path.suffix.lower() in COMPRESSED
        return self.path.stat().st_size * (8 if packed else 2)

    @abstractmethod
    def _batches(self, columns: Sequence[str] | None) -> Iterator[Any]:
        """Tables of Arrow, none of them empty."""

    def _table(self, arrow: Any) -> Table:
        return frames.table(arrow, str(self.path))

    def read(self, columns: Sequence[str] | None = None) -> Table:
        """All rows at once."""
        found = list(self.parts(columns))
        if not found:
            raise InputError(str(self.path), "a table with rows", "none", "Check the file.")
        return found[0] if len(found) == 1 else stack(found)


class PlacedFile(TableFile):
    """One whose rows can be read from several places, each by itself."""

    @cached_property
    @abstractmethod
    def places(self) -> Sequence[Place]:
        """Where that is, in order and none of them empty."""

    @abstractmethod
    def _batches_at(self, place: Place, columns: Sequence[str] | None) -> Iterator[Any]:
        """Tables of Arrow at a place."""

    def parts_at(self, place: Place, first: int) -> Iterator[Table]:
        """The rows at one of `places`, by parts; `first` is the number of its first row among all."""
        for arrow in self._batches_at(place, None):
            yield self._table(arrow).at(self.first_row + first)
            first += arrow.num_rows

    def _batches(self, columns: Sequence[str] | None) -> Iterator[Any]:
        for place in self.places:
            yield from self._batches_at(place, columns)


def open_file(path: str | os.PathLike[str], delimiter: str | None = None) -> TableFile:
    """The file at a path, by its ending; a folder is one of Parquet files.

    Parameters
    ----------
    path : of a file or a folder
    delimiter : of a CSV file; None finds it

    Raises
    ------
    InputError
        Where there is no such file, or its ending is none of those known.
    MissingExtraError
        Where pyarrow is not installed.
    """
    place = Path(path)
    if not place.exists():
        raise InputError(str(place), "a file or a folder", "nothing under this name", "Check the path.")
    _pyarrow(str(place))
    if place.is_dir():
        return ParquetFiles(place)
    endings = [ending.lower() for ending in place.suffixes]
    if endings and endings[-1] in COMPRESSED:
        endings.pop()
    ending = endings[-1] if endings else ""
    if ending in PARQUET:
        return ParquetFiles(place)
    if ending in ARROW:
        return ArrowFile(place)
    if ending in CSV:
        return CSVFile(place, delimiter)
    raise InputError(
        str(place), f"a name that ends in {', '.join((*CSV, *PARQUET, *ARROW))}", repr(ending or place.name),
        "Compressed CSV ends in .csv.gz or .csv.zst. Rename the file.",
    )  # fmt: skip


@dataclass(frozen=True)
class CSVFile(TableFile):
    """Text with a delimiter, quotes, and names in its first row."""

    delimiter: str | None = None
    first_row = 2

    @property
    def names(self) -> tuple[str, ...]:
        return self._first[1]

    def _batches(self, columns: Sequence[str] | None) -> Iterator[Any]:
        import pyarrow as pa
        from pyarrow import csv as arrow_csv

        delimiter, names = self._first
        try:
            with self._stream() as stream:
                reader = arrow_csv.open_csv(
                    stream,
                    read_options=arrow_csv.ReadOptions(block_size=BLOCK, use_threads=False),
                    parse_options=arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
                    convert_options=arrow_csv.ConvertOptions(
                        column_types=dict.fromkeys(names, pa.string()),
                        strings_can_be_null=True,
                        quoted_strings_can_be_null=True,
                        null_values=list(MISSING),
                        include_columns=None if columns is None else list(columns),
                    ),
                )
                for batch in reader:
                    if batch.num_rows:
                        yield pa.Table.from_batches([batch])
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError, EOFError, UnicodeError) as error:
            raise InputError(
                str(self.path), f"CSV of {len(names)} columns in UTF-8", str(error),
                f"Delimiter {delimiter!r} was taken: quote text that holds it.",
            ) from error  # fmt: skip

    def _table(self, arrow: Any) -> Table:
        found = super()._table(arrow)
        return Table({name: sharpened(column) for name, column in found.columns.items()}, len(found))

    def _stream(self) -> Any:
        import pyarrow as pa

        compression = COMPRESSED.get(self.path.suffix.lower())
        return pa.input_stream(str(self.path), compression=compression)

    @cached_property
    def _first(self) -> tuple[str, tuple[str, ...]]:
        """The delimiter and the names in the first row."""
        import pyarrow as pa

        where = str(self.path)
        try:
            with self._stream() as stream:
                text = stream.read(_SAMPLE).decode("utf-8-sig", errors="replace")
        except (pa.ArrowInvalid, OSError, EOFError) as error:
            raise InputError(where, "a readable file", str(error), "Check the file.") from error
        lines = text.splitlines()
        if not lines or not lines[0].strip():
            raise InputError(where, "names of columns in the first row", "an empty row", "Write them there.")
        delimiter = self.delimiter or ("\t" if ".tsv" in self.path.suffixes else _delimiter(lines))
        try:
            names = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
        except csv.Error as error:
            raise InputError(where, "names of columns in the first row", str(error), "Check the file.") from error
        if any("\ufffd" in name for name in names):
            raise InputError(where, "names of columns in UTF-8", repr(names)[:80], "Save the file as UTF-8.")
        if len(set(names)) < len(names):
            twice = sorted({name for name in names if names.count(name) > 1})
            raise InputError(where, "columns of different names", f"{twice} more than once", "Rename them.")
        return delimiter, tuple(names)


@dataclass(frozen=True)
class ParquetFiles(PlacedFile):
    """A Parquet file, or all those of a folder, by row groups."""

    @cached_property
    def files(self) -> list[Path]:
        if self.path.is_file():
            return [self.path]
        found = sorted(
            p for p in self.path.rglob("*") if p.suffix.lower() in PARQUET and not p.name.startswith((".", "_"))
        )
        if not found:
            raise InputError(str(self.path), "a folder of .parquet files", "none in it", "Check the path.")
        return found

    @cached_property
    def names(self) -> tuple[str, ...]:
        with _reading(self.path):
            import pyarrow.parquet as pq

            return tuple(pq.read_schema(self.files[0]).names)

    @cached_property
    def places(self) -> Sequence[Place]:
        import pyarrow.parquet as pq

        found = []
        for file in self.files:
            with _reading(file):
                about = pq.read_metadata(file)
            groups = (Place(file, k, about.row_group(k).num_rows) for k in range(about.num_row_groups))
            found += [group for group in groups if group.rows]
        return found

    def raw_bytes(self) -> int:
        return sum(place.rows for place in self.places) * len(self.names) * 8

    def _batches_at(self, place: Place, columns: Sequence[str] | None) -> Iterator[Any]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        chosen = None if columns is None else list(columns)
        with _reading(place.file), pq.ParquetFile(place.file, buffer_size=_BUFFER) as opened:
            for batch in opened.iter_batches(STEP, [place.number], chosen, use_threads=False):
                yield pa.Table.from_batches([batch])


@dataclass(frozen=True)
class ArrowFile(PlacedFile):
    """An Arrow (Feather) file, by record batches."""

    @cached_property
    def names(self) -> tuple[str, ...]:
        import pyarrow as pa

        with _reading(self.path), pa.memory_map(str(self.path)) as source:
            return tuple(pa.ipc.open_file(source).schema.names)

    @cached_property
    def places(self) -> Sequence[Place]:
        import pyarrow as pa

        with _reading(self.path), pa.memory_map(str(self.path)) as source:
            opened = pa.ipc.open_file(source)
            sizes = [opened.get_batch(k).num_rows for k in range(opened.num_record_batches)]
        return [Place(self.path, number, rows) for number, rows in enumerate(sizes) if rows]

    def _batches_at(self, place: Place, columns: Sequence[str] | None) -> Iterator[Any]:
        import pyarrow as pa

        with _reading(place.file), pa.memory_map(str(place.file)) as source:
            batch = pa.Table.from_batches([pa.ipc.open_file(source).get_batch(place.number)])
            for first in range(0, place.rows, STEP):
                part = batch.slice(first, STEP)
                yield part if columns is None else part.select(list(columns))


class _reading:
    """Errors of pyarrow in our form."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        import pyarrow as pa

        if isinstance(error, (pa.ArrowException, OSError)):
            raise InputError(str(self.path), "a readable table", str(error), "Check the file.") from error


def _delimiter(lines: list[str]) -> str:
    """Whichever of the usual ones stands in the first row most often."""
    return max(",;\t|", key=lines[0].count)


def _pyarrow(where: str) -> None:
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            where, "pyarrow, which reads tables from files", "none", "pip install 'chainrule[files]'"
        ) from error
