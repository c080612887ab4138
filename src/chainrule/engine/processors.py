"""How many processors this process may use: by its affinity, and by the quota of its container."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path("/")


def available() -> int:
    """Processors that this process may run on, at least 1; no more than it has time for."""
    try:
        count = len(os.sched_getaffinity(0))
    except (AttributeError, OSError):  # a system without masks, or that does not tell
        count = os.cpu_count() or 1
    return max(1, int(min(count, quota())))


@cache
def quota(root: Path = ROOT) -> float:
    """Processors' worth of time that Linux control groups leave this process, or infinity; told once per process.

    Version 2 keeps "quota period" in cpu.max, version 1 each in a file of its own; a quota of a group above counts,
    too. A container sees its own group as the root.
    """
    shares = [_ratio(*files) for folder in _groups(root) for files in _files(folder)]
    return min((share for share in shares if share is not None), default=float("inf"))


def _groups(root: Path) -> Iterator[Path]:
    """Folders of the groups that this process is in, and of those above them."""
    base = root / "sys/fs/cgroup"
    try:
        lines = (root / "proc/self/cgroup").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "" or "cpu" in controllers.split(","):
            mounts = [base] if controllers == "" else [base / controllers, base / "cpu", base / "cpu,cpuacct"]
            inner = Path(path.lstrip("/"))
            for mount in mounts:
                yield from (mount / one for one in (inner, *inner.parents))


def _files(folder: Path) -> list[list[Path]]:
    return [[folder / "cpu.max"], [folder / "cpu.cfs_quota_us", folder / "cpu.cfs_period_us"]]


def _ratio(*files: Path) -> float | None:
    """Quota over period, where there is one."""
    try:
        quota, period = " ".join(file.read_text(encoding="utf-8") for file in files).split()
        share = float(quota) / float(period)
    except (OSError, ValueError, ZeroDivisionError):  # "max", or no such file
        return None
    return share if share > 0 else None
