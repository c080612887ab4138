"""Schedules: one contract for all, and the points that each one's formula promises."""

import math
import pickle
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from sklearn.base import clone

from chainrule import Checkpoints, MLPClassifier, MLPRegressor, Stopping, Validation, train
from chainrule.errors import InputError, InputTypeError
from chainrule.training.optimisers import SGD
from chainrule.training.schedules import (
    Cosine,
    CosineRestarts,
    Exponential,
    InverseScaling,
    Linear,
    OfStep,
    OneCycle,
    ReduceOnPlateau,
    Repeat,
    Schedule,
    StepDecay,
    WarmUp,
)
from chainrule.training.validation import Evaluator


def halves(step):
    return 0.5**step


#: schedule, and {step: factor} with 100 steps planned
SCHEDULES = {
    "step": (StepDecay(10, 0.5), {0: 1, 9: 1, 10: 0.5, 19: 0.5, 20: 0.25}),
    "exponential": (Exponential(10, 0.5), {0: 1, 5: 0.5**0.5, 10: 0.5, 20: 0.25}),
    "inverse scaling": (InverseScaling(0.5), {0: 1, 3: 0.5, 99: 0.1}),
    "linear": (Linear(0.2), {0: 1, 50: 0.6, 100: 0.2, 1000: 0.2}),
    "linear, own length": (Linear(0, steps=10), {0: 1, 5: 0.5, 10: 0, 50: 0}),
    "cosine": (Cosine(), {0: 1, 25: 0.5 + math.sqrt(0.125), 50: 0.5, 100: 0, 200: 0}),
    "cosine with an end": (Cosine(0.1, steps=50), {0: 1, 25: 0.55, 50: 0.1, 90: 0.1}),
    "restarts": (CosineRestarts(10, 2), {0: 1, 5: 0.5, 10: 1, 20: 0.5, 30: 1, 50: 0.5, 70: 1}),
    "warm-up": (WarmUp(4), {0: 0.25, 3: 1, 4: 1, 99: 1}),
    "warm-up, then cosine": (WarmUp(20, Cosine()), {0: 0.05, 19: 1, 20: 1, 60: 0.5, 100: 0}),
    "one cycle": (OneCycle(0.5, start=0.2, end=0.1), {0: 0.2, 25: 0.6, 50: 1, 75: 0.55, 100: 0.1}),
    "repeat": (Repeat((1, 3), Linear()), {0: 1, 5: 0.8, 24: 0.04, 25: 1, 40: 0.8, 100: 0}),
    "plateau": (ReduceOnPlateau(), {0: 1, 99: 1}),
    "your own": (OfStep(halves), {0: 1, 1: 0.5, 10: 0.5**10}),
}
every_schedule = pytest.mark.parametrize("name", SCHEDULES)


def test_every_schedule_is_here():
    assert {type(schedule) for schedule, _ in SCHEDULES.values()} == set(Schedule.__subclasses__())


@every_schedule
def test_points_of_the_formula(name):
    schedule, points = SCHEDULES[name]
    for step, expected in points.items():
        assert schedule.factor(step, 100) == pytest.approx(expected, abs=1e-12), step


@every_schedule
def test_contract(name):
    """Between 0 and 1, smooth but where it restarts or steps, a frozen value, the same after a pickle."""
    schedule, _ = SCHEDULES[name]
    factors = [schedule.factor(step, 100) for step in range(150)]
    assert all(0 <= factor <= 1 + 1e-12 for factor in factors)
    again = pickle.loads(pickle.dumps(schedule))
    assert again == schedule
    assert [again.factor(step, 100) for step in range(150)] == factors
    with pytest.raises(FrozenInstanceError):
        schedule.power = 1


@pytest.mark.parametrize("schedule", [Linear(), Cosine(), OneCycle(), WarmUp(2, Cosine())])
def test_one_that_ends_needs_to_know_when(schedule):
    with pytest.raises(InputError, match="give steps= for partial_fit"):
        schedule.factor(3)


@pytest.mark.parametrize(
    "make",
    [
        lambda: StepDecay(0), lambda: StepDecay(1.5), lambda: StepDecay(3, 0), lambda: StepDecay(3, 2.0),
        lambda: Exponential(True), lambda: InverseScaling(-1), lambda: Linear(-0.1), lambda: Linear(steps=0),
        lambda: Cosine(float("nan")), lambda: CosineRestarts(3, 0), lambda: WarmUp(0), lambda: OneCycle(0),
        lambda: OneCycle(1.0), lambda: OneCycle(start=2), lambda: WarmUp(3, Cosine), lambda: OfStep(0.5),
        lambda: OfStep(lambda t: -1.0).factor(0), lambda: OfStep(lambda t: float("nan")).factor(0),
        lambda: OfStep(lambda t: None).factor(0), lambda: ReduceOnPlateau(0), lambda: ReduceOnPlateau(patience=0),
        lambda: Repeat(()), lambda: Repeat((1, 0)), lambda: Repeat((1,), 3),
        lambda: ReduceOnPlateau(cooldown=-1), lambda: ReduceOnPlateau(smallest=2), lambda: ReduceOnPlateau(tol=-1),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(make):
    with pytest.raises((InputError, InputTypeError), match="expected .*; received"):
        make()


X = np.random.default_rng(0).normal(size=(100, 3))
Y = (X[:, 0] > 0).astype(int)
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def fitted(**parameters):
    settings = {"hidden_layer_sizes": (4,), "batch_size": 25, "max_iter": 5, "random_state": 0, "n_iter_no_change": 9}
    return clone(MLPClassifier(**settings | parameters)).fit(X, Y)


def test_a_fit_follows_its_schedule():
    """Four batches an epoch, five epochs: the record shows the rate of an epoch's last step."""
    model = fitted(learning_rate=Linear(), learning_rate_init=0.02)
    rates = [record.rate for record in model.history_]
    np.testing.assert_allclose(rates, [0.02 * (1 - step / 20) for step in (3, 7, 11, 15, 19)])


def test_a_fit_plans_the_last_batch_of_an_epoch_too():
    """Of 100 rows, batches of 40 are three an epoch; the schedule ends with the last of them, not before."""
    model = fitted(learning_rate=Linear(), batch_size=40)
    assert model.model_.continuation.trainer.planned == 15
    assert model.history_[-1].rate == pytest.approx(0.001 * Linear().factor(14, 15))


def test_a_factor_of_1_changes_nothing_and_of_0_stops_all():
    plain, one, none = fitted(), fitted(learning_rate=OfStep(lambda t: 1.0)), fitted(learning_rate=OfStep(lambda t: 0))
    np.testing.assert_array_equal(plain.parameters_.vector, one.parameters_.vector)
    start = fitted(learning_rate=OfStep(lambda t: 0), max_iter=1)
    np.testing.assert_array_equal(none.parameters_.vector, start.parameters_.vector)


def test_a_negative_factor_ends_a_fit_with_a_clear_error_and_loses_nothing(tmp_path):
    """Four batches an epoch: the error comes in the third epoch, and the model is that of two."""
    turning = {"learning_rate": OfStep(lambda t: 1.0 if t < 10 else -0.5), "checkpoints": Checkpoints(tmp_path)}
    model = MLPClassifier((4,), batch_size=25, random_state=0, **turning)
    with pytest.raises(InputError, match=r"OfStep\(function=\) at step 10: expected a number of at least 0.*-0.5"):
        model.fit(X, Y)
    two = fitted(max_iter=2)
    np.testing.assert_array_equal(model.parameters_.vector, two.parameters_.vector)
    assert model.loss_curve_ == two.loss_curve_
    assert len(list(tmp_path.iterdir())) == 2
    assert model.set_params(learning_rate="constant", checkpoints=None).fit(X, Y).score(X, Y) > 0.5


#: schedule, watched values, and what it multiplies by behind the last of them
PLATEAUS = [
    (ReduceOnPlateau(patience=2), [], 1),
    (ReduceOnPlateau(patience=2), [1, 1, 1], 1),
    (ReduceOnPlateau(patience=2), [1, 1, 1, 1], 0.1),
    (ReduceOnPlateau(patience=2), [1, 1, 1, 2, 2, 2], 1),
    (ReduceOnPlateau(patience=2), [1, 1, 1, 1, 1, 1, 1], 0.01),
    (ReduceOnPlateau(patience=2), [1, math.nan, math.nan, math.nan], 0.1),
    (ReduceOnPlateau(patience=2), [math.nan, math.nan, math.nan], 0.1),
    (ReduceOnPlateau(patience=1, tol=0.5), [1, 1.4, 1.6], 0.1),
    (ReduceOnPlateau(patience=1, tol=0.5), [1, 1.4, 1.9], 1),
    (ReduceOnPlateau(patience=1, cooldown=2), [1, 1, 1, 1, 1, 1], 0.1),
    (ReduceOnPlateau(patience=1, cooldown=2), [1, 1, 1, 2, 2, 2], 0.1),  # an improvement does not cut it short
    (ReduceOnPlateau(patience=1, cooldown=2), [1, 1, 1, 2, 2, 2, 2], 0.01),
    (ReduceOnPlateau(patience=1, cooldown=2), [1, 1, 1, 1, 1, 1, 1], 0.01),
    (ReduceOnPlateau(patience=1, cooldown=2), [1, 1, 1, 2, 2, 2, 2], 0.01),
    (ReduceOnPlateau(patience=1, smallest=0.05), [1] * 20, 0.05),
    (WarmUp(3, ReduceOnPlateau(patience=2)), [1, 1, 1, 1], 0.1),
    (WarmUp(3), [1, 1, 1, 1], 1),
    (Cosine(), [1] * 50, 1),
]


@pytest.mark.parametrize(("schedule", "values", "expected"), PLATEAUS, ids=str)
def test_what_a_schedule_makes_of_watched_values(schedule, values, expected):
    assert schedule.multiplier(values) == pytest.approx(expected)


@pytest.mark.parametrize("watching", [False, True])
def test_the_loop_lowers_the_rate_where_stopping_counts_a_plateau(watching, numpy_kernels, trainer, problem):
    """A tol that nothing reaches: only the first epoch is better than none before it."""
    schedule = ReduceOnPlateau(0.5, patience=2, tol=1e9)
    made = trainer(optimiser=SGD(0.1), schedule=WarmUp(4, schedule))
    watch = Validation(Evaluator(made.network, made.model, made.loss), problem()) if watching else None
    records = list(train(made, problem(), 16, 8, Stopping(7, 1e9), watch))
    assert [record.rate for record in records] == pytest.approx([0.1] * 4 + [0.05] * 3 + [0.025])
    expected = [record.score if watching else -record.loss for record in records]
    assert made.watched == expected


@pytest.mark.parametrize("Estimator", [MLPClassifier, MLPRegressor])
def test_an_estimator_lowers_its_rate_on_a_plateau(Estimator):
    """No score is better by so much, so every second epoch is one too many without improvement."""
    schedule = ReduceOnPlateau(0.1, patience=1, tol=1e3, smallest=0.01)
    settings = {"solver": "adam", "early_stopping": True, "random_state": 0, "max_iter": 9}
    model = Estimator(hidden_layer_sizes=(4,), learning_rate=schedule, **settings)
    model.fit(X, Y)
    shares = [record.rate / 0.001 for record in model.history_]
    assert shares == pytest.approx([1, 1, 1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.01])


def test_partial_fit_goes_on_watching():
    model = MLPClassifier((4,), learning_rate=ReduceOnPlateau(0.1, patience=1, tol=9.0), random_state=0)
    for _ in range(6):
        model.partial_fit(X, Y, classes=[0, 1])
    shares = [record.rate / 0.001 for record in model.history_]
    assert shares == pytest.approx([1, 1, 1, 0.1, 0.1, 0.01])
