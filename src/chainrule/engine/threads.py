"""How many threads a network runs on, and what the BLAS may use for as long as it runs.

The compiled kernels share a network's work out among threads of their own (`work.Team`), each of which multiplies its
part with a BLAS on one thread; with the NumPy kernels the BLAS takes the threads. On two cores a second thread pays
from some two million multiplications in the largest product on. Where another process holds a core it costs a sixth,
since members that wait let others run; a thread of OpenBLAS in its place makes a small product take twenty times as
long.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from numbers import Integral
from threading import Lock

from threadpoolctl import OpenBLASController, ThreadpoolController

from chainrule.errors import InputError

#: Multiplications of a network's largest product that are worth a thread.
PER_THREAD = 1_000_000

#: Multiplications up to which OpenBLAS takes one thread by itself.
TINY_PRODUCT = 65_536 * 4


def available() -> int:
    """Processors that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def resolve(n_threads: int | None) -> int:
    """The number of threads asked for, or all that are available and that the caller's BLAS setting allows."""
    if n_threads is None:
        return max(1, min([available(), *_limits.callers()]))
    if not isinstance(n_threads, Integral) or isinstance(n_threads, bool) or n_threads < 1:
        raise InputError(
            "n_threads", "a whole number of at least 1, or None", repr(n_threads),
            "None uses every processor this process may use.",
        )  # fmt: skip
    return int(n_threads)


def suitable(n_threads: int | None, multiplications: int) -> int:
    """The number of threads for a network whose largest product has this many multiplications, n_threads at most."""
    useful = max(1, multiplications // PER_THREAD)
    if n_threads is None and useful == 1:
        return 1  # without asking what is available, which takes longer than to predict a row
    return min(useful, resolve(n_threads))


class _Limits:
    """The BLAS setting is the process's: the first to come keeps the caller's, and the last to go puts it back."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.inside = 0
        self.kept: list[int] = []

    def enter(self, threads: int) -> None:
        with self.lock:
            if not self.inside:
                self.kept = _counts()
            self.inside += 1
            _set([threads] * len(self.kept))

    def leave(self) -> None:
        with self.lock:
            self.inside -= 1
            if not self.inside:
                _set(self.kept)

    def callers(self) -> list[int]:
        """Threads of each BLAS as the caller set them, whoever is inside."""
        with self.lock:
            return self.kept if self.inside else _counts()


_limits = _Limits()


@contextmanager
def limited(threads: int) -> Iterator[None]:
    """The BLAS on this many threads, inside the block.

    Blocks that run at once in several threads share the one setting; behind the last the caller's is back.
    """
    _limits.enter(threads)
    try:
        yield
    finally:
        _limits.leave()


def _counts() -> list[int]:
    return [library.get_num_threads() for library in _controller().lib_controllers]


def _set(counts: list[int]) -> None:
    # From 3.8 on, threadpoolctl lets nobody set OpenBLAS but the thread that did so first, until it is forgotten.
    forget = getattr(OpenBLASController, "clear_controlling_thread", lambda force: None)
    forget(force=True)
    for library, count in zip(_controller().lib_controllers, counts, strict=True):
        library.set_num_threads(count)
    forget(force=True)


@cache
def blas_processors() -> frozenset[str]:
    """The processors whose kernels the BLAS libraries run, in OpenBLAS's words; "" for one that is no OpenBLAS."""
    return frozenset(getattr(library, "architecture", "") for library in _controller().lib_controllers)


@cache
def _controller() -> ThreadpoolController:
    import scipy.linalg.cython_blas  # noqa: F401  (its BLAS must be loaded to be found)

    return ThreadpoolController().select(user_api="blas")
