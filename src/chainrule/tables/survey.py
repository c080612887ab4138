"""One pass over a table that is too large to hold: a sample of its rows, how many there are, what the target holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.tables.files import TableFile
from chainrule.tables.table import Column, Table, join, stack

Array = NDArray[Any]

#: Rows of the sample: quantiles of so many are within a tenth of a percent of those of all.
SAMPLE = 1 << 18
#: Of more different numbers than this, only the ends are remembered.
DISTINCT = 1000


@dataclass(frozen=True, eq=False)
class Survey:
    """What one pass found.

    Attributes
    ----------
    sample : rows of which each had the same chance
    part, row : where each of them stands: number of its part, and place in that
    sizes : rows of every part
    distinct : the different values of the target, each once; of very many numbers, the least and the greatest
    """

    sample: Table
    part: NDArray[np.intp]
    row: NDArray[np.intp]
    sizes: tuple[int, ...]
    distinct: Column


def survey(file: TableFile, target: str, seed: int, size: int = SAMPLE) -> Survey:
    """Look at every row once; `size` of them are kept."""
    generator = np.random.default_rng(seed)
    held: list[Table] = []
    part, row = np.empty(0, np.intp), np.empty(0, np.intp)
    key = np.empty(0)
    sizes: list[int] = []
    seen: list[Column] = []
    for number, table in enumerate(file.parts()):
        sizes.append(len(table))
        seen = [_distinct(join([*seen, table[target]]))]
        drawn = generator.random(len(table))
        bar = np.partition(key, size)[size] if len(key) > size else 1.0
        mine = np.flatnonzero(drawn <= bar)
        held.append(table.take(mine))
        part, row = np.append(part, np.full(len(mine), number)), np.append(row, mine)
        key = np.append(key, drawn[mine])
        if len(key) > 2 * size:
            lowest = np.sort(np.argpartition(key, size)[:size])
            held, part, row, key = [stack(held).take(lowest)], part[lowest], row[lowest], key[lowest]
    lowest = np.sort(np.argsort(key, kind="stable")[:size])
    return Survey(stack(held).take(lowest), part[lowest], row[lowest], tuple(sizes), seen[0])


def _distinct(column: Column) -> Column:
    known = np.unique(column.values[~column.missing])
    if column.storage == "words":
        return Column("words", np.arange(len(known), dtype=np.int32), tuple(column.levels[code] for code in known))
    return Column(column.storage, known if len(known) <= DISTINCT else known[[0, -1]])


def drawn_parts(file: TableFile, generator: np.random.Generator | None) -> Iterator[tuple[int, Table]]:
    """The parts of a file with their numbers: in a drawn order where each can be read by itself, else as they stand."""
    places = file.places()
    if places is None or generator is None:
        yield from enumerate(file.parts())
        return
    for number in generator.permutation(len(places)):
        yield int(number), file.part(places[number])
