"""The loop: its records, when it ends, and that every optimiser lowers every loss."""

import math

import numpy as np
import pytest

from chainrule import Dense
from chainrule.engine import threads
from chainrule.engine.network import Network
from chainrule.errors import InputError, InputTypeError
from chainrule.network.losses import LOSSES
from chainrule.training import loading
from chainrule.training.averaging import EMA
from chainrule.training.batches import Rows
from chainrule.training.loop import train
from chainrule.training.optimisers import SGD, Adam, AdamW
from chainrule.training.penalty import Penalty
from chainrule.training.schedules import Cosine
from chainrule.training.step_options import StepOptions
from chainrule.training.stopping import Stopping
from chainrule.training.trainer import Trainer
from chainrule.training.validation import Watched

OPTIMISERS = {
    "sgd": SGD(0.05),
    "momentum": SGD(0.01, momentum=0.9),
    "nesterov": SGD(0.01, momentum=0.9, nesterov=True),
    "adam": Adam(0.01),
    "adamw": AdamW(0.01),
}
PLAIN = (Dense(8, "tanh"), Dense(3))
ENDLESS = np.inf


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("optimiser", OPTIMISERS.values(), ids=OPTIMISERS)
def test_the_loss_falls(optimiser, loss, kernels, trainer, problem):
    made = trainer(loss, optimiser, layers=(Dense(8, "tanh"), Dense(LOSSES[loss].outputs(3))))
    records = list(train(made, problem(loss), 10, 30, Stopping(ENDLESS, 0)))
    assert records[-1].loss < 0.8 * records[0].loss


def test_a_record_per_epoch(numpy_kernels, trainer, problem):
    made = trainer()
    epochs = train(made, problem(), 10, 4, Stopping(ENDLESS, 0))
    first = next(epochs)
    assert made.epochs == 1  # the generator works only when asked
    made.rate = 0.25
    records = [first, *epochs]
    assert [record.epoch for record in records] == [1, 2, 3, 4]
    assert [record.rate for record in records] == [0.01, 0.25, 0.25, 0.25]
    assert all(record.seconds > 0 and record.score is None for record in records)
    assert made.update.steps == 4 * 6


def test_the_rate_of_an_epoch_is_the_rate_of_its_steps(kernels, trainer, problem):
    slow, fast = trainer(optimiser=SGD(0.01), layers=PLAIN), trainer(optimiser=SGD(0.3), layers=PLAIN)
    slow.rate = 0.3
    for made in (slow, fast):
        made.epoch(problem(), 10)
    np.testing.assert_array_equal(slow.parameters.vector, fast.parameters.vector)


@pytest.mark.parametrize("penalty", [Penalty(), Penalty(l1=0.1, l2=0.2, alpha=3.0)], ids=repr)
def test_the_loss_of_a_record_is_the_weighted_objective(penalty, kernels, trainer, problem):
    """With steps too small to move anything it is a sum that can be done by hand."""
    made = trainer(optimiser=SGD(1e-12), penalty=penalty, layers=(Dense(3),), dtype=np.float64)
    data = problem(rows=60, weighted=True, dtype=np.float64)
    z = data.X @ made.parameters["0.W"].T + made.parameters["0.b"]
    W, w = made.parameters["0.W"], data.weight
    expected = np.average(0.5 * ((z - data.y) ** 2).sum(axis=1), weights=w)
    expected += 0.5 * (penalty.l2 + penalty.alpha / (w.sum() * 20 / 60)) * (W**2).sum() + penalty.l1 * np.abs(W).sum()
    np.testing.assert_allclose(made.epoch(data, 20).loss, expected, rtol=1e-9)


def test_row_weights_count_like_repeated_rows(kernels, trainer, problem):
    data = problem(rows=20, dtype=np.float64)
    times = np.arange(20) % 3  # rows of weight 0 among them
    repeated = Rows(np.repeat(data.X, times, axis=0), np.repeat(data.y, times, axis=0))
    weighted = Rows(data.X, data.y, times.astype(float))
    vectors = []
    for rows in (repeated, weighted):
        made = trainer(layers=PLAIN, dtype=np.float64)
        for _ in range(5):
            made.epoch(rows, 20)
        vectors.append(made.parameters.vector)
    np.testing.assert_allclose(*vectors, rtol=1e-9, atol=1e-9)


def test_rows_that_weigh_nothing_have_no_loss(kernels, trainer, problem):
    data = problem(rows=20)
    empty = Rows(data.X, data.y, np.zeros(20, np.float32))
    made = trainer(layers=PLAIN, penalty=Penalty(l2=0.1, alpha=0.1))
    (record,) = train(made, empty, 10, 5, Stopping(ENDLESS, 0))
    assert math.isnan(record.loss)


def test_ends_when_patience_is_exhausted(numpy_kernels, trainer, problem):
    """No epoch improves by 1000: the first counts as one, and three more without are one too many."""
    records = list(train(trainer(), problem(), 10, 50, Stopping(2, 1000)))
    assert len(records) == 4


def test_the_score_decides_where_there_is_one(numpy_kernels, trainer, problem):
    """The loss goes on falling; the score stops at its third value, and its weights come back."""
    scores, vectors, stopping, made = iter([0.1, 0.3, 0.5, 0.4, 0.4, 0.4, 0.4]), [], Stopping(1, 0), trainer()

    def watch():
        vectors.append(made.parameters.vector.copy())
        return Watched(next(scores))

    records = list(train(made, problem(), 10, 50, stopping, watch))
    assert [record.score for record in records] == [0.1, 0.3, 0.5, 0.4, 0.4]
    assert stopping.best_score == 0.5
    stopping.restore(made.parameters.vector)
    np.testing.assert_array_equal(made.parameters.vector, vectors[2])


def test_the_averages_come_back_where_they_were_scored(numpy_kernels, trainer, problem):
    made, stopping = trainer(options=StepOptions(averaging=EMA(0.9))), Stopping(ENDLESS, 0)
    list(train(made, problem(), 10, 1, stopping))
    np.testing.assert_array_equal(stopping.best_vector, made.average.vector)
    assert (stopping.best_vector != made.parameters.vector).any()


def test_the_training_loss_decides_else(numpy_kernels, trainer, problem):
    stopping = Stopping(ENDLESS, 0)
    losses = [record.loss for record in train(trainer(), problem(), 10, 10, stopping)]
    assert stopping.best_score == -min(losses)


@pytest.mark.parametrize("loss", LOSSES)
def test_ends_behind_a_loss_that_is_not_finite(loss, kernels, trainer, problem):
    """The best finite weights remain in `stopping`; the record that tells of the end is still yielded."""
    stopping, made = (
        Stopping(ENDLESS, 0),
        trainer(loss, SGD(0.01), layers=(Dense(8, "relu"), Dense(LOSSES[loss].outputs(3)))),
    )
    records = []
    with np.errstate(all="ignore"):
        for record in train(made, problem(loss), 10, 50, stopping):
            records.append(record)
            made.rate = 1e30
    assert len(records) < 50
    assert all(math.isfinite(record.loss) for record in records[:-1])
    assert not math.isfinite(records[-1].loss)
    assert np.isfinite(stopping.best_vector).all()


def test_weights_lost_in_the_last_step_end_it_too(kernels, trainer, problem):
    """The loss was measured before the step that broke the weights."""
    made, data = trainer(optimiser=SGD(1e38), layers=(Dense(3),)), problem()
    data.X[...] *= 100
    (record,) = train(made, data, 60, 50, Stopping(ENDLESS, 0))
    assert math.isnan(record.loss)
    assert not np.isfinite(made.parameters.vector).all()


def test_a_divergence_makes_no_noise(kernels, trainer, problem):
    """Records tell of it, not warnings of NumPy (which are errors here), whichever call overflows first."""
    made = trainer(optimiser=SGD(1e30), layers=(Dense(8, "relu"), Dense(3)))
    *_, last = train(made, problem(), 10, 5, Stopping(ENDLESS, 0))
    assert not math.isfinite(last.loss)


def test_an_interruption_inside_an_epoch_gets_through(kernels, trainer, problem, monkeypatch):
    """Behind it the BLAS has its threads back, and training can go on."""

    class Interrupted(Rows):
        def weigh(self, chosen, arrays):
            if made.update.steps >= 3:
                raise KeyboardInterrupt
            return super().weigh(chosen, arrays)

    monkeypatch.setattr(loading, "MOST_STEPS", 3)
    data, made = problem(), trainer(n_threads=1)
    before = threads.resolve(None)
    epochs = train(made, Interrupted(data.X, data.y), 10, 5, Stopping(ENDLESS, 0))
    with pytest.raises(KeyboardInterrupt):
        next(epochs)
    assert (made.update.steps, made.epochs) == (3, 0)
    assert threads.resolve(None) == before
    assert math.isfinite(made.epoch(data, 10).loss)


@pytest.mark.parametrize(
    ("what", "value"),
    [("optimiser", "adamm"), ("optimiser", 3), ("schedule", "cosin"), ("schedule", 0.5), ("penalty", 0.1),
     ("options", {"clip_norm": 1.0}), ("mixup", 0.2)],
)  # fmt: skip
def test_what_a_trainer_cannot_use_is_refused_when_it_is_made(what, value):
    with pytest.raises((InputError, InputTypeError), match=rf"Trainer\({what}=\): expected .*; received"):
        Trainer(Network(PLAIN, inputs=2), "cross_entropy", **{what: value})


def test_names_stand_for_optimisers_and_schedules():
    made = Trainer(Network(PLAIN, inputs=2), "cross_entropy", "adamw", schedule="cosine")
    assert (made.rate, made.schedule) == (AdamW().learning_rate, Cosine())


@pytest.mark.parametrize("size", [0, -1, 1.5, "8", True])
def test_a_batch_has_a_whole_number_of_rows(size, numpy_kernels, trainer, problem):
    with pytest.raises((InputError, InputTypeError), match=r"Trainer\.epoch\(batch_size=\): expected a whole number"):
        next(train(trainer("cross_entropy"), problem("cross_entropy"), size, 2))


@pytest.mark.parametrize("epochs", [-1, 1.5, "2"])
def test_epochs_are_a_whole_number(epochs, numpy_kernels, trainer, problem):
    with pytest.raises((InputError, InputTypeError), match=r"train\(epochs=\): expected a whole number"):
        next(train(trainer("cross_entropy"), problem("cross_entropy"), 10, epochs))
