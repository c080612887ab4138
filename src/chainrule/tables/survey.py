"""One pass over a table that is too large to hold: a sample of its rows, how many there are, what the target holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.tables.column import LISTS, Column, join, words
from chainrule.tables.evidence import Evidence
from chainrule.tables.files import PlacedFile, TableFile
from chainrule.tables.learn import Said, Seen
from chainrule.tables.table import Table, stack
from chainrule.tables.written.numbers import PLAIN, is_code

Array = NDArray[Any]

#: Rows of the sample: the ranks of its quantiles are within a third of a percent of those among all.
SAMPLE = 1 << 17
#: Of more different numbers than this, only the ends are remembered.
DISTINCT = 1000


@dataclass(frozen=True, eq=False)
class Survey:
    """What one pass found.

    Attributes
    ----------
    sample : rows of which each had the same chance
    row : the number of each of them among all, rising
    rows : how many there are in all
    distinct : the different values of the target, each once; of very many numbers, the least and the greatest
    seen : what all rows showed of each column
    """

    sample: Table
    row: NDArray[np.intp]
    rows: int
    distinct: Column
    seen: Seen


def survey(file: TableFile, target: str, said: Said, seed: int, size: int = SAMPLE) -> Survey:
    """Look at every row once; `size` of them are kept."""
    looked = Seen(said)
    generator = np.random.default_rng(seed)
    held: list[Table] = []
    row, key = np.empty(0, np.intp), np.empty(0)
    rows = 0
    seen: list[Column] = []
    for table in file.parts():
        looked.add(table)
        seen = [_distinct(join([*seen, table[target]]))]
        drawn = generator.random(len(table))
        bar = np.partition(key, size)[size] if len(key) > size else 1.0
        mine = np.flatnonzero(drawn <= bar)
        held.append(table.take(mine).numbered(None))
        row, key = np.append(row, rows + mine), np.append(key, drawn[mine])
        rows += len(table)
        if len(key) > 1.5 * size:
            lowest = np.sort(np.argpartition(key, size)[:size])
            held, row, key = [stack(held).take(lowest).numbered(None)], row[lowest], key[lowest]
    lowest = np.sort(np.argsort(key, kind="stable")[:size])
    row = row[lowest]
    sample = stack(held).take(lowest).numbered(partial(_number, looked.columns[target], row))
    return Survey(sample, row, rows, seen[0], looked)


def _number(seen: Evidence, row: NDArray[np.intp], place: int) -> int:
    """By which number errors call a row of the sample."""
    return seen.row(int(row[place]))


def _distinct(column: Column) -> Column:
    if column.storage in LISTS:  # which are no targets
        return column.take(np.arange(min(len(column), 1)))
    column = column.as_words() if column.storage == "text" else column
    known = np.unique(column.values[~column.missing])
    if column.storage == "words":
        levels = [column.levels[code] for code in known]
        return words(_ends(levels) if len(levels) > DISTINCT else levels)
    return Column(column.storage, known if len(known) <= DISTINCT else known[[0, -1]])


def _ends(texts: list[str]) -> list[str]:
    """Of texts that are numbers, the least and the greatest; others as they are."""
    numbers = {text: PLAIN.read(text) for text in texts}
    if any(value is None or is_code(text) for text, value in numbers.items()):
        return texts
    return [min(texts, key=numbers.__getitem__), max(texts, key=numbers.__getitem__)]  # type: ignore[arg-type]


def drawn_parts(file: TableFile, generator: np.random.Generator | None) -> Iterator[tuple[int, Table]]:
    """The parts of a file, and the numbers of their first rows.

    Places that can be read by themselves come in a drawn order, the parts at each as they stand; so do all parts of a
    file that has no such places, or without a generator.
    """
    if generator is None or not isinstance(file, PlacedFile):
        first = 0
        for table in file.parts():
            yield first, table
            first += len(table)
        return
    firsts = np.cumsum([0, *(place.rows for place in file.places)])
    for number in generator.permutation(len(file.places)):
        first = int(firsts[number])
        for table in file.parts_at(file.places[number], first):
            yield first, table
            first += len(table)
