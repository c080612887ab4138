"""How a thread sleeps until it is woken: the system's own lock and condition, called from compiled code.

POSIX threads and Windows have the same four calls, so that compiled code need not know which it has: lock, unlock,
wait (which gives the lock back while it sleeps) and wake all.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import Any

import numpy as np

#: Words that a lock or a condition may take: 64 bytes, the largest of any system.
WORDS = 8

_POSIX = "pthread_mutex_lock", "pthread_mutex_unlock", "pthread_cond_wait", "pthread_cond_broadcast"
_WINDOWS = (
    "AcquireSRWLockExclusive", "ReleaseSRWLockExclusive", "SleepConditionVariableSRW", "WakeAllConditionVariable"
)  # fmt: skip


@cache
def addresses() -> tuple[int, int, int, int]:
    """Where this system has lock, unlock, wait and wake."""
    names, library = (_WINDOWS, _kernel32()) if sys.platform == "win32" else (_POSIX, ctypes.CDLL(None))
    lock, unlock, wait, wake = (ctypes.cast(getattr(library, name), ctypes.c_void_p).value or 0 for name in names)
    return lock, unlock, wait, wake


def prepare(lock: np.ndarray[Any, Any], condition: np.ndarray[Any, Any]) -> None:
    """Make a lock and a condition of zeros, where the system wants more than zeros."""
    if sys.platform != "win32":
        library = ctypes.CDLL(None)
        library.pthread_mutex_init(ctypes.c_void_p(lock.ctypes.data), None)
        library.pthread_cond_init(ctypes.c_void_p(condition.ctypes.data), None)


def _kernel32() -> Any:
    return ctypes.WinDLL("kernel32")  # type: ignore[attr-defined, unused-ignore]
