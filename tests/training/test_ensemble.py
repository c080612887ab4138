"""Members trained at once end where each would end alone; an ensemble trains, stops and goes on as a network does."""

import pickle
import tracemalloc
from contextlib import nullcontext

import numpy as np
import pytest

from chainrule import (
    BatchNorm,
    Dense,
    Dropout,
    EnsemblePredictor,
    EnsembleTrainer,
    GaussianNoise,
    Network,
    Pool,
    Sequences,
    Stopping,
    Trainer,
    pack,
    train,
)
from chainrule.engine import threads
from chainrule.engine.parameters import Members
from chainrule.engine.plans import Sharing, sharing
from chainrule.engine.predictor import Predictor
from chainrule.errors import InputError, InputTypeError
from chainrule.training import loading, loop
from chainrule.training.averaging import EMA
from chainrule.training.mixup import Mixup
from chainrule.training.optimisers import SGD, AdamW, Muon
from chainrule.training.penalty import Penalty
from chainrule.training.schedules import Cosine
from chainrule.training.step_options import PLAIN, StepOptions
from chainrule.training.streams import streams
from chainrule.training.validation import Evaluator, Validation

NETWORK = Network([GaussianNoise(0.1), Dense(16, "relu"), Dropout(0.2), BatchNorm(), Dense(8, "tanh"), Dense(3)], 5)
RICH = StepOptions(clip_norm=0.5, max_norm=1.0, rate_factors={"bias": 0.5}, averaging=EMA(0.9))
ALL = {"options": RICH, "schedule": Cosine(), "mixup": Mixup(0.2), "penalty": Penalty(l2=0.1)}
SETTINGS = {
    "adamw": (AdamW(0.01), {}),
    "momentum": (SGD(0.01, momentum=0.9), {"penalty": Penalty(l1=1e-3, l2=1e-3)}),
    "muon": (Muon(0.01), {}),
    "everything": (
        AdamW(0.01),
        {"options": RICH, "schedule": Cosine(), "mixup": Mixup(0.2), "penalty": Penalty(l2=0.1)},
    ),
}


def make(n_members=3, loss="squared_error", optimiser=None, seed=7, **settings):
    made = Trainer(NETWORK, loss, optimiser or AdamW(0.01), seed=seed, n_members=n_members, **settings)
    made.planned = 12
    return made


def fingerprint(made):
    return [made.parameters.vector.tobytes(), made.model.vector.tobytes()]


@pytest.mark.parametrize("each", [(1, 1, 1), (1, 1, 2), (4, 4, 4)], ids=["one thread", "two", "four"])
@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.one_in(3)
def test_a_member_ends_where_it_would_end_alone(name, each, kernels, problem, monkeypatch):
    """To the bit; three members do not divide evenly among two threads, and fewer than four cannot fill them alone."""
    monkeypatch.setattr(threads, "PER_THREAD", 1)  # as if the networks were large
    optimiser, settings = SETTINGS[name]
    data = problem(rows=59, weighted=True)
    made = make(3, optimiser=optimiser, n_threads=max(each), **settings)
    alone = []
    for place, count in enumerate(each):
        drawn = streams(7).member(place)
        alone.append(Trainer(NETWORK, "squared_error", optimiser, seed=drawn, n_threads=count, **settings))
        alone[-1].planned = 12
    for _ in range(3):
        record, records = made.epoch(data, 16), [one.epoch(data, 16) for one in alone]
        assert record.loss == pytest.approx(np.mean([one.loss for one in records]), rel=1e-6)
        assert (record.epoch, record.rate) == (records[0].epoch, records[0].rate)
    for member, average, one in zip(made.parameters, made.model, alone, strict=True):
        np.testing.assert_array_equal(member.vector, one.parameters.vector)
        np.testing.assert_array_equal(average.vector, one.model.vector)
    assert made._bound[0].sharing == Sharing(max(each), each)


def test_members_differ_and_the_first_is_what_one_network_alone_becomes(kernels, problem):
    made, alone = make(), Trainer(NETWORK, "squared_error", AdamW(0.01), seed=7)
    made.epoch(problem(), 16)
    alone.epoch(problem(), 16)
    np.testing.assert_array_equal(made.parameters[0].vector, alone.parameters.vector)
    assert len({member.vector.tobytes() for member in made.parameters}) == 3
    drawn = streams(7)
    assert len({drawn.member(place).dropout for place in range(3)}) == 3


def test_the_same_seed_gives_the_same_bits(kernels, problem):
    found = []
    for seed in (7, 7, 8):
        made = make(seed=seed, n_threads=2)
        made.epoch(problem(), 16)
        found.append(fingerprint(made))
    assert found[0] == found[1] != found[2]


def saved(made):
    arrays, data = made.state()
    arrays = {name: array.copy() for name, array in arrays.items()}
    other = make(seed=9, options=made.update.options)
    other.load(arrays, data)
    return other


@pytest.mark.parametrize("again", [saved, lambda made: pickle.loads(pickle.dumps(made))], ids=["state", "pickle"])
@pytest.mark.parametrize("options", [PLAIN, RICH], ids=["plain", "rich"])
def test_training_goes_on_bit_for_bit(again, options, kernels, problem):
    data, made = problem(), make(options=options)
    made.epoch(data, 16)
    made.rate = 0.02
    other = again(made)
    for _ in range(2):
        one, two = made.epoch(data, 16), other.epoch(data, 16)
        assert (one.epoch, one.loss, one.rate) == (two.epoch, two.loss, two.rate)
    assert fingerprint(made) == fingerprint(other)


def test_the_loop_stops_it_and_restores_the_best(kernels, problem):
    data, held_out = problem(rows=60), problem(rows=20)
    made = make()
    watch = Validation(Evaluator(NETWORK, made.model, made.loss), held_out)
    stopping = Stopping(patience=2, tol=10.0)
    records = list(train(made, data, 16, 20, stopping, watch))
    assert len(records) == 4  # nothing improves by 10: one more than the patience behind the first
    stopping.restore(made.model.vector)
    best = min(record.validation_loss for record in records)
    apart = [Evaluator(NETWORK, member, made.loss)(held_out) for member in made.model]
    assert best == pytest.approx(np.mean(apart), rel=1e-6)


def test_one_member_that_diverges_ends_the_training(kernels, problem):
    made = make()
    made.parameters[1].vector[3] = np.nan
    assert [np.isnan(record.loss) for record in loop.train(made, problem(), 16, 5)] == [True]


def test_batch_sizes_may_change_between_epochs(kernels, problem):
    kept, fresh = make(), make()
    for size in (8, 32, 60, 1):
        kept.epoch(problem(), size)
        fresh = pickle.loads(pickle.dumps(fresh))
        fresh.epoch(problem(), size)
    assert fingerprint(kept) == fingerprint(fresh)


def test_members_share_the_rows_of_a_batch(kernels, problem):
    made = make()
    made.epoch(problem(), 16)
    first, *others = (plan.run(16).arrays for plan in made._bound[0].each)
    for arrays in others:
        assert all(np.shares_memory(arrays[name], first[name]) for name in ("x", "y", "w"))
        assert not np.shares_memory(arrays["total"], first["total"])


def test_nothing_is_allocated_per_step(problem, numba_kernels, monkeypatch):
    """Ten times the steps leave nothing more behind and peak no higher."""
    monkeypatch.setattr(threads, "limited", lambda _: nullcontext())
    monkeypatch.setattr(loading, "MOST_STEPS", 2)  # batches that wait together, whatever their size
    data, made, left, peak = problem(rows=20_000), make(n_threads=1), {}, {}
    for size in (1000, 100):
        made.epoch(data, size)
    for size in (1000, 100):
        found = []
        for _ in range(3):
            tracemalloc.start()
            before, _ = tracemalloc.get_traced_memory()
            made.epoch(data, size)
            after, top = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            found.append((after - before, top - before))
        left[size], peak[size] = np.min(found, axis=0)
    assert left[100] - left[1000] < 180  # a byte per extra step
    assert peak[100] - peak[1000] < 360


@pytest.mark.parametrize(
    ("n_threads", "rows", "members", "expected"),
    [
        (2, 10, 8, Sharing(1, (1,) * 8)),  # all of them together have too little to do
        (2, 1500, 8, Sharing(2, (1,) * 8)),  # each alone does not suit a second thread, all together do
        (2, 1500, 3, Sharing(2, (1,) * 3)),
        (2, 10_000, 3, Sharing(2, (1, 1, 2))),
        (8, 10_000, 3, Sharing(5, (5,) * 3)),
        (4, 10_000, 8, Sharing(4, (1,) * 8)),
        (1, 10_000, 3, Sharing(1, (1,) * 3)),
    ],
)
def test_who_does_what(n_threads, rows, members, expected):
    """One product of 16 x 32: 512 multiplications a row; a million are worth a thread."""
    assert sharing(n_threads, Network([Dense(32)], 16), rows, members) == expected


@pytest.mark.parametrize("bad", [0, -1, 2.5, True, "3"])
def test_bad_numbers_of_members(bad):
    with pytest.raises((InputError, InputTypeError), match=r"n_members=\): expected a whole number"):
        make(bad)


def test_members_are_views_of_one_vector():
    members = Members.of([NETWORK.init(seed) for seed in range(3)])
    members["1.W"][2] = 5
    members[1]["1.b"][...] = 4
    assert (members[2]["1.W"] == 5).all()
    assert (members["1.b"][:, 0] == [0, 4, 0]).all()
    assert [name for name, _ in members.items()] == list(members.names()) == list(members[0].names())
    with pytest.raises(InputError, match="values for each member"):
        Members(NETWORK.layout, np.zeros(5))
    with pytest.raises(InputError, match="9.W"):
        members["9.W"]


def test_members_learn_from_sequences_as_each_does_alone(kernels):
    generator = np.random.default_rng(0)
    packed = pack([generator.normal(size=(n, 5)).astype(np.float32) for n in (3, 1, 4, 2, 6)])
    data = Sequences(packed, generator.normal(size=(5, 2)).astype(np.float32))
    network = Network([Dense(8, "tanh"), Dropout(0.2), Pool("mean"), Dense(2)], 5)
    made = Trainer(network, "squared_error", AdamW(0.01), seed=7, n_members=2)
    alone = [Trainer(network, "squared_error", AdamW(0.01), seed=streams(7).member(k)) for k in range(2)]
    for _ in range(2):
        for trainer in (made, *alone):
            trainer.epoch(data, 2)
    for member, one in zip(made.parameters, alone, strict=True):
        np.testing.assert_array_equal(member.vector, one.parameters.vector)
    predict = Predictor(network, made.model, made.loss)
    each = [Predictor(network, one.parameters, one.loss)(packed) for one in alone]
    np.testing.assert_allclose(predict(packed), np.mean(each, axis=0), rtol=1e-5)
    assert predict.sample(packed, 2)[0].shape == (5, 2)


@pytest.mark.parametrize("n_members", [1, 3])
def test_names_of_before_do_the_same_and_say_what_to_write(n_members, kernels, problem):
    with pytest.warns(DeprecationWarning, match="write Trainer"):
        before = EnsembleTrainer(NETWORK, "squared_error", AdamW(0.01), seed=7, n_members=n_members)
    before.epoch(problem(), 16)
    now = make(n_members)
    now.epoch(problem(), 16)
    assert fingerprint(before) == fingerprint(now)
    assert before.parameters["1.W"].shape == (n_members, 16, 5)
    with pytest.warns(DeprecationWarning, match=r"write Predictor\(\.\.\.\)"):
        predictor = EnsemblePredictor(NETWORK, before.model, before.loss)
    X = problem().X
    np.testing.assert_array_equal(predictor(X), Predictor(NETWORK, now.model, now.loss)(X))
