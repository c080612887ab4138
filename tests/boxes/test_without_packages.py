"""Networks where packages are missing or broken: NumPy alone trains them, and one line says what they lack."""

import json
import os
import subprocess
import sys

import pytest

from chainrule.engine import threads
from chainrule.engine.kernels import chosen_set

BLOCKED = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names}:
            raise {error}
sys.meta_path.insert(0, Blocked())
"""
FIT = """
import json
import numpy as np
from chainrule import BatchNorm, Dense, Dropout, Network, Predictor, Rows, Trainer
from chainrule.network.activations import ACTIVATIONS
from chainrule.training.optimisers import AdamW
X = np.random.default_rng(0).normal(size=(64, 4)).astype(np.float32)
y = (X[:, 0] > 0).astype(np.int64)
hidden = [Dense(8, name) for name in ACTIVATIONS]
network = Network([*hidden[:6], BatchNorm(), *hidden[6:], Dropout(0.1), Dense(2)], inputs=4)
trainer = Trainer(network, "cross_entropy", AdamW(0.02), seed=0, n_threads=2)
losses = [trainer.epoch(Rows(X, y), 16).loss for _ in range(30)]
predicted = Predictor(network, trainer.model, trainer.loss)(X)
labels = (X[:, :1] > 0).astype(np.float32)
label = Trainer(Network([Dense(1)], 4), "binary_cross_entropy", seed=0).epoch(Rows(X, labels), 16).loss
print(json.dumps([losses, float(np.abs(predicted.sum(axis=1) - 1).max()), label]))
"""
ALL = {"scipy", "numba", "llvmlite", "sklearn", "threadpoolctl", "safetensors", "narwhals"}


def fit(names=(), error="ModuleNotFoundError(f'No module named {name!r}', name=name)", code=FIT, **variables):
    """A process without these packages, or with broken ones, that has run this code."""
    environment = {k: v for k, v in os.environ.items() if k != "CHAINRULE_KERNELS"}
    environment |= {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **variables}
    blocked = BLOCKED.format(names=set(names) or "()", error=error)
    words = [sys.executable, "-c", blocked + code]
    return subprocess.run(words, env=environment, capture_output=True, text=True, timeout=300)


def test_numpy_alone():
    ended = fit(ALL)
    losses, off, label = json.loads(ended.stdout)
    assert losses[-1] < 0.9 * losses[0] and off < 1e-5 and 0 < label < 2
    assert ended.stderr == (
        "chainrule runs on NumPy's kernels, which take up to ten times as long as Numba's: ModuleNotFoundError: "
        "No module named 'numba'. Mend that (pip install numba scipy), or set CHAINRULE_KERNELS=numpy to read this no "
        "more.\n"
    )
    expected = json.loads(fit(CHAINRULE_KERNELS="numpy").stdout)
    assert losses[:3] == pytest.approx(expected[0][:3], rel=1e-3)  # later on, roundings tell


@pytest.mark.parametrize(
    ("names", "error", "said"),
    [
        ({"numba"}, "ImportError('Numba needs NumPy 2.3 or less')", "ImportError: Numba needs NumPy 2.3 or less"),
        ({"llvmlite"}, "OSError('cannot open shared object file')", "OSError: cannot open shared object file"),
        ({"scipy"}, "ValueError('numpy.dtype size changed')", "ValueError: numpy.dtype size changed"),
    ],
    ids=["numba", "llvmlite", "scipy"],
)
def test_a_package_that_is_broken(names, error, said):
    ended = fit(names, error, "from chainrule.engine.kernels import chosen_set; print(chosen_set(), chosen_set())")
    assert ended.stdout == "numpy numpy\n"
    (line,) = ended.stderr.splitlines()
    assert said in line


def test_numba_that_does_not_compile():
    ended = fit(code="from chainrule.engine.kernels import chosen_set; print(chosen_set())", NUMBA_DISABLE_JIT="1")
    assert ended.stdout == "numpy\n" and "NUMBA_DISABLE_JIT is set. Mend that, or" in ended.stderr


def test_a_variable_that_is_set_to_nothing_is_unset(monkeypatch):
    monkeypatch.setenv("CHAINRULE_KERNELS", "")
    assert chosen_set() in ("numba", "numpy")


def test_numba_that_was_asked_for():
    ended = fit({"numba"}, CHAINRULE_KERNELS="numba")
    assert ended.returncode == 1 and ended.stderr.endswith(
        "chainrule.errors.MissingExtraError: CHAINRULE_KERNELS=numba: expected Numba and SciPy; received "
        "ModuleNotFoundError: No module named 'numba'. Mend that (pip install numba scipy), or leave CHAINRULE_KERNELS "
        "unset for NumPy's kernels.\n"
    )


def test_a_blas_that_nobody_knows_is_left_to_itself(monkeypatch):
    monkeypatch.setattr(threads, "_libraries", list)
    with threads.limited(1):
        assert threads.resolve(None) == threads.available()
