"""Twins of `numba_set.gathering`, which says what each does."""

from __future__ import annotations

from typing import Any

KERNELS = ("gather", "take_row", "next_row", "draw_anew")


def gather(out: Any, order: Any, source: Any) -> None:
    source.take(order, axis=0, out=out, mode="clip")


def take_row(out: Any, table: Any, place: Any) -> None:
    out[...] = table[place[0]]


def next_row(place: Any) -> None:
    place += 1


def draw_anew(noise: Any) -> None:
    noise[:, 1] += 1
