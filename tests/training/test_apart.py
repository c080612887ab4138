"""Networks whose epochs are tasks: the bits of a trainer in one process, whatever is trained."""

import numpy as np
import pytest
from tests.scattered import Scattered

from chainrule import Activation, BatchNorm, Dense, Dropout, Mixup, Network, StepOptions, pack
from chainrule.diagnosis.recorder import Recorder
from chainrule.training.apart import Apart
from chainrule.training.averaging import EMA
from chainrule.training.batches import Rows
from chainrule.training.optimisers import SGD, Adam
from chainrule.training.penalty import Penalty
from chainrule.training.schedules import OneCycle, ReduceOnPlateau
from chainrule.training.sequences import Sequences
from chainrule.training.trainer import Trainer

DROPPED = (Dense(16), BatchNorm(), Activation("relu"), Dropout(0.3), Dense(3))
CASES = {
    "one network": dict(),
    "members": dict(n_members=3),
    "members, sgd": dict(n_members=2, optimiser=SGD(0.02, momentum=0.9, nesterov=True), schedule=OneCycle()),
    "averaged": dict(n_members=2, options=StepOptions(averaging=EMA(0.9), clip_norm=1.0)),
    "penalty, plateau": dict(penalty=Penalty(alpha=1e-2, l1=1e-4), schedule=ReduceOnPlateau(0.5, patience=1, tol=1e9)),
    "mixup": dict(mixup=Mixup(0.4), loss="squared_error", n_members=2),
    "in order": dict(shuffle=False),
    "weighted": dict(n_members=2, weighted=True),
    "two threads": dict(layers=(Dense(300, "relu"), Dense(3)), n_members=1, n_threads=2, batch=256, rows=600),
}


def trainers(tasks, loss="cross_entropy", layers=DROPPED, weighted=False, batch=16, rows=70, optimiser=None, **named):
    drawn = np.random.default_rng(0)
    X = drawn.normal(size=(rows, 5)).astype(np.float32)
    y = drawn.integers(0, 3, rows) if loss == "cross_entropy" else drawn.normal(size=(rows, 3)).astype(np.float32)
    data = Rows(X, y, drawn.uniform(0.5, 2, rows).astype(np.float32) if weighted else None)
    given = Network(layers, 5), loss, optimiser or Adam(0.01)
    made = Trainer(*given, seed=7, **named), Apart(tasks, *given, seed=7, **named)
    for one in made:
        one.planned = 3 * data.steps(batch)
    return *made, data, batch


@pytest.mark.parametrize("case", CASES)
def test_epochs_by_tasks_have_the_bits_of_one_process(case, kernels):
    home, apart, data, batch = trainers(Scattered(), **CASES[case])
    for score in (1.0, 0.5, 0.4):
        one, other = home.epoch(data, batch), apart.epoch(data, batch)
        assert (one.epoch, one.loss, one.rate) == (other.epoch, other.loss, other.rate)
        home.react(score), apart.react(score)
    np.testing.assert_array_equal(home.parameters.vector, apart.parameters.vector)
    np.testing.assert_array_equal(home.model.vector, apart.model.vector)
    (arrays, data_of), (others, other_data) = home.state(), apart.state()
    assert data_of == other_data
    assert arrays.keys() == others.keys()
    for name in arrays:
        np.testing.assert_array_equal(arrays[name], others[name], err_msg=name)


def test_each_network_has_a_task_of_its_own_in_each_epoch():
    tasks = Scattered()
    _, apart, data, batch = trainers(tasks, n_members=3)
    for _ in range(2):
        apart.epoch(data, batch)
    assert tasks.names == ["epoch"] * 6


def test_sequences_are_trained_apart():
    drawn = np.random.default_rng(0)
    X = drawn.normal(size=(12, 6, 4)).astype(np.float32)
    packed = pack(X, drawn.integers(1, 7, 12))
    data = Sequences(packed, drawn.normal(size=(12, 6, 1)).astype(np.float32), stepwise=True)
    given = Network((Dense(8, "tanh"), BatchNorm(), Dense(1)), 4), "squared_error", Adam(0.01)
    home, apart = Trainer(*given, seed=1, n_members=2), Apart(Scattered(), *given, seed=1, n_members=2)
    for _ in range(2):
        assert home.epoch(data, 5).loss == apart.epoch(data, 5).loss
    np.testing.assert_array_equal(home.parameters.vector, apart.parameters.vector)


def test_what_an_observer_sees_comes_back():
    home, apart, data, batch = trainers(Scattered(), n_members=2)
    seen = [Recorder(home.network) for _ in range(2)]
    home.observer, apart.observer = seen
    for _ in range(3):
        home.epoch(data, batch)
        apart.epoch(data, batch)
    one, other = (recorder.probes() for recorder in seen)
    assert one.epochs.tolist() == other.epochs.tolist()
    assert len(one.epochs) > 1
    np.testing.assert_array_equal(one.values, other.values)


@pytest.mark.parametrize("first", [0, 1], ids=["at home first", "apart first"])
def test_a_state_goes_on_in_either(first, kernels):
    made = trainers(Scattered(), n_members=2)
    whole, (data, batch) = trainers(Scattered(), n_members=2)[0], made[2:]
    for _ in range(2):
        whole.epoch(data, batch)
    begins, goes_on = made[first], trainers(Scattered(), n_members=2)[1 - first]
    begins.epoch(data, batch)
    goes_on.load(*begins.state())
    goes_on.epoch(data, batch)
    np.testing.assert_array_equal(whole.parameters.vector, goes_on.parameters.vector)


def test_at_home_it_goes_on_as_it_would_have_apart():
    home, apart, data, batch = trainers(Scattered(), n_members=2, options=StepOptions(averaging=EMA(0.9)))
    home.epoch(data, batch), apart.epoch(data, batch)
    came = apart.at_home()
    assert type(came) is Trainer
    assert home.at_home() is home
    home.epoch(data, batch), came.epoch(data, batch)
    np.testing.assert_array_equal(home.model.vector, came.model.vector)


def test_an_epoch_that_is_out_of_time_ends_apart_too():
    _, apart, data, _ = trainers(Scattered(again=100), rows=70)
    apart.until = 0.0
    apart.epoch(data, 2)
    assert 0 < apart.update.steps < 35
