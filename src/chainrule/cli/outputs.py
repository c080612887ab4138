"""Where predictions go: CSV to standard output or a file, also compressed, or Parquet; part by part.

A file has its name when all of it is written; a command that is broken off leaves nothing under it.
"""

from __future__ import annotations

import gzip
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

import click

from chainrule.errors import InputError
from chainrule.files import whole


class Sink(ABC):
    """Takes columns of Arrow by name, the same names each time."""

    @abstractmethod
    def write(self, columns: Mapping[str, Any]) -> None:
        """Rows after those that are there."""

    @abstractmethod
    def close(self) -> None:
        """Write what is still to be written."""


class Text(Sink):
    """CSV: quotes where a field needs them, shortest numbers that read back the same, nothing for a missing value."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self.begun = False

    def write(self, columns: Mapping[str, Any]) -> None:
        import pyarrow.compute as pc

        from chainrule.tables import arrow

        if not self.begun:
            self.stream.write((",".join(map(_quoted, columns)) + "\n").encode())
            self.begun = True
        comma, nothing, end = arrow.texts([",", "", "\n"])
        fields = [_fields(column) for column in columns.values()]
        filled = {"null_handling": "replace", "null_replacement": ""}
        rows = pc.binary_join_element_wise(pc.binary_join_element_wise(*fields, comma, **filled), end, nothing)
        self.stream.write("".join(rows.to_pylist()).encode())

    def close(self) -> None:
        self.stream.flush()


class Packed(Text):
    """The same, compressed by gzip."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(cast(IO[bytes], gzip.GzipFile(fileobj=stream, mode="wb", compresslevel=6)))

    def close(self) -> None:
        self.stream.close()


class Parquet(Sink):
    """A row group per part."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self.writer: Any = None

    def write(self, columns: Mapping[str, Any]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.table(dict(columns))
        if self.writer is None:
            self.writer = pq.ParquetWriter(self.stream, table.schema)
        for old, new in zip(self.writer.schema, table.schema, strict=True):
            if old != new:
                raise InputError(
                    f"column {new.name!r}", f"{old.type} to the end, as in its first rows", str(new.type),
                    "Write CSV, or do not keep it.",
                )  # fmt: skip
        self.writer.write_table(table)

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()


#: By the endings of names, each before those that it ends in.
SINKS: Mapping[str, Callable[[IO[bytes]], Sink]] = {".csv.gz": Packed, ".csv": Text, ".parquet": Parquet}


def check_ending(option: str, path: Path | None) -> None:
    """Refuse a name that does not say what is to be written."""
    if path is not None and not path.name.lower().endswith(tuple(SINKS)):
        raise click.BadParameter(f"{str(path)!r} ends in none of {', '.join(SINKS)}. Rename it.", param_hint=option)


@contextmanager
def opened(path: Path | None) -> Iterator[Sink]:
    """The sink under a name, by its ending, or that of standard output."""
    if path is None:
        sink: Sink = Text(sys.stdout.buffer)
        yield sink
        sink.close()
        return
    made = next(made for ending, made in SINKS.items() if path.name.lower().endswith(ending))
    with whole(path) as raw:
        sink = made(raw)
        yield sink
        sink.close()


def _fields(column: Any) -> Any:
    """A column as texts or nulls, quoted where they need it: each different word is looked at once."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from chainrule.tables import arrow

    if pa.types.is_boolean(column.type):
        column = column.dictionary_encode()  # True, as classes are written
    if pa.types.is_dictionary(column.type):
        words = arrow.texts([_quoted(word) for word in column.dictionary.to_pylist()])
        return words.take(column.indices)
    if pa.types.is_timestamp(column.type) and pc.all(pc.equal(column, column.cast(pa.date32()))).as_py():
        column = column.cast(pa.date32())
    if pa.types.is_list(column.type):
        return arrow.texts(["" if vector is None else _quoted(vector) for vector in column.to_pylist()])
    texts = column.cast(pa.string())
    if pa.types.is_string(column.type) and pc.any(pc.match_substring_regex(texts, '[",\r\n]')).as_py():
        return arrow.texts(["" if text is None else _quoted(text) for text in texts.to_pylist()])
    return texts


def _quoted(word: Any) -> str:
    text = str(word)
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\r\n') else text


def check_names(path: object, names: list[str]) -> None:
    """Refuse two columns of one name."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(
            str(path), "columns to keep with names of their own", f"{twice} beside the predictions", "Rename them."
        )
