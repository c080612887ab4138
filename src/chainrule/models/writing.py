"""Predictions of a source as files of a folder, one for each place of it; written by tasks where there is a cluster."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, NamedTuple

from chainrule import remote
from chainrule.errors import InputError, listed, unknown_name
from chainrule.models import as_table
from chainrule.models.inputs import ColumnInput
from chainrule.models.model import Model
from chainrule.tables import seen
from chainrule.tables.files import PlacedFile, TableFile
from chainrule.tables.out import as_arrow
from chainrule.tables.seen import Seen
from chainrule.tables.table import Table
from chainrule.tasks import Here, Tasks
from chainrule.training.elsewhere import in_use
from chainrule.warn import DataWarning, warn

#: Endings that no folder for predictions has.
OF_FILES = (".csv", ".csv.gz", ".parquet")
#: Tables that are on their way to tasks at most, where this process reads them.
ON_THEIR_WAY = 16


class Written(NamedTuple):
    """What was written.

    Attributes
    ----------
    rows : predicted, one for each row of the source
    files : with them
    seen : cells that are missing, unknown to the model, outside of its training, or unreadable, by column
    """

    rows: int
    files: int
    seen: Seen


@dataclass(frozen=True)
class Prediction:
    """What is predicted, and where it goes.

    Attributes
    ----------
    file : the rows
    folder : a path or a URL
    proba : whether there is a column for each class, too
    keep : columns of the rows that stand in front
    threads : of a task
    """

    model: Model
    file: TableFile
    folder: str | os.PathLike[str]
    proba: bool = False
    keep: tuple[str, ...] = ()
    threads: int = 1

    def check(self, overwrite: bool) -> None:
        """Refuse what would fail later.

        Raises
        ------
        InputError
        """
        where, known = str(self.file.path), self.file.names
        for name in (*self._input.encoder.names, *self.keep):
            if name not in known:
                raise unknown_name(f"{where}, column", name, known)
        predicted = as_table.names(self.model, self.proba)
        twice = [name for name in self.keep if name in predicted or self.keep.count(name) > 1]
        if twice:
            raise InputError(
                f"{where}, keep={list(self.keep)}", f"columns with names other than {listed(predicted)}, each once",
                listed(twice), "Leave it out: predictions are in the order of the rows.",
            )  # fmt: skip
        found = remote.at(self.folder)
        where, expected = f"predict(to={str(found)!r})", "a folder that is new or empty"
        if found.kind() == "file" or str(found).lower().endswith(OF_FILES):
            raise InputError(where, expected, "the name of a file", "Name a folder: it gets several files.")
        if any(remote.at(one.name).given == found.below(PurePath(one.name).name).given for one in self.file.stamps()):
            raise InputError(where, "another folder than that of the rows", "theirs", "Predictions would replace them.")
        there = [name for name in found.names() if not name.startswith(".")]
        if there and not overwrite:
            raise InputError(
                where, expected, f"one with {len(there)} files",
                "Name another one, or let its part-*.parquet be replaced: overwrite=True, or --force.",
            )  # fmt: skip
        found.try_out()

    def place(self, number: int) -> remote.Place:
        """Of the file of this number."""
        return remote.at(self.folder).below(f"part-{number:06d}.parquet")

    def remove_others(self, files: int) -> None:
        """Those that a longer run left in the folder."""
        for name in remote.at(self.folder).names():
            match = re.fullmatch(r"part-(\d{6,})\.parquet", name)
            if match and int(match[1]) >= files:
                remote.at(self.folder).below(name).remove()

    @property
    def columns(self) -> list[str]:
        """That are read."""
        return list(dict.fromkeys([*self._input.encoder.names, *self.keep]))

    @property
    def _input(self) -> ColumnInput:
        assert isinstance(self.model.input, ColumnInput)
        return self.model.input

    def write(self, number: int, parts: Iterator[Table]) -> Seen:
        """The file of this number, from these rows."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        counted, writer = Seen(), None
        with self.place(number).whole() as sink:
            for part in parts:
                columns = pa.table(dict(self._columns(part, counted)))
                writer = writer or pq.ParquetWriter(sink, columns.schema)
                writer.write_table(columns)
            if writer is not None:
                writer.close()
        return counted

    def _columns(self, part: Table, counted: Seen) -> Iterator[tuple[str, Any]]:
        import pyarrow as pa

        where, encoder, types = str(self.file.path), self._input.encoder, self.file.types()
        for name in self.keep:
            column = as_arrow(part[name], f"{where}, column {name!r}")
            if pa.types.is_dictionary(column.type):  # by words that another part may not have
                column = column.dictionary_decode()
            yield name, column.cast(types[name]) if name in types else column
        columns, bad = encoder.read(part, where)
        counted.join(seen.seen(encoder.encodings, columns, bad, len(part)))
        yield from as_table.predictions(self.model, encoder.coded(columns, len(part)), self.proba, self.threads)


def write(prediction: Prediction, overwrite: bool = False) -> Written:
    """Write it: a file for each place of the source, or for each of its parts, in its order by their names.

    Each file is there whole or not at all, and has one row for each row of its place, however often a task was done.
    """
    prediction.check(overwrite)
    cluster = in_use()
    tasks: Tasks = Here() if cluster is None else cluster.tasks
    every = _placed if isinstance(prediction.file, PlacedFile) else _read_here
    total, files = Seen(), 0
    for found in every(prediction, tasks):
        total.join(found)
        files += 1
    if not total.rows:
        raise InputError(str(prediction.file.path), "rows to predict", "none", "Check the source.")
    prediction.remove_others(files)
    _tell(total, str(prediction.file.path))
    return Written(total.rows, files, total)


def _placed(prediction: Prediction, tasks: Tasks) -> Iterator[Seen]:
    assert isinstance(prediction.file, PlacedFile)
    return tasks.each(_at_place, tasks.put(prediction), len(prediction.file.places), prediction.threads)


def _at_place(prediction: Prediction, number: int) -> Seen:
    """The file of a place."""
    file = prediction.file
    assert isinstance(file, PlacedFile)
    found = prediction.write(number, file.parts_at(file.places[number], file.firsts[number], prediction.columns))
    if found.rows != file.places[number].rows:
        raise InputError(
            str(file.path), f"{file.places[number].rows} rows at place {number}, as before", found.rows, "Predict anew."
        )
    return found


def _read_here(prediction: Prediction, tasks: Tasks) -> Iterator[Seen]:
    """Of a source that has to be read from its beginning: by this process, part by part."""
    handle, under_way = tasks.put(prediction), list[Any]()
    for number, part in enumerate(prediction.file.parts(prediction.columns)):
        under_way.append(tasks.submit(_part, handle, number, part, threads=prediction.threads))
        if len(under_way) == ON_THEIR_WAY:
            yield from tasks.get([under_way.pop(0)])
    yield from tasks.get(under_way)


def _part(prediction: Prediction, number: int, part: Table) -> Seen:
    return prediction.write(number, iter([part]))


def _tell(found: Seen, where: str) -> None:
    """Warn of what the model cannot know."""
    for counter, what in ((found.unknown, "are levels unknown to the model"), (found.unread, "cannot be read")):
        for name, cells in counter.items():
            warn(f"{where}, column {name!r}: {cells:,} of {found.rows:,} cells {what}.", DataWarning)
