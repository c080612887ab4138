"""How many processors a process may use: those of the machine, of its own mask, and what its container is given."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")


def available() -> int:
    """Processors, at least 1. Of a container's share (cgroup, version 2) whole ones count: threads of a team spin."""
    return max(1, min((os.cpu_count() or 1, *_of_process(), *_of_container(CGROUP))))


def _of_process() -> Iterator[int]:
    try:
        yield len(os.sched_getaffinity(0))
    except (AttributeError, OSError):  # a system without masks, or that does not tell
        return


def _of_container(place: Path) -> Iterator[int]:
    """Microseconds of every period; "max" is no limit."""
    try:
        most, period = (place / "cpu.max").read_text().split()
        yield int(most) // int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return
