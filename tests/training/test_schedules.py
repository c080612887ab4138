"""Schedules: one contract for all, and the points that each one's formula promises."""

import math
import pickle
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from sklearn.base import clone

from chainrule import MLPClassifier
from chainrule.errors import InputError, InputTypeError
from chainrule.training.schedules import (
    Cosine,
    CosineRestarts,
    Exponential,
    InverseScaling,
    Linear,
    OfStep,
    OneCycle,
    Schedule,
    StepDecay,
    WarmUp,
)


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
        lambda: OfStep(lambda t: None).factor(0),
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


def test_a_factor_of_1_changes_nothing_and_of_0_stops_all():
    plain, one, none = fitted(), fitted(learning_rate=OfStep(lambda t: 1.0)), fitted(learning_rate=OfStep(lambda t: 0))
    np.testing.assert_array_equal(plain.parameters_.vector, one.parameters_.vector)
    start = fitted(learning_rate=OfStep(lambda t: 0), max_iter=1)
    np.testing.assert_array_equal(none.parameters_.vector, start.parameters_.vector)
