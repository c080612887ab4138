"""Threads that fit, predict, save, load and diagnose the same estimators: no error, and no value of half a model."""

import math
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Event

import numpy as np
import pytest
from sklearn.base import clone

import chainrule
from chainrule import (
    MLPClassifier,
    MLPRegressor,
    SequenceRegressor,
    TableClassifier,
    TableRegressor,
    diagnose,
)
from chainrule.estimators.onnx import to_onnx
from chainrule.plots.report import report

pytestmark = pytest.mark.filterwarnings("ignore")

X = np.random.default_rng(0).normal(size=(40, 4)).astype(np.float32)
CLASSES = (np.array(["a", "b"]), np.array(["c", "d", "e"]))
QUICK = {"hidden_layer_sizes": (8,), "max_iter": 2, "random_state": 0, "n_threads": 1}
BY_FILE = {"preset": "fast", **QUICK}


def numbers(n):
    return X[:, 0] + n


def classes(n):
    """Now two classes, now three, by other names."""
    known = CLASSES[n % 2]
    return known[(np.argsort(X[:, n % 4]) + n) % len(known)]


def again(model, n):
    model.fit(X, numbers(n))


def several(model, n):
    model.fit(X[:, None, :], numbers(n))


def in_classes(model, n):
    model.fit(X, classes(n))


def in_steps(model, n):
    """One step further, and now and then anew."""
    if n % 5:
        model.partial_fit(X, numbers(n))
    else:
        model.fit(X, numbers(n))


def calibrated(model, n):
    model.fit(X, classes(n)) if n % 3 else model.calibrate(X, classes(n - 1))


#: An unfitted estimator, its n-th training, and rows to predict.
SHARED = {
    "MLPRegressor": (MLPRegressor(**QUICK), again, X),
    "by steps": (MLPRegressor(**QUICK), in_steps, X),
    "warm start": (MLPRegressor(**QUICK, warm_start=True, n_members=2), again, X),
    "MLPClassifier": (MLPClassifier(**QUICK, early_stopping=True, validation_fraction=0.3), in_classes, X),
    "calibration": (MLPClassifier(**QUICK), calibrated, X),
    "SequenceRegressor": (SequenceRegressor(**QUICK), several, X[:, None, :]),
    "TableClassifier": (TableClassifier(**BY_FILE), in_classes, X),
    "TableRegressor": (TableRegressor(**BY_FILE), again, X),
}  # fmt: skip


def answer(model, rows):
    """What a model predicts, to the bit."""
    return (model.predict_proba(rows) if hasattr(model, "classes_") else model.predict(rows)).tobytes()


class Bench:
    """An estimator that one thread trains and all others use."""

    def __init__(self, name, folder):
        model, self.train, self.rows = SHARED[name]
        self.model = clone(model)
        self.place, self.page = folder / f"{name}.model", folder / f"{name}.html"
        self.seen, self.finished, self.done = set(), set(), Event()

    def trains(self, times):
        try:
            for n in range(1, times + 1):
                self.train(self.model, n)
                self.finished.add(answer(self.model, self.rows))
        finally:
            self.done.set()

    def sees(self, model):
        self.seen.add(answer(model, self.rows))

    def predicts(self):
        self.sees(self.model)
        if hasattr(self.model, "classes_"):
            labels = set(self.model.predict(self.rows).tolist())
            assert any(labels <= set(known.tolist()) for known in CLASSES)

    def saves(self):
        self.model.save(self.place, overwrite=True)

    def loads(self):
        self.sees(chainrule.load(self.place))

    def diagnoses(self):
        diagnose(self.model)
        assert math.isfinite(self.model.history_[-1].loss)

    def exports(self):
        report(self.model, self.page, overwrite=True)
        assert self.page.read_text().endswith("</html>\n")
        to_onnx(self.model)


USES = (Bench.predicts, Bench.predicts, Bench.saves, Bench.loads, Bench.diagnoses, Bench.exports)


def use(benches, first, least):
    """One use after another, of one estimator after another, until all trainings have ended."""
    count = first
    while count < first + least or not all(bench.done.is_set() for bench in benches):
        for bench in benches:
            USES[count % len(USES)](bench)
            count += 1


@pytest.mark.parametrize("times", [12, pytest.param(150, marks=pytest.mark.slow)])
@pytest.mark.one_in(3)
def test_threads_on_shared_estimators(times, tmp_path):
    benches = [Bench(name, tmp_path) for name in SHARED]
    for bench in benches:  # a first model, and its file, for those who come early
        bench.train(bench.model, 1)
        bench.finished.add(answer(bench.model, bench.rows))
        bench.saves()
    with ThreadPoolExecutor(len(benches) + 3) as pool:
        work = [pool.submit(bench.trains, times) for bench in benches]
        work += [pool.submit(use, benches, first, 2 * times) for first in range(3)]
        wait(work)
    for one in work:
        one.result()
    for bench in benches:
        assert bench.seen <= bench.finished
        assert len(bench.finished) > min(times, 12) // 2  # some come back to targets of before
    assert {one.suffix for one in tmp_path.iterdir()} == {".model", ".html"}
