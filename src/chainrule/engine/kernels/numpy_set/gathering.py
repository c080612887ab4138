"""Twins of `numba_set.gathering`, which says what each does."""

from __future__ import annotations

from typing import Any

KERNELS = ("gather", "take_row", "count_step")


def gather(out: Any, order: Any, source: Any) -> None:
    source.take(order, axis=0, out=out, mode="clip")


def take_row(out: Any, table: Any, place: Any) -> None:
    out[...] = table[place[0]]


def count_step(place: Any, noise: Any) -> None:
    place += 1
    noise[:, 1] += 1
