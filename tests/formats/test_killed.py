"""A process that is killed while it writes leaves the old file, no file or the new file: never a part of one."""

import random
import subprocess
import sys
import time

import numpy as np
import pytest

from chainrule.formats import model_file

CODE = """
import itertools, sys
import numpy as np
from safetensors.numpy import save
from chainrule.formats import model_file
from chainrule.formats.document import Document
print("ready", flush=True)
for n in itertools.count(int(sys.argv[1])):
    model_file.write("m", Document({"n": n}, {"a": np.full(300_000, float(n))}), overwrite=True)
    print("written", flush=True)
"""


@pytest.mark.parametrize("times", [10, pytest.param(100, marks=pytest.mark.slow)])
def test_a_killed_process_never_leaves_a_broken_file(times, tmp_path):
    """In every second turn it is killed behind its first file, of which it tells: however slow it is, there is one."""
    chance, place, last = random.Random(times), tmp_path / "m", 0
    for turn in range(times):
        command, lines = [sys.executable, "-c", CODE, str(last)], 1 + turn % 2
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=tmp_path) as process:
            assert all(process.stdout.readline() for _ in range(lines))
            time.sleep(chance.uniform(0, 0.06))
            process.kill()
        assert lines == 1 or place.exists()
        if place.exists():
            document = model_file.read(place)
            np.testing.assert_array_equal(document.arrays["a"], float(document.model["n"]))
            assert document.model["n"] >= last
            last = document.model["n"]
            if chance.random() < 0.3:
                place.unlink()
