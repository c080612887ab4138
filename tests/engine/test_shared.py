"""One predictor, one function and one BLAS for many threads; and what is left of all that in a child of a fork."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier

import numpy as np
import pytest

from chainrule import Dense, Network
from chainrule.engine import threads
from chainrule.engine.parameters import Members
from chainrule.engine.predictor import Predictor, lent
from chainrule.network import losses

NETWORK, LOSS = Network([Dense(64, "tanh"), Dense(64, "tanh"), Dense(2)], inputs=20), losses.get("squared_error")
X = np.random.default_rng(0).normal(size=(32, 20)).astype(np.float32)


@pytest.fixture(params=[1, 3], ids=["one network", "members"])
def predictor(request, shaken):
    each = [shaken(NETWORK, seed, np.float32) for seed in range(request.param)]
    return Predictor(NETWORK, each[0] if request.param == 1 else Members.of(each), LOSS)


def test_threads_share_one_function(predictor, kernels):
    predict = predictor.bound(1)
    rows = [X[k : k + 1] for k in range(len(X))]
    expected = [predict(row) for row in rows]
    together = Barrier(4)

    def ask(_):
        together.wait()
        return all(np.array_equal(predict(row), y) for _ in range(30) for row, y in zip(rows, expected, strict=True))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(ask, range(4)))


def test_what_is_lent_is_lent_to_one_call_and_given_back_whatever_happens():
    """A call from inside a call stands for one of another thread at that time."""
    made = []

    def bind():
        x = np.zeros(1)

        def forward():
            if x[0] > 1:
                assert predict([x[0] - 1])[0] == 2 * (x[0] - 1)

        made.append(x)
        return x, forward, lambda: 2 * x

    predict = lent(bind)
    assert predict([4])[0] == 8
    assert len(made) == 4
    with pytest.raises(ValueError, match="could not broadcast"):
        predict([1, 2, 3])
    assert predict([4])[0] == 8
    assert len(made) == 4


# The BLAS -------------------------------------------------------------------------------------------------


@pytest.fixture
def setting():
    """The threads of the first BLAS, two before and behind."""
    (first, *_) = threads._libraries()
    before = threads._counts()
    threads._set([2] * len(before))
    yield lambda: first.get_num_threads()
    assert threads._counts() == [2] * len(before)
    threads._set(before)


def test_of_blocks_at_once_the_least_holds_in_whatever_order_they_end(setting):
    first, second, third = (ExitStack() for _ in range(3))
    for block, count, holds in ((first, 2, 2), (second, 1, 1), (third, 2, 1)):
        block.enter_context(threads.limited(count))
        assert setting() == holds
        assert threads.resolve(None) == min(2, threads.available())
    for block, holds in ((first, 1), (second, 2), (third, 2)):
        block.close()
        assert setting() == holds


@pytest.mark.parametrize("where", ["_counts", "_set"])
def test_a_block_that_fails_or_is_interrupted_gives_the_setting_back(where, setting, monkeypatch):
    for error in (ValueError, KeyboardInterrupt):
        with pytest.raises(error), threads.limited(1):
            raise error
        assert setting() == 2
    whole, calls = getattr(threads, where), []

    def once(*args):
        calls.append(args)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return whole(*args)

    monkeypatch.setattr(threads, where, once)
    with pytest.raises(KeyboardInterrupt), threads.limited(1):
        pass
    assert not threads._limits.inside
    assert setting() == 2


def test_blocks_of_many_threads(setting):
    def often(count):
        for _ in range(50):
            with threads.limited(count):
                assert setting() <= count

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(often, [1, 2, 1, 2]))


# Forks ----------------------------------------------------------------------------------------------------

FORKS = pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without forks")

#: In front of each script: an alarm, for the child too, so that what hangs is killed.
FRONT = """
import os, signal, sys, threading, time, warnings
signal.alarm(120)
warnings.simplefilter("ignore")
import numpy as np
from chainrule import MLPRegressor
from chainrule.engine import threads
threads.PER_THREAD = 1  # so that small networks take two threads
X = np.random.default_rng(0).normal(size=(200, 20))
Y = X[:, :2]

def model(**parameters):
    settings = {"hidden_layer_sizes": (64, 64), "max_iter": 3, "random_state": 0, "n_threads": 2}
    return MLPRegressor(**settings | parameters)

def in_child(work):
    sys.stdout.flush()
    child = os.fork()
    if not child:
        signal.alarm(120)
        try:
            work()
        except BaseException as error:
            print("child:", repr(error), flush=True)
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
"""

SCRIPTS = {
    "behind a fit": """
first = model().fit(X, Y)
expected, again = first.predict(X), first.parameters_.vector.copy()
def work():
    assert np.array_equal(first.predict(X), expected)
    assert np.array_equal(model().fit(X, Y).parameters_.vector, again)
    assert (X @ X.T).shape == (200, 200)
assert in_child(work) == 0
""",
    "by a callback": """
codes, plain = [], model().fit(X, Y).parameters_.vector
made = model(callbacks=[lambda record: codes.append(in_child(lambda: model().fit(X, Y)))]).fit(X, Y)
assert codes == [0, 0, 0], codes
assert np.array_equal(made.parameters_.vector, plain)
""",
    "by a callback, and the child goes on with the fit": """
plain, mine = model().fit(X, Y).parameters_.vector, os.getpid()
child = []
def fork(record):
    if record.epoch == 1:
        child.append(os.fork())
made = model(callbacks=[fork]).fit(X, Y)
assert np.array_equal(made.parameters_.vector, plain)
if os.getpid() == mine:
    assert os.waitstatus_to_exitcode(os.waitpid(child[0], 0)[1]) == 0
""",
    "inside a team": """
from chainrule.errors import PlanError
mine, child = os.getpid(), []
def fork(record):
    if record.epoch == 1:
        child.append(os.fork())
try:
    model(solver="lbfgs", callbacks=[fork], max_iter=9).fit(X, Y)
except PlanError as error:  # with the Numba kernels, whose threads are the parent's
    assert os.getpid() != mine and "team of 2" in str(error)
    assert model().fit(X, Y).n_iter_ == 3
if os.getpid() == mine:
    assert os.waitstatus_to_exitcode(os.waitpid(child[0], 0)[1]) == 0
""",
    "while another thread fits": """
before = threads._counts()
stop = threading.Event()
def fits():
    while not stop.is_set():
        model(hidden_layer_sizes=(256, 256), callbacks=[lambda record: stop.is_set()], max_iter=50).fit(X, Y)
other = threading.Thread(target=fits)
other.start()
def work():
    assert threads._counts() == before, (threads._counts(), before)
    assert model().fit(X, Y).predict(X).shape == (200, 2)
codes = [in_child(work) for _ in range(3)]
stop.set()
other.join()
assert codes == [0] * 3, codes
assert threads._counts() == before
""",
    "while another thread holds it off": """
from chainrule.engine import forks
order, inside = [], threading.Event()
def hold():
    with forks.held_off(), forks.held_off():
        inside.set()
        time.sleep(0.3)
        order.append("held")
other = threading.Thread(target=hold)
other.start()
inside.wait()
child = os.fork()
if not child:
    model().fit(X, Y)
    os._exit(0)
order.append("forked")
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
other.join()
assert order == ["held", "forked"], order
""",
    "inside a block, and the child leaves it": """
from chainrule.engine import forks
with forks.held_off(), forks.held_off():
    child = os.fork()
model().fit(X, Y)
if not child:
    assert in_child(lambda: model().fit(X, Y)) == 0
else:
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
""",
    "and the child begins a thread": """
def work():
    found = []
    other = threading.Thread(target=lambda: found.append(model().fit(X, Y)), daemon=True)
    other.start()
    other.join(60)
    assert found
assert in_child(work) == 0
""",
    "two threads at once, in blocks": """
from chainrule.engine import forks
forks.PATIENCE = 1.0
ready, codes = threading.Barrier(2), []
def both():
    with forks.held_off():
        ready.wait()
        codes.append(in_child(lambda: model().fit(X, Y)))
two = [threading.Thread(target=both) for _ in range(2)]
for one in two:
    one.start()
for one in two:
    one.join()
assert codes == [0, 0], codes
model().fit(X, Y)
""",
    "and Ctrl-C while it waits": """
from chainrule.engine import forks
inside, done = threading.Event(), threading.Event()
def hold():
    with forks.held_off():
        inside.set()
        done.wait()
other = threading.Thread(target=hold)
other.start()
inside.wait()
def interrupt():
    time.sleep(0.3)
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.3)
    done.set()
soon = threading.Thread(target=interrupt)
soon.start()
child = None
try:
    child = os.fork()
    if not child:
        os._exit(0)
    time.sleep(5)
except KeyboardInterrupt:
    pass
else:
    raise AssertionError("Ctrl-C was lost")
assert child and done.is_set()
for one in (other, soon):
    one.join()
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
model().fit(X, Y)
assert in_child(lambda: model().fit(X, Y)) == 0
""",
    "after many interrupted blocks": """
from chainrule.engine import forks
stop, armed = threading.Event(), threading.Event()
def interrupts():
    while not stop.is_set():
        time.sleep(5e-4)
        if armed.is_set():  # one for each time: what catches the last is not hit by the next
            armed.clear()
            os.kill(os.getpid(), signal.SIGINT)
other = threading.Thread(target=interrupts)
other.start()
count, end = 0, time.monotonic() + 2
while True:
    try:
        armed.set()
        while time.monotonic() < end:
            with forks.held_off():
                sum(range(100))
        stop.set()
        other.join()
        time.sleep(0.05)  # the last may still be on its way
        break
    except KeyboardInterrupt:
        count += 1
assert count > 10, count
codes = []
forking = threading.Thread(target=lambda: codes.append(in_child(lambda: None)))
started = time.monotonic()
forking.start()
forking.join()
assert codes == [0] and time.monotonic() - started < forks.PATIENCE / 2
""",
    "while another thread imports": """
import importlib, logging
from chainrule.engine import kernels
kernels._lacking.cache_clear()
inside = threading.Event()
class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == "scipy.linalg.cython_blas":
            inside.set()
            time.sleep(0.3)
            logging.getLogger("chainrule.slow")
sys.meta_path.insert(0, Slow())
for name in [name for name in sys.modules if name == "scipy.linalg.cython_blas"]:
    del sys.modules[name]
other = threading.Thread(target=kernels._lacking)
other.start()
inside.wait(60)
codes = [in_child(lambda: model().fit(X, Y))]
other.join()
assert inside.is_set() and codes == [0]
""",
    "while another thread holds every lock": """
from functools import cached_property
from chainrule.engine.kernels import chosen_set
from chainrule.engine.plans import Runs
model(n_members=2).fit(X, Y)
held, done = threading.Event(), threading.Event()
def hold():
    lock = vars(vars(Runs)["whole"]).get("lock", threading.RLock())  # of Python 3.11
    with lock:
        held.set()
        done.wait()
other = threading.Thread(target=hold)
other.start()
held.wait()
def compiles():
    from numba.core.compiler_lock import global_compiler_lock
    with global_compiler_lock, threads._limits.lock:
        time.sleep(0.2)
soon = [threading.Thread(target=compiles) for _ in range(3 * (chosen_set() == "numba"))]
for one in soon:
    one.start()
code = in_child(lambda: model(n_members=2, activation="gelu").fit(X, Y))
done.set()
assert code == 0
""",
    "by multiprocessing": """
import multiprocessing
from functools import partial
context = multiprocessing.get_context("fork")
made = model().fit(X, Y)
with context.Pool(2) as pool:
    found = pool.map(made.predict, [X] * 4)
assert all(np.array_equal(one, made.predict(X)) for one in found)
""",
}


#: Tried in every run, the others in the slow tests: with NumPy's kernels, where it matters that the BLAS has threads,
#: and with Numba's.
WITH_NUMPY = {"behind a fit", "while another thread fits"}
WITH_NUMBA = {*WITH_NUMPY, "by a callback", "two threads at once, in blocks", "while another thread holds every lock"}


@FORKS
@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=[pytest.mark.slow] * (case not in WITH_NUMBA)) for case in SCRIPTS]
)
@pytest.mark.one_in(3)
def test_a_fork_works_or_says_why_not(case, numba_kernels):
    _check_fork(case)


@FORKS
@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=[pytest.mark.slow] * (case not in WITH_NUMPY)) for case in SCRIPTS]
)
@pytest.mark.one_in(3)
def test_a_fork_with_numpy_kernels(case, numpy_kernels):
    _check_fork(case)


def _check_fork(case):
    command = [sys.executable, "-c", FRONT + SCRIPTS[case]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
