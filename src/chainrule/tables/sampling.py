"""A few rows of a table of any size, drawn in one pass."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from chainrule.tables.table import Table, stack


def sample(parts: Iterable[Table], size: int, seed: int) -> Table | None:
    """So many rows, each with the same chance, in their order; all where there are no more, None where there are none.

    No more than these and one part are held. Errors call the rows by the numbers that they have in the parts.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.tables.frames import table
    >>> from chainrule.tables.sampling import sample
    >>> found = sample([table({"a": list(range(50))}), table({"a": list(range(50, 99))})], 5, seed=0)
    >>> len(found), bool((np.diff(found["a"].values) > 0).all())
    (5, True)
    """
    generator = np.random.default_rng(seed)
    held: Table | None = None
    keys, numbers = np.empty(0), list[int]()
    for part in parts:
        key = generator.random(len(part))
        mine = least(key, size)
        first = next(iter(part.columns.values()))
        held = part.take(mine) if held is None else stack([held, part.take(mine)])
        keys, numbers = np.append(keys, key[mine]), [*numbers, *(first.row(place) for place in mine)]
        kept = least(keys, size)
        held, keys, numbers = held.take(kept).numbered(None), keys[kept], [numbers[place] for place in kept]
    return None if held is None else held.numbered(numbers.__getitem__)


def least(keys: np.typing.NDArray[np.float64], size: int) -> np.typing.NDArray[np.intp]:
    """Where the least of some keys are, rising."""
    return np.sort(np.argpartition(keys, size - 1)[:size]) if len(keys) > size else np.arange(len(keys))
