"""Tables that are computed when they are read: datasets of Arrow and lazy frames of polars, by parts."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from operator import add
from typing import Any

from chainrule.tables import frames, table_file
from chainrule.tables.sources.several import Row
from chainrule.tables.table import Table
from chainrule.tables.table_file import TableFile, reading

_MEND = "Mend the query, or what it reads."


def is_query(X: object) -> bool:
    """Whether X is a dataset of Arrow or a lazy frame of polars."""
    return _is(X, "pyarrow.dataset", "Dataset") or _is(frames.native(X), "polars", "LazyFrame")


def query(X: Any, where: str) -> TableFile:
    """A dataset of Arrow or a lazy frame of polars as a table, which errors call `where`."""
    return Dataset(where, X) if _is(X, "pyarrow.dataset", "Dataset") else LazyFrame(where, frames.native(X))


def _is(X: object, module: str, name: str) -> bool:
    """Whether X is of a class of a module, which then has been imported."""
    return module in sys.modules and isinstance(X, getattr(sys.modules[module], name))


@dataclass(frozen=True)
class Dataset(TableFile):
    """A dataset of Arrow, in the order of its fragments."""

    dataset: Any

    @cached_property
    def names(self) -> tuple[str, ...]:
        names = tuple(self.dataset.schema.names)
        frames.check_different(str(self.path), names)
        return names

    def raw_bytes(self) -> int:
        with reading(self.path, mend=_MEND):
            return int(self.dataset.count_rows() * len(self.names) * 8)

    def parts(self, columns: Sequence[str] | None = None) -> Iterator[Table]:
        done: Counter[str] = Counter()
        for file, batch in self._batches(list(self.names if columns is None else columns)):
            for part in table_file.steps(batch):
                first = done[file]
                yield frames.table(part, str(self.path), partial(_row_of, file, first))
                done[file] += part.num_rows

    def _batches(self, columns: list[str]) -> Iterator[tuple[str, Any]]:
        """Record batches, with the file that each is of, if it is of one."""
        from pyarrow import dataset

        few = {"batch_readahead": 1, "fragment_readahead": 1, "use_threads": False}
        with reading(self.path, mend=_MEND):
            scanner = self.dataset.scanner(columns=columns, batch_size=table_file.STEP, **few)
            for tagged in scanner.scan_batches():
                fragment, batch = tagged.fragment, tagged.record_batch
                batch.validate()
                yield fragment.path if isinstance(fragment, dataset.FileFragment) else "", batch


def _row_of(file: str, first: int, place: int) -> int:
    return Row(first + place, file) if file else first + place


@dataclass(frozen=True)
class LazyFrame(TableFile):
    """A lazy frame of polars, which is to give the same rows in the same order whenever it is computed."""

    frame: Any

    @cached_property
    def names(self) -> tuple[str, ...]:
        with reading(self.path, "a query that can be computed", _MEND):
            return tuple(self.frame.collect_schema().names())

    @cached_property
    def _rows(self) -> int:
        import polars

        with reading(self.path, "a query that can be computed", _MEND):
            return int(self.frame.select(polars.len()).collect(engine="streaming").item())

    def raw_bytes(self) -> int:
        return self._rows * len(self.names) * 8

    def parts(self, columns: Sequence[str] | None = None) -> Iterator[Table]:
        first = 0
        for whole in self._frames(self.frame if columns is None else self.frame.select(columns)):
            for part in whole.iter_slices(table_file.STEP):
                yield frames.table(part, str(self.path), partial(add, first))
                first += len(part)

    def _frames(self, frame: Any) -> Iterator[Any]:
        """The rows as frames: as they are computed, or slice by slice where polars is older than that."""
        with reading(self.path, "a query that can be computed", _MEND):
            if callable(getattr(frame, "collect_batches", None)):
                yield from frame.collect_batches(chunk_size=table_file.STEP, maintain_order=True)
                return
            for first in range(0, self._rows, table_file.STEP):
                yield frame.slice(first, table_file.STEP).collect(engine="streaming")
