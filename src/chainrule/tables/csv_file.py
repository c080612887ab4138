"""CSV of any delimiter, also compressed.

Every cell is read as text first: what a column holds is decided on all of a block, and a cell that does not fit can be
named by its row.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from chainrule.errors import InputError
from chainrule.tables import frames, table_file
from chainrule.tables.reading import READ, sharpened
from chainrule.tables.table import MISSING, Storage, Table
from chainrule.tables.table_file import TableFile, reading

#: Endings of files, before a compression's.
CSV = (".csv", ".tsv", ".txt")
COMPRESSED = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}
#: Bytes of text that are read at a time; a row cannot be longer.
BLOCK = 1 << 24
#: Bytes in which the delimiter is looked for.
_SAMPLE = 1 << 16


@dataclass(frozen=True)
class CSVFile(TableFile):
    """Text with a delimiter, quotes, and names in its first row."""

    delimiter: str | None = None
    first_row = 2

    @property
    def names(self) -> tuple[str, ...]:
        return self._first[1]

    def raw_bytes(self) -> int:
        packed = self.path.suffix.lower() in COMPRESSED
        return super().raw_bytes() * (4 if packed else 1)

    def parts(self, columns: Sequence[str] | None = None) -> Iterator[Table]:
        import pyarrow as pa

        done = self.first_row
        for block in self._blocks(columns):
            known = _storages(block) if len(block) > table_file.STEP else {}
            for start in range(0, len(block), table_file.STEP):
                text = frames.table(
                    pa.Table.from_batches([block.slice(start, table_file.STEP)]), str(self.path), done
                )  # fmt: skip
                found = {name: sharpened(column, known.get(name)) for name, column in text.columns.items()}
                yield Table(found, len(text)).at(done)
                done += len(text)

    def _blocks(self, columns: Sequence[str] | None) -> Iterator[Any]:
        """Record batches of text, each of a block."""
        import pyarrow as pa
        from pyarrow import csv as arrow_csv

        delimiter, names = self._first
        expected = f"CSV of {len(names)} columns in UTF-8"
        with (
            reading(self.path, expected, f"Delimiter {delimiter!r} was taken: quote text that holds it."),
            self._stream() as stream,
        ):
            yield from arrow_csv.open_csv(
                stream,
                read_options=arrow_csv.ReadOptions(block_size=BLOCK, use_threads=False),
                parse_options=arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
                convert_options=arrow_csv.ConvertOptions(
                    check_utf8=False,  # the frame does, and knows the row
                    column_types=dict.fromkeys(names, pa.string()),
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=True,
                    null_values=list(MISSING),
                    include_columns=None if columns is None else list(columns),
                ),
            )

    def _stream(self) -> Any:
        import pyarrow as pa

        compression = COMPRESSED.get(self.path.suffix.lower())
        return pa.input_stream(str(self.path), compression=compression)

    @cached_property
    def _first(self) -> tuple[str, tuple[str, ...]]:
        """The delimiter and the names in the first row."""
        where = str(self.path)
        with reading(where, "a readable file"), self._stream() as stream:
            text = stream.read(_SAMPLE).decode("utf-8-sig", errors="replace")
        lines = text.splitlines()
        if not lines or not lines[0].strip():
            raise InputError(where, "names of columns in the first row", "an empty row", "Write them there.")
        delimiter = self.delimiter or ("\t" if ".tsv" in self.path.suffixes else _delimiter(lines))
        with reading(where, "names of columns in the first row", "Check the file."):
            names = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
        if any("\ufffd" in name for name in names):
            raise InputError(where, "names of columns in UTF-8", repr(names)[:80], "Save the file as UTF-8.")
        frames.check_different(where, names)
        return delimiter, tuple(names)


def _storages(block: Any) -> Mapping[str, Storage]:
    """What each column of a block holds, for its parts are to be read alike."""
    return {name: _storage(block.column(k)) for k, name in enumerate(block.schema.names)}


def _storage(column: Any) -> Storage:
    import pyarrow.compute as pc

    distinct = pc.unique(column).drop_null()
    starts = range(0, len(distinct), table_file.STEP)
    for storage, read in READ.items():
        try:
            if starts and all(read(distinct.slice(k, table_file.STEP).to_pylist()) is not None for k in starts):
                return storage
        except UnicodeDecodeError:  # which the part with such words will tell
            return "words"
    return "words"


def _delimiter(lines: list[str]) -> str:
    """Whichever of the usual ones stands in the first row most often."""
    return max(",;\t|", key=lines[0].count)
