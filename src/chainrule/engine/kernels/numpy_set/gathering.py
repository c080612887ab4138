"""Twin of `numba_set.gathering`."""

from __future__ import annotations

from typing import Any

KERNELS = ("gather",)


def gather(out: Any, order: Any, source: Any) -> None:
    source.take(order, axis=0, out=out, mode="clip")
