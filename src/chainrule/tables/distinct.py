"""How many different values a column has, in bounded memory: those whose hashes are least are kept, in any order."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
_WHOLE = re.compile("[+-]?[0-9]{16,20}")

#: Different values that are counted exactly.
KEPT = 1 << 14


class Distinct:
    """Different values by their hashes; of more than `KEPT`, those with the least, each counted from its first row on.

    Which are kept depends on the values alone, so that parts of a table give the same as the whole, in any order.
    """

    def __init__(self) -> None:
        self.hashes: Hashes = np.empty(0, np.uint64)
        self.counts = np.empty(0, np.int64)
        self._below: np.uint64 | None = None

    def add(self, hashes: Hashes, counts: NDArray[np.int64] | None = None) -> None:
        """Values with how often each stands there, once where that is None."""
        if self._below is not None:
            kept = hashes < self._below
            hashes, counts = hashes[kept], None if counts is None else counts[kept]
        counts = np.ones(len(hashes), np.int64) if counts is None else counts
        found, place = np.unique(np.concatenate([self.hashes, hashes]), return_inverse=True)
        total = np.bincount(place, np.concatenate([self.counts, counts]), len(found)).astype(np.int64)
        if len(found) > KEPT:
            self._below = found[KEPT]
        self.hashes, self.counts = found[:KEPT], total[:KEPT]

    def join(self, other: Distinct) -> None:
        """All values that another was given."""
        if other._below is not None and (self._below is None or other._below < self._below):
            self._below = other._below
            kept = self.hashes < self._below
            self.hashes, self.counts = self.hashes[kept], self.counts[kept]
        self.add(other.hashes, other.counts)

    @property
    def exact(self) -> bool:
        return self._below is None

    @property
    def count(self) -> int:
        """How many different values there are; of very many, an estimate within a percent."""
        return len(self.hashes) if self._below is None else round(KEPT / (float(self._below) / 2.0**64))

    @property
    def repeated(self) -> bool:
        """Whether some value stands in more rows than one."""
        return bool((self.counts > 1).any())


def of_numbers(values: NDArray[Any]) -> Hashes:
    """Hashes of numbers: of equal ones the same, whether they are float64 or exact integers."""
    if values.dtype.kind in "iu":
        real = values.astype(np.float64)
        exact = (values <= 1 << 53) & (values >= -(1 << 53) if values.dtype.kind == "i" else True)
        bits = np.where(exact, (real + 0.0).view(np.uint64), values.astype(np.uint64))
    else:
        bits = (values.astype(np.float64) + 0.0).view(np.uint64)  # -0.0 as 0.0
    bits = bits + np.uint64(0x9E3779B97F4A7C15)  # SplitMix64, after Steele, Lea and Flood
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(bits ^ (bits >> np.uint64(31)))


def of_vectors(values: NDArray[np.float64]) -> Hashes:
    """Hashes of rows of numbers; whatever is missing in them is the same."""
    hashes = of_numbers(np.where(np.isnan(values), np.nan, values))
    odd = of_numbers(np.arange(values.shape[1])) | np.uint64(1)
    return np.asarray(of_numbers((hashes * odd).sum(axis=1, dtype=np.uint64)))


def of_written(values: NDArray[np.float64], text: Callable[[int], str]) -> Hashes:
    """Hashes of numbers that were read from texts: of whole ones that float64 rounds, those of the exact integers."""
    hashes = of_numbers(values)
    for place in np.flatnonzero(np.abs(values) >= 2.0**53).tolist():
        written = text(place).strip()
        number = int(written) if _WHOLE.fullmatch(written) else 1 << 64
        if -(1 << 63) <= number < 1 << 64:
            exact = np.array([number], np.int64 if number < 1 << 63 else np.uint64)
            hashes[place] = of_numbers(exact)[0]
    return hashes


def of_texts(texts: Sequence[str]) -> Hashes:
    """Hashes of texts."""
    digests = b"".join(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest() for text in texts)
    return np.frombuffer(digests, "<u8").astype(np.uint64)
