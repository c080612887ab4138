"""Compact columns and what they become: a table of a few numbers a row, expanded batch by batch.

A column of numbers may stand for dozens of the network's inputs. What is kept of a row are its numbers (NaN where one
is missing) and the codes of its categories (-1 where one is unknown); the rest is made where it is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.blocks import Block
from chainrule.engine.kernels import Kernel, chosen_set, load
from chainrule.engine.terms import Terms

Array = NDArray[Any]
F32 = np.dtype(np.float32)
EXPAND, LOCATE = Kernel("expand"), Kernel("locate")


class Expansion:
    """From compact rows (rows, columns) to the network's inputs (rows, width), block beside block.

    Parameters
    ----------
    blocks : in the order of the inputs
    fills : by column, what stands in for a missing value

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.engine.blocks import Clip, Levels, Missing
    >>> from chainrule.engine.expansion import Coded, Expansion
    >>> expansion = Expansion([Clip(0, (0.0,), (2.0,), (-1.0,), (1.0,)), Missing(0), Levels(1, 2)], fills=[0.25, 0.0])
    >>> Coded(np.array([[0.1, 1], [np.nan, -1]], np.float32), expansion).toarray()
    array([[0.2, 0. , 0. , 1. ],
           [0.5, 1. , 0. , 0. ]], dtype=float32)
    """

    def __init__(self, blocks: Sequence[Block], fills: Sequence[float]) -> None:
        self.blocks = tuple(blocks)
        self.fills = np.array(fills, np.float32)
        widths = [block.width for block in self.blocks]
        sizes = [len(block.constants) for block in self.blocks]
        stops, firsts = np.cumsum(widths), np.cumsum([0, *sizes])
        self.width = int(sum(widths))
        self._program = np.array(
            [
                (block.kind, block.source, stop - width, stop, first)
                for block, width, stop, first in zip(self.blocks, widths, stops, firsts, strict=False)
            ],
            np.int64,
        ).reshape(-1, 5)
        self._constants = np.array([c for block in self.blocks for c in block.constants], np.float32)

    def __call__(self, values: Array, out: Array) -> None:
        """Expand `values`, float32, of shape (rows, columns), into `out`, float32, of shape (rows, width)."""
        self._kernel(out, values, *self.arguments)

    @property
    def arguments(self) -> tuple[Array, Array, Array]:
        """What `EXPAND` takes after the rows that it fills and those that it expands."""
        return self._program, self.fills, self._constants

    @cached_property
    def terms(self) -> Terms:
        """What the inputs come to in a product."""
        return Terms(self.blocks, *self.arguments)

    def locate(self, values: Array, places: Array, shares: Array, codes: Array) -> None:
        """Write the terms of `values`, (rows, terms) each, and their codes, (rows, codes)."""
        self._kernel(shares, values, *self.terms.plain)
        self._locate(places, shares, codes, values, *self.terms.located)

    @cached_property
    def _kernel(self) -> Any:
        return load(EXPAND, F32, chosen_set())

    @cached_property
    def _locate(self) -> Any:
        return load(LOCATE, F32, chosen_set())

    def __getstate__(self) -> dict[str, Any]:
        made = ("_kernel", "_locate", "terms")
        return {name: value for name, value in self.__dict__.items() if name not in made}


class Coded:
    """Rows of compact columns that stand for rows of the network's inputs; like a sparse matrix, made dense in parts.

    Parameters
    ----------
    values : float32 array of shape (rows, columns)
    expansion : what they become
    """

    dtype = F32
    ndim = 2

    def __init__(self, values: Array, expansion: Expansion) -> None:
        self.values = values
        self.expansion = expansion

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.values), self.expansion.width

    def __getitem__(self, chosen: Any) -> Coded:
        return Coded(self.values[chosen], self.expansion)

    def read_by(self, expansion: Expansion) -> Coded:
        """The same compact rows as another network reads them."""
        return Coded(self.values, expansion)

    def toarray(self, out: Array | None = None) -> Array:
        """The rows as the network reads them, float32, (rows, width)."""
        found = np.empty(self.shape, self.dtype) if out is None else out
        self.expansion(self.values, found)
        return found

    def locate(self, places: Array, shares: Array, codes: Array) -> None:
        """Write what the rows come to in a product: `Expansion.locate`."""
        self.expansion.locate(self.values, places, shares, codes)
