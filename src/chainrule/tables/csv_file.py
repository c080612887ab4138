"""CSV of any delimiter, also compressed.

Every cell is text here: what a column is, its schema says, and a cell that does not fit is named by its line.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import islice
from typing import Any, NamedTuple

from chainrule.errors import InputError
from chainrule.tables import frames, table_file
from chainrule.tables.arrays import OTHER_ENCODING
from chainrule.tables.table import Table
from chainrule.tables.table_file import TableFile, reading

#: Bytes of text that are read at a time; a row cannot be longer.
BLOCK = 1 << 24
#: What may stand between fields, and lines in which it is looked for.
DELIMITERS, _LINES = ",;\t|", 64
#: What other encodings than UTF-8 begin with.
_MARKS = {codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16", codecs.BOM_UTF32_BE: "UTF-32"}


class _Head(NamedTuple):
    delimiter: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class CSVFile(TableFile):
    """Text with a delimiter, quotes, and names in its first row.

    Attributes
    ----------
    delimiter : one character; None finds it
    encoding : as Python names it
    """

    delimiter: str | None = None
    encoding: str = "utf-8"

    @property
    def names(self) -> tuple[str, ...]:
        return self._head.names

    def raw_bytes(self) -> int:
        return 2 * int(self.path.size()) * (4 if self.path.packing else 1)

    def parts(self, columns: Sequence[str] | None = None) -> Iterator[Table]:
        import pyarrow as pa

        done = 0
        for block in self._blocks(columns):
            for start in range(0, len(block), table_file.STEP):
                part = pa.Table.from_batches([block.slice(start, table_file.STEP)])
                yield frames.table(part, str(self.path), partial(self._line, done))
                done += part.num_rows

    def _blocks(self, columns: Sequence[str] | None) -> Iterator[Any]:
        """Record batches of text, each of a block."""
        import pyarrow as pa
        from pyarrow import csv as arrow_csv

        delimiter, names = self._head
        expected = f"CSV of {len(names)} columns in {self.encoding.upper()}"
        with (
            reading(self.path, expected, f"Delimiter {delimiter!r} was taken: quote text that holds it."),
            self._stream() as stream,
        ):
            yield from arrow_csv.open_csv(
                stream,
                read_options=arrow_csv.ReadOptions(block_size=BLOCK, use_threads=False, encoding=self.encoding),
                parse_options=arrow_csv.ParseOptions(
                    delimiter=delimiter, newlines_in_values=True, ignore_empty_lines=len(names) > 1
                ),
                convert_options=arrow_csv.ConvertOptions(
                    check_utf8=False,  # the frame does, and knows the row
                    column_types=dict.fromkeys(names, pa.string()),
                    strings_can_be_null=False,
                    include_columns=None if columns is None else list(columns),
                ),
            )

    def _stream(self, again: bool = False) -> Any:
        import pyarrow as pa

        raw = self.path.again() if again else self.path.stream()
        return pa.input_stream(raw, compression=self.path.packing)

    def _text(self, again: bool = False) -> io.TextIOWrapper:
        encoding = "utf-8-sig" if self.encoding == "utf-8" else self.encoding
        return io.TextIOWrapper(self._stream(again), encoding, errors="replace", newline="")

    def _line(self, first: int, row: int) -> int:
        """The line in which a row begins, as an editor counts: blank ones and those within quotes, too.

        It is looked for only where a cell is refused: the text is read again from its beginning. Past what is kept of
        a pipe, a row is taken for a line.
        """
        seen, begins, target = -1, 2, first + row
        with self._text(again=True) as text:
            for number, (filled, behind) in enumerate(_ends(text, self._head.delimiter)):
                seen += number > 0 and (filled or len(self.names) == 1)
                if number and seen == target:
                    return begins
                begins = behind
        return begins + max(0, target - seen - 1)

    @cached_property
    def _head(self) -> _Head:
        """The delimiter and the names in the first row."""
        where = str(self.path)
        self._check_encoding(where)
        with reading(where, "a readable file"), self._text() as text:
            lines = list(islice(text, _LINES))
        if not lines or not lines[0].strip():
            raise InputError(where, "names of columns in the first row", "an empty row", "Write them there.")
        with reading(where, "names of columns in the first row", "Check the file."):
            delimiter = self.delimiter or delimiter_of(lines)
            names = _rows(lines, delimiter)[0]
        if any("\ufffd" in name for name in names):
            raise InputError(
                where, f"names of columns in {self.encoding.upper()}", repr(names)[:80], OTHER_ENCODING
            )  # fmt: skip
        frames.check_different(where, names)
        return _Head(delimiter, tuple(names))

    def _check_encoding(self, where: str) -> None:
        """Refuse what is surely not UTF-8, where that is taken."""
        if self.encoding != "utf-8":
            return
        with reading(where, "a readable file"), self._stream() as stream:
            begin = stream.read(4)
        mark = next((name for bytes_, name in _MARKS.items() if begin.startswith(bytes_)), "")
        if mark or b"\0" in begin:
            raise InputError(where, "text in UTF-8", mark or "bytes of zero, as UTF-16 has them", OTHER_ENCODING)


def _ends(lines: Iterable[str], delimiter: str) -> Iterator[tuple[bool, int]]:
    """Of each row whether it has fields, and the line behind it.

    A row with a field that is too long for `csv` ends with the line in which its last quote is closed.
    """
    line = quotes = 0

    def counted() -> Iterator[str]:
        nonlocal line, quotes
        for text in lines:
            line, quotes = line + 1, quotes + text.count('"')
            yield text

    coming = counted()
    while True:
        try:
            for cells in csv.reader(coming, delimiter=delimiter):
                yield bool(cells), line + 1
                quotes = 0
            return
        except csv.Error:
            while quotes % 2 and next(coming, None) is not None:
                pass
            yield True, line + 1
            quotes = 0


def _rows(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    """Lines as rows of fields, up to one with a field that is too long for `csv`; rows without a field are none."""
    found: list[list[str]] = []
    try:
        found.extend(row for row in csv.reader(lines, delimiter=delimiter) if row)
    except csv.Error:
        if not found:
            raise
    return found


def delimiter_of(lines: Sequence[str]) -> str:
    """Whichever parts most rows into as many fields as the first has; of equals, into more."""

    def suits(delimiter: str) -> tuple[float, int]:
        try:
            rows = _rows(lines, delimiter)
        except csv.Error:
            return (0.0, 0)
        if not rows:
            return (0.0, 0)
        fields = len(rows[0])
        others = rows[1 : -1 if len(lines) == _LINES and len(rows) > 2 else None]  # the last may be broken off
        alike = sum(len(row) == fields for row in others) / len(others) if others else 1.0
        return (alike if fields > 1 else 0.0, fields)

    return max(DELIMITERS, key=suits)
