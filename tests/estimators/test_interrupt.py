"""Ctrl-C, as a person meets it: a script in a process of its own, and a signal while it fits."""

import os
import subprocess
import sys

import numpy as np
import pytest

from chainrule import MLPRegressor

SCRIPT = """
import os, signal, sys, threading, time, warnings
import numpy as np
from chainrule import MLPClassifier
from chainrule.errors import InputError

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs inherit a deaf ear
solver, early_stopping, epochs = sys.argv[1], sys.argv[2] == "True", int(sys.argv[3])
generator = np.random.default_rng(0)
X = generator.normal(size=(4000, 20))
y = (X[:, 0] * X[:, 1] > 0) ^ (generator.uniform(size=4000) < 0.1)
reached, sent = threading.Event(), []

def interrupt():
    reached.wait()
    sent.append(time.process_time())
    os.kill(os.getpid(), signal.SIGINT)

def watch(record):
    if record.epoch == epochs:
        reached.set()

model = MLPClassifier((64, 64), solver=solver, early_stopping=early_stopping, max_iter=10**6, max_fun=10**9,
                      n_iter_no_change=np.inf, tol=0, callbacks=[watch], random_state=0)
threading.Thread(target=interrupt, daemon=True).start()
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    model.fit(X, y)
print("seconds:", time.process_time() - sent[0])
print("warned:", *{str(warning.message) for warning in caught}, flush=True)
assert np.isfinite(model.predict_proba(X)).all() and model.predict(X).shape == (4000,)
assert model.n_iter_ == len(model.loss_curve_) == len(model.history_) >= 1
if early_stopping:
    assert model.best_validation_score_ == max(model.validation_scores_)
else:
    assert model.best_loss_ == min(model.loss_curve_)
best = model._model.continuation.stopping.best_vector if solver == "adam" else model.parameters_.vector
assert np.array_equal(model.parameters_.vector, best)
model.set_params(max_iter=1, callbacks=None).fit(X[:100], y[:100])
print("went on", flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="a process cannot send itself SIGINT alone")
@pytest.mark.parametrize("epochs", [1, pytest.param(5, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("solver", "early_stopping"), [("adam", False), ("adam", True), ("lbfgs", False)])
@pytest.mark.one_in(3)
def test_fit_ends_within_a_second_and_keeps_the_best(tmp_path, solver, early_stopping, epochs):
    """A second of the process's own time: how busy the machine is does not matter."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), solver, str(early_stopping), str(epochs)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    seconds, warned, rest = done.stdout.splitlines()
    assert 0 <= float(seconds.removeprefix("seconds: ")) < 1
    assert warned == "warned: Training interrupted by user. The best weights so far are kept."
    assert rest == "went on"


def interrupt_in_epoch(n):
    """A stand-in for the trainer's epoch that is interrupted the n-th time."""
    from chainrule.training.trainer import Trainer

    whole, calls = Trainer.epoch, []

    def epoch(self, data, batch_size):
        calls.append(None)
        record = whole(self, data, batch_size)
        if len(calls) == n:
            raise KeyboardInterrupt
        return record

    return epoch


X = np.linspace(-1, 1, 50)[:, None]


def test_the_weights_of_the_best_epoch_come_back(monkeypatch):
    """Interrupted in its fourth epoch, a fit whose third was worse leaves the weights behind its second."""
    settings = {"hidden_layer_sizes": (4,), "solver": "sgd", "learning_rate_init": 0.9, "random_state": 0}
    with pytest.warns(UserWarning, match="Maximum iterations"):
        second = MLPRegressor(**settings, max_iter=2).fit(X, X[:, 0] * 10)
    monkeypatch.setattr("chainrule.training.trainer.Trainer.epoch", interrupt_in_epoch(4))
    model = MLPRegressor(**settings, max_iter=10)
    with pytest.warns(UserWarning, match="interrupted"):
        model.fit(X, X[:, 0] * 10)
    assert model.n_iter_ == 3
    assert np.argmin(model.loss_curve_) == 1
    assert np.array_equal(model.parameters_.vector, second.parameters_.vector)


def test_interrupted_before_the_first_epoch_is_over_the_first_weights_remain(monkeypatch):
    monkeypatch.setattr("chainrule.training.trainer.Trainer.epoch", interrupt_in_epoch(1))
    model = MLPRegressor(hidden_layer_sizes=(4,), random_state=0)
    with pytest.warns(UserWarning, match="untrained"):
        model.fit(X, X[:, 0])
    assert model.n_iter_ == 0
    assert np.isfinite(model.predict(X)).all()


@pytest.mark.parametrize(("moved", "said"), [(False, "untrained"), (True, "best weights so far are kept")])
def test_interrupted_before_its_first_iteration_is_over_lbfgs_tells_whether_it_moved(monkeypatch, moved, said):
    """Its first line search evaluates the objective several times, and the best point seen is put back."""

    def minimise(network, parameters, *rest, **named):
        parameters.vector[...] += moved
        raise KeyboardInterrupt

    monkeypatch.setattr("chainrule.training.lbfgs.minimise", minimise)
    with pytest.warns(UserWarning, match=said):
        MLPRegressor(hidden_layer_sizes=(4,), solver="lbfgs", random_state=0).fit(X, X[:, 0])


def test_partial_fit_leaves_the_interrupt_to_the_loop_around_it(monkeypatch):
    model = MLPRegressor(hidden_layer_sizes=(4,), random_state=0).partial_fit(X, X[:, 0])
    monkeypatch.setattr("chainrule.training.trainer.Trainer.epoch", interrupt_in_epoch(1))
    with pytest.raises(KeyboardInterrupt):
        model.partial_fit(X, X[:, 0])
    assert np.isfinite(model.predict(X)).all()
