"""The range test: what it suggests, what it leaves alone, and what it is not led astray by."""

import math
import pickle

import numpy as np
import pytest

from chainrule import Dense, losses, range_test, train
from chainrule.errors import InputError, InputTypeError
from chainrule.training.finder import smooth, suggest
from chainrule.training.optimisers import SGD, Adam, Lion
from chainrule.training.schedules import Linear

pytestmark = pytest.mark.usefixtures("numpy_kernels")


@pytest.mark.parametrize("optimiser", [SGD(1.0, momentum=0.9), Adam(1.0), Lion(1.0)], ids=lambda o: type(o).__name__)
@pytest.mark.parametrize("loss", ["squared_error", "cross_entropy", "gaussian"])
def test_the_suggestion_trains(loss, optimiser, trainer, problem):
    layers = (Dense(16, "tanh"), Dense(losses.LOSSES[loss].outputs(3)))
    made = trainer(loss, optimiser, layers=layers)
    curve = range_test(made, problem(loss), 16)
    made.rate = curve.suggestion
    first, *_, last = train(made, problem(loss), 16, 15)
    assert last.loss < first.loss


def test_the_trainer_and_its_streams_stay_as_they_are(trainer, problem):
    made = trainer()
    list(train(made, problem(), 16, 2))
    before = pickle.dumps(made)
    curve = range_test(made, problem(weighted=True), 16, steps=40)
    assert pickle.dumps(made) == before
    assert curve == range_test(made, problem(weighted=True), 16, steps=40)


def test_the_schedule_is_left_out(trainer, problem):
    plain, scheduled = (range_test(trainer(schedule=one), problem(), 16, steps=30) for one in (None, Linear(steps=30)))
    assert plain == scheduled


def test_rates_rise_by_the_same_factor_and_the_test_ends_where_training_breaks(trainer, problem):
    curve = range_test(trainer(optimiser=SGD(1.0)), problem(), 16, high=1e9, steps=300)
    assert len(curve.rates) == len(curve.losses) < 300
    assert len(curve.smoothed) == len(curve.losses) - (not math.isfinite(curve.losses[-1]))
    np.testing.assert_allclose(np.diff(np.log(curve.rates)), math.log(1e15) / 299)
    assert curve.rates[0] == 1e-6


def test_rows_of_weight_0_and_broken_batches_are_not_taken(trainer, problem):
    data = problem(weighted=True)
    data.X[::2] = np.nan
    data.weight[::2] = 0
    curve = range_test(trainer(), data, 16, steps=30)
    assert np.isfinite(curve.losses[:20]).all()
    data.weight[:] = 0
    with pytest.raises(InputError, match="rows that weigh something"):
        range_test(trainer(), data, 16)


def test_a_single_batch_out_of_line_is_not_seen():
    losses = [1.0] * 50
    losses[20] = 1e6
    assert smooth(losses) == pytest.approx([1.0] * 50)


def test_the_suggestion_is_a_tenth_of_the_lowest_point():
    rates = np.geomspace(1e-4, 1, 5).tolist()
    assert suggest(rates, [1.0, 0.9, 0.2, 0.1, 5.0])[0] == pytest.approx(rates[3] / 10)
    assert math.isnan(suggest(rates, [1.0, 1.1, 1.2, 1.3, 1.4])[0])
    assert math.isnan(suggest(rates, [])[0])


def test_the_text_shows_the_curve_and_the_reason(trainer, problem):
    text = str(range_test(trainer(), problem(), 16))
    assert "#####" in text
    assert "a tenth of" in text.splitlines()[-1]
    assert 10 < len(text.splitlines()) < 40


@pytest.mark.parametrize(
    "settings",
    [{"low": 0}, {"low": 1, "high": 0.1}, {"high": math.inf}, {"steps": 3}, {"steps": 50.0}, {"batch_size": 0}],
)
def test_what_cannot_be_is_refused(settings, trainer, problem):
    with pytest.raises((InputError, InputTypeError), match="expected .*; received"):
        range_test(trainer(), problem(), **{"batch_size": 16} | settings)
