"""Batches come into a plan by its own parts as by the interpreter, and several steps at once are as many alone."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from chainrule import BatchNorm, Dense, Dropout, Network, Rows, Trainer
from chainrule.engine.blocks import Clip, Levels, Missing
from chainrule.engine.expansion import Coded, Expansion
from chainrule.engine.plans import Sharing, plans
from chainrule.errors import InputError
from chainrule.network.losses import CrossEntropy
from chainrule.training import loading
from chainrule.training.averaging import EMA
from chainrule.training.loading import Loader
from chainrule.training.optimisers import LAMB, AdamW, Muon
from chainrule.training.schedules import Cosine
from chainrule.training.step_options import StepOptions
from chainrule.training.validation import Evaluator

LAYERS = [Dense(24, "gelu"), Dropout(0.2), Dense(24), BatchNorm(), Dense(3)]
EXPANSION = Expansion(
    [Clip(0, (0.0, 0.5), (2.0, 1.0), (-1.0, 0.0), (1.0, 1.0)), Missing(0), Levels(1, 3)], fills=[0.25, 0.0]
)


def rows(kind, count=101, subset=None):
    random = np.random.default_rng(0)
    y = random.integers(0, 3, count)
    if kind == "coded":
        values = np.column_stack([random.normal(size=count), random.integers(-1, 3, count)]).astype(np.float32)
        values[::7, 0] = np.nan
        return Rows(Coded(values, EXPANSION), y, subset=subset)
    X = random.normal(size=(count, 6)).astype(np.float32)
    weight = random.random(count).astype(np.float32) if kind == "weighted" else None
    X = {"sparse": csr_matrix, "by columns": np.asfortranarray}.get(kind, np.asarray)(X)
    return Rows(X, y, weight, subset)


def trained(data, n_threads, epochs=3, **settings):
    trainer = Trainer(
        Network(LAYERS, 6), "cross_entropy", seed=0, n_threads=n_threads, schedule=Cosine(steps=30), **settings
    )
    records = [trainer.epoch(data, 16) for _ in range(epochs)]
    return trainer.parameters.vector, [(record.loss, record.rate) for record in records], trainer


@pytest.fixture
def numba_kernels(monkeypatch):
    monkeypatch.setenv("CHAINRULE_KERNELS", "numba")


@pytest.mark.parametrize("n_threads", [1, 2, 3])
@pytest.mark.parametrize("kind", ["dense", "coded", "weighted", "sparse", "by columns"])
def test_parts_gather_what_the_interpreter_gathers(kind, n_threads, numba_kernels, monkeypatch):
    monkeypatch.setattr("chainrule.engine.threads.PER_THREAD", 1)
    data, found = rows(kind, subset=np.arange(100)[::-1].copy()), []
    for sources in (type(data).sources, lambda self: {}):
        monkeypatch.setattr(Rows, "sources", sources)
        found.append(trained(data, n_threads)[:2])
    np.testing.assert_array_equal(found[0][0], found[1][0])
    assert found[0][1] == found[1][1]


@pytest.mark.parametrize("optimiser", [AdamW(0.01), LAMB(0.01), Muon(0.01)], ids=["adamw", "lamb", "muon"])
def test_steps_at_once_are_steps_one_by_one(optimiser, numba_kernels, monkeypatch):
    options, found = StepOptions(clip_norm=1.0, averaging=EMA(0.9)), []
    for most in (64, 3, 1):
        monkeypatch.setattr(loading, "MOST_STEPS", most)
        vector, records, trainer = trained(rows("dense"), 2, optimiser=optimiser, options=options)
        found.append((vector.tobytes(), trainer.model.vector.tobytes(), tuple(records), trainer.update.steps))
    assert found[0] == found[1] == found[2]


def test_groups_are_of_one_size_and_leave_alone_what_is_to_be_alone(numba_kernels):
    data, network = rows("dense", 90), Network(LAYERS, 6)
    bound = plans(network, network.init(0), {"rows": 8}, "train", CrossEntropy(), Sharing(1, (1,)))
    load = Loader(data, bound)
    assert load.together > 5
    load.together = 5
    groups = list(load.groups(data.batches(8, None), {0, 7}.__contains__))
    assert [(len(group), alone) for group, alone in groups] == [
        (1, True),
        (5, False),
        (1, False),
        (1, True),
        (3, False),
        (1, False),
    ]
    assert [part for group, _ in groups for part in group] == list(data.batches(8, None))


def test_a_plan_does_not_keep_data_alive_nor_mistake_other_data_for_it(numba_kernels):
    import gc
    import weakref

    trainer = Trainer(Network(LAYERS, 6), "cross_entropy", seed=0, n_threads=1)
    data = rows("dense")
    trainer.epoch(data, 16)
    other = Rows(rows("dense").X + 1, data.y)
    expected = Trainer(Network(LAYERS, 6), "cross_entropy", seed=0, n_threads=1)
    expected.epoch(data, 16)
    dead = weakref.ref(data.X)
    del data
    gc.collect()
    assert dead() is None
    loss = trainer.epoch(other, 16).loss
    assert loss == expected.epoch(other, 16).loss


def test_sets_of_rows_may_take_turns(numba_kernels, monkeypatch):
    both, found = (rows("dense"), Rows(rows("dense").X + 1, rows("dense").y)), []
    for sources in (Rows.sources, lambda self: {}):
        monkeypatch.setattr(Rows, "sources", sources)
        trainer = Trainer(Network(LAYERS, 6), "cross_entropy", seed=0, n_threads=1)
        found.append([trainer.epoch(both[turn % 2], 16).loss for turn in range(4)])
    assert found[0] == found[1]


def test_a_loss_is_evaluated_in_groups_as_in_one(kernels):
    network = Network(LAYERS, 6)
    evaluate = Evaluator(network, network.init(0), Trainer(network, "cross_entropy").loss)
    data = rows("dense", 20_000)
    halves = [evaluate(rows("dense", 20_000, subset=np.arange(20_000)[half::2])) for half in (0, 1)]
    assert evaluate(data) == pytest.approx(np.mean(halves), rel=1e-6)


def test_rows_that_do_not_pair_or_are_not_there_are_refused(kernels):
    """Compiled code would read another's memory."""
    data, network = rows("dense", 64), Network(LAYERS, 6)
    for wrong, said in (
        (Rows(data.X, data.y[:8]), "64"),
        (Rows(data.X, data.y, np.ones(8, np.float32)), "64"),
        (Rows(data.X, data.y, subset=np.array([0, 2**40])), "from 0 to 63"),
        (Rows(data.X, data.y, subset=np.array([-1, 3])), "from 0 to 63"),
    ):
        with pytest.raises(InputError, match=said):
            Trainer(network, "cross_entropy").epoch(wrong, 16)


def test_integers_of_another_byte_order_are_gathered_by_the_interpreter(kernels):
    data = rows("dense", 64)
    other = Rows(data.X, data.y.astype(">i8"))
    assert trained(other, 1)[1] == trained(data, 1)[1]


def test_a_network_without_parameters_is_evaluated(kernels):
    network = Network([Dropout(0.5)], 1)
    evaluate = Evaluator(network, network.init(0), Trainer(network, "squared_error").loss)
    y = np.ones((5, 1), np.float32)
    assert evaluate(Rows(y, y)) == 0


def test_what_a_batch_size_needs_goes_with_it(numba_kernels):
    network = Network(LAYERS, 6)
    evaluate = Evaluator(network, network.init(0), Trainer(network, "cross_entropy").loss)
    data = rows("dense", 200)
    for count in range(1, 200):
        evaluate(data.part(np.arange(count)))
    assert len(evaluate._plans._runs) <= 64
