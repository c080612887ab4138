"""Tables in files as commands see them: errors name the file, and columns are looked for before rows are read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import TYPE_CHECKING

from chainrule.cli import shared
from chainrule.errors import InputError, InputTypeError, listed, unknown_name

if TYPE_CHECKING:
    from chainrule.tables.files import TableFile
    from chainrule.tables.table import Table

#: Absent columns for which a near name is looked for.
HINTS = 3
#: Rows that are predicted at a time.
ROWS = 1 << 16

#: How estimators call what they are given.
_GIVEN = re.compile(r"Table(?:Classifier|Regressor): (X_val|X|y|target)\b")


@contextmanager
def naming(path: object, validation: object = None) -> Iterator[None]:
    """Errors of an estimator about its rows as errors about what they came from."""

    def named(found: re.Match[str]) -> str:
        what, place = found[1], validation if found[1] == "X_val" else path
        return f"{place}, target" if what in ("y", "target") else str(place)

    try:
        yield
    except (InputError, InputTypeError) as error:
        where, *rest = error.args
        raise type(error)(_GIVEN.sub(named, where), *rest) from error


def opened(given: shared.Source, form: shared.Form = shared.ANY_FORM, once: bool = False) -> TableFile:
    """The table that a user names; a pipe is not kept in memory where it is read `once`."""
    from chainrule.tables.files import open_file

    return open_file(given, *form, kept=not once)


def parts(file: TableFile, columns: Iterable[str], asked: Sequence[str] = ()) -> Iterator[Table]:
    """The rows of a model's columns, and of those that the user asked for, by parts that fit in memory."""
    needed = list(dict.fromkeys(columns))
    absent = [name for name in needed if name not in file.names]
    if absent:
        near = {name: get_close_matches(name, file.names, n=1) for name in absent[:HINTS]}
        hints = [f"{name!r} may be {found[0]!r}" for name, found in near.items() if found]
        raise InputError(
            str(file.path), f"columns {listed(needed)}", f"none named {listed(absent)}",
            f"In the file, {', '.join(hints)}: rename it." if hints else "Add them; cells may be empty.",
        )  # fmt: skip
    for name in asked:
        if name not in file.names:
            raise unknown_name(f"{file.path}, column", name, file.names)
    for part in file.parts(list(dict.fromkeys([*needed, *asked]))):
        yield from _pieces(part)


def _pieces(part: Table) -> Iterator[Table]:
    """A part, cut where it is long: a file may have all of its rows in one."""
    import numpy as np

    for start in range(0, len(part), ROWS):
        rows = np.arange(start, min(start + ROWS, len(part)))
        yield part if len(rows) == len(part) else part.take(rows)
