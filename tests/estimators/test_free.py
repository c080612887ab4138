"""The memory that is free: by the machine, by limits of the process, by those of its container."""

import subprocess
import sys

import pytest

from chainrule import memory as free

resource = pytest.importorskip("resource")


def test_a_limit_of_the_process_counts():
    code = (
        "import resource; from chainrule.memory import memory_free;"
        "before = memory_free(); limit = 1 << 31; resource.setrlimit(resource.RLIMIT_DATA, (limit, limit));"
        "print(before, memory_free())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    before, after = map(int, done.stdout.split())
    assert before > 0 and after <= 1 << 31


@pytest.mark.parametrize(("most", "now", "left"), [("1000", "400", [600]), ("max", "400", []), ("1000", None, [])])
def test_a_limit_of_the_container_counts(tmp_path, most, now, left):
    (tmp_path / "memory.max").write_text(most + "\n")
    if now is not None:
        (tmp_path / "memory.current").write_text(now + "\n")
    assert list(free._of_container(tmp_path)) == left
