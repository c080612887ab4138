"""What happens when the process forks: a child has the forking thread only, and the locks as all threads held them.

Whatever another thread was in the middle of, nobody in the child will ever end. A lock is therefore taken before the
fork and let go behind it, on both sides, or is made anew in the child.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import ContextDecorator
from functools import cached_property
from threading import Condition, RLock, get_ident

Hook = Callable[[], object]

_hooks: list[tuple[Hook, Hook, Hook]] = []


def around(before: Hook, in_parent: Hook, in_child: Hook) -> None:
    """Call these before each fork and after it. Of what two of them take, the first to be named is taken first."""
    _hooks.append((before, in_parent, in_child))


def _before() -> None:
    for before, _, _ in _hooks:
        before()


def _in_parent() -> None:
    for _, in_parent, _ in reversed(_hooks):
        in_parent()


def _in_child() -> None:
    for _, _, in_child in reversed(_hooks):
        in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)


def in_child(call: Hook) -> None:
    """Call this in every child."""
    around(lambda: None, lambda: None, call)


class _HeldOff(ContextDecorator):
    """A block, or a function, during which no other thread forks: a fork waits for its end, and it for a fork's.

    OpenBLAS ends its threads before a fork. If a product is under way on them then, the fork may never return, and in
    the child the next product may wait for ever for a lock that the parent's thread had. So may the import of a module
    that another thread was importing.
    """

    def __init__(self) -> None:
        self._begin()
        around(self._before, self._in_parent, self._begin)

    def __enter__(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._forks or get_ident() in self._inside)
            self._inside.append(get_ident())

    def __exit__(self, *error: object) -> None:
        with self._changed:
            self._inside.remove(get_ident())
            self._changed.notify_all()

    def _begin(self) -> None:
        self._changed = Condition()
        self._inside: list[int] = []  # the thread of each block
        self._forks = 0  # that are under way or wait

    def _before(self) -> None:
        self._changed.acquire()
        self._forks += 1
        self._changed.wait_for(lambda: all(thread == get_ident() for thread in self._inside))

    def _in_parent(self) -> None:
        self._forks -= 1
        self._changed.notify_all()
        self._changed.release()


held_off = _HeldOff()


def _renew() -> None:
    """Locks of cached properties, one for all instances, in which a thread may have been binding or compiling."""
    for name, module in list(sys.modules.items()):
        kinds = vars(module).values() if name.startswith("chainrule.") else ()
        for kind in [one for one in kinds if isinstance(one, type)]:
            for value in vars(kind).values():
                if isinstance(value, cached_property):
                    vars(value)["lock"] = RLock()


if sys.version_info < (3, 12):  # from which on they have none
    in_child(_renew)
