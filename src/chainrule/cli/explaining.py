"""What `explain` works on: rows of DATA, those that the user asks for, those of a background; and how far it is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from chainrule.cli import tables

if TYPE_CHECKING:
    from chainrule.explanations import Explanation
    from chainrule.tables.files import TableFile
    from chainrule.tables.table import Table

#: Given the rows that are done, those to come and all of them where that is known, it gives a function that is told
#: which part of those to come is done.
Begin = Callable[[int, int, int | None], Callable[[float], object]]
#: Rows that are explained at a time.
CHUNK = 1000


def how_many(value: Any) -> int | str:
    """A whole number above 0, or all."""
    try:
        found = value if value == "all" else int(value)
    except ValueError:
        found = 0
    if found != "all" and found < 1:
        raise click.BadParameter(f"{value!r} is no number of rows, nor 'all'.")
    return found


class First:
    """The first rows of a table, a chunk at a time.

    Attributes
    ----------
    more : whether there are rows behind them, once all were given
    """

    def __init__(self, parts: Iterable[Table], most: int) -> None:
        self._parts, self._most, self.more = parts, most, False

    def __iter__(self) -> Iterator[Table]:
        import numpy as np

        left = self._most
        for part in self._parts:
            self.more = len(part) > left
            rows = min(left, len(part))
            left -= rows
            for start in range(0, rows, CHUNK):
                yield part.take(np.arange(start, min(start + CHUNK, rows)))
            if self.more:
                return


def asked_for(file: TableFile, columns: Sequence[str], numbers: Sequence[str]) -> Table:
    """The rows of these numbers, as errors call them, in this order.

    Raises
    ------
    click.UsageError
        Where there is none of a number.
    """
    import numpy as np

    from chainrule.tables.table import stack

    found: dict[str, Table] = {}
    names: list[str] = []
    for part in tables.parts(file, columns):
        column = part[columns[0]]
        told = [str(column.row(place)) for place in range(len(part))]
        places = {name: place for place, name in enumerate(told)}
        found |= {name: part.take(np.array([places[name]])) for name in numbers if name in places}
        names = [*names[:1], *told[:1], told[-1]] if not names else [names[0], told[-1]]
        if len(found) == len(set(numbers)):
            return stack([found[name] for name in numbers])
    absent = next(name for name in numbers if name not in found)
    there = f"has rows {names[0]} to {names[-1]}, as errors number them" if names else "has no rows"
    raise click.UsageError(f"--row {absent}: {file.path} {there}.", click.get_current_context())


def columns_of(found: Explanation) -> dict[str, Any]:
    """Base value, prediction and the value of each column as columns of Arrow; of several outputs a set for each."""
    import pyarrow as pa

    several, columns = found.values.ndim == 3, {}
    for name in found.output_names:
        one, end = (found.of(name), f"={name}") if several else (found, "")
        columns[f"base_value{end}"] = pa.array(one.base_values)
        columns[f"prediction{end}"] = pa.array(one.predictions)
        columns |= {f"phi_{column}{end}": pa.array(one.values[:, k]) for k, column in enumerate(one.feature_names)}
    return columns


def effects(found: Explanation, row: int) -> list[dict[str, Any]]:
    """Of one row and one output, what each column adds, the most first."""
    import numpy as np

    order = np.argsort(-np.abs(found.values[row]), kind="stable")
    return [
        {
            "column": found.feature_names[k], "cell": found.display_data[row, k],
            "value": float(found.values[row, k]), "standard_error": float(found.error_std[row, k]),
        }
        for k in order
    ]  # fmt: skip


@contextmanager
def progress(shown: bool) -> Iterator[Begin]:
    """A live bar on a terminal."""
    if not (shown and sys.stderr.isatty()):
        yield lambda *rows: lambda share: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("rows", total=None)

        def begin(done: int, coming: int, all_of_them: int | None) -> Callable[[float], object]:
            def tell(share: float) -> None:
                now = done + share * coming
                bar.update(task, completed=now, total=all_of_them, description=f"{int(now):,} rows explained")

            return tell

        yield begin
