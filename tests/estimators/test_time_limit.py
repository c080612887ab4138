"""A fit that may take so many seconds: without end of time it is as ever, and out of time it leaves a model."""

from types import SimpleNamespace

import numpy as np
import pytest

from chainrule import (
    Checkpoints,
    MLPClassifier,
    MLPRegressor,
    SequenceClassifier,
    SequenceRegressor,
    TableClassifier,
    TableRegressor,
)
from chainrule.errors import InputError
from chainrule.estimators.table import clock, fitting, presets
from chainrule.estimators.table.clock import Clock
from chainrule.models import pace
from chainrule.models.pace import Pace
from chainrule.training.callbacks import Callback

ROWS, AGES, A_MOMENT = 1200, 1e9, 1e-9
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(ROWS, 3)).astype(np.float32)
KINDS = {
    MLPClassifier: {"early_stopping": True, "hidden_layer_sizes": (8,), "batch_size": 16},
    MLPRegressor: {"learning_rate": "one_cycle", "hidden_layer_sizes": (8,), "batch_size": 16},
    SequenceClassifier: {"hidden_layer_sizes": (8,), "batch_size": 16},
    SequenceRegressor: {"hidden_layer_sizes": (8,), "batch_size": 16},
    TableClassifier: {"preset": "fast", "hidden_layer_sizes": (8,)},
    TableRegressor: {"preset": "fast", "hidden_layer_sizes": (8,)},
}
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


class Ended(Callback):
    reason = ""

    def end(self, reason):
        self.reason = reason


def fitted(kind, **parameters):
    """A fit of three epochs, and what its callbacks heard of its end."""
    y = X[:, 0] > 0 if "Classifier" in kind.__name__ else X[:, 0]
    rows = [X[k : k + 2] for k in range(ROWS)] if "Sequence" in kind.__name__ else X
    ended = Ended()
    model = kind(**KINDS[kind] | {"max_iter": 3, "random_state": 0, "callbacks": [ended]} | parameters)
    return model.fit(rows, y), ended, rows


@every_kind
def test_with_time_enough_nothing_changes(kind):
    (usual, ended, rows), (limited, ended_too, _) = fitted(kind), fitted(kind, time_limit=AGES)
    np.testing.assert_array_equal(limited.predict(rows), usual.predict(rows))
    assert ended.reason == ended_too.reason == "all epochs trained"


@every_kind
def test_out_of_time_a_model_is_left(kind, capsys):
    model, ended, rows = fitted(kind, time_limit=A_MOMENT, verbose=True)
    assert model.n_iter_ == 1
    assert ended.reason == "out of time"
    assert len(model.predict(rows)) == ROWS
    assert "time_limit=1e-09 seconds are over after 1 epochs" in capsys.readouterr().out


def test_an_epoch_ends_with_the_batches_at_hand():
    steps = [fitted(MLPRegressor, time_limit=limit)[0].model_.continuation.trainer.done for limit in (AGES, A_MOMENT)]
    assert 0 < steps[1] < steps[0] / 3


def test_lbfgs_ends_with_its_step():
    model, *_ = fitted(MLPRegressor, time_limit=A_MOMENT, solver="lbfgs", learning_rate="constant")
    assert model.n_iter_ == 1


def test_a_partial_fit_has_the_time_that_it_wants():
    first, second = (
        MLPRegressor(hidden_layer_sizes=(8,), random_state=0, time_limit=limit, warm_start=True)
        for limit in (None, A_MOMENT)
    )
    for _ in range(2):
        first.partial_fit(X, X[:, 0])
        second.partial_fit(X, X[:, 0])
    np.testing.assert_array_equal(first.predict(X), second.predict(X))
    after = second.fit(X, X[:, 0]).model_.continuation.trainer.update.steps
    assert second.partial_fit(X, X[:, 0]).model_.continuation.trainer.update.steps == after + ROWS // 200


class Running:
    """A trainer of ten epochs of a hundred steps, and a clock that a test sets."""

    def __init__(self, monkeypatch):
        self.done, self.planned, self.until, self.now = 0, 1000, None, 50.0
        monkeypatch.setattr(pace, "time", SimpleNamespace(perf_counter=lambda: self.now))

    def epoch(self, pace, seconds, behind=0.0):
        self.done += 100
        self.now += seconds + behind
        pace.keep(SimpleNamespace(seconds=seconds))


def test_steps_are_planned_at_the_speed_of_the_last_epoch(monkeypatch):
    trainer = Running(monkeypatch)
    made = Pace(trainer, 60.0)
    assert (trainer.planned, trainer.until) == (1000, 60)
    trainer.epoch(made, 4.0, behind=1.0)
    assert (trainer.planned, trainer.until) == (200, 59)  # 5 seconds are left: one epoch, but for what comes behind it
    trainer.epoch(made, 0.5)
    assert (trainer.planned, trainer.until) == (1000, 60)  # never more than without a limit
    trainer.now = 61.0
    trainer.epoch(made, 1.0)
    assert trainer.planned == 301  # one more than are done: a schedule asks for its end


def test_without_a_limit_nothing_is_planned(monkeypatch):
    trainer = Running(monkeypatch)
    trainer.until = 7.0  # of a fit before
    made = Pace(trainer, None)
    trainer.epoch(made, 1e6)
    assert (trainer.planned, trainer.until) == (1000, None)


@pytest.mark.parametrize(
    ("limit", "per_row", "members"),
    [
        (None, [1e-3] * 2, [8, 8]), (100.0, [0.0, 1.0], [8, 8]), (100.0, [1e-6] * 2, [16, 16]),
        (100.0, [2e-5] * 2, [8, 5]), (100.0, [2e-5, 3e-5], [8, 3]), (100.0, [4e-5] * 2, [6]),
        (100.0, [1e-4] * 2, [2]), (100.0, [1.0] * 2, [1]), (1.0, [np.inf] * 2, [1]),
    ],
)  # fmt: skip
def test_there_are_as_many_networks_as_there_is_time_for(monkeypatch, limit, per_row, members):
    """Of 10,000 rows and 36 epochs."""
    monkeypatch.setattr(clock, "time", SimpleNamespace(perf_counter=lambda: 5.0))
    made = Clock(began=5.0, limit=limit).affordable([presets.default(10_000)] * 2, per_row, 10_000)
    assert [one.n_members for one in made] == members


@pytest.fixture
def begun(monkeypatch):
    """The presets of the networks of each fit, by how many there are."""
    found = []
    honest = fitting._fresh

    def fresh(estimator, tried, *others, **more):
        found.extend(one.preset.n_members for one in tried)
        return honest(estimator, tried, *others, **more)

    monkeypatch.setattr(fitting, "_fresh", fresh)
    return found


def test_a_pilot_tells_how_long_a_network_takes(monkeypatch, begun):
    fitted(TableClassifier, preset="default", max_iter=1, time_limit=AGES)
    assert begun
    assert set(begun) == {16}  # twice eight
    begun.clear()
    said, *_ = fitted(TableClassifier, preset="default", max_iter=1, time_limit=AGES, n_members=2)
    assert begun == [said.model_.predictor.members] == [2]
    begun.clear()
    monkeypatch.setattr(clock, "OF_PILOTS", 0.0)
    fitted(TableClassifier, preset="default", max_iter=1, time_limit=AGES)
    assert begun == [8]


def test_partial_fit_goes_on_with_as_many_networks_as_time_gave():
    model, _, rows = fitted(TableClassifier, preset="default", max_iter=1, time_limit=AGES)
    y = rows[:, 0] > 0
    members = model.model_.predictor.members
    model.partial_fit(rows, y)
    assert model.model_.predictor.members == members > 8
    model.set_params(warm_start=True).fit(rows, y)
    assert model.model_.predictor.members == members


def test_networks_of_a_table_that_depend_on_time_have_no_checkpoints(tmp_path):
    with pytest.raises(InputError, match="leave time_limit out"):
        fitted(TableClassifier, time_limit=AGES, checkpoints=Checkpoints(tmp_path))
    fitted(MLPClassifier, time_limit=AGES, checkpoints=Checkpoints(tmp_path))


@every_kind
@pytest.mark.parametrize("value", [0, -1, "10", np.nan])
def test_a_limit_that_is_none_is_refused(kind, value):
    with pytest.raises((ValueError, TypeError), match=f"{kind.__name__}\\(time_limit=\\)"):
        fitted(kind, time_limit=value)
