"""What happens when the process forks: a child has the forking thread only, and the locks as all threads held them.

Whatever another thread was in the middle of, nobody in the child will ever end. A lock is therefore taken before the
fork and let go after it, on both sides, or is made anew in the child; and what must not be cut off holds a fork off.
"""

from __future__ import annotations

import _thread
import concurrent.futures.thread  # noqa: F401
import functools
import logging  # noqa: F401  (their locks are taken after ours before a fork, as they were there first)
import os
import sys
import time
from collections.abc import Callable
from threading import RLock, Timer, local
from typing import Any, ParamSpec, TypeVar
from weakref import WeakSet

Hook = Callable[[], object]
Given = ParamSpec("Given")
Result = TypeVar("Result")

#: Seconds that a fork waits for blocks that hold it off; a deadlock among them ends then.
PATIENCE = 20.0

_hooks: list[tuple[Hook, Hook, Hook]] = []
_fork = local()  # done: hooks that this thread's fork has called before it


def around(before: Hook, in_parent: Hook, in_child: Hook) -> None:
    """Call these before each fork and after it.

    The last to be named is taken first, after the blocks: a module names its lock when it is imported, and whoever
    holds a lock while taking another's has imported that other's module.
    """
    _hooks.append((before, in_parent, in_child))


def in_child(call: Hook) -> None:
    """Call this in every child."""
    around(lambda: None, lambda: None, call)


def _before() -> None:
    _fork.done = []
    for hook in (_blocks.hooks, *reversed(_hooks)):
        hook[0]()
        _fork.done.append(hook)


def _in_parent() -> None:
    for _, undo, _ in reversed(_fork.done):
        undo()


def _in_child() -> None:
    for _, _, undo in reversed(_fork.done):
        undo()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)


class _Blocks:
    """The blocks that hold a fork off: a lock for each thread, which a fork takes, and a door before them.

    A lock of the interpreter's own is taken and let go in one step each, so that a Ctrl-C leaves none behind.
    """

    def __init__(self) -> None:
        self._door = RLock()
        self._locks: WeakSet[Any] = WeakSet()
        self._mine = local()  # lock; taken and interrupted: of the fork that is under way
        self.hooks: tuple[Hook, Hook, Hook] = (self._before, self._in_parent, self._in_child)

    def lock(self) -> Any:
        """This thread's; whoever is not in a block yet lets a fork go first that waits."""
        mine: Any = getattr(self._mine, "lock", None)
        if mine is None:
            with self._door:
                mine = self._mine.lock = RLock()
                self._locks.add(mine)
        elif not mine._is_owned():
            with self._door:
                pass
        return mine

    def _before(self) -> None:
        end, fork = time.monotonic() + PATIENCE, self._mine
        fork.interrupted = False
        while True:
            try:
                fork.taken = [self._door] * self._take(self._door, end)
                fork.taken += [lock for lock in list(self._locks) if self._take(lock, end)]
                return
            except KeyboardInterrupt:  # the fork cannot be called off: it is interrupted after it
                fork.interrupted = True

    def _take(self, lock: Any, end: float) -> bool:
        """Whether this lock, no own one, can be had until then; an interrupted attempt may have taken it."""
        if lock is getattr(self._mine, "lock", None):
            return False
        return bool(lock._is_owned() or lock.acquire(timeout=max(0.0, end - time.monotonic())))

    def _in_parent(self) -> None:
        for lock in reversed(self._mine.taken):
            lock.release()
        if self._mine.interrupted:
            Timer(0.01, _thread.interrupt_main).start()  # here it would be lost

    def _in_child(self) -> None:
        mine = getattr(self._mine, "lock", None)
        self._door = RLock()
        self._locks = WeakSet() if mine is None else WeakSet([mine])


_blocks = _Blocks()


def held_off() -> Any:
    """`with held_off():` a block during which no other thread forks: a fork waits for its end, and it for a fork's.

    OpenBLAS ends its threads before a fork. If a product is under way on them then, the fork may never return, and in
    the child the next product may wait for ever for a lock that the parent's thread had. So may the import of a module
    that another thread was importing. A block should be short: a fork that waits for one keeps others from beginning.
    """
    return _blocks.lock()


def holding_off(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """A function that is such a block."""

    @functools.wraps(function)
    def held(*args: Given.args, **named: Given.kwargs) -> Result:
        with held_off():
            return function(*args, **named)

    return held


def _renew() -> None:
    """Locks of cached properties, one for all instances, in which a thread may have been binding or compiling."""
    for name, module in list(sys.modules.items()):
        kinds = vars(module).values() if name.startswith("chainrule.") else ()
        for kind in [one for one in kinds if isinstance(one, type)]:
            for value in vars(kind).values():
                if isinstance(value, functools.cached_property):
                    vars(value)["lock"] = RLock()


if sys.version_info < (3, 12):  # from which on they have none
    in_child(_renew)
