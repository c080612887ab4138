"""One call of fit or partial_fit: the solver, the stopping, the learning rate, checkpoints and callbacks."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol

import numpy as np

from chainrule.diagnosis.survey import Survey, loss_of_constant, survey
from chainrule.engine import threads
from chainrule.engine.expansion import Coded
from chainrule.engine.feeds import Packed
from chainrule.models import by_lbfgs, resume
from chainrule.models.answers import Answer
from chainrule.models.inputs import Input
from chainrule.models.model import Model
from chainrule.models.pace import Pace
from chainrule.models.recipe import Recipe
from chainrule.models.training import Training
from chainrule.models.validation import Judge, Parts
from chainrule.training.batches import Data
from chainrule.training.callbacks.base import Audience, Callback, Outlook
from chainrule.training.checkpoints import Checkpoints, State
from chainrule.training.loop import train
from chainrule.training.records import Record
from chainrule.training.stopping import Stopping
from chainrule.training.trainer import Trainer
from chainrule.training.units import Units

#: Below this the "adaptive" learning rate stops instead of shrinking on.
SMALLEST_RATE = 1e-6

#: Why a fit ended, as its callbacks are told.
CONVERGED, ALL_TRAINED, STOPPED = "converged", "all epochs trained", "stopped by a callback"
DIVERGED, INTERRUPTED, OUT_OF_TIME = "diverged", "interrupted", "out of time"

#: Why a call of `Fit.run` ended that may be followed by another.
PAUSED = "paused"


class Ending(NamedTuple):
    """Why a fit ended, and what L-BFGS says of it; of an interruption, whether anything was trained before."""

    reason: str
    message: str | None = None
    trained: bool = True


class Writes(Protocol):
    """Where checkpoints go: `Checkpoints`, or what stands for them."""

    def due(self, epoch: int) -> bool:
        """Whether one is written after this epoch."""

    def due_in(self, epoch: int, round: int) -> bool:
        """Whether one is written after this round of an epoch, where there are rounds."""

    def write(self, epoch: int, state: State, round: int | None = None) -> object:
        """Write it."""


class Kept(NamedTuple):
    """Where checkpoints are written, what has to be the same to go on from one, and one to go on from."""

    settings: dict[str, str]
    checkpoints: Writes | None = None
    resumed: State | None = None

    def check(self) -> None:
        """Refuse a checkpoint of another fit, or a folder that holds another run's."""
        if self.resumed is not None:
            resume.check_same(self.settings, self.resumed)
        elif isinstance(self.checkpoints, Checkpoints):
            self.checkpoints.begin()


class Fit:
    """A call of fit, or of partial_fit where `incremental`. To make it changes nothing; `run` does.

    Parameters
    ----------
    recipe : Recipe
    training : Training, which is this call's
    given, answer : what the model's input and answer will be
    parts : rows to train on and rows to validate on
    incremental : whether this is a partial_fit: one epoch, from where the last call ended
    kept : of checkpoints, or None
    callbacks : ready to be told
    until : when training is to end, as `time.perf_counter()` tells it, and its schedule with it; or None

    Attributes
    ----------
    settled : whether the weights are those to predict with: all that was trained, or the best of it
    learned : whether an epoch of this call has made them
    spare : a fit that was run before; its model is left where this one is broken off before it has learned
    """

    def __init__(
        self,
        recipe: Recipe,
        training: Training,
        given: Input,
        answer: Answer,
        parts: Parts,
        incremental: bool = False,
        kept: Kept | None = None,
        callbacks: Sequence[Callback] = (),
        until: float | None = None,
    ) -> None:
        self.recipe = recipe
        self.training = training
        self.input = given
        self.answer = answer
        self.rows, self.validation = parts
        self.incremental = incremental
        self.audience = Audience(callbacks)
        self.until = None if incremental else until
        self.settled = self.learned = False
        self.spare: Fit | None = None
        self._begun = False
        self._ending: Ending | None = None
        self._calibrated: Model | None = None
        self._kept = kept or Kept({})

    def keeps(self, kept: Kept) -> None:
        """Write checkpoints, and go on from one, as this says."""
        self._kept = kept

    def run(self, epochs: int | None = None) -> Ending:
        """Train, and leave finite weights behind, the best so far where training was broken off; once.

        Parameters
        ----------
        epochs : that are trained by the end of this call, where another is to go on from there; None: all
        """
        if self._ending is not None:
            return self._ending
        ending = self._run(epochs)
        self._ending = None if ending.reason == PAUSED else ending
        return ending

    @property
    def paused(self) -> bool:
        """Whether a call of `run` was to train some of the epochs, and more may follow."""
        return self._begun and self._ending is None

    def settle(self) -> None:
        """Stay with the best so far, where more epochs might have followed."""
        if self.paused:
            trainer, stopping = self._trained_by()
            self._settle_weights(trainer, stopping, CONVERGED)
            self.settled, self._ending = True, Ending(CONVERGED)

    def stop(self) -> None:
        """End with the steps under way: for another thread than that of `run`."""
        self.until = 0.0
        if self.training.trainer is not None:
            self.training.trainer.until = 0.0

    def on(self, n_threads: int | None) -> None:
        """Train on so many threads from now on."""
        self.recipe = replace(self.recipe, n_threads=n_threads)
        if self.training.trainer is not None:
            self.training.trainer.n_threads = n_threads

    def broken_off(self) -> Fit:
        """This fit, which has run, as one that is left where another was broken off."""
        self._ending = Ending(INTERRUPTED)
        return self

    def _run(self, epochs: int | None) -> Ending:
        if not self._begun and self.training.progress.begin(self.validation is not None):
            self.training.stopping = None
        with np.errstate(all="ignore"):  # a divergence is told once, in words that help
            return self._run_lbfgs() if self.recipe.optimiser is None else self._run_stochastic(epochs)

    def calibrate(self) -> None:
        """On the held-out rows."""
        assert self.validation is not None
        self._calibrated = self._model().calibrated(
            self.validation, self.recipe.n_threads, f"{self.recipe.name}: X_val"
        )

    def model(self) -> Model:
        """What predicts from now on."""
        return self._calibrated or self._model()

    def running(self) -> Model:
        """The model as it is now, to be looked at while it does not change."""
        return self.training.running(self.recipe.name, self.input, self.answer)

    def so_far(self) -> Model:
        """A model of copies that predicts as if the fit had ended here."""
        return self.training.so_far(self.recipe.name, self.input, self.answer)

    def _model(self) -> Model:
        return self.training.model(self.recipe.name, self.input, self.answer)

    def _run_stochastic(self, until: int | None) -> Ending:
        progress = self.training.progress
        trainer, stopping = self._trained_by() if self._begun else self._start()
        epochs, size = self._epochs, self.recipe.rows_of_a_batch(len(self.rows))
        reason = "broken off"
        try:
            if not self._begun:
                self._begin(epochs, size)
                self._begun = True
            left = (epochs if until is None else min(until, epochs)) - progress.epochs
            reason = self._train(trainer, stopping, 0 if stopping.exhausted else max(0, left), size)
            if reason == ALL_TRAINED and progress.epochs < epochs:
                reason = PAUSED
            else:
                self._settle_weights(trainer, stopping, reason)
                self.settled = True
        except KeyboardInterrupt:
            if self.incremental:
                raise  # the loop that is to be broken is the caller's
            stopping.restore(trainer.model.vector)
            self.settled, reason = True, INTERRUPTED
        except Exception:
            stopping.restore(trainer.model.vector)
            self.settled = True
            raise
        finally:
            self.learned = progress.epochs > 0 and stopping.best_score > -math.inf
            if reason != PAUSED:
                self.audience.end(reason)
        return Ending(reason, trained=bool(progress.records))

    @property
    def _epochs(self) -> int:
        """That are trained at most."""
        return 1 if self.incremental else self.recipe.epochs

    def _start(self) -> tuple[Trainer, Stopping]:
        """What trains and what stops, where the fit begins, or where a checkpoint has it."""
        training, rows = self.training, len(self.rows)
        trainer = training.resume_trainer(self.recipe, self.incremental, self.rows)
        stopping = training.resume_stopping(self.recipe, self.incremental)
        if self._kept.resumed is not None:
            for record in resume.restore(training, self._kept.resumed):
                training.progress.add(record, rows)
        self._look()
        steps = self.rows.steps(self.recipe.rows_of_a_batch(rows))
        trainer.planned = None if self.incremental else self._epochs * steps
        return trainer, stopping

    def _trained_by(self) -> tuple[Trainer, Stopping]:
        """What trains and what stops, of a fit that has begun."""
        trainer, stopping = self.training.trainer, self.training.stopping
        assert trainer is not None
        assert stopping is not None
        return trainer, stopping

    def _look(self) -> None:
        """Let the recorder know what the rows are like: those of the largest call so far."""
        recorder = self.training.recorder
        if recorder is not None and (recorder.survey is None or recorder.survey.rows < len(self.rows)):
            with threads.limited(1):  # else threads of the BLAS would spin beside the first steps
                recorder.survey = _survey(self.answer, self.rows, self.validation)

    def _run_lbfgs(self) -> Ending:
        training, progress = self.training, self.training.progress
        before = training.predictor.parameters.vector.copy()

        def tell(record: Record) -> bool:
            progress.add(record, 0)
            return self.audience.epoch(record) or self._is_over()

        self._begin(self.recipe.epochs, len(self.rows))
        try:
            finite, message = by_lbfgs.run(self.recipe, training, self.rows, tell)
            return Ending(CONVERGED if finite else DIVERGED, message)
        except KeyboardInterrupt:
            trained = not np.array_equal(training.predictor.parameters.vector, before)
            return Ending(INTERRUPTED, trained=trained)
        finally:
            self.settled, self.learned = True, math.isfinite(progress.loss)
            self.audience.end("ended")

    def _train(self, trainer: Trainer, stopping: Stopping, epochs: int, batch_size: int) -> str:
        """Epoch after epoch; why it ended."""
        watch, checkpoints = None, self._kept.checkpoints
        if self.validation is not None:
            watch = Judge(self.recipe, self.running, self.rows, self.validation)
        pace = Pace(trainer, self.until)
        trainer.after = self._after_round
        for record in train(trainer, self.rows, batch_size, epochs, stopping, watch):
            self.training.progress.add(record, len(self.rows))
            stop = self.audience.epoch(record)
            pace.keep(record)
            self._settle_rate(trainer, stopping)
            if checkpoints and checkpoints.due(record.epoch) and math.isfinite(record.loss):
                checkpoints.write(record.epoch, resume.snapshot(self.training, self._kept.settings))
            if stop:
                return STOPPED
            if self._is_over():
                return OUT_OF_TIME
        if not math.isfinite(self.training.progress.loss):
            return DIVERGED
        return CONVERGED if stopping.exhausted else ALL_TRAINED

    def _after_round(self, round: int) -> None:
        """A round of the epoch under way has ended, which is not its last."""
        epoch, checkpoints = self.training.progress.epochs + 1, self._kept.checkpoints
        if checkpoints and checkpoints.due_in(epoch, round):
            checkpoints.write(epoch, resume.snapshot(self.training, self._kept.settings), round)

    def _is_over(self) -> bool:
        """Whether there is no time left."""
        return self.until is not None and time.perf_counter() >= self.until

    def _settle_weights(self, trainer: Trainer, stopping: Stopping, reason: str) -> None:
        """Put the best weights back where there is something to choose them by."""
        if reason == DIVERGED:
            self.training.trainer = None  # its moments have left the finite numbers, too
        if reason == DIVERGED or (self.validation is not None and (reason == CONVERGED or not self.incremental)):
            stopping.restore(trainer.model.vector)
        if self.incremental:
            self.training.progress.stopped = reason == CONVERGED
            stopping.count = 0 if reason == CONVERGED else stopping.count

    def _begin(self, epochs: int, batch_size: int) -> None:
        """Tell all who listen, and later readers, what this fit is about to do."""
        self.training.progress.outlook = outlook = self.outlook(epochs, batch_size)
        self.audience.begin(outlook, lambda: self.training.probes)

    def outlook(self, epochs: int, batch_size: int) -> Outlook:
        """What it is about to do, in so many epochs at most."""
        held_out = 0 if self.validation is None else len(self.validation)
        return Outlook(
            self.recipe.name, epochs, self.training.progress.epochs, len(self.rows), held_out, batch_size,
            self.training.predictor.trained,
            self.answer.scored_as if self.recipe.scoring is None else "score", self._units(),
        )  # fmt: skip

    def _units(self) -> Units | None:
        """From a loss of the held-out rows to their error in units of y."""
        if self.validation is None or self.answer.units(None) is None:
            return None
        y, weight = self.validation.counted()
        return self.answer.units(self.answer.loss.constant(y, self.answer.outputs, weight))

    def _settle_rate(self, trainer: Trainer, stopping: Stopping) -> None:
        """The learning rate of the next epoch; "adaptive" answers a plateau with a fifth of it instead of a stop."""
        recipe = self.recipe
        if recipe.rate_rule == "invscaling":
            assert recipe.optimiser is not None
            trainer.rate = recipe.optimiser.learning_rate / (self.training.progress.rows + 1) ** recipe.power
        elif recipe.rate_rule == "adaptive" and stopping.exhausted and trainer.rate > SMALLEST_RATE:
            trainer.rate /= 5
            stopping.count = 0
            self.audience.slowed(trainer.rate)


def _survey(answer: Answer, data: Data, held_out: Data | None) -> Survey | None:
    """What rows to train on are like; None of sequences, whose steps have no target of their own."""
    if isinstance(data.X, Packed):
        return None
    outputs, classes = answer.outputs, 0
    if answer.loss.target == "classes":
        classes = outputs
    elif answer.classifies and outputs == 1:
        classes = 2
    coded = data.X.expansion if isinstance(data.X, Coded) else None
    owners = [] if coded is None else [block.source for block in coded.blocks for _ in range(block.width)]
    seen = survey(data.X, data.y, classes, data.weight, data.subset, answer.loss, owners)
    if held_out is not None and len(held_out):
        of_others = loss_of_constant(held_out.y, classes, held_out.weight, held_out.subset, answer.loss)
        seen = replace(seen, held_out_constant=of_others)
    if coded is not None:  # inputs that an encoder made: a rare level is no column of the user's
        return replace(seen, constant=(), n_constant=0, duplicate=(), n_duplicate=0)
    return seen
