"""How many threads a network runs on, and what the BLAS may use for as long as it runs.

The compiled kernels cut a network's work into parts for threads of their own (`team.Team`), each of which multiplies
its part by products of our own or with a BLAS on one thread; with the NumPy kernels the BLAS takes the threads.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from threading import RLock, get_ident
from typing import Any

from chainrule.checks import at_least
from chainrule.engine import forks
from chainrule.engine.processors import available

#: Multiplications of a network's largest product that are worth a thread.
PER_THREAD = 1_000_000

#: Multiplications up to which OpenBLAS takes one thread by itself.
TINY_PRODUCT = 65_536 * 4

_AT_LEAST_1 = at_least(1, "None uses every processor this process may use.")


def resolve(n_threads: int | None) -> int:
    """The number of threads asked for, or all that are available and that the caller's BLAS setting allows."""
    if n_threads is None:
        return max(1, min([available(), *_limits.callers()]))
    _AT_LEAST_1("n_threads", n_threads)
    return int(n_threads)


def suitable(n_threads: int | None, multiplications: int) -> int:
    """The number of threads for a network whose largest product has this many multiplications, n_threads at most."""
    useful = max(1, multiplications // PER_THREAD)
    if n_threads is None and useful == 1:
        return 1  # without asking what is available, which takes longer than to predict a row
    return min(useful, resolve(n_threads))


#: A block of `limited`: the thread that is in it, and a mark that no other block has.
Block = tuple[int, object]


class _Limits:
    """The BLAS setting is the process's: the first to come keeps the caller's, and the last to go puts it back.

    Of all blocks that threads are in, the least holds: a product on too few threads is slower, and one on too many
    beside a team far slower.
    """

    def __init__(self) -> None:
        self.lock = RLock()
        self.inside: dict[Block, int] = {}
        self.kept: list[int] = []
        self.forking = 0

    def enter(self, block: Block, threads: int) -> None:
        with self.lock:
            if not self.inside:
                self.kept = _counts()
            self.inside[block] = threads
            self._set()

    def leave(self, block: Block) -> None:
        with self.lock:
            if self.inside.pop(block, None) is not None:
                self._set()

    def callers(self) -> list[int]:
        """Threads of each BLAS as the caller set them, whoever is inside."""
        with self.lock:
            return self.kept if self.inside else _counts()

    def _set(self) -> None:
        least = min(self.inside.values(), default=None)
        _set(self.kept if least is None else [least] * len(self.kept))

    # A child of a fork has one thread, the one that forked; what the others were in, none will ever leave.

    def before_fork(self) -> None:
        self.lock.acquire()
        self.forking = get_ident()

    def in_parent(self) -> None:
        self.lock.release()

    def in_child(self) -> None:
        self.lock = RLock()
        left = {block: threads for block, threads in self.inside.items() if block[0] == self.forking}
        if left != self.inside:
            self.inside = left
            self._set()


_limits = _Limits()
forks.around(_limits.before_fork, _limits.in_parent, _limits.in_child)


@contextmanager
def limited(threads: int) -> Iterator[None]:
    """The BLAS on this many threads at most, inside the block.

    Blocks that run at once in several threads share the one setting, the least that they ask for; after the last the
    caller's is back.
    """
    block = get_ident(), object()
    try:
        _limits.enter(block, threads)
        yield
    finally:
        _limits.leave(block)


def _counts() -> list[int]:
    return [library.get_num_threads() for library in _libraries()]


def _set(counts: list[int]) -> None:
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
    """Each BLAS that can be told its threads. One that is not known, such as Accelerate, is left to itself."""
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return []
    with suppress(Exception):  # without SciPy, or with one that is broken, there is NumPy's BLAS alone
        import scipy.linalg.cython_blas  # noqa: F401  (its BLAS must be loaded to be found)
    known = ThreadpoolController().select(user_api="blas").lib_controllers
    return [library for library in known if library.get_num_threads() is not None]


@cache
def blas_processors() -> frozenset[str]:
    """The processors whose kernels the BLAS libraries run, in OpenBLAS's words; "" for one that is no OpenBLAS."""
    return frozenset(getattr(library, "architecture", "") for library in _libraries())
