"""The sets of a TOML file: where each table is, what is predicted, and which rows are to test.

[flights]
file = "flights.csv.gz"         # CSV, also compressed, or Parquet; from the folder that --folder tells
target = "arr_delay"
task = "regression"             # or "classification"; without it, as the target looks
split = "split"                 # a column whose cells say train or test; or one of these, without it the first:
                                #   { share = 0.2, seed = 0 }         so many rows, drawn once, whatever seed a run has
                                #   { by = "date", last = 0.2 }       the last rows by a column of dates or numbers
                                #   { by = "date", first = 0.2 }      the first
drop = ["id"]                   # no inputs; target and split never are
dates = ["time_hour"]           # elapsed days and parts for models that read no dates
texts = ["review"]              # words for models that take words
missing = ["?"]                 # what stands for nothing, beside what pandas takes for it
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from benchmarks.tables.splits import ByOrder, Said, Share, Split
from chainrule.errors import InputError, unknown_name
from chainrule.models.task import TASKS, Task


@dataclass(frozen=True)
class TableSet:
    """A table and what is asked of it."""

    name: str
    file: str
    target: str
    split: Split
    task: Task | None = None
    drop: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


#: The share of the rows that is to test where the file does not say.
TEST = 0.2

LISTS = ("drop", "dates", "texts", "missing")
KEYS = tuple(field.name for field in fields(TableSet) if field.name != "name")
NEEDED = ("file", "target")


def read(path: Path) -> dict[str, TableSet]:
    """Name -> set, in the order of the file.

    Raises
    ------
    InputError
        A file that cannot be read or is no TOML, and in it a set with what no set has, or without what each has.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(
            str(path), "a TOML file of sets", str(error), "Write it as benchmarks/tables/sets.py says."
        ) from error
    if not tables:
        raise InputError(str(path), "a table for each set", "none", 'Write one: [name], file = "...", target = "...".')
    return {name: _set(f"{path}: [{name}]", name, table) for name, table in tables.items()}


def named(sets: Mapping[str, TableSet], names: Iterable[str] | None) -> list[TableSet]:
    """Those of these names, or all."""
    for name in names or ():
        if name not in sets:
            raise unknown_name("--sets", name, sets)
    return [sets[name] for name in names or sets]


def _set(where: str, name: str, table: object) -> TableSet:
    if not isinstance(table, dict):
        raise InputError(where, "a table", repr(table), f'Write [{name}], and under it file = "...", target = "...".')
    for key in table:
        if key not in KEYS:
            raise unknown_name(where, key, KEYS)
    for key in NEEDED:
        if key not in table:
            raise InputError(where, f"{' and '.join(NEEDED)}", f"no {key}", f'Add {key} = "...".')
    found: dict[str, Any] = {"name": name, "split": Share(TEST)}
    for key, value in table.items():
        at = f"{where} {key}"
        if key == "split":
            found[key] = _split(at, value)
        elif key in LISTS:
            found[key] = _texts(at, value)
        else:
            found[key] = _text(at, value)
    if found.get("task") not in (None, *TASKS):
        raise unknown_name(f"{where} task", found["task"], TASKS)
    return TableSet(**found)


def _text(where: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise InputError(where, "a text", repr(value), "Put it in quotation marks.")
    return value


def _texts(where: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise InputError(where, "a list of texts", repr(value), 'Write ["one", "another"].')
    return tuple(_text(where, one) for one in value)


def _split(where: str, value: object) -> Split:
    if isinstance(value, str):
        return Said(value)
    match value:
        case {"share": share, **rest} if set(rest) <= {"seed"}:
            seed = rest.get("seed", 0)
            if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
                raise InputError(f"{where} seed", "a whole number from 0 on", repr(seed), "Write seed = 0.")
            return Share(_share(f"{where} share", share), seed)
        case {"by": by, "last": share, **rest} if not rest:
            return ByOrder(_text(f"{where} by", by), _share(f"{where} last", share), last=True)
        case {"by": by, "first": share, **rest} if not rest:
            return ByOrder(_text(f"{where} by", by), _share(f"{where} first", share), last=False)
    raise InputError(
        where, "the name of a column, { share = 0.2 } or { by = \"date\", last = 0.2 }", repr(value),
        "Say which rows are to test in one of these ways.",
    )  # fmt: skip


def _share(where: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1:
        raise InputError(where, "a share of the rows, above 0 and below 1", repr(value), "Write 0.2 for a fifth.")
    return float(value)
