"""Boxes: processes in a mount namespace of their own, where disks are full or read-only and users have no home."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import chainrule

#: Trains and predicts; the user that is to run it is given as an argument, 0 as the one that started it.
FIT = """
import json, os, sys
uid = int(sys.argv[1])
if uid:
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
import numpy as np
from chainrule import Dense, Network, Predictor, Rows, Trainer
from chainrule.training.optimisers import AdamW
X = np.random.default_rng(0).normal(size=(64, 4)).astype(np.float32)
y = (X[:, :1] > 0).astype(np.float32)
trainer = Trainer(Network([Dense(1)], inputs=4), "squared_error", AdamW(0.1), seed=0)
losses = [trainer.epoch(Rows(X, y), 32).loss for _ in range(5)]
predicted = Predictor(trainer.network, trainer.model, trainer.loss)(X)
print(json.dumps([losses, predicted.shape]))
"""
#: The one kernel that is not kept in the package, so that every box has something to compile, and not too much.
MISSING = "tasks.separable_loss.*.kernel"


class Ended(NamedTuple):
    """What a process said: on its standard output as JSON, and the lines of its log."""

    found: Any
    lines: list[str]


Run = Callable[..., Ended]


@pytest.fixture(scope="module")
def room() -> Iterator[Path]:
    """A folder that every user can read, with what a box needs: `package`, `site` and `python` to be mounted, `tmp`."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        place = Path(name)
        place.chmod(0o755)
        for folder in ("site", "python", "small", "tmp"):
            (place / folder).mkdir()
        (place / "tmp").chmod(0o1777)
        source = Path(chainrule.__file__).parent
        shutil.copytree(source, place / "package/chainrule", ignore=shutil.ignore_patterns("__pycache__"))
        (place / "fit.py").write_text(FIT)
        yield place


@pytest.fixture(scope="module")
def box(room: Path) -> Callable[..., Ended]:
    """A function that runs FIT where a shell script has changed the mounts; its package is warm, but for one kernel."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("namespaces and other users are for root on Linux")
    if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode:
        pytest.skip("unshare is not permitted here")

    def run(script: str = "", uid: int = 0, home: bool = True, **variables: str) -> Ended:
        python = f"{room}/python/bin/{Path(sys.executable).resolve().name}"
        lines = [
            "set -e",
            "mount --make-rprivate /",
            f"mount --bind {sys.base_prefix} {room}/python",
            f"mount --bind {sysconfig.get_path('purelib')} {room}/site",
            script.format(room=room),
            f"cd {room}",
            f"exec {python} fit.py {uid}",
        ]
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{room}/package:{room}/site", **variables}
        if home:
            environment["HOME"] = f"{room}/home"
        ended = subprocess.run(
            ["unshare", "-m", "sh", "-c", "\n".join(lines)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert ended.returncode == 0, ended.stderr
        losses, shape = json.loads(ended.stdout)
        assert losses[-1] < losses[0] and shape == [64, 1]
        return Ended([losses, shape], ended.stderr.splitlines())

    run()
    for kernel in (room / "package").rglob(MISSING):
        kernel.unlink()
    return run
