"""The encoder of a table: its schema, an encoding per column, and which columns are left out and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from itertools import chain, islice
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.blocks import Block, Code, Missing, Waved
from chainrule.engine.expansion import Coded, Expansion
from chainrule.errors import MOST_LISTED, InputError, listed, unknown_name
from chainrule.tables import numbers, texts, vectors
from chainrule.tables.column import Column
from chainrule.tables.encodings import CYCLES, PARTS, Category, Date, Days, Encoding, Levelled, Number
from chainrule.tables.field import Bad, Field
from chainrule.tables.schema import Schema
from chainrule.tables.table import Table
from chainrule.tables.vectors import Vector
from chainrule.warn import DataWarning, warn

Array = NDArray[Any]
AnyLevels = TypeVar("AnyLevels", bound=Levelled)

#: Categories of more levels than this get an embedding in place of indicators.
INDICATORS = 100
#: Rows of a level, where a category of very many is to know only those: one of so many rows, up to the second.
ROWS_OF_MANY = 700, 30
#: Rows of a day that is a level of its own, and the share of rows that have to be of such days.
ROWS_OF_A_DAY, OF_SUCH_DAYS = 20, 0.5
#: Of a category, at most this many levels are known; the rest are rare.
MOST_LEVELS = 10_000
#: Of models that were written before they had one.
BARE = Schema(())


@dataclass(frozen=True)
class LeftOut:
    """A column that is not used."""

    name: str
    kind: str
    why: str


@dataclass(frozen=True)
class View:
    """Another way to encode some of the columns, for other networks of an ensemble than the first.

    Attributes
    ----------
    encodings : of the columns that are encoded otherwise
    bins, how : as in `Encoder`
    """

    encodings: tuple[Encoding, ...]
    bins: int = 0
    how: str = ""

    @property
    def said(self) -> str:
        """How numbers are encoded, in words."""
        return f"numbers in at most {self.bins} bins" if self.how == "piecewise" else f"{self.how or 'other'} numbers"


@dataclass(frozen=True)
class Encoder:
    """From tables to compact rows, by what was fitted on one table.

    Columns are found by name; others, and their order, do not matter. `code` refuses a table that misses one. Where the
    networks of an ensemble are not to read all columns alike, compact rows serve all of them: those of the first
    network stand in front, and behind them what others encode otherwise.

    Attributes
    ----------
    encodings : of the columns that are used
    left_out : the others
    schema : what all of them are
    bins : that a number in bins has at most; 0 where a file of an earlier version does not tell
    how : numbers are encoded, one of `numbers.HOW`; "" where a file of an earlier version does not tell
    others : how other networks of an ensemble read the columns
    monotone : columns of numbers with which predictions never fall, 1, or never rise, -1, as (name, 1 or -1)
    """

    encodings: tuple[Encoding, ...]
    left_out: tuple[LeftOut, ...] = ()
    schema: Schema = BARE
    bins: int = 0
    how: str = ""
    others: tuple[View, ...] = ()
    monotone: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        if not self.encodings or not all(isinstance(one, Encoding) for one in self.encodings):
            raise InputError("Encoder", "encodings of columns", repr(self.encodings)[:80], "Fit the encoder anew.")
        if not all(isinstance(one, LeftOut) for one in self.left_out):
            raise InputError("Encoder(left_out=)", "columns left out", repr(self.left_out)[:80], "Fit anew.")
        if self.schema is BARE:
            known = tuple(Field(one.name, one.kind) for one in self.encodings)  # type: ignore[arg-type]
            object.__setattr__(self, "schema", Schema(known))
        if not isinstance(self.schema, Schema) or not set(self.names) <= set(self.schema.by_name):
            raise InputError("Encoder(schema=)", "what its columns are", repr(self.schema)[:80], "Fit anew.")
        if not isinstance(self.others, tuple) or not all(isinstance(one, View) for one in self.others):
            raise InputError("Encoder(others=)", "views of the columns", repr(self.others)[:80], "Fit anew.")
        names, directions = set(self.names), dict(self.monotone)
        if not names >= set(directions) or not set(directions.values()) <= {1, -1}:
            raise InputError(
                "Encoder(monotone=)", "1 or -1 for columns of its own", repr(self.monotone)[:80], "Fit anew."
            )
        for view in self.ways:
            if not isinstance(view.bins, int) or view.bins < 0:
                raise InputError("Encoder(bins=)", "a whole number", repr(view.bins)[:80], "Fit anew.")
            if view.how and view.how not in numbers.HOW:
                raise unknown_name("Encoder(how=)", view.how, tuple(numbers.HOW))
            if len(view.encodings) > len({getattr(one, "name", one) for one in view.encodings}):
                raise InputError("Encoder(others=)", "an encoding of each column", "several of one", "Fit anew.")
            for one in view.encodings:
                if not isinstance(one, Encoding) or one.name not in names:
                    raise InputError("Encoder(others=)", "encodings of its columns", repr(one)[:80], "Fit anew.")
                if one.name in directions and not (isinstance(one, Number) and one.rises):
                    raise InputError(
                        f"Encoder, column {one.name!r}", "a number whose inputs rise with it", one.kind, "Fit anew."
                    )  # fmt: skip
                width = self.schema.by_name[one.name].width
                if width != (len(one.numbers) if isinstance(one, Vector) else 0):
                    raise InputError(f"Encoder, column {one.name!r}", "vectors of one length", width, "Fit anew.")

    @property
    def said(self) -> str:
        """How numbers are encoded, in words."""
        return self.ways[0].said

    @property
    def expansion(self) -> Expansion:
        """From compact rows to the inputs of the first network."""
        return self.expansions[0]

    @cached_property
    def expansions(self) -> tuple[Expansion, ...]:
        """From compact rows to the inputs of each network; codes stand last, as `Embedding` wants them."""
        fills = [fill for encoding, _ in self.places() for fill in encoding.fills()]
        found = []
        for view in self.views:
            blocks = [block for encoding, first in view for block in encoding.blocks(first)]
            blocks.sort(key=rank)
            found.append(Expansion(blocks, fills))
        return tuple(found)

    def directions(self, view: int = 0) -> tuple[int, ...]:
        """For each input of a network, 1 or -1 where predictions are to rise or to fall with it, else 0."""
        monotone, found = dict(self.monotone), list[tuple[int, tuple[int, ...]]]()
        for encoding, first in self.views[view]:
            for block in encoding.blocks(first):
                direction = 0 if isinstance(block, Missing) else monotone.get(encoding.name, 0)
                found.append((rank(block), (direction,) * block.width))
        return tuple(chain.from_iterable(one for _, one in sorted(found, key=lambda pair: pair[0])))

    @property
    def views(self) -> tuple[tuple[tuple[Encoding, int], ...], ...]:
        """The encodings that each network reads, column by column, and the first of their compact columns."""
        places = iter([(encoding, place.start) for encoding, place in self.places()])
        first = {encoding.name: (encoding, start) for encoding, start in islice(places, len(self.encodings))}
        others = [first | {one.name: next(places) for one in view.encodings} for view in self.others]
        return tuple(tuple(one.values()) for one in (first, *others))

    @property
    def ways(self) -> tuple[View, ...]:
        """How each network reads the columns, the first all of them."""
        return View(self.encodings, self.bins, self.how), *self.others

    def compact_columns(self, name: str) -> NDArray[np.intp]:
        """The compact columns of a column, for all networks."""
        places = [place for encoding, place in self.places() if encoding.name == name]
        return np.concatenate([np.arange(place.start, place.stop) for place in places])

    def alone(self, view: int) -> Encoder:
        """The encoder of the networks that read the columns in this way, without the others."""
        if not self.others:
            return self
        how = self.ways[view]
        encodings = tuple(encoding for encoding, _ in self.views[view])
        return Encoder(encodings, self.left_out, self.schema, how.bins, how.how, monotone=self.monotone)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that are used."""
        return tuple(encoding.name for encoding in self.encodings)

    def feature_names(self) -> list[str]:
        """A name for each of the network's inputs."""
        found: list[tuple[int, str]] = []
        for encoding in self.encodings:
            names, blocks = iter(encoding.feature_names()), encoding.blocks(0)
            for block in blocks:
                found += [(rank(block), name) for name in islice(names, block.width)]
        return [name for _, name in sorted(found, key=lambda pair: pair[0])]

    def code(self, table: Table, where: str) -> Coded:
        """Compact rows of a table; cells that cannot be read, where they may be, are told.

        Raises
        ------
        InputError
            Where a column is missing, or holds what cannot be read as in fit.
        """
        return self.coded(self.told(table, where), len(table))

    def told(self, table: Table, where: str) -> dict[str, Column]:
        """The columns that are used as the schema reads them; what could not be read is told.

        Raises
        ------
        InputError
            As `code`.
        """
        columns, bad = self.read(table, where)
        for name, cells in bad.items():
            warn(f"{where}, column {name!r}: {cells} cannot be read and are taken as missing.", DataWarning)
        return columns

    def read(self, table: Table, where: str) -> tuple[dict[str, Column], dict[str, Bad]]:
        """The columns that are used as the schema reads them, and what of them could not be read.

        Raises
        ------
        InputError
            As `code`.
        """
        absent = [name for name in self.names if name not in table.columns]
        if absent:
            raise InputError(
                where, f"the columns seen in fit, {len(self.names)} of them", f"a table without {listed(absent)}",
                "Add them; empty cells are allowed where fit saw some.",
            )  # fmt: skip
        return self.schema.read(table, self.names, where)

    def coded(self, columns: Mapping[str, Column], rows: int) -> Coded:
        """Compact rows of columns that were read."""
        found = self._room(rows)
        for encoding, place in self.places():
            found[:, place] = encoding.code(columns[encoding.name])
        return Coded(found, self.expansion)

    def recoded(self, X: Coded, made: Encoder, columns: Mapping[str, Column]) -> Coded:
        """Compact rows X by the encoder that made them as rows by this one; what both encode alike is taken over."""
        known = {id(encoding): place for encoding, place in made.places()}
        found = self._room(len(X.values))
        for encoding, place in self.places():
            there = known.get(id(encoding))
            found[:, place] = encoding.code(columns[encoding.name]) if there is None else X.values[:, there]
        return Coded(found, self.expansion)

    def _room(self, rows: int) -> Array:
        return np.empty((rows, len(self.expansion.fills)), np.float32)

    def places(self) -> Iterator[tuple[Encoding, slice]]:
        """Encodings with their compact columns."""
        first = 0
        for encoding in chain(self.encodings, *(view.encodings for view in self.others)):
            yield encoding, slice(first, first + encoding.compact)
            first += encoding.compact

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


def rank(block: Block) -> int:
    """Where a block stands: numbers for a layer of waves in front, codes of embeddings behind all others."""
    return -1 if isinstance(block, Waved) else int(isinstance(block, Code))


def together(made: Sequence[Encoder]) -> tuple[Encoder, list[int]]:
    """One encoder of the same columns for networks that read them by these; what is the first's stands once.

    Parameters
    ----------
    made : encoders of one table, each of which may be there several times

    Returns
    -------
    encoder, and by encoder of `made` which of its views that is
    """
    first, *others = {id(one): one for one in made}.values()
    views = []
    for one in others:
        unlike = (b for a, b in zip(first.encodings, one.encodings, strict=True) if a is not b and a != b)
        views.append(View(tuple(unlike), one.bins, one.how))
    whole = replace(first, others=tuple(views)) if views else first
    places = {id(one): view for view, one in enumerate((first, *others))}
    return whole, [places[id(one)] for one in made]


def binned(schema: Schema, names: Iterable[str], said: Mapping[str, str], how: str) -> int:
    """How many numbers of these columns `fit` puts into bins, at most; of a date each part is one."""
    count = 0
    for name in names:
        field = schema.by_name[name]
        mine = _how(field, said, how)
        if field.kind == "date":
            count += len(PARTS) * (mine in ("piecewise", "cyclic"))
        elif field.kind in ("number", "vector"):
            count += max(field.width, 1) * (mine == "piecewise")
    return count


def fit(
    columns: Mapping[str, Column], schema: Schema, said: Mapping[str, str], how: str = "piecewise",
    bins: int = numbers.BINS, where: str = "X", left_out: tuple[LeftOut, ...] = (),
    monotone: tuple[tuple[str, int], ...] = (),
) -> Encoder:  # fmt: skip
    """The encoder of columns as their schema reads them.

    Parameters
    ----------
    columns : rows to learn from; what an encoding needs is a median, bins, levels
    schema : what the columns are
    said : of columns by name, one of `numbers.HOW` in place of `how`; of a date, how its parts are encoded;
        of vectors, how each entry is, else "standard"
    how : of numbers: one of `numbers.HOW`
    bins : of a piecewise-linear encoding
    where : how errors call the table
    left_out : columns of the table that are not used
    monotone : of those that are used, see `Encoder`; they are put in bins where `how` is no function that rises

    Raises
    ------
    InputError
        Where nothing is left to learn from.
    """
    encodings = []
    for name, column in columns.items():
        field = schema.by_name[name]
        mine = _how(field, said, how, name in dict(monotone))
        encodings.append(_ENCODE[field.kind](name, column, mine, bins, where))
    if not encodings:
        reasons = ", ".join(f"{one.name}: {one.why}" for one in left_out[:MOST_LISTED]) or "no columns"
        raise InputError(
            where, "a column to learn from", f"none: {reasons}",
            "Give one that tells of its rows, or say what one of these is: columns={...: 'category'}, or 'text'.",
        )  # fmt: skip
    return Encoder(tuple(encodings), left_out, schema, bins, how, monotone=monotone)


def other_numbers(
    made: Encoder, columns: Mapping[str, Column], said: Mapping[str, str], how: str, bins: int, where: str = "X"
) -> Encoder:
    """The same encoder, but for numbers, dates and vectors, which are encoded in this way."""

    def otherwise(one: Encoding) -> Encoding:
        if one.kind not in _OF_NUMBERS:
            return one
        mine = _how(made.schema.by_name[one.name], said, how, one.name in dict(made.monotone))
        return _ENCODE[one.kind](one.name, columns[one.name], mine, bins, where)

    return replace(made, encodings=tuple(map(otherwise, made.encodings)), how=how, bins=bins)


def fewer_levels(made: Encoder, columns: Mapping[str, Column]) -> Encoder | None:
    """The same encoder, but that of categories with an embedding the levels of few rows are rare; None where none are.

    Vectors of levels of few rows may learn those by heart, or all that these have in common.
    """

    def fewer(one: Encoding) -> Encoding:
        if not (isinstance(one, Category) and one.units):
            return one
        column = columns[one.name]
        found = _levels(one.name, column, int(np.clip(len(column) // ROWS_OF_MANY[0], 2, ROWS_OF_MANY[1])))
        return found if len(found.levels) < len(one.levels) else one

    return _changed(made, fewer)


def with_days(made: Encoder, columns: Mapping[str, Column]) -> Encoder | None:
    """The same encoder, but that of dates has single days as levels, too; None where no dates have days of many rows.

    What happened on a day, and only then, no smooth function of time tells.
    """
    return _changed(
        made, lambda one: replace(one, days=_days(columns[one.name].values)) if isinstance(one, Date) else one
    )


def levels_as_in(like: Encoder, made: Encoder) -> Encoder:
    """An encoder with the categories and the days of another, of the same columns."""
    known = {one.name: one for one in like.encodings}

    def as_there(one: Encoding) -> Encoding:
        there = known[one.name]
        if isinstance(one, Date) and isinstance(there, Date):
            return replace(one, days=there.days)
        return there if isinstance(one, Category) else one

    return _changed(made, as_there) or made


def _changed(made: Encoder, change: Callable[[Encoding], Encoding]) -> Encoder | None:
    """The same encoder with each encoding changed; None where all of them stay."""
    found = tuple(map(change, made.encodings))
    return None if found == made.encodings else replace(made, encodings=found)


def _how(field: Field, said: Mapping[str, str], how: str, monotone: bool = False) -> str:
    """How the numbers of a column are encoded."""
    usual = "standard" if field.kind == "vector" else how
    if monotone and usual in numbers.NOT_RISING:
        usual = "piecewise"
    mine = said.get(field.name, usual)
    return mine if mine in numbers.HOW else usual


def _number(name: str, column: Column, how: str, bins: int, where: str) -> Encoding:
    return numbers.encode(name, column.values, how, bins)


def _category(name: str, column: Column, how: str, bins: int, where: str) -> Encoding:
    return _levels(name, column, int(np.clip(len(column) // 2000, 2, 10)))


def _levels(name: str, column: Column, least: int) -> Category:
    """A category whose levels have so many rows at least; few rows in all know every level."""
    counts = np.bincount(column.values[column.values >= 0], minlength=len(column.levels))
    order = np.argsort(-counts, kind="stable")[:MOST_LEVELS]
    kept = [code for code in order if counts[code] >= least or (len(column) < 200 and counts[code])]
    rare = int(counts.sum() - counts[kept].sum())
    levels = tuple(sorted(column.levels[code] for code in kept))
    return _embedded(Category(name, levels, rare >= least, bool(column.missing.any())))


def _embedded(levels: AnyLevels) -> AnyLevels:
    """Levels as they are, or as codes of an embedding where they are many."""
    return levels if levels.count <= INDICATORS else replace(levels, units=_units(levels.count))


def _days(times: Array) -> Days | None:
    """The days of many rows as levels; None where few rows are of one, or all rows of the same."""
    days = np.floor(times)
    days, counts = np.unique(days[~np.isnan(days)], return_counts=True)
    many = counts >= ROWS_OF_A_DAY
    if not 1 < many.sum() <= MOST_LEVELS or counts[many].sum() < OF_SUCH_DAYS * len(times):
        return None
    rare, missing = bool(counts[~many].sum() >= ROWS_OF_A_DAY), bool(np.isnan(times).any())
    return _embedded(Days("day", tuple(days[many].astype(int).tolist()), rare, missing))


def _units(count: int) -> int:
    """Width of an embedding of this many levels: a slow power, as is usual."""
    return int(min(32, round(1.6 * count**0.4)))


def _date(name: str, column: Column, how: str, bins: int, where: str) -> Encoding:
    days = column.values
    parts = {part: of(days) for part, of in PARTS.items()}
    varying = {part: v for part, v in parts.items() if len(np.unique(v[~np.isnan(v)])) > 1}
    found = []
    for part, v in (varying or {"elapsed": days}).items():
        turns = how != "cyclic" or part in CYCLES
        found.append(numbers.encode(part, v, how if turns else "piecewise", bins))
    return Date(name, tuple(found))


def _text(name: str, column: Column, how: str, bins: int, where: str) -> Encoding:
    return texts.encode(name, column, where)


def _vector(name: str, column: Column, how: str, bins: int, where: str) -> Encoding:
    return vectors.encode(name, column.values, how, bins)


_ENCODE = {
    "number": _number, "category": _category, "boolean": _category, "date": _date, "text": _text, "vector": _vector,
}  # fmt: skip
#: Kinds whose encoding `how` and `bins` are about.
_OF_NUMBERS = ("number", "date", "vector")
