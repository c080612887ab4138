"""A file that is too large to hold: one pass to survey it, then epoch by epoch from the disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.expansion import Coded
from chainrule.errors import InputError
from chainrule.estimators.held_out import withheld
from chainrule.memory import memory_free
from chainrule.tables.encoder import Encoder
from chainrule.tables.files import PlacedFile, TableFile
from chainrule.tables.sources.stored import Stamp
from chainrule.tables.survey import Survey, drawn_parts
from chainrule.tables.table import Table
from chainrule.training.streamed import Piece

Array = NDArray[Any]

#: Rows that are held out at most.
HELD_OUT = 50_000


class FileSource:
    """A file as pieces of coded rows, all but those that are held out.

    Parameters
    ----------
    file : the table
    encoder : of the columns to learn from
    prepare : from a part of the file to these columns, targets as the estimator inside takes them, weights or None
    found : what a survey of the file found
    held_out : rows of its sample that are left out here
    stamps : of the file's files before it was surveyed
    """

    def __init__(
        self,
        file: TableFile,
        encoder: Encoder,
        prepare: Callable[[Table], tuple[Table, Array, Array | None]],
        found: Survey,
        held_out: NDArray[np.intp],
        stamps: Sequence[Stamp] = (),
    ) -> None:
        self.file = file
        self.encoder = encoder
        self.expansion = encoder.expansion
        self.prepare = prepare
        self.stamps = tuple(stamps)
        self._skip = found.row[held_out]
        self.rows = found.rows - len(held_out)

    def pieces(self, generator: np.random.Generator | None) -> Iterator[Piece]:
        for first, whole in drawn_parts(self.file, generator):
            yield self._piece(first, whole)
        self.check_unchanged()

    def pieces_at(self, number: int, first: int) -> Iterator[Piece]:
        """The rows at one of the file's places, of which the first is row `first` of all."""
        assert isinstance(self.file, PlacedFile)
        place = self.file.places[number]
        for whole in self.file.parts_at(place, first):
            yield self._piece(first, whole)
            first += len(whole)
        self.check_unchanged([self.file.number_of(place)])

    def rows_at(self, first: int, rows: int) -> int:
        """How many of so many rows are none of those held out."""
        low, high = np.searchsorted(self._skip, [first, first + rows])
        return rows - int(high - low)

    def check_unchanged(self, numbers: Sequence[int] | None = None) -> None:
        """Refuse files that were written to since the survey: these, or all.

        Raises
        ------
        InputError
        """
        for number in range(len(self.stamps)) if numbers is None else numbers:
            (now,) = self.file.stamps([number])
            if now != self.stamps[number]:
                raise InputError(
                    now.name, f"the file as it was when the fit began, {self.stamps[number].said}", now.said,
                    "Fit anew when nobody writes to it.",
                )  # fmt: skip

    def _piece(self, first: int, whole: Table) -> Piece:
        table, target, weight = self.prepare(whole)
        columns, _ = self.encoder.read(table, str(self.file.path))  # what cannot be read was told with the schema
        values = self.encoder.coded(columns, len(table)).values
        low, high = np.searchsorted(self._skip, [first, first + len(whole)])
        kept = np.delete(np.arange(len(whole)), self._skip[low:high] - first)
        return Piece(values[kept], target[kept], None if weight is None else weight[kept])

    @property
    def bytes(self) -> int:
        """What all pieces take together."""
        return coded_bytes(self.encoder, self.rows)


def coded_bytes(encoder: Encoder, rows: int) -> int:
    """What so many rows take once they are coded, with a target and a weight each."""
    return rows * (4 * len(encoder.expansion.fills) + 16)


def held(source: FileSource) -> tuple[Coded, Array, Array | None]:
    """All pieces one behind the other, read once: rows, targets, weights."""
    values: Array = np.empty((source.rows, len(source.expansion.fills)), np.float32)
    y, weight, first = [], [], 0
    for piece in source.pieces(None):
        values[first : first + len(piece.y)] = piece.values
        y.append(piece.y)
        if piece.weight is not None:
            weight.append(piece.weight)
        first += len(piece.y)
    return Coded(values, source.expansion), np.concatenate(y), np.concatenate(weight) if weight else None


def divided(
    found: Survey, share: float, seed: int, labels: NDArray[Any] | None
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows of the sample that are not held out, and those that are: a share of all rows, if it has so many.

    Of each class of `labels`, those of the sample, one row at least is not.
    """
    size = len(found.sample)
    count = int(np.clip(share * found.rows, 1, min(HELD_OUT, max(1, size // 2))))
    return withheld(np.random.default_rng([seed, 1]).permutation(size), count, labels)


def budget(memory: int | str) -> int:
    """Bytes that a table may take: as said, or a quarter of what this process may have."""
    return memory_free() // 4 if isinstance(memory, str) else int(memory)
