"""The schema of a table, from all of its rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chainrule.errors import InputError, unknown_name
from chainrule.tables import numbers
from chainrule.tables.column import READABLE
from chainrule.tables.encoder import LeftOut
from chainrule.tables.evidence import Evidence
from chainrule.tables.field import LEFT_OUT, Bad, Field
from chainrule.tables.schema import Nothing, Schema
from chainrule.tables.settle import Found, settle
from chainrule.tables.table import Table
from chainrule.warn import DataWarning, warn

#: What a user may say of a column: its kind, how its dates are written, or how its numbers are encoded.
KINDS = ("number", "category", "text", "date", "day first", "month first", "leave out")
SAID = (*KINDS, *numbers.HOW)
#: What may be said of columns that hold no texts; of texts anything, as they are read one by one.
MAY_BE: Mapping[str, tuple[str, ...]] = {
    "numbers": ("number", "category", "leave out", *numbers.HOW),
    "times": ("date", "category", "leave out", *numbers.HOW),
    "vectors": ("leave out", *numbers.HOW),
}


#: A list of numbers as Python and NumPy print it; and how much of one is shown.
_LIST, _SHOWN = re.compile(r"\[\s*+[-+]?\.?[0-9][-+.eE0-9]*+[,\s][-+.,\seE0-9]*+\]"), 40


@dataclass(frozen=True)
class Said:
    """What a user says of a table.

    Attributes
    ----------
    columns : of columns by name, one of `SAID`
    nothing : words that stand for a missing value
    decimal : the decimal mark of numbers in texts; None finds it
    """

    columns: Mapping[str, str]
    nothing: Nothing
    decimal: str | None = None

    def kind(self, name: str) -> str:
        """What a column is said to be, "" where it is to be found."""
        said = self.columns.get(name, "")
        return said if said in KINDS else ""

    def of_target(self, name: str) -> str:
        """ "category" where the values of a target are said to be classes."""
        return "category" if self.columns.get(name) == "category" else ""


class Seen:
    """What was seen of each column of a table, part by part."""

    def __init__(self, said: Said) -> None:
        self.said = said
        self.columns: dict[str, Evidence] = {}

    def add(self, table: Table) -> None:
        """Look at more rows."""
        for name, column in table.columns.items():
            self._of(name).add(column)

    def join(self, other: Seen) -> None:
        """Look at all rows that another has seen, as behind those seen here."""
        for name, evidence in other.columns.items():
            self._of(name).join(evidence)

    def _of(self, name: str) -> Evidence:
        if name not in self.columns:
            self.columns[name] = Evidence(self.said.nothing.of(name), self.said.kind(name) == "category")
        return self.columns[name]


@dataclass(frozen=True)
class Learned:
    """The schema, which of its columns are used, and the others with the reason."""

    schema: Schema
    used: tuple[str, ...]
    left_out: tuple[LeftOut, ...]


def schema(seen: Seen, names: Iterable[str], where: str, target: str | None = None) -> Learned:
    """What the columns are; what is doubtful of them is warned of.

    Parameters
    ----------
    seen : all rows
    names : columns to learn from
    where : how errors call the table
    target : a column beside them, of which may be said that it holds categories

    Raises
    ------
    InputError
        Where something is said of a column that is not there, or that it cannot be.
    """
    said, fields, used, left_out = seen.said, [], [], []
    names = list(names)
    for name, kind in said.columns.items():
        if name == target and said.of_target(name):
            continue
        if name not in names:
            raise unknown_name(f"{where}: columns=", name, names)
        if kind not in SAID:
            raise unknown_name(f"{where}: columns={{{name!r}: }}", kind, SAID)
    comma = any(_comma(evidence) for evidence in seen.columns.values())
    for name in names:
        evidence = seen.columns[name]
        kind = said.columns.get(name, "")
        _check_said(kind, name, evidence, where)
        found = settle(name, evidence, where, said.kind(name), said.decimal, comma)
        if kind in numbers.HOW and found.field.kind not in ("number", "date", "vector"):
            found = settle(name, evidence, where, "number", said.decimal, comma)
        field = found.field
        fields.append(field)
        if not kind and field.kind in ("text", "category", "id"):
            _tell_lists(field, where)
        if kind == "leave out" or field.kind in LEFT_OUT:
            left_out.append(LeftOut(name, field.kind, "as said" if kind == "leave out" else field.why))
            _check_unread(kind, field, where)
        else:
            used.append(name)
            _tell(found, where)
    return Learned(Schema(tuple(fields), said.nothing), tuple(used), tuple(left_out))


def _comma(evidence: Evidence) -> bool:
    return any(sort.shape is not None and sort.shape.decimal == "," for sort in evidence.sorts)


def _check_said(said: str, name: str, evidence: Evidence, where: str) -> None:
    """Refuse what a column that holds no texts cannot be."""
    if not said or evidence.sorts or evidence.unread:
        return
    kind = next((kind for kind in ("times", "vectors") if evidence.typed[kind]), "numbers")
    if evidence.known and said not in MAY_BE[kind]:
        raise InputError(
            f"{where}: columns={{{name!r}: }}", f"one of {', '.join(map(repr, MAY_BE[kind]))} for a column of {kind}",
            repr(said), "Pick one of these, or do not name the column.",
        )  # fmt: skip


def _check_unread(said: str, field: Field, where: str) -> None:
    if field.kind == "unread" and said != "leave out":
        raise InputError(
            f"{where}, column {field.name!r}", READABLE,
            field.held,
            f"Turn it into one of these, or leave it out: columns={{{field.name!r}: 'leave out'}}.",
        )  # fmt: skip


def _tell_lists(field: Field, where: str) -> None:
    """Warn of lists of numbers that came as texts."""
    if _LIST.fullmatch(field.example):
        shown = field.example if len(field.example) <= _SHOWN else f"{field.example[:_SHOWN]}..."
        warn(
            f"{where}, column {field.name!r}: cells such as {shown!r} are texts, not vectors. Give lists of numbers, "
            "as Parquet and Arrow files hold them, a column for each number, or leave the column out.",
            DataWarning,
        )


def _tell(found: Found, where: str) -> None:
    """Warn of cells that are missing because they are none of their column, and of numbers that are not plain."""
    place = f"{where}, column {found.field.name!r}"
    if found.bad:
        warn(
            f"{place}: {found.bad:,} cells are no {found.field.kind}s and are taken as missing: "
            f"{Bad(found.bad, found.first).shown}. To name such words: missing=; to learn them: "
            "columns={...: 'category'}.",
            DataWarning,
        )
    if found.told:
        warn(f"{place}: read as a {found.field.kind}, {found.told}, for example {found.field.example!r}.", DataWarning)
