"""How a kernel goes about its arguments: what it writes, and how it is cut where several threads share it.

Said beside each kernel, so that a plan can tell from it where threads must wait for each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: Parts that work may be cut into.
MOST_PARTS = 256


@dataclass(frozen=True)
class Access:
    """What a kernel does with its arguments, by the names that they have in its signature.

    Attributes
    ----------
    cut : each part takes some "rows" of every array that has them, or some "columns" of what is written; or the first
        part does it "alone", if whoever binds it does not say which "segments" are whose
    writes : arguments that it writes; all others it only reads
    first : of those that it writes, the ones that are not cut and that the first part alone writes
    segments : vectors of which it touches the entries from `starts` to `stops` only
    """

    cut: Literal["rows", "columns", "segments", "alone"]
    writes: tuple[str, ...]
    first: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()


def by_rows(*writes: str, first: tuple[str, ...] = ()) -> Access:
    """A kernel whose rows know nothing of each other, but for sums that each part takes of its own."""
    return Access("rows", (*writes, *first), first)


def by_columns(*writes: str) -> Access:
    """A kernel whose columns know nothing of each other."""
    return Access("columns", writes)


def alone(*writes: str) -> Access:
    """A kernel that mixes rows, or is too short to be cut."""
    return Access("alone", writes)


def by_segments(*writes: str, segments: tuple[str, ...]) -> Access:
    """A kernel over parts of flat vectors; whoever binds it says which segments are whose."""
    return Access("segments", writes, segments=segments)
