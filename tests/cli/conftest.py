"""Commands as processes: in an empty folder, without a terminal, with NumPy's kernels, which need no compiler."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import chainrule
from chainrule.cli.main import run

SOURCE = str(Path(chainrule.__file__).parent.parent)
#: `python -m chainrule` is what the installed `chainrule` runs.
COMMAND = [sys.executable, "-m", "chainrule"]


def environment(**more):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CHAINRULE", "PYTHONWARNINGS"))}
    return {**kept, "PYTHONPATH": SOURCE, "PYTHONIOENCODING": "utf-8", "CHAINRULE_KERNELS": "numpy", **more}


def hears():
    """A shell's background jobs inherit a deaf ear for SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@dataclass(frozen=True)
class Ended:
    """A process that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


class Shell:
    """Runs commands in a folder."""

    command = COMMAND
    environment = staticmethod(environment)
    long = 300  #: seconds to wait for what has to come; only a failure takes them

    def __init__(self, folder):
        self.folder = folder

    def __call__(self, *arguments, **environment_):
        done = subprocess.run(
            [*COMMAND, *map(str, arguments)],
            cwd=self.folder, env=environment(**environment_), stdin=subprocess.DEVNULL, capture_output=True,
            timeout=self.long, encoding="utf-8",
        )  # fmt: skip
        return Ended(done.returncode, done.stdout, done.stderr)

    def begin(self, *arguments, **environment_):
        return subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            cwd=self.folder, env=environment(**environment_), stdin=subprocess.DEVNULL, encoding="utf-8",
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=hears if os.name != "nt" else None,
        )  # fmt: skip

    def write(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")

    def names(self):
        return sorted(path.name for path in self.folder.iterdir())


def rows(count, seed=0):
    """size and color decide kind, all but surely; price is a number; some sizes are missing."""
    generator = np.random.default_rng(seed)
    size, color = generator.normal(size=count), generator.choice(["red", "blue", "dark, green"], count)
    kind = np.where(size + (color == "red") + generator.normal(scale=0.3, size=count) > 0, "big", "small")
    price = 10 + 3 * size + 2 * (color == "blue")
    shown = ["" if k % 17 == 3 else f"{v:.3f}" for k, v in enumerate(size)]
    return list(zip(shown, color, kind, price, strict=True))


def csv_text(found):
    lines = [f'{size},"{color}",{kind},{price:.3f}' for size, color, kind, price in found]
    return "\n".join(["size,color,kind,price", *lines, ""])


@pytest.fixture
def shell(tmp_path):
    """An empty folder."""
    return Shell(tmp_path)


@pytest.fixture
def inside(shell, monkeypatch, capsys, numpy_kernels):
    """The same in this process, which has all modules loaded: for cases of what is shown as a process elsewhere."""

    def command(*arguments, folder=shell.folder):
        monkeypatch.chdir(folder)
        return Ended(run([str(one) for one in arguments]), *capsys.readouterr())

    return command


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """A folder with train.csv, test.csv, a model of classes and one of numbers; only to be read."""
    shell = Shell(tmp_path_factory.mktemp("models"))
    shell.write("train.csv", csv_text(rows(300)))
    shell.write("test.csv", csv_text(rows(100, seed=1)))
    short = ("--preset", "fast", "--max-iter", 15, "--hidden-layer-sizes", "16", "--quiet")
    for target, name in (("kind", "kind.model"), ("price", "price.model")):
        done = shell("train", "train.csv", "--target", target, "-o", name, *short)
        assert (done.code, done.out, done.err) == (0, "", "")
    return shell
