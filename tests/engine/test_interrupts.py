"""Ctrl-C where it must wait: while kernels are compiled and packages imported."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from chainrule.engine.interrupts import held_back

pytestmark = pytest.mark.skipif(os.name == "nt", reason="a process cannot send itself SIGINT alone")


@pytest.fixture(autouse=True)
def python_hears_it():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_it_takes_effect_behind_the_end():
    reached = []

    @held_back
    def inner():
        signal.raise_signal(signal.SIGINT)
        reached.append("inner")

    @held_back
    def outer():
        inner()
        reached.append("outer")

    with pytest.raises(KeyboardInterrupt):
        outer()
    assert reached == ["inner", "outer"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_what_else_listens_hears_it_once():
    heard = []
    listener = lambda number, frame: heard.append(number)  # noqa: E731
    signal.signal(signal.SIGINT, listener)
    assert held_back(lambda: signal.raise_signal(signal.SIGINT) or 7)() == 7
    assert heard == [signal.SIGINT]
    assert signal.getsignal(signal.SIGINT) is listener


def test_another_thread_and_a_deaf_process_are_let_be():
    found = []
    one = threading.Thread(target=lambda: found.append(held_back(lambda: 3)()))
    one.start()
    one.join()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    assert held_back(lambda: signal.raise_signal(signal.SIGINT) or 4)() == 4
    assert found == [3]
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_an_error_gets_through():
    with pytest.raises(ZeroDivisionError):
        held_back(lambda: 1 / 0)()


#: Interrupts itself at the n-th event of a kind, in the process's first fit; the next fit runs on Numba's kernels.
SCRIPT = """
import os, signal, sys, warnings
signal.signal(signal.SIGINT, signal.default_int_handler)
kind, name, left = sys.argv[1], sys.argv[2], int(sys.argv[3])
def hook(event, given):
    global left
    if event == kind and given and name in str(given[0]):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGINT)
import numpy as np
sys.addaudithook(hook)
X = np.random.default_rng(0).normal(size=(400, 20))
warnings.simplefilter("ignore")
def fit():
    from chainrule import MLPRegressor
    return MLPRegressor(hidden_layer_sizes=(8,), max_iter=2, random_state=0).fit(X, X[:, 0])
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    try:
        fit()
        heard = any("interrupted by user" in str(one.message) for one in caught)
    except KeyboardInterrupt:
        heard = True
assert left <= 0, "no such event"
assert heard
fit()
from chainrule.engine.kernels import chosen_set
print(chosen_set())
"""


@pytest.mark.parametrize(
    ("kind", "name", "count"),
    [
        ("import", "chainrule.estimators.base", 1),
        ("import", "scipy.sparse", 2),
        ("import", "llvmlite.binding", 1),
        ("import", "scipy.linalg.cython_blas", 1),
        ("open", ".kernel", 1),
        ("open", ".kernel", 8),
    ],
)
@pytest.mark.one_in(4)
def test_in_a_first_fit_it_is_heard_and_spoils_nothing(kind, name, count, numba_kernels):
    command = [sys.executable, "-c", SCRIPT, kind, name, str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == "numba\n", done.stdout + done.stderr
    assert "Exception ignored" not in done.stderr
