"""Whether what is asked for fits in memory, told before it is taken: sizes, what they need, and how to need less."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from typing import Any

import numpy as np

from chainrule.engine.network import Network
from chainrule.errors import TooLargeError
from chainrule.memory import memory_there

#: Weights, their gradient, and the best of them so far; an optimiser may want more.
COPIES = 3

#: Bytes that are not asked for.
SMALL = 2**24

_MEND = (
    "Give fewer columns (TruncatedSVD or SelectKBest, also of sparse X), narrower hidden layers, fewer members, "
    "or a smaller batch_size."
)


def check(where: str, network: Network, rows: int, dtype: Any, members: int = 1) -> None:
    """Refuse training that cannot fit, by what it needs at least: copies of all weights, and activations of a batch.

    Parameters
    ----------
    where : how errors call it
    network : of which nothing is allocated yet
    rows : of a batch
    dtype : of weights and activations
    members : networks side by side

    Raises
    ------
    TooLargeError
        Also a `MemoryError`; it names the sizes.
    """
    shapes = [tuple(map(int, p.shape)) for p in network.layout.parameters]
    weights = members * sum(map(prod, shapes))
    units = [shape[0] for shape, p in zip(shapes, network.layout.parameters, strict=True) if p.kind == "weight"]
    activations = int(rows) * members * sum(units)
    needed = (COPIES * weights + activations) * np.dtype(dtype).itemsize
    if needed > SMALL and needed > (there := memory_there()):
        several = f" in each of {members:,} members" if members > 1 else ""
        raise TooLargeError(
            where, f"a network and batches that fit in {_size(there)} of memory",
            f"{int(network.inputs):,} columns and layers of {_some(units)} units{several}, {weights:,} parameters in "
            f"all, and batches of {int(rows):,} rows, which take {_size(needed)} or more", _MEND,
        )  # fmt: skip


@contextmanager
def told(where: str) -> Iterator[None]:
    """What does not fit told as of `where`; also memory that looked as if it were there, and is refused."""
    try:
        yield
    except TooLargeError as error:
        raise TooLargeError(where, *error.args[1:]) from error
    except MemoryError as error:
        raise TooLargeError(where, "what fits in memory", str(error) or "more than there is", _MEND) from error


def _some(units: list[int]) -> str:
    said = [f"{one:,}" for one in units]
    return " and ".join(said if len(said) < 6 else [*said[:4], f"{len(said) - 4} more"])


def _size(count: int) -> str:
    return f"{count / 2**30:,.1f} GiB"
