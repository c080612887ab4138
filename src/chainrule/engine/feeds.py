"""Feeds: where a plan's x comes from, batch by batch: rows of a table, or whole sequences kept packed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from chainrule.engine.fill import fill
from chainrule.engine.plan import Binds, Extent, R
from chainrule.engine.program import Space
from chainrule.engine.ragged import packing
from chainrule.errors import InputError

Array = NDArray[Any]
#: The order in which items are taken, some of them or all; None takes all as they stand.
Order = NDArray[np.intp] | None


class Feed(Protocol):
    """Items, rows of a table or sequences, that go into a plan's x by batches.

    What `batches` and `chunks` yield is known to the feed alone: it says which run of a plan such a batch takes, fills
    the run's arrays with it, and finds it in an array that has an entry per item or per step.
    """

    def __len__(self) -> int: ...

    def batches(self, size: int, order: Order = None) -> Iterator[Any]:
        """Batches of this many items, a smaller one last."""

    def chunks(self, rows: int, order: Order = None) -> Iterator[Any]:
        """Batches of at most this many rows, but never less than an item."""

    def capacity(self, size: int, order: Order = None) -> Extent:
        """What a plan must hold for any batch of this many items."""

    def chunk_capacity(self, rows: int) -> Extent:
        """What a plan must hold for any chunk of this many rows."""

    def extent(self, order: Order = None) -> Extent:
        """What there is in all."""

    def run(self, plan: Binds[R], chosen: Any) -> R:
        """The plan bound to this batch's size."""

    def fill(self, arrays: dict[str, Array], chosen: Any) -> None:
        """Put a batch into x, and where its sequences begin into boundaries."""

    def places(self, chosen: Any, space: Space) -> Any:
        """A slice or indices of a batch in an array with an entry per item ("sequences") or per step ("rows")."""


class Table:
    """Rows of a dense array or of a CSR matrix, (rows, features)."""

    def __init__(self, X: Any) -> None:
        self.X = check_sparse("X", X)

    def __len__(self) -> int:
        return int(self.X.shape[0])

    def batches(self, size: int, order: Order = None) -> Iterator[Any]:
        count = len(self) if order is None else len(order)
        for start in range(0, count, size):
            part = slice(start, min(start + size, count))
            yield part if order is None else order[part]

    chunks = batches

    def capacity(self, size: int, order: Order = None) -> Extent:
        return {"rows": size}

    def chunk_capacity(self, rows: int) -> Extent:
        return {"rows": rows}

    def extent(self, order: Order = None) -> Extent:
        return {"rows": len(self) if order is None else len(order)}

    def run(self, plan: Binds[R], chosen: Any) -> R:
        return plan.run(chosen.stop - chosen.start if isinstance(chosen, slice) else len(chosen))

    def fill(self, arrays: dict[str, Array], chosen: Any) -> None:
        bring(arrays, self.X, chosen)

    def places(self, chosen: Any, space: Space) -> Any:
        return chosen


def bring(arrays: dict[str, Array], X: Any, chosen: Any) -> None:
    """Fill x with chosen rows, or with what terms do not stand for, and those."""
    if "places" in arrays:
        X[chosen].locate(arrays["places"], arrays["shares"], arrays["x"])
    else:
        fill(arrays["x"], X, chosen)


class Cut(NamedTuple):
    """Some whole sequences: which they are, which rows theirs are, and where each begins among those."""

    sequences: Any
    rows: Any
    boundaries: NDArray[np.int64]


class Packed:
    """Sequences of different lengths, their steps one after the other: padding costs no memory.

    Parameters
    ----------
    steps : array of shape (sum of lengths, features)
    boundaries : sequence s is steps[boundaries[s] : boundaries[s + 1]]
    padded : whether they stood in an array whose lengths were told

    Examples
    --------
    >>> from chainrule import pack
    >>> packed = pack([[[1.0], [2.0]], [[3.0]]])
    >>> len(packed), packed.lengths, packed.steps.ravel()
    (2, array([2, 1]), array([1., 2., 3.]))
    """

    def __init__(self, steps: Array, boundaries: NDArray[np.int64], padded: bool = False) -> None:
        self.steps = steps
        self.boundaries = boundaries
        self.padded = padded

    def __len__(self) -> int:
        return len(self.boundaries) - 1

    @property
    def shape(self) -> tuple[int, int]:
        """Sequences, features."""
        return len(self), self.steps.shape[1]

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.steps.dtype

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        return np.diff(self.boundaries)

    def __getitem__(self, chosen: Any) -> list[Array]:
        """The chosen sequences as a list of arrays."""
        return [self.steps[self.boundaries[s] : self.boundaries[s + 1]] for s in np.arange(len(self))[chosen]]

    def batches(self, size: int, order: Order = None) -> Iterator[Cut]:
        count = len(self) if order is None else len(order)
        starts = range(0, count, size)
        return self._cuts([*starts, count], order)

    def chunks(self, rows: int, order: Order = None) -> Iterator[Cut]:
        offsets = self._offsets(order)
        ends = [0]
        while ends[-1] < len(offsets) - 1:
            most = int(np.searchsorted(offsets, offsets[ends[-1]] + rows, "right")) - 1
            ends.append(max(most, ends[-1] + 1))
        return self._cuts(ends, order)

    def capacity(self, size: int, order: Order = None) -> Extent:
        lengths = self.lengths if order is None else self.lengths[order]
        longest = np.partition(lengths, -size)[-size:] if size < len(lengths) else lengths
        return {"rows": int(longest.sum()), "sequences": size}

    def chunk_capacity(self, rows: int) -> Extent:
        return {"rows": max(rows, int(self.lengths.max())), "sequences": rows}

    def extent(self, order: Order = None) -> Extent:
        offsets = self._offsets(order)
        return {"rows": int(offsets[-1]), "sequences": len(offsets) - 1}

    def run(self, plan: Binds[R], chosen: Cut) -> R:
        return plan.run(int(chosen.boundaries[-1] - chosen.boundaries[0]), len(chosen.boundaries) - 1)

    def fill(self, arrays: dict[str, Array], chosen: Cut) -> None:
        fill(arrays["x"], self.steps, chosen.rows)
        if "boundaries" in arrays:
            np.subtract(chosen.boundaries, chosen.boundaries[0], out=arrays["boundaries"])

    def places(self, chosen: Cut, space: Space) -> Any:
        return chosen.rows if space == "rows" else chosen.sequences

    def _offsets(self, order: Order) -> NDArray[np.int64]:
        """Where each sequence would begin if they stood in this order."""
        if order is None:
            return self.boundaries
        return np.concatenate([[0], np.cumsum(self.lengths[order])]).astype(np.int64)

    def _cuts(self, ends: list[int], order: Order) -> Iterator[Cut]:
        offsets = self._offsets(order)
        if order is not None:  # the steps of all sequences, in this order: once for all batches
            steps = np.arange(offsets[-1]) + np.repeat(self.boundaries[order] - offsets[:-1], self.lengths[order])
        for start, stop in zip(ends[:-1], ends[1:], strict=True):
            part, rows = slice(start, stop), slice(int(offsets[start]), int(offsets[stop]))
            boundaries = offsets[start : stop + 1]
            yield Cut(part, rows, boundaries) if order is None else Cut(order[part], steps[rows], boundaries)


def is_sparse(values: Any) -> bool:
    """Whether this is one of SciPy's sparse matrices or arrays; who has one has loaded SciPy's module for them."""
    asks = getattr(sys.modules.get("scipy.sparse"), "issparse", None)  # None, too, while another thread loads it
    return asks is not None and bool(asks(values))


def check_sparse(where: str, X: Any) -> Any:
    """X again, unless it is sparse and its indices point outside of it: SciPy follows them unseen.

    Raises
    ------
    InputError
    """
    if hasattr(X, "check_format"):
        try:
            X.check_format(full_check=True)
        except ValueError as error:
            mend = "Make it anew: scipy.sparse.csr_array of a dense array, or of (data, (rows, columns))."
            raise InputError(where, "a sparse matrix whose indices lie in it", str(error), mend) from error
    return X


def check_real(where: str, X: Any) -> Any:
    """X again, dense or sparse, unless it is complex: its imaginary part would be dropped.

    Raises
    ------
    InputError
    """
    if X.dtype.kind == "c":
        raise InputError(where, "real numbers", "complex ones", "Complex data not supported: give their parts.")
    return X


def feed(X: Any) -> Feed:
    """X as a feed: a table unless it is packed."""
    return X if isinstance(X, Packed) else Table(X)


def pack(
    X: Any, lengths: ArrayLike | None = None, dtype: DTypeLike | None = None, where: str = "sequences(X)"
) -> Packed:
    """Sequences as they are given, packed.

    Parameters
    ----------
    X : array of shape (batch, time, features) with `lengths`, the numbers of steps that are real; or a list of
        arrays of shape (time, features)
    lengths : (batch,) whole numbers; without them every step of the array counts
    dtype : of the steps; None keeps that of X

    Raises
    ------
    InputError
        Where a sequence has no steps, a length lies beyond the time axis, or the numbers of features differ.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import pack
    >>> padded = np.zeros((2, 5, 3))
    >>> pack(padded, lengths=[5, 2]).steps.shape
    (7, 3)
    """
    if lengths is not None and not _is_array(X):
        raise InputError("lengths", "None beside a list, or what is packed", "some", "A list knows its lengths.")
    if isinstance(X, Packed):
        return X if dtype is None else Packed(X.steps.astype(dtype, copy=False), X.boundaries, X.padded)
    if _is_array(X):
        if X.ndim != 3 or 0 in X.shape:
            raise InputError(where, "shape (batch, time, features), not empty, or a list of arrays", X.shape, _MEND)
        packed = packing(check_real(where, X).shape, lengths)
        return Packed(np.ascontiguousarray(packed.pack(X), dtype), packed.boundaries, lengths is not None)
    try:
        steps = [np.asarray(check_real(where, np.asarray(one)), dtype) for one in X]
    except InputError:
        raise
    except (TypeError, ValueError) as error:
        raise InputError(where, "sequences of numbers", type(X).__name__, str(error)) from error
    width = steps[0].shape[-1] if steps and steps[0].ndim == 2 else None
    for place, one in enumerate(steps):
        if one.ndim != 2 or one.shape[1] != width or not one.size:
            raise InputError(
                where, "arrays of shape (time, features), of at least one step and as many features each",
                f"shape {one.shape} at place {place}", _MEND,
            )  # fmt: skip
    if not steps:
        raise InputError(where, "at least one sequence", "an empty list", _MEND)
    return Packed(
        np.ascontiguousarray(np.concatenate(steps)), np.concatenate([[0], np.cumsum([len(s) for s in steps])])
    )


def check_lengths(where: str, X: Any) -> Any:
    """X again, unless it is an array: without lengths, its padding would count unseen.

    Raises
    ------
    InputError
    """
    if _is_array(X):
        raise InputError(
            where, "the lengths of its sequences, too, as in fit", f"an array of shape {X.shape} alone",
            "Its padding would count: give the lengths beside it, or chainrule.pack(X, lengths) in its place.",
        )  # fmt: skip
    return X


def _is_array(X: Any) -> bool:
    """Whether sequences stand in one array, perhaps padded."""
    return isinstance(X, np.ndarray) and X.dtype != object


_MEND = "A sequence is an array (time, features); leave empty ones out."
