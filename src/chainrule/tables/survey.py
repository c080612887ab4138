"""One pass over a table that is too large to hold: a sample of its rows, how many there are, what the target holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.tables.files import PlacedFile, TableFile
from chainrule.tables.table import Column, Table, join, stack

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
    """

    sample: Table
    row: NDArray[np.intp]
    rows: int
    distinct: Column


def survey(file: TableFile, target: str, seed: int, size: int = SAMPLE) -> Survey:
    """Look at every row once; `size` of them are kept."""
    generator = np.random.default_rng(seed)
    held: list[Table] = []
    row, key = np.empty(0, np.intp), np.empty(0)
    rows = 0
    seen: list[Column] = []
    for table in file.parts():
        seen = [_distinct(join([*seen, table[target]]))]
        drawn = generator.random(len(table))
        bar = np.partition(key, size)[size] if len(key) > size else 1.0
        mine = np.flatnonzero(drawn <= bar)
        held.append(table.take(mine))
        row, key = np.append(row, rows + mine), np.append(key, drawn[mine])
        rows += len(table)
        if len(key) > 1.5 * size:
            lowest = np.sort(np.argpartition(key, size)[:size])
            held, row, key = [stack(held).take(lowest)], row[lowest], key[lowest]
    lowest = np.sort(np.argsort(key, kind="stable")[:size])
    return Survey(stack(held).take(lowest), row[lowest], rows, seen[0])


def _distinct(column: Column) -> Column:
    known = np.unique(column.values[~column.missing])
    if column.storage == "words":
        return Column("words", np.arange(len(known), dtype=np.int32), tuple(column.levels[code] for code in known))
    return Column(column.storage, known if len(known) <= DISTINCT else known[[0, -1]])


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
