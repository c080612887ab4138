"""A learner's own table: read as by the command line, coded as by the table estimators, drawn on two of its columns."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from chainrule import files
from chainrule.errors import InputError, InputTypeError, unknown_name
from chainrule.models import task as asked
from chainrule.models.as_labels import labels
from chainrule.models.as_numbers import numbers
from chainrule.models.inputs import table_of
from chainrule.models.truth import truth_in
from chainrule.playground.settings import Settings
from chainrule.playground.task import Task
from chainrule.tables import encoder, learn
from chainrule.tables.column import Column
from chainrule.tables.field import Field
from chainrule.tables.learn import Said, Seen
from chainrule.tables.reading import present, target_field
from chainrule.tables.schema import Nothing
from chainrule.tables.table import Table

Array = NDArray[Any]

#: Characters of a file, its rows and columns, and classes of a target.
CHARACTERS, ROWS, COLUMNS, CLASSES = 40_000_000, 200_000, 200, 20
#: Kinds of columns that a network of the playground reads; of a category, at most so many levels.
KINDS, LEVELS = ("number", "date", "boolean", "category"), encoder.INDICATORS
#: How to mend what is too large, and what cannot be picked.
FEWER, OTHER = "Take some of them, or chainrule train.", "Pick another column."
#: Rows that have a target, at least.
FEWEST = 10
#: The share of the rows that is learned from.
LEARNED = 0.8


@dataclass(frozen=True, eq=False)
class Own:
    """A table in memory, and what its columns are.

    Attributes
    ----------
    name : of its file
    table : all of it
    seen : what its columns show
    fields : what they are
    folder : that its file is in, gone with it; None of a file of the user's
    """

    name: str
    table: Table
    seen: Seen
    fields: Mapping[str, Field]
    folder: str | None = None

    @classmethod
    def read(cls, name: Any, text: Any) -> Self:
        """From the text of a CSV file.

        Raises
        ------
        InputError, InputTypeError
            As `chainrule train` refuses it, and for what is larger than a page is for.
        """
        if not isinstance(name, str) or not isinstance(text, str):
            raise InputTypeError("table", "the name and the text of a file", type(text).__name__, "Send both.")
        name = Path(name.replace("\\", "/")).name[:80] or "table.csv"
        if len(text) > CHARACTERS:
            raise InputError(name, f"at most {CHARACTERS:,} characters", f"{len(text):,}", FEWER)
        folder = tempfile.mkdtemp()
        path = Path(folder, "table.csv")
        files.write_whole(path, text.encode(errors="replace"))
        try:
            made = replace(cls.of(table_of(str(path), name), name), folder=folder)
        except InputError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise _named(error, folder, name) from error
        weakref.finalize(made, shutil.rmtree, folder, ignore_errors=True)  # errors of a table look into its file
        return made

    @classmethod
    def of(cls, table: Table, name: str) -> Self:
        """From a table in memory.

        Raises
        ------
        InputError
            For what is larger than a page is for, or what a column cannot be.
        """
        if not 1 < len(table.names) <= COLUMNS or not 10 <= len(table) <= ROWS:
            raise InputError(
                name, f"2 to {COLUMNS} columns and 10 to {ROWS:,} rows", f"{len(table.names)} and {len(table):,}",
                FEWER,
            )  # fmt: skip
        seen = Seen(Said({}, Nothing.said("missing", None)))
        seen.add(table)
        learned = learn.schema(seen, table.names, name)
        return cls(name, table, seen, learned.schema.by_name)

    def to_data(self) -> dict[str, Any]:
        """Its columns for a page to choose of, with a first choice: the last column by the first two numbers."""
        drawn = [name for name, one in self.fields.items() if one.kind in ("number", "date")]
        target = self.table.names[-1]
        axes = [name for name in drawn if name != target][:2]
        columns = [
            {"name": name, "kind": one.kind, "numeric": one.kind in ("number", "date"), "why": one.why}
            for name, one in self.fields.items()
        ]
        return {"name": self.name, "rows": len(self.table), "columns": columns, "target": target, "axes": axes}

    def task(self, settings: Settings) -> Task:
        """What a network learns of it.

        Raises
        ------
        InputError, InputTypeError
            For a column that is not there, a target that cannot be learned, axes that are no numbers, a cell that is
            infinite.
        """
        try:
            return self._task(settings)
        except InputError as error:
            if self.folder is None:
                raise
            raise _named(error, self.folder, self.name) from error

    def _task(self, settings: Settings) -> Task:
        for name in (settings.target, *settings.axes):
            if name not in self.fields:
                raise unknown_name(f"{self.name}: column", name, tuple(self.fields))
        for name in settings.axes:
            if self.fields[name].kind not in ("number", "date") or name == settings.target:
                expected = "a column of numbers or times, not the target"
                raise InputError(f"{self.name}: axis", expected, repr(name), OTHER)
        y, classes, known = self._target(settings.target)
        order = np.random.default_rng(settings.seed).permutation(np.flatnonzero(known))
        table, y = self.table.take(order), y[np.cumsum(known)[order] - 1]
        if len(order) < FEWEST:
            received = f"{len(order)} of {len(self.table)}"
            raise InputError(
                f"{self.name}: target {settings.target!r}", f"{FEWEST} rows that have one", received, OTHER
            )
        rows = int(LEARNED * len(order))
        used = [name for name in self.table.names if name != settings.target and self._used(name)]
        schema = learn.schema(self.seen, used, self.name).schema
        columns, _ = schema.read(table, used, self.name)
        made = encoder.fit({name: one.take(np.arange(rows)) for name, one in columns.items()}, schema, {}, "standard")
        coded = made.coded(columns, len(order))
        places = np.stack([_first(made, name) for name in settings.axes])
        usual = _usual(coded.values[:rows])

        def inputs_at(points: Array) -> Array:
            compact = np.tile(usual, (len(points), 1))
            compact[:, places] = points
            return type(coded)(compact, coded.expansion).toarray()

        shown = coded.values[:rows][:, places]
        title = f"{self.name}, {settings.target}"
        inputs = tuple(made.feature_names())
        return Task.of(coded.toarray(), y, rows, classes, inputs, settings.axes, shown, inputs_at, True, title)

    def _used(self, name: str) -> bool:
        few = self.seen.columns[name].distinct.count <= LEVELS
        kind = self.fields[name].kind
        return kind in KINDS and (kind != "category" or few)

    def _target(self, name: str) -> tuple[Array, tuple[str, ...], Array]:
        """The target of the rows that have one, its classes, and which rows those are."""
        column: Column = self.table[name]
        what, _ = asked.found(self.seen.columns[name], self.name, name)
        nothing = self.seen.said.nothing.of(name)
        known = np.zeros(len(column), bool)
        known[present(column, nothing)] = True
        field = target_field(name, column, nothing, self.name, "category" if what == "classification" else "")
        truth = truth_in(column.take(np.flatnonzero(known)), field, nothing, self.name)
        if what == "regression":
            y = numbers(truth).astype(float)
            return (y - y.mean()) / (y.std() or 1.0), (), known
        classes, codes = np.unique(labels(truth), return_inverse=True)
        if not 2 <= len(classes) <= CLASSES:
            raise InputError(f"{self.name}: target {name!r}", f"2 to {CLASSES} classes", len(classes), OTHER)
        return codes, tuple(map(str, classes)), known


def _named(error: InputError, folder: str, name: str) -> InputError:
    """The same of a file as its user calls it."""
    return type(error)(*(str(part).replace(str(Path(folder, "table.csv")), name) for part in error.args))


def _first(made: encoder.Encoder, name: str) -> int:
    """The first compact column of a column, which holds its number."""
    return int(made.compact_columns(name)[0])


def _usual(compact: Array) -> Array:
    """The median of numbers, the most common of codes, by compact column."""
    found = np.empty(compact.shape[1], np.float32)
    for place, column in enumerate(compact.T):
        known = column[~np.isnan(column)]
        whole = len(known) and (known == np.round(known)).all() and len(np.unique(known)) <= LEVELS
        levels, counts = np.unique(known, return_counts=True)
        found[place] = levels[counts.argmax()] if whole else np.median(known) if len(known) else np.nan
    return found
