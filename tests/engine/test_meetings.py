"""Parts meet where they must and nowhere else, and whoever does them when, the bits are the same."""

import gc
import sys
import weakref

import numba
import numpy as np
import pytest
from numba import types

from chainrule import GLU, Activation, BatchNorm, Dense, Dropout, LayerNorm, Network, Pool, Residual, RMSNorm
from chainrule.engine import team as teams
from chainrule.engine import work
from chainrule.engine.kernels import access, arguments_of
from chainrule.engine.kernels.numba_set.tasks import SIGNATURE
from chainrule.engine.meetings import phases, touches, verify
from chainrule.engine.team import Team
from chainrule.errors import PlanError
from chainrule.training.averaging import EMA
from chainrule.training.optimisers import LAMB, SGD, AdamW, Muon
from chainrule.training.penalty import Penalty
from chainrule.training.step_options import PLAIN, StepOptions
from chainrule.training.update import Update

ALL_OPTIONS = StepOptions(clip_norm=1.0, clip_value=0.5, max_norm=0.4, averaging=EMA(0.9))


@pytest.fixture(autouse=True)
def numba_kernels(monkeypatch):
    monkeypatch.setenv("CHAINRULE_KERNELS", "numba")


def training(layers, inputs, rows, parts, optimiser=None, options=PLAIN, sequences=None, dtype=np.float32):
    """A plan of a whole step, its update included, and a run with a batch in it."""
    network = Network(layers, inputs)
    parameters = network.init(0, dtype)
    gradients = parameters.like()
    plan = network.plan(
        parameters, rows, sequences=sequences, loss="cross_entropy", gradients=gradients, n_threads=parts
    )
    update = Update(optimiser or AdamW(0.01), Penalty(), parameters, options)
    piece = update.program(parameters, gradients, plan.parts)
    plan.behind = piece.steps
    piece.renew(1, 0.01, rows)
    run = plan.run(rows, sequences)
    generator = np.random.default_rng(0)
    run.arrays["x"][...] = generator.normal(size=run.arrays["x"].shape)
    run.arrays["y"][...] = generator.integers(0, 2, len(run.arrays["y"]))
    run.arrays["w"][...] = generator.random(len(run.arrays["w"]))
    if sequences is not None:
        run.arrays["boundaries"][...] = np.linspace(0, rows, sequences + 1)
    return plan, run, update


def mlp(*units, rich=False):
    hidden = ([Dense(n), BatchNorm(), Activation("gelu"), Dropout(0.1)] if rich else [Dense(n, "relu")] for n in units)
    return [layer for block in hidden for layer in block]


@pytest.mark.parametrize(
    ("layers", "inputs", "rows", "most"),
    [
        ([*mlp(64, 64), Dense(2)], 20, 128, 4),
        ([*mlp(256, 256), Dense(10)], 100, 256, 4),
        ([*mlp(512, 512), Dense(10)], 784, 128, 4),
        ([*mlp(256, 256, rich=True), Dense(10)], 100, 256, 8),
    ],
    ids=["small", "medium", "image", "batch norm"],
)
def test_parts_of_a_step_meet_a_few_times(layers, inputs, rows, most):
    _, run, _ = training(layers, inputs, rows, 2)
    assert run.whole.meetings <= most


def test_parts_of_a_prediction_meet_at_the_end_only():
    network = Network([Dense(64, "relu"), LayerNorm(), Dense(48, "tanh"), Residual([Dense(48)]), Dense(3)], 20)
    plan = network.plan(network.init(0), 200, mode="predict", loss="cross_entropy", n_threads=3)
    assert plan.run(200).forward.meetings == 1


def test_a_job_keeps_alive_what_it_works_on():
    """A function of rows may be all that is left of a plan."""
    network = Network([Dense(64, "relu"), Dense(48, "tanh"), Dense(3)], 20)
    plan = network.plan(network.init(0), 200, loss="cross_entropy")
    job, run = plan.run(200).whole, plan.run(200)
    kept = [
        weakref.ref(array.base) for array in (*run.arrays.values(), plan.parameters.vector) if array.base is not None
    ]
    del plan, run
    gc.collect()
    assert kept
    assert all(one() is not None for one in kept)
    job()


STEPS = {
    "plain": dict(layers=[Dense(40, "gelu"), Dense(33, "relu"), Dense(3)]),
    "batch norm": dict(layers=[Dense(40), BatchNorm(), Activation("tanh"), Dropout(0.3), Dense(2)]),
    "rms norm, gate": dict(layers=[GLU(40, "silu"), RMSNorm(), Activation("gelu"), Dense(2)]),
    "layer norm": dict(layers=[Dense(40), LayerNorm(), Activation("gelu"), Dense(2)]),
    "residual": dict(layers=[Residual([Dense(40, "tanh"), Residual([Dense(40)])]), Dense(2)]),
    "pool": dict(layers=[Dense(40, "tanh"), Pool("max"), Dense(2)], sequences=9),
    "options": dict(layers=[Dense(40, "relu"), Dense(2)], optimiser=SGD(0.1, momentum=0.9), options=ALL_OPTIONS),
    "lamb": dict(layers=[Dense(40, "relu"), Dense(2)], optimiser=LAMB(0.1)),
    "muon": dict(layers=[Dense(40, "relu"), Dense(36, "relu"), Dense(2)], optimiser=Muon(0.1)),
}


def made(name, parts, dtype=np.float64):
    return training(inputs=20, rows=150, parts=parts, dtype=dtype, **STEPS[name])


@pytest.mark.parametrize("parts", [2, 3, 7])
@pytest.mark.parametrize("name", STEPS)
def test_a_meeting_left_out_is_found(name, parts):
    """Each two phases put into one: where the verifier lets them pass, no part touches what another writes."""
    _, run, _ = made(name, parts)
    found = phases(run.steps + run.behind)
    verify(found)
    refused = 0
    for place in range(len(found) - 1):
        merged = [*found[:place], found[place] + found[place + 1], *found[place + 2 :]]
        try:
            verify(merged)
        except PlanError:
            refused += 1
    assert refused >= (len(found) - 1) * 0.8  # a bound of bytes is not always a byte in common


@pytest.mark.parametrize("name", STEPS)
def test_kernels_write_what_they_say_and_nothing_else(name):
    """An array that is only read may be another part's at that moment."""
    _, run, _ = made(name, 1)
    for step, one in zip(run.steps + run.behind, each(run), strict=True):
        kernel, (given,) = step
        named = dict(zip(arguments_of(kernel), given, strict=False))
        before = {n: a.copy() for n, a in named.items() if isinstance(a, np.ndarray)}
        one()
        for argument, array in before.items():
            if argument not in access(kernel).writes:
                shares = any(np.shares_memory(named[argument], named[w]) for w in access(kernel).writes if w in named)
                assert shares or np.array_equal(named[argument], array, equal_nan=True), (kernel.name, argument)


def each(run):
    return [work.bind("numba", run.arrays["x"].dtype, [[step]]) for step in run.steps + run.behind]


def test_segments_are_all_that_an_optimiser_touches():
    plan, _, update = made("plain", 3)
    (step,) = update.program(plan.parameters, plan.gradients, 3).steps
    written = sum(touch.stop - touch.start for touch in touches(step) if touch.writes)
    assert written == 3 * update.moments[0].nbytes  # p, m and v, each entry once


# Whoever does what when


@pytest.fixture(scope="module")
def pause():
    """A task that takes its thread off the core for as many microseconds as its record says."""
    if sys.platform == "win32":
        pytest.skip("usleep is POSIX's")
    usleep = types.ExternalFunction("usleep", types.int32(types.uint32))

    @numba.cfunc(SIGNATURE)
    def task(record):
        if record[0] > 0:
            usleep(record[0])

    return task


@pytest.fixture
def delays(pause, monkeypatch):
    """Pauses in front of every instruction of every part; a function that draws their lengths anew."""
    places = []
    table = work._table

    def paused(dtype, steps, part, room):
        words = []
        for step in steps:
            one = table(dtype, [step], part, room)
            words += [pause.address, 1, 0, *one] if one else []
        return words

    monkeypatch.setattr(work, "_table", paused)

    def draw(job, random):
        if not places:
            for one in (one for phase in job._tables for one in phase):
                at = 0
                while one[at] != 0:
                    if one[at] == pause.address:
                        places.append((one, at + 2))
                    at += 2 + one[at + 1]
        lengths = random.exponential(30, len(places)) * (random.random(len(places)) < 0.2)
        lengths[random.random(len(places)) < 0.002] = 4000  # longer than any thread looks before it sleeps
        for (one, at), length in zip(places, lengths, strict=True):
            one[at] = length
        return len(places)

    return draw


@pytest.mark.parametrize(
    ("name", "parts", "threads", "schedules"),
    [("batch norm", 2, 2, 400), ("residual", 3, 3, 200), ("options", 7, 4, 200), ("pool", 3, 2, 200)],
)
def test_the_same_bits_whoever_does_what_when(name, parts, threads, schedules, delays, monkeypatch):
    monkeypatch.setattr(teams, "KEPT_JOBS", 1)
    plan, run, update = made(name, parts)
    start, state = plan.parameters.vector.copy(), update.state()
    random = np.random.default_rng(1)
    again = work.bind("numba", plan.parameters.vector.dtype, [run.steps + run.behind])  # so that jobs change

    def result(job, of_the_team):
        plan.parameters.vector[...] = start
        update.load(state)
        run.arrays["total"][...] = 0
        job(of_the_team)
        return [plan.parameters.vector.copy(), plan.gradients.vector.copy(), run.arrays["total"].copy()]

    expected = result(run.whole, None)
    team = Team(threads)
    team._payoff.note = lambda seconds: None  # always together
    try:
        for schedule in range(schedules):
            assert delays(run.whole, random) > 10
            for one, other in zip(result((run.whole, again)[schedule % 2], team), expected, strict=True):
                np.testing.assert_array_equal(one, other)
    finally:
        team.dismiss()
