"""How many threads the BLAS of NumPy and of SciPy take, as far as threadpoolctl is there and knows them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from typing import Any


def counts() -> list[int]:
    """Threads of each BLAS; none of a BLAS that is not known, such as Accelerate, which is left to itself."""
    return [library.get_num_threads() for library in _libraries()]


def set_counts(counts: Sequence[int]) -> None:
    """Give each BLAS so many threads, in the order of `counts()`."""
    if not _libraries():
        return
    from threadpoolctl import OpenBLASController

    # From 3.8 on, threadpoolctl lets nobody set OpenBLAS but the thread that did so first, until it is forgotten.
    forget = getattr(OpenBLASController, "clear_controlling_thread", lambda force: None)
    forget(force=True)
    for library, count in zip(_libraries(), counts, strict=True):
        library.set_num_threads(count)
    forget(force=True)


@cache
def _libraries() -> list[Any]:
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return []
    with suppress(Exception):  # without SciPy, or with one that is broken, there is NumPy's BLAS alone
        import scipy.linalg.cython_blas  # noqa: F401  (its BLAS must be loaded to be found)
    found: list[Any] = ThreadpoolController().select(user_api="blas").lib_controllers
    return found
