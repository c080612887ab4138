"""Tables in files: CSV of any delimiter, also compressed, Parquet and Arrow; read whole or by parts, with pyarrow."""

from __future__ import annotations

import codecs
import os
from pathlib import Path

from chainrule.errors import InputError, MissingExtraError
from chainrule.tables.arrow_files import ARROW, PARQUET, ParquetFiles, arrow_file
from chainrule.tables.csv_file import COMPRESSED, CSV, CSVFile
from chainrule.tables.table_file import PlacedFile, TableFile

__all__ = ["ParquetFiles", "PlacedFile", "TableFile", "open_file"]


def open_file(path: str | os.PathLike[str], delimiter: str | None = None, encoding: str = "utf-8") -> TableFile:
    """The file at a path, by its ending; a folder is one of Parquet files.

    Parameters
    ----------
    path : of a file or a folder
    delimiter : of a CSV file; None finds it
    encoding : of a CSV file, as Python names it

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
        return arrow_file(place)
    if ending in CSV:
        return CSVFile(place, delimiter, _codec(encoding))
    raise InputError(
        str(place), f"a name that ends in {', '.join((*CSV, *PARQUET, *ARROW))}", repr(ending or place.name),
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
