"""A team of threads computes what one thread does, whatever it is divided into, and leaves nothing behind."""

import threading

import numpy as np
import pytest

from chainrule import (
    GLU,
    Activation,
    AlphaDropout,
    BatchNorm,
    Dense,
    Dropout,
    GaussianNoise,
    LayerNorm,
    Network,
    Pool,
    Residual,
    RMSNorm,
)
from chainrule.engine import team as teams
from chainrule.engine import threads
from chainrule.engine.division import cut
from chainrule.engine.lowering import lower
from chainrule.engine.plan import Plan
from chainrule.engine.team import Team
from chainrule.network.losses import LOSSES
from chainrule.training.averaging import EMA
from chainrule.training.optimisers import LAMB, SGD, Adam, Muon
from chainrule.training.penalty import Penalty
from chainrule.training.step_options import PLAIN, StepOptions
from chainrule.training.update import Update

pytestmark = pytest.mark.usefixtures("numba_kernels")  # the NumPy set has no team
#: Seconds to wait for another thread; only a failure takes them.
LONG = 300
ROWS, SEQUENCES, BOUNDARIES = 83, 4, [0, 5, 36, 64, 83]
PROGRAMS = {
    "plain": ([Dense(40, "relu"), Dense(33, "gelu"), Dense(3)], "train", "cross_entropy"),
    "dropout": ([Dense(40, "tanh"), Dropout(0.3), Dense(7)], "train", "squared_error"),
    "alpha dropout": ([Dense(40, "selu"), AlphaDropout(0.3), Dense(7)], "train", "squared_error"),
    "noise": ([GaussianNoise(0.1), Dense(40, "tanh"), GaussianNoise(0.3), Dense(7)], "train", "squared_error"),
    "sample": ([Dense(40), BatchNorm(), Activation("tanh"), Dropout(0.3), Dense(2)], "sample", "poisson"),
    "batch norm": ([Dense(40), BatchNorm(), Activation("gelu"), Dropout(0.3), Dense(2)], "train", "poisson"),
    "frozen": ([Dense(40), BatchNorm(), Activation("tanh"), Dense(2)], "evaluate", None),
    "rms norm, gate": ([Dense(40), RMSNorm(), Activation("tanh"), GLU(24), Dense(2)], "train", "squared_error"),
    "layer norm": ([Dense(40), LayerNorm(), Activation("tanh"), Dropout(0.3), Dense(2)], "train", "squared_error"),
    "residual": ([Residual([Dense(40, "tanh"), Residual([Dense(40)])]), Dense(2)], "train", "squared_error"),
    "pool": ([Dense(40, "tanh"), Pool("mean"), Dense(2)], "train", "squared_error"),
    "loss": ([Dense(40), BatchNorm(), LayerNorm(), Activation("tanh"), Dense(3)], "loss", "cross_entropy"),
    "loss of sequences": ([Dense(40, "tanh"), Pool("max"), Dense(2)], "loss", "absolute_error"),
    "predict": ([Dense(40), BatchNorm(), LayerNorm(), Activation("tanh"), Dense(3)], "predict", "cross_entropy"),
}


def results(layers, mode, loss, parameters, members, rows=(ROWS,)):
    """What runs of so many rows leave: output, gradients, and parameters with the running statistics that moved."""
    network = Network(layers, 20)
    program = lower(layers, 20, mode, LOSSES.get(loss))
    parameters = parameters(network)
    plan = Plan(program, parameters, ROWS, SEQUENCES, n_threads=members)
    plan.seed_noise(7, 3)
    generator = np.random.default_rng(1)
    for count in rows:
        run = plan.run(count, SEQUENCES)
        run.arrays["x"][...] = generator.normal(size=(count, 20))
        for name in ("y", "w", "d_output"):
            if name in run.arrays and name in {value.name for value in program.given}:
                run.arrays[name][...] = generator.integers(0, 2, run.arrays[name].shape)
        if "boundaries" in run.arrays:
            run.arrays["boundaries"][...] = BOUNDARIES
        with plan.team() as team:
            run(team)
    found = {"parameters": parameters.vector.copy()}
    if "total" in run.arrays:
        found["total"] = run.arrays["total"].copy()
    if plan.gradients is not None:
        found["gradients"] = plan.gradients.vector.copy()
    else:
        found["output"] = run.arrays[program.output.name].copy()
    return found


@pytest.mark.parametrize("members", [2, 3, 7])
@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.one_in(3)
def test_a_team_computes_what_one_thread_does(name, members, shaken):
    alone = results(*PROGRAMS[name], shaken, 1)
    for _ in range(3):  # a missing wait would show now and then
        together = results(*PROGRAMS[name], shaken, members)
        for what, expected in alone.items():
            np.testing.assert_allclose(together[what], expected, rtol=1e-10, atol=1e-12, err_msg=what)


@pytest.mark.parametrize("rows", [(5,), (ROWS, 5)], ids=str)
@pytest.mark.parametrize("name", ["batch norm", "plain"])
def test_more_members_than_rows(name, rows, shaken):
    alone, together = (results(*PROGRAMS[name], shaken, members, rows=rows) for members in (1, 7))
    for what, expected in alone.items():
        np.testing.assert_allclose(together[what], expected, rtol=1e-10, atol=1e-12, err_msg=what)


def test_the_same_team_gives_the_same_bits(shaken):
    once, again = (results(*PROGRAMS["batch norm"], shaken, 3) for _ in range(2))
    for what in once:
        np.testing.assert_array_equal(once[what], again[what])


ALL_OPTIONS = StepOptions(clip_norm=1.0, clip_value=0.5, max_norm=0.4, rate_factors={"bias": 0.5}, averaging=EMA(0.9))
UPDATES = {
    "adam": (Adam(0.1, 0.1), Penalty(l1=0.1)),
    "momentum": (SGD(0.1, momentum=0.9), Penalty(l2=0.1)),
    "lamb": (LAMB(0.1, 0.1), Penalty(l2=0.1)),
    "muon": (Muon(0.1, 0.1), Penalty(l2=0.1)),
}


def updated(optimiser, penalty, options, members, parameters):
    """What five steps leave of parameters and of the optimiser's state."""
    network = Network([Dense(40), BatchNorm(), Dense(70), LayerNorm(), Dense(33), Dense(3)], 20)
    parameters, gradients = parameters(network), parameters(network)
    plan = network.plan(parameters, 1, loss="squared_error", gradients=gradients, n_threads=members)
    update = Update(optimiser, penalty, parameters, options)
    step = update.bind(parameters, gradients, members)
    with plan.team() as team:
        for _ in range(5):
            step(0.05, 8.0, team)
    return {"parameters": parameters.vector, **update.state()}


@pytest.mark.parametrize("options", [PLAIN, ALL_OPTIONS], ids=["plain", "options"])
@pytest.mark.parametrize("name", UPDATES)
def test_an_update_in_a_team(name, options, shaken):
    alone = updated(*UPDATES[name], options, 1, shaken)
    for members in (2, 3, 7):
        together, again = (updated(*UPDATES[name], options, members, shaken) for _ in range(2))
        for what, expected in alone.items():
            np.testing.assert_allclose(together[what], expected, rtol=1e-11, atol=1e-13, err_msg=what)
            np.testing.assert_array_equal(together[what], again[what])  # in the same order, to the same bits


def test_no_thread_stays_behind_whatever_happens(shaken, begun):
    network = Network([Dense(3)], 20)
    plan = network.plan(shaken(network), 4, loss="squared_error", n_threads=4)

    def interrupted():
        with plan.team() as team:
            plan.run(4)(team)
            assert len(begun()) == 3
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not begun()


@pytest.fixture
def one_more_thread(monkeypatch, begun):
    """Only one more thread can be started, then comes the error."""
    start = threading.Thread.start

    def then(error):
        def second_fails(thread):
            if begun():
                raise error
            start(thread)

        monkeypatch.setattr(threading.Thread, "start", second_fails)

    return then


def test_a_team_that_cannot_be_complete_goes_on_with_fewer(one_more_thread, begun, shaken, caplog):
    expected = results(*PROGRAMS["batch norm"], shaken, 4)
    one_more_thread(RuntimeError("can't start new thread"))
    teams._say_fewer.cache_clear()
    for _ in range(2):
        found = results(*PROGRAMS["batch norm"], shaken, 4)
        for what, array in expected.items():
            np.testing.assert_array_equal(found[what], array)
    assert [record.getMessage()[:41] for record in caplog.records] == ["chainrule goes on with 2 of 4 threads: ca"]
    assert not begun()


def test_a_team_that_is_interrupted_leaves_no_thread(one_more_thread, begun):
    one_more_thread(KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        Team(3)
    assert not begun()


def test_limits_of_overlapping_blocks(monkeypatch):
    """A block in another thread counts, sees the caller's setting, and the last to leave puts that back."""
    monkeypatch.setattr(threads, "available", lambda: 64)
    seen, inside, leave = {}, threading.Event(), threading.Event()
    before = threads.resolve(None)

    def other():
        with threads.limited(1):
            seen["limited"] = threads._counts()
            seen["caller's"] = threads.resolve(None)
            inside.set()
            leave.wait(LONG)

    thread = threading.Thread(target=other)
    with threads.limited(1):
        thread.start()
        assert inside.wait(LONG)
    leave.set()
    thread.join()
    assert set(seen["limited"]) == {1}
    assert seen["caller's"] == before == threads.resolve(None)


def test_parameters_that_nothing_trains():
    assert [len(starts) for starts, _, _ in Network([Activation("relu")], 3).layout.segments(2)] == [0, 0]


def test_work_cut_into_parts_can_be_done_alone(shaken):
    network = Network([Dense(40, "tanh"), Dense(3)], 20)
    plan = network.plan(shaken(network), 83, loss="squared_error", n_threads=3)
    run, found = plan.run(83), []
    run.arrays["x"][...] = np.random.default_rng(0).normal(size=(83, 20))
    run.arrays["w"][...] = 1
    with plan.team() as team:
        for threads_of_it in (team, None):
            run(threads_of_it)
            found.append(plan.gradients.vector.copy())
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("size", [0, 1, 15, 16, 31, 83, 128, 1000])
@pytest.mark.parametrize("members", [1, 2, 3, 7, 64])
def test_parts_cover_everything_once(size, members):
    found = cut(size, members)
    assert len(found) == members
    assert [i for part in found for i in range(part.start, part.stop)] == list(range(size))
    assert not size or found[0].stop > 0
