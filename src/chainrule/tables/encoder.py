"""The encoder of a table: an encoding per column, and which columns are left out and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.expansion import Block, Code, Coded, Expansion
from chainrule.errors import InputError, unknown_name
from chainrule.tables import kinds, numbers
from chainrule.tables.encodings import CYCLES, PARTS, Category, Date, Encoding, embeddings
from chainrule.tables.reading import read_numbers, read_times
from chainrule.tables.table import Column, Table

Array = NDArray[Any]

#: What a user may say of a column: its kind, or how its numbers are encoded.
SAID = (*kinds.SAID, *numbers.HOW)
#: What may be said of columns of these kinds; of words anything, as they are read one by one.
MAY_BE: Mapping[str, tuple[str, ...]] = {
    "number": ("number", "category", "leave out", *numbers.HOW),
    "date": ("date", "category", "leave out", *numbers.HOW),
    "boolean": ("category", "leave out"),
}

#: Categories of more levels than this get an embedding in place of indicators.
INDICATORS = 100
#: Of a category, at most this many levels are known; the rest are rare.
MOST_LEVELS = 10_000


@dataclass(frozen=True)
class LeftOut:
    """A column that is not used."""

    name: str
    kind: str
    why: str


@dataclass(frozen=True)
class Encoder:
    """From tables to compact rows, by what was fitted on one table.

    Columns are found by name; others, and their order, do not matter. `code` refuses a table that misses one.
    """

    encodings: tuple[Encoding, ...]
    left_out: tuple[LeftOut, ...] = ()

    def __post_init__(self) -> None:
        if not self.encodings or not all(isinstance(one, Encoding) for one in self.encodings):
            raise InputError("Encoder", "encodings of columns", repr(self.encodings)[:80], "Fit the encoder anew.")
        if not all(isinstance(one, LeftOut) for one in self.left_out):
            raise InputError("Encoder(left_out=)", "columns left out", repr(self.left_out)[:80], "Fit anew.")

    @cached_property
    def expansion(self) -> Expansion:
        """From compact rows to the network's inputs: codes of embeddings stand last, as `Embedding` wants them."""
        blocks: list[Block] = []
        fills: list[float] = []
        for encoding in self.encodings:
            blocks += encoding.blocks(len(fills))
            fills += encoding.fills()
        blocks.sort(key=lambda block: isinstance(block, Code))
        return Expansion(blocks, fills)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that are used."""
        return tuple(encoding.name for encoding in self.encodings)

    def feature_names(self) -> list[str]:
        """A name for each of the network's inputs."""
        plain = [one for one in self.encodings if not (isinstance(one, Category) and one.units)]
        return [name for one in [*plain, *embeddings(self.encodings)] for name in one.feature_names()]

    def code(self, table: Table, where: str) -> Coded:
        """Compact rows of a table.

        Raises
        ------
        InputError
            Where a column is missing, or holds what cannot be read as in fit.
        """
        absent = [name for name in self.names if name not in table.columns]
        if absent:
            raise InputError(
                where, f"the columns seen in fit, {len(self.names)} of them", f"a table without {absent}",
                "Add them; empty cells are allowed where fit saw some.",
            )  # fmt: skip
        parts = [encoding.code(table[encoding.name], where) for encoding in self.encodings]
        return Coded(np.ascontiguousarray(np.hstack(parts)), self.expansion)

    def __getstate__(self) -> dict[str, Any]:
        return {"encodings": self.encodings, "left_out": self.left_out}


def fit(
    table: Table, where: str, said: Mapping[str, str] | None = None, how: str = "piecewise", bins: int = numbers.BINS
) -> Encoder:
    """The encoder that suits a table.

    Parameters
    ----------
    table : rows to learn from; what an encoding needs is a median, bins, levels
    where : how errors call the table
    said : of columns by name, one of `SAID`, in place of the kinds that are found and of `how`; of a date, how its
        parts are encoded
    how : of numbers: one of `numbers.HOW`
    bins : of a piecewise-linear encoding

    Raises
    ------
    InputError
        Where `said` names no column, or no kind that it can be, or nothing is left to learn from.
    """
    said = {} if said is None else dict(said)
    for name, kind in said.items():
        if name not in table.columns:
            raise unknown_name(f"{where}: columns=", name, table.names)
        if kind not in SAID:
            raise unknown_name(f"{where}: columns={{{name!r}: }}", kind, SAID)
    encodings, left_out = [], []
    for name, column in table.columns.items():
        found = kinds.find(name, column)
        kind = said.get(name, found.kind)
        if kind in (*kinds.LEFT_OUT, "leave out") or found.kind == "constant":
            left_out.append(LeftOut(name, found.kind, found.why if kind == found.kind else "as said"))
        else:
            _check_said(kind, name, found, where)
            encodings.append(_encoding(kind, found, name, column, where, how, bins))
    if not encodings:
        reasons = ", ".join(f"{one.name}: {one.why}" for one in left_out) or "no columns"
        raise InputError(where, "a column that varies from row to row", reasons, "Check the table.")
    return Encoder(tuple(encodings), tuple(left_out))


def _check_said(kind: str, name: str, found: kinds.Finding, where: str) -> None:
    """Refuse what a column of this kind cannot be."""
    may_be = MAY_BE.get(found.kind, SAID)
    if kind != found.kind and kind not in may_be:
        raise InputError(
            f"{where}: columns={{{name!r}: }}", f"one of {', '.join(map(repr, may_be))} for a column of {found.why}",
            repr(kind), "Pick one of these, or do not name the column.",
        )  # fmt: skip


def _encoding(kind: str, found: kinds.Finding, name: str, column: Column, where: str, how: str, bins: int) -> Encoding:
    """A column as this kind, or in this encoding of numbers, which of a date is that of its parts."""
    if kind in numbers.HOW:
        kind, how = "date" if found.kind == "date" else "number", kind
    return _ENCODE[kind](name, column, where, how, bins)


def _number(name: str, column: Column, where: str, how: str, bins: int) -> Encoding:
    return numbers.encode(name, read_numbers(column, name, where, "as said"), how, bins)


def _category(name: str, column: Column, where: str, how: str, bins: int) -> Encoding:
    column = column.as_words()
    counts = np.bincount(column.values[column.values >= 0], minlength=len(column.levels))
    least = int(np.clip(len(column) // 2000, 2, 10))
    order = np.argsort(-counts, kind="stable")[:MOST_LEVELS]
    kept = [code for code in order if counts[code] >= least or (len(column) < 200 and counts[code])]
    rare = int(counts.sum() - counts[kept].sum())
    levels = tuple(sorted(column.levels[code] for code in kept))
    found = Category(name, levels, rare >= least, bool(column.missing.any()))
    return found if found.count <= INDICATORS else replace(found, units=_units(found.count))


def _units(count: int) -> int:
    """Width of an embedding of this many levels: a slow power, as is usual."""
    return int(min(32, round(1.6 * count**0.4)))


def _date(name: str, column: Column, where: str, how: str, bins: int) -> Encoding:
    days = read_times(column, name, where, "as said")
    parts = {part: of(days) for part, of in PARTS.items()}
    varying = {part: v for part, v in parts.items() if len(np.unique(v[~np.isnan(v)])) > 1}
    found = []
    for part, v in (varying or {"elapsed": days}).items():
        turns = how != "cyclic" or part in CYCLES
        found.append(numbers.encode(part, v, how if turns else "piecewise", bins))
    return Date(name, tuple(found))


_ENCODE = {"number": _number, "category": _category, "boolean": _category, "date": _date}
