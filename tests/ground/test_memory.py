"""The memory that is free: by the machine, by limits of the process, by those of its container."""

import subprocess
import sys

import pytest

from chainrule import memory

resource = pytest.importorskip("resource")


@pytest.mark.parametrize("most", [1 << 31, 1 << 33], ids=["both", "the one in force"])
def test_a_limit_of_the_process_counts(most):
    """The soft limit is in force; the hard one says how far it may be raised."""
    code = (
        "import resource; from chainrule.memory import memory_free, memory_there;"
        f"before = memory_free(); resource.setrlimit(resource.RLIMIT_DATA, (1 << 31, {most}));"
        "print(before, memory_free(), memory_there())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    before, *after = map(int, done.stdout.split())
    assert before > 0 and max(after) <= 1 << 31


def test_what_the_system_keeps_in_caches_can_be_had(monkeypatch, tmp_path):
    (tmp_path / "meminfo").write_text("MemTotal: 900 kB\nMemFree: 100 kB\nMemAvailable: 700 kB\n")
    texts = memory._texts
    monkeypatch.setattr(
        memory, "_texts", lambda place: texts(tmp_path / "meminfo" if place.name == "meminfo" else place)
    )
    monkeypatch.setattr(memory, "_of_process", lambda: iter(()))
    assert memory.memory_there() == 700 * 1024


@pytest.mark.parametrize(("most", "now", "left"), [("1000", "400", [600]), ("max", "400", []), ("1000", None, [])])
def test_a_limit_of_the_container_counts(tmp_path, most, now, left):
    (tmp_path / "memory.max").write_text(most + "\n")
    if now is not None:
        (tmp_path / "memory.current").write_text(now + "\n")
    assert list(memory._of_container(tmp_path)) == left


def test_memory_there_is_no_less_than_what_is_free_and_heeds_limits(tmp_path, monkeypatch):
    assert memory.memory_there() > 0
    monkeypatch.setattr(memory, "_of_process", lambda: iter([1 << 20]))
    assert memory.memory_there() == 1 << 20
    monkeypatch.setattr(memory, "CGROUP", tmp_path)
    for most, there in (("max", 1 << 20), ("1000", 1000)):
        (tmp_path / "memory.max").write_text(most + "\n")
        assert memory.memory_there() == there
