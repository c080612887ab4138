"""Tables in files and other sources: CSV of any delimiter, also compressed, Parquet, Arrow; whole or by parts."""

from __future__ import annotations

import codecs
import os
from collections.abc import Sequence
from typing import Any

from chainrule.errors import InputError, MissingExtraError
from chainrule.tables.arrow_files import ParquetFile, arrow_file
from chainrule.tables.csv_file import CSVFile
from chainrule.tables.sources import found, queries
from chainrule.tables.sources.several import Member, Several
from chainrule.tables.sources.stored import Local, Pipe, Remote, Stored
from chainrule.tables.table_file import PlacedFile, TableFile

__all__ = ["ParquetFile", "PlacedFile", "TableFile", "again", "called", "is_path", "is_source", "open_file", "source"]

called, is_path = found.called, found.is_path


def open_file(
    path: found.Given | Sequence[found.Given], delimiter: str | None = None, encoding: str = "utf-8", kept: bool = True
) -> TableFile:
    """The table in a file, or in several of them, by their endings.

    Parameters
    ----------
    path : of a file; of a folder, whose files of tables are read, those in its folders, too; a pattern such as
        "data/*.csv"; a list of these; a URL of a file system that pyarrow knows, such as s3://; or "-", which is
        standard input, in CSV. Of several files, columns go by name, and are missing where a file has none of a name;
        folders named key=value are columns
    delimiter : of a CSV file; None finds it
    encoding : of a CSV file, as Python names it
    kept : whether a pipe is kept in memory, so that it can be read more than once

    Raises
    ------
    InputError
        Where there is no such file, or its ending is none of those known.
    MissingExtraError
        Where pyarrow is not installed.
    """
    _pyarrow(found.called(path))
    codec = _codec(encoding)
    alone = found.single(path, kept)
    if alone is not None:
        return _opened(alone, delimiter, codec)
    members = [Member(_opened(one.file, delimiter, codec), one.partition) for one in found.several(path, kept)]
    return Several(found.Listed(path) if isinstance(path, (list, tuple)) else str(path), tuple(members))


def is_source(X: object) -> bool:
    """Whether X is read by parts: a file or a path, a list of them, a dataset of Arrow, a lazy frame of polars."""
    return isinstance(X, TableFile) or found.is_path(X) or queries.is_query(X)


def source(X: Any, where: str = "X") -> TableFile | None:
    """What is read by parts, opened; None of anything else. A query is called `where` in errors."""
    if isinstance(X, TableFile):
        return X
    if found.is_path(X):
        return open_file(X)
    return queries.query(X, where) if queries.is_query(X) else None


def again(X: object) -> str | None:
    """The path by which rows can be read again; None of several, of a pipe, and of what is in memory."""
    place = X.path if isinstance(X, TableFile) else X
    if isinstance(place, (str, os.PathLike, Local, Remote)):
        return None if str(place) == "-" else str(place)
    return None


def _opened(file: Stored, delimiter: str | None, codec: str) -> TableFile:
    """One file, by its ending; a pipe holds CSV."""
    ending = file.ending
    if isinstance(file, Pipe) or ending in found.CSV:
        return CSVFile(file, delimiter, codec)
    if ending in found.PARQUET:
        return ParquetFile(file)
    if ending in found.ARROW:
        return arrow_file(file)
    raise InputError(
        str(file), f"a name that ends in {', '.join(found.ENDINGS)}", repr(ending or file.name),
        "Compressed CSV ends in .csv.gz or .csv.zst. Rename the file.",
    )  # fmt: skip


def _codec(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError as error:
        raise InputError(
            "encoding", "a text encoding", repr(encoding), "For example utf-8, utf-16 or latin-1."
        ) from error


def _pyarrow(where: str) -> None:
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            where, "pyarrow, which reads tables from files", "none", "pip install 'chainrule[files]'"
        ) from error
