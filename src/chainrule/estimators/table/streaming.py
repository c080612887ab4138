"""A file that is too large to hold: one pass to survey it, then epoch by epoch from the disk."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.estimators.table.rows import split_target
from chainrule.tables.encoder import Encoder
from chainrule.tables.files import TableFile
from chainrule.tables.survey import Survey, drawn_parts
from chainrule.training.streamed import Piece

Array = NDArray[Any]

#: Rows that are held out at most.
HELD_OUT = 50_000


class FileSource:
    """A file as pieces of coded rows, all but those that are held out.

    Parameters
    ----------
    file, target : the table, and the name of its target
    encoder : of the other columns
    prepare : from targets as they stand in the file to those that the estimator inside takes, and weights or None
    found : what a survey of the file found
    held_out : rows of its sample that are left out here
    """

    def __init__(
        self,
        file: TableFile,
        target: str,
        encoder: Encoder,
        prepare: Callable[[Any], tuple[Array, Array | None]],
        found: Survey,
        held_out: NDArray[np.intp],
    ) -> None:
        self.file = file
        self.target = target
        self.encoder = encoder
        self.expansion = encoder.expansion
        self.prepare = prepare
        part, row = found.part[held_out], found.row[held_out]
        self._skip = {int(number): row[part == number] for number in np.unique(part)}
        self.rows = sum(found.sizes) - len(held_out)

    def pieces(self, generator: np.random.Generator | None) -> Iterator[Piece]:
        where = str(self.file.path)
        for number, whole in drawn_parts(self.file, generator):
            table, y, _ = split_target(whole, self.target, where)
            values = self.encoder.code(table, where).values
            target, weight = self.prepare(y)
            kept = np.delete(np.arange(len(whole)), self._skip.get(number, np.empty(0, np.intp)))
            yield Piece(values[kept], target[kept], None if weight is None else weight[kept])


def divided(found: Survey, share: float, seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows of the sample that are not held out, and those that are: a share of all rows, if it has so many."""
    size = len(found.sample)
    count = int(np.clip(share * sum(found.sizes), 1, min(HELD_OUT, max(1, size // 2))))
    order = np.random.default_rng([seed, 1]).permutation(size)
    return np.sort(order[count:]), np.sort(order[:count])


def budget(memory: int | str) -> int:
    """Bytes that a table may take: as said, or a quarter of what is free now."""
    if not isinstance(memory, str):
        return int(memory)
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 4
    except (ValueError, OSError, AttributeError):  # a system that does not tell
        return 2**31
