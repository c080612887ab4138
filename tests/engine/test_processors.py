"""Processors that this process may use, in containers of both kinds."""

import os

import pytest

from chainrule.engine import processors

FILES = {
    "none": ({}, float("inf")),
    "no limit": ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n"}, float("inf")),
    "half a core": ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "50000 100000\n"}, 0.5),
    "above": (
        {
            "proc/self/cgroup": "0::/pod/one\n",
            "sys/fs/cgroup/pod/cpu.max": "300000 100000\n",
            "sys/fs/cgroup/pod/one/cpu.max": "max 100000\n",
        },
        3.0,
    ),
    "own root": ({"proc/self/cgroup": "0::/pod/one\n", "sys/fs/cgroup/cpu.max": "150000 100000\n"}, 1.5),
    "version 1": (
        {
            "proc/self/cgroup": "5:memory:/a\n4:cpu,cpuacct:/box\n",
            "sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_quota_us": "200000\n",
            "sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_period_us": "100000\n",
        },
        2.0,
    ),
    "version 1, no limit": (
        {
            "proc/self/cgroup": "4:cpu:/\n",
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
        },
        float("inf"),
    ),
    "nonsense": ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "what\n"}, float("inf")),
}


@pytest.mark.parametrize("name", FILES)
def test_quotas(name, tmp_path, monkeypatch):
    files, expected = FILES[name]
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    assert processors.quota(tmp_path) == expected
    monkeypatch.setattr(processors, "quota", lambda: expected)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)), raising=False)
    assert processors.available() == max(1, int(min(8, expected)))


def test_a_system_that_does_not_tell(monkeypatch):
    def refuse(process):
        raise OSError("Function not implemented")

    monkeypatch.setattr(processors, "quota", lambda: float("inf"))
    monkeypatch.setattr(os, "sched_getaffinity", refuse, raising=False)
    for told, expected in ((5, 5), (None, 1)):
        monkeypatch.setattr(os, "cpu_count", lambda told=told: told)
        assert processors.available() == expected
