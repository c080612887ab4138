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
"""


@pytest.mark.parametrize("times", [10, pytest.param(100, marks=pytest.mark.slow)])
def test_a_killed_process_never_leaves_a_broken_file(times, tmp_path):
    chance, place, last, written = random.Random(times), tmp_path / "m", 0, set()
    for _ in range(times):
        command = [sys.executable, "-c", CODE, str(last)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=tmp_path) as process:
            assert process.stdout.readline() == b"ready\n"
            time.sleep(chance.uniform(0, 0.06))
            process.kill()
        if place.exists():
            document = model_file.read(place)
            np.testing.assert_array_equal(document.arrays["a"], float(document.model["n"]))
            assert document.model["n"] >= last
            last = document.model["n"]
            written.add(last)
            if chance.random() < 0.3:
                place.unlink()
    assert len(written) > times / 4
