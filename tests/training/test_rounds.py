"""Training in rounds: the arithmetic of a round, the same bits whoever does it, and states within an epoch."""

import json

import numpy as np
import pytest
from tests.scattered import Scattered

from chainrule import Activation, BatchNorm, Dense, Dropout, Network, StepOptions
from chainrule.engine.blocks import Clip
from chainrule.engine.expansion import Expansion
from chainrule.errors import InputError
from chainrule.tasks import Here
from chainrule.training import rounds
from chainrule.training.averaging import EMA
from chainrule.training.batches import Rows
from chainrule.training.divided import Divided, Division, Unit, even, steps_of
from chainrule.training.making import Making
from chainrule.training.optimisers import SGD, Adam
from chainrule.training.rounds import Rounds, Turn, locally, pairwise
from chainrule.training.schedules import OneCycle
from chainrule.training.streamed import Piece

LAYERS = (Dense(8), BatchNorm(), Activation("relu"), Dropout(0.2), Dense(3))
EXPANSION = Expansion([Clip(k, (-9.0,), (9.0,), (-9.0,), (9.0,)) for k in range(5)], fills=[0.0] * 5)
DIVISION = Division(3, steps=2, rate=0.7, momentum=0.6)


def pieces(sizes, weighted=False, seed=0):
    drawn = np.random.default_rng(seed)
    for rows in sizes:
        X = drawn.normal(size=(rows, 5)).astype(np.float32)
        weight = drawn.uniform(0.5, 2, rows).astype(np.float32) if weighted else None
        yield Piece(X, (X[:, 0] > 0) + (X[:, 1] > 0).astype(np.int64), weight)


def divided(tasks, parts=((16, 16, 17), (16, 15, 16), (18, 16)), division=DIVISION, weighted=False):
    units = [
        [Unit(tasks.put(piece), len(piece.y)) for piece in pieces(sizes, weighted, seed=place)]
        for place, sizes in enumerate(parts)
    ]
    return Divided(units, next(pieces([20], weighted)), division, EXPANSION)


def trainer(tasks, data, layers=LAYERS, optimiser=None, **named):
    named = {"seed": 3, "options": StepOptions(averaging=EMA(0.8)), "schedule": OneCycle()} | named
    made = Rounds(tasks, data.division, Network(layers, 5), "cross_entropy", optimiser or Adam(0.01), **named)
    made.planned = 3 * data.steps(8)
    return made


def trained(tasks, epochs=3, parts=None, division=DIVISION, weighted=False, **named):
    data = divided(tasks, division=division, weighted=weighted, **({} if parts is None else {"parts": parts}))
    made = trainer(tasks, data, **named)
    return made, [made.epoch(data, 8) for _ in range(epochs)]


@pytest.mark.parametrize(
    "case",
    [
        {},
        {"n_members": 2},
        {"weighted": True, "optimiser": SGD(0.05, momentum=0.9)},
        {"parts": ((40,), (), (7, 7, 7))},
        {"options": None, "schedule": None},
    ],
    ids=str,
)
def test_whoever_does_the_tasks_the_bits_are_the_same(case, kernels):
    here, told = trained(Here(), **case)
    for seed in range(2):
        elsewhere, others = trained(Scattered(seed, again=3), **case)
        assert [(r.loss, r.rate) for r in told] == [(r.loss, r.rate) for r in others]
        np.testing.assert_array_equal(here.model.vector, elsewhere.model.vector)
    assert told[-1].loss < told[0].loss


def test_averages_by_tasks_have_the_bits_of_those_by_the_one_that_waits(monkeypatch):
    made, _ = trained(Here())
    tasks = Scattered()
    monkeypatch.setattr(rounds, "MANY_BYTES", 1)
    by_tasks, _ = trained(tasks)
    assert "joined" in tasks.names
    np.testing.assert_array_equal(made.parameters.vector, by_tasks.parameters.vector)


def test_pairs_are_joined_in_an_order_of_their_own():
    assert pairwise(list("abcdefg"), lambda one, other: f"({one}{other})") == "(((ab)(cd))((ef)g))"
    assert pairwise(["a"], None) == "a"


@pytest.mark.parametrize("weighted", [False, True])
def test_a_round_is_what_its_formulas_say(weighted):
    """One round of three workers by hand: weighted means, then Nesterov's step of what they moved by."""
    data = divided(Here(), ((16,), (8,), (24,)), Division(3, 100, 0.7, 0.6), weighted)
    made = trainer(Here(), data)
    made._velocity[...] = np.random.default_rng(0).normal(size=len(made._velocity)) / 100
    before, velocity = made.parameters.vector.copy(), made._velocity.copy()
    arrays, about = super(Rounds, made).state()
    making, expansion, shares = Making.of(made), data.X.expansion, []
    for worker, units in enumerate(data.turns(8, made.streams.dropout, 0)[0]):
        turn = Turn(about, 8, (made.streams.dropout, 0, 0, worker))
        shares.append(locally(making, expansion, arrays, turn, 1, *(unit.piece for unit in units)))
    made.epoch(data, 8)
    weights = [float(unit.piece.weight.sum()) if weighted else unit.rows for (unit,) in data.parts]
    mean = {name: np.average([s.arrays[name] for s in shares], axis=0, weights=weights) for name in arrays}
    trained = made.network.layout.trained
    moved = mean["parameters"] - before
    velocity = 0.6 * velocity + moved
    expected = before + 0.7 * (moved + 0.6 * velocity)
    expected[trained:] = mean["parameters"][trained:]  # running statistics are no weights
    np.testing.assert_allclose(made.parameters.vector, expected, atol=1e-6)
    np.testing.assert_allclose(made._velocity, velocity, atol=1e-6)
    np.testing.assert_allclose(made.model.vector, mean["update.average"], atol=1e-6)
    np.testing.assert_allclose(made.update.moments[1], mean["update.moment_2"], atol=1e-7)
    assert made.update.steps == 3  # those of the longest


def test_a_worker_whose_rows_weigh_nothing_does_not_count():
    def weighed(sizes, seed, weight):
        return [
            Unit(piece._replace(weight=np.full(len(piece.y), weight, np.float32)), len(piece.y))
            for piece in pieces(sizes, seed=seed)
        ]

    sample, made = next(pieces([20], weighted=True)), []
    for last in (weighed((24,), 2, 0.0), []):
        parts = [weighed((16, 16), 0, 1.0), weighed((16, 16), 1, 2.0), last]
        data = Divided(parts, sample, DIVISION, EXPANSION)
        made.append(trainer(Here(), data))
        made[-1].planned = 12
        for _ in range(2):
            made[-1].epoch(data, 8)
    np.testing.assert_array_equal(made[0].parameters.vector, made[1].parameters.vector)
    assert np.isfinite(made[0].parameters.vector).all()


def test_a_worker_alone_whose_step_is_taken_as_it_is_trains_as_a_trainer_does():
    data = divided(Here(), ((16, 16, 16),), Division(1, 100, 1.0, 0.0))
    made = trainer(Here(), data)
    making, (arrays, about) = Making.of(made), super(Rounds, made).state()
    alone = making.trainer(arrays, about, rounds.streams(np.random.SeedSequence((made.streams.dropout, 0, 0, 0))), 1)
    units = data.turns(8, made.streams.dropout, 0)[0][0]
    whole = [np.concatenate([unit.piece[k] for unit in units]) for k in range(2)]
    record = alone.epoch(Rows(rounds.Coded(whole[0], EXPANSION), whole[1]), 8)
    assert made.epoch(data, 8).loss == record.loss
    np.testing.assert_allclose(made.parameters.vector, alone.parameters.vector, atol=1e-7)


def test_steps_that_are_planned_are_those_that_are_made():
    made, _ = trained(Here(), parts=((40, 39), (5,), ()))
    assert made.update.steps == made.planned
    for rows, size in ((2095, 32), (16_400, 32), (77, 10), (5, 8)):
        assert steps_of(rows, size) == len(range(0, rows, even(rows, size)))


def test_batches_of_a_round_are_alike():
    """A last batch of two rows would be noise at the learning rate of a whole one."""
    assert [steps_of(rows, 8) for rows in (1, 8, 11, 13, 20, 64)] == [1, 1, 1, 2, 2, 8]


def test_units_come_in_another_order_in_each_epoch_and_each_once():
    data = divided(Here())
    every = [unit for part in data.parts for unit in part]
    orders = []
    for epoch in range(4):
        turns = data.turns(8, 5, epoch)
        assert len(turns) == 3
        assert sorted(map(id, (u for turn in turns for mine in turn for u in mine))) == sorted(map(id, every))
        orders.append([id(unit) for turn in turns for unit in turn[0]])
    assert len({tuple(order) for order in orders}) > 1


def test_a_state_within_an_epoch_leads_to_the_same_bits():
    whole, told = trained(Here())
    data, states = divided(Here()), []
    broken = trainer(Here(), data)

    def note(number):
        arrays, about = broken.state()
        states.append(({name: array.copy() for name, array in arrays.items()}, json.loads(json.dumps(about))))

    broken.after = note
    broken.epoch(data, 8)
    assert len(states) == 2  # after the first and the second of three rounds
    for arrays, about in states:
        made = trainer(Scattered(), again := divided(tasks := Scattered()))
        made._tasks = tasks
        made.load(arrays, about)
        records = [made.epoch(again, 8) for _ in range(3)]
        assert [r.loss for r in records] == [r.loss for r in told]
        np.testing.assert_array_equal(whole.parameters.vector, made.parameters.vector)


@pytest.mark.parametrize("other", [Division(4, 2, 0.7, 0.6), Division(3, 2, 0.7, 0.6, threads=2)], ids=str)
def test_a_state_of_another_division_is_refused(other):
    made, _ = trained(Here(), 1)
    data = divided(Here(), division=other)
    with pytest.raises(InputError, match="rows that are divided as in the checkpoint"):
        trainer(Here(), data).load(*made.state())


def test_an_epoch_that_is_out_of_time_ends_with_the_batches_at_hand():
    data = divided(Here())
    made = trainer(Here(), data)
    made.until = 0.0
    made.epoch(data, 8)
    assert 1 <= made.update.steps < 6


def test_rows_that_are_not_divided_are_refused():
    data = divided(Here())
    with pytest.raises(InputError, match="rows that are divided"):
        trainer(Here(), data).epoch(data.sample, 8)
