"""How much memory a process may have: what is free, or a limit, whichever is least; and giving some back."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from pathlib import Path

#: What is taken for free on a system that does not tell.
UNTOLD = 1 << 33
CGROUP = Path("/sys/fs/cgroup")
#: What Linux is told of pages that are not needed for now: they are unchanged, and read again where they are.
_PAGEOUT = 21


def memory_free() -> int:
    """Bytes, by the machine, the limits of the process (ulimit) and those of its container (cgroup, version 2)."""
    return max(0, min((*_of_machine(), *_of_process(), *_of_container(CGROUP)), default=UNTOLD))


def memory_there() -> int:
    """The same, but counting what the system only keeps because nobody else wants it: no process can have more."""
    container = [int(text) for text in _texts(CGROUP / "memory.max") if text.strip().isdigit()]
    return max(0, min((*(_available() or _in_machine()), *_of_process(), *container), default=UNTOLD))


def _available() -> list[int]:
    """What Linux reckons that it can give."""
    lines = [line.split() for text in _texts(Path("/proc/meminfo")) for line in text.splitlines()]
    return [int(words[1]) * 1024 for words in lines if words[0] == "MemAvailable:"]


def _texts(place: Path) -> Iterator[str]:
    """What stands in a file, where it is there."""
    try:
        yield place.read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError):
        return


def _of_machine() -> Iterator[int]:
    """What is free; half of what there is where the system tells that alone, as macOS does."""
    if sys.platform == "win32":
        yield _of_windows().free
        return
    yield from _pages("SC_AVPHYS_PAGES") or (count // 2 for count in _pages("SC_PHYS_PAGES"))


def _in_machine() -> Iterator[int]:
    """What there is, in use or not."""
    if sys.platform == "win32":
        yield _of_windows().physical
        return
    yield from _pages("SC_PHYS_PAGES")


def _pages(name: str) -> list[int]:
    """Pages as bytes, by their name in POSIX; none on a system that does not tell."""
    try:
        return [os.sysconf(name) * os.sysconf("SC_PAGE_SIZE")]
    except (ValueError, OSError, AttributeError):
        return []


class _Status(ctypes.Structure):
    """What Windows tells of memory: MEMORYSTATUSEX of its API."""

    _fields_ = (
        ("length", ctypes.c_uint32), ("load", ctypes.c_uint32),
        ("physical", ctypes.c_uint64), ("free", ctypes.c_uint64), ("others", ctypes.c_uint64 * 5),
    )  # fmt: skip


def _of_windows() -> _Status:
    status = _Status(length=ctypes.sizeof(_Status), physical=UNTOLD, free=UNTOLD)  # which stays where it does not tell
    ctypes.WinDLL("kernel32").GlobalMemoryStatusEx(ctypes.byref(status))  # type: ignore[attr-defined, unused-ignore]
    return status


def _of_process() -> Iterator[int]:
    try:
        import resource

        for kind in (resource.RLIMIT_DATA, resource.RLIMIT_AS):
            limit = resource.getrlimit(kind)[0]
            if limit != resource.RLIM_INFINITY:
                yield limit
    except (ImportError, AttributeError):  # a system without such limits
        return


def _of_container(place: Path) -> Iterator[int]:
    try:
        yield int(next(_texts(place / "memory.max"), "")) - int(next(_texts(place / "memory.current"), ""))
    except ValueError:  # none, or "max"
        return


def give_back(library: str) -> None:
    """Give back the memory that the code of a loaded library takes; where it runs again, the system reads it again.

    Once kernels are loaded, the compiler behind them is idle code of some fifty megabytes. Only Linux can be told, and
    does nothing for pages that other processes have, too.

    Parameters
    ----------
    library : a part of its file's name
    """
    for text in _texts(Path("/proc/self/maps")):
        for line in text.splitlines():
            place, rights, *_, name = line.split(maxsplit=5)
            if rights == "r-xp" and library in Path(name).name:
                start, stop = (int(end, 16) for end in place.split("-"))
                ctypes.CDLL(None).madvise(ctypes.c_void_p(start), ctypes.c_size_t(stop - start), _PAGEOUT)
