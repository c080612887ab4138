"""What type checkers and editors see of the public face: planted mistakes are found, names are completed."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import chainrule
from chainrule import optimisers

SOURCE = Path(chainrule.__file__).parents[1]

#: A line for each mistake; the first two are right.
MISTAKES = """import chainrule
from chainrule import MLPClassifier, TableRegressor
from chainrule import nonexistent_name
from chainrule.optimisers import AdamW, Adan
from chainrule.losses import Huber
model = MLPClassifier(nonsense=3)
model.fti([[0.0]], [0])
AdamW(0.1, nope=2)
Huber(delta="wide")
chainrule.optimisers.Lyon(1e-4)
chainrule.Trainer().epok()
TableRegressor().fit([[0.0]], [0.0]).model_.predcit([[0.0]])
"""
WRONG = [3, 4, 6, 7, 8, 9, 10, 11, 12]


@pytest.fixture
def mistakes(tmp_path):
    (tmp_path / "mistakes.py").write_text(MISTAKES)
    return tmp_path


def lines(text, pattern):
    return sorted({int(line) for line in re.findall(pattern, text)})


@pytest.mark.slow
def test_mypy_finds_every_mistake(mistakes):
    command = [sys.executable, "-m", "mypy", "--cache-dir", str(mistakes), "--ignore-missing-imports", "mistakes.py"]
    place = os.environ | {"MYPYPATH": str(SOURCE)}
    done = subprocess.run(command, cwd=mistakes, env=place, capture_output=True, text=True, check=False)
    assert lines(done.stdout, r"mistakes\.py:(\d+): error") == WRONG, done.stdout


def test_pyright_finds_every_mistake(mistakes):
    """Comes with the tools of `make lint`."""
    pyright = Path(sys.executable).with_name("basedpyright")
    if not pyright.exists() and not shutil.which("basedpyright"):
        pytest.skip("basedpyright is not installed: `make lint` runs this")
    (mistakes / "pyrightconfig.json").write_text(f'{{"extraPaths": ["{SOURCE}"], "typeCheckingMode": "standard"}}')
    command = [str(pyright), "--pythonpath", sys.executable, "mistakes.py"]
    done = subprocess.run(command, cwd=mistakes, capture_output=True, text=True, check=False)
    assert lines(done.stdout, r"mistakes\.py:(\d+):\d+ - error") == WRONG, done.stdout


#: What is typed -> names that an editor has to offer.
TYPED = {
    "import chainrule\nchainrule.": {"MLPClassifier", "Trainer", "Model", "optimisers", "RMSNorm"},
    "import chainrule\nchainrule.optimisers.": {kind.__name__ for kind in optimisers.OPTIMISERS.values()},
    "from chainrule.schedules import ": {"Cosine", "OneCycle"},
    "from chainrule import MLPClassifier\nMLPClassifier().": {"fit", "predict_proba", "calibrate", "save", "history_"},
    "from chainrule import TableRegressor\nTableRegressor().fit([], []).": {"importances", "model_", "save"},
    "from chainrule import TableRegressor\nTableRegressor().": {"predict", "predict_interval", "partial_fit"},
    "from chainrule import Model\nModel.load('a').": {"predict", "predict_interval", "network", "to_onnx"},
}


@pytest.mark.parametrize("typed", TYPED)
def test_an_editor_completes(typed):
    jedi = pytest.importorskip("jedi")
    project = jedi.Project(SOURCE, added_sys_path=[str(SOURCE)])
    found = {one.name for one in jedi.Script(typed, project=project).complete()}
    assert TYPED[typed] <= found
