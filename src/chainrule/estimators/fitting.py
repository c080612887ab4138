"""One call of fit or partial_fit: the solver, the stopping, the learning rate, the words to the person."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from chainrule.engine import threads
from chainrule.estimators import by_lbfgs, recorded, resuming
from chainrule.estimators.held_out import Judge, Parts
from chainrule.estimators.session import Session, schedule_of
from chainrule.estimators.words import divergence, interruption, warn
from chainrule.training.callbacks.base import Audience, Callback, Outlook
from chainrule.training.checkpoints import State
from chainrule.training.loop import train
from chainrule.training.records import Record
from chainrule.training.stopping import Stopping
from chainrule.training.trainer import Trainer

if TYPE_CHECKING:
    from chainrule.estimators.base import BaseMLP

#: Below this the "adaptive" learning rate stops instead of shrinking on.
SMALLEST_RATE = 1e-6

#: Why a fit ended, as its callbacks are told.
CONVERGED, ALL_TRAINED, STOPPED = "converged", "all epochs trained", "stopped by a callback"
DIVERGED, INTERRUPTED = "diverged", "interrupted"


class Fitting:
    """A call of fit (`incremental` false) or of partial_fit on a session. To make it changes nothing; `run` does.

    Parameters
    ----------
    estimator, session : what is fitted: a draft, which nobody predicts with before it is finished
    parts : rows to train on and rows to validate on
    incremental : whether this is a partial_fit
    resumed : the state to go on from, or None
    callbacks : those of the estimator, ready to be told

    Attributes
    ----------
    settled : whether the weights are those to predict with: all that was trained, or the best of it
    learned : whether an epoch of this call has made them
    """

    def __init__(
        self,
        estimator: BaseMLP,
        session: Session,
        parts: Parts,
        incremental: bool,
        resumed: State | None = None,
        callbacks: Sequence[Callback] = (),
    ) -> None:
        self.estimator = estimator
        self.session = session
        self.training, self.validation = parts
        self.incremental = incremental
        self.resumed = resumed
        self.audience = Audience(callbacks)
        self.settled = self.learned = False
        self.checkpoints = None if incremental else estimator.checkpoints
        self.settings = resuming.settings(estimator, session, *parts) if self.checkpoints or resumed else {}
        if resumed is not None:
            resuming.check_same(self.settings, resumed)
        elif self.checkpoints:
            self.checkpoints.begin()

    def run(self) -> None:
        """Train, and leave finite weights behind, the best so far where training was broken off.

        Raises
        ------
        DivergenceError
            Without held-out rows; with them, that is a warning.
        """
        self.estimator.n_iter_ = 0
        self._settle_best()
        with np.errstate(all="ignore"):  # a divergence is told once, in words that help
            if self.estimator.solver == "lbfgs":
                self._run_lbfgs()
            else:
                self._run_stochastic()

    def calibrate(self) -> None:
        """On the held-out rows, where the estimator wants it."""
        estimator = self.estimator
        if estimator.calibration and self.validation is not None:
            self.session = estimator._session = self.session.calibrated(estimator._calibration(self.validation))

    def finished(self) -> BaseMLP:
        """The draft, whose session predicts from now on."""
        self.session = self.estimator._session = self.session.finished()
        return self.estimator

    def _run_stochastic(self) -> None:
        estimator, session = self.estimator, self.session
        trainer = session.resume_trainer(estimator, self.incremental)
        stopping = session.resume_stopping(estimator, self.incremental)
        epochs, size = 1 if self.incremental else estimator.max_iter, self.batch_size()
        if self.resumed is not None:
            for record in resuming.restore(session, self.resumed):
                self._take_note(record)
        self._look()
        trainer.planned = None if self.incremental else epochs * math.ceil(len(self.training) / size)
        reason = "broken off"
        try:
            self._begin(epochs, size)
            reason = self._train(trainer, stopping, epochs - estimator.n_iter_, size)
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
            self.learned = estimator.n_iter_ > 0 and stopping.best_score > -math.inf
            self.audience.end(reason)
        self._tell_the_end(reason)

    def _look(self) -> None:
        """Let the recorder know what the rows are like: those of the largest call so far."""
        recorder = self.session.recorder
        if recorder is not None and (recorder.survey is None or recorder.survey.rows < len(self.training)):
            with threads.limited(1):  # else threads of the BLAS would spin beside the first steps
                recorder.survey = recorded.look(self.estimator, self.training)

    def _run_lbfgs(self) -> None:
        estimator, session = self.estimator, self.session

        def tell(record: Record) -> bool:
            self._take_note(record)
            return self.audience.epoch(record)

        self._begin(estimator.max_iter, len(self.training))
        try:
            by_lbfgs.run(estimator, session, self.training, tell)
        finally:
            self.settled, self.learned = True, math.isfinite(estimator.loss_)
            self.audience.end("ended")

    def _train(self, trainer: Trainer, stopping: Stopping, epochs: int, batch_size: int) -> str:
        """Epoch after epoch; why it ended."""
        estimator, watch = self.estimator, None
        if self.validation is not None:
            watch = Judge(estimator, self.session, self.training, self.validation)
        for record in train(trainer, self.training, batch_size, epochs, stopping, watch):
            self._take_note(record)
            self._settle_rate(trainer, stopping)
            stop = self.audience.epoch(record)
            if self.checkpoints and self.checkpoints.due(record.epoch) and math.isfinite(record.loss):
                self.checkpoints.write(record.epoch, resuming.snapshot(estimator, self.session, self.settings))
            if stop:
                return STOPPED
        if not math.isfinite(estimator.loss_):
            return DIVERGED
        return CONVERGED if stopping.exhausted else ALL_TRAINED

    def _settle_weights(self, trainer: Trainer, stopping: Stopping, reason: str) -> None:
        """Put the best weights back where there is something to choose them by."""
        if reason == DIVERGED:
            self.session.trainer = None  # its moments have left the finite numbers, too
        if reason == DIVERGED or (self.validation is not None and (reason == CONVERGED or not self.incremental)):
            stopping.restore(trainer.model.vector)
        if self.incremental:
            self.estimator.stopped_ = reason == CONVERGED
            stopping.count = 0 if reason == CONVERGED else stopping.count

    def _begin(self, epochs: int, batch_size: int) -> None:
        """Tell all who listen, and later readers, what this fit is about to do."""
        held_out = 0 if self.validation is None else len(self.validation)
        trained = self.session.predictor.parameters.layout.trained
        estimator, rows = self.estimator, len(self.training)
        name = type(estimator).__name__
        estimator.outlook_ = Outlook(name, epochs, estimator.n_iter_, rows, held_out, batch_size, trained)
        self.audience.begin(estimator.outlook_, lambda: self.session.probes)

    def _settle_best(self) -> None:
        """Start anew what is best where this call watches a score and the one before the loss, or the reverse."""
        estimator, scores = self.estimator, self.validation is not None
        if scores == (estimator.best_loss_ is None):
            return
        estimator.best_loss_ = None if scores else math.inf
        estimator.validation_scores_ = [] if scores else None
        estimator.best_validation_score_ = -math.inf if scores else None
        self.session.stopping = None

    def _take_note(self, record: Record) -> None:
        """A record in scikit-learn's attributes and, where asked, in print."""
        estimator = self.estimator
        estimator.n_iter_ += 1
        estimator.loss_ = record.loss
        estimator.loss_curve_.append(record.loss)
        estimator.history_.append(record)
        if estimator.solver != "lbfgs":
            estimator.t_ += len(self.training)
        if estimator.best_loss_ is not None:
            estimator.best_loss_ = min(estimator.best_loss_, record.loss)
        if record.score is not None:
            estimator.validation_scores_.append(record.score)
            estimator.best_validation_score_ = max(estimator.best_validation_score_, record.score)
        if estimator.verbose:
            print(f"Iteration {estimator.n_iter_}, loss = {record.loss:.8f}")
            if record.score is not None:
                print(f"Validation score: {record.score:f}")

    def _settle_rate(self, trainer: Trainer, stopping: Stopping) -> None:
        """The learning rate of the next epoch; "adaptive" answers a plateau with a fifth of it instead of a stop."""
        estimator = self.estimator
        schedule = estimator.learning_rate if estimator.solver == "sgd" else "constant"
        if schedule == "invscaling":
            trainer.rate = estimator.learning_rate_init / (estimator.t_ + 1) ** estimator.power_t
        elif schedule == "adaptive" and stopping.exhausted and trainer.rate > SMALLEST_RATE:
            trainer.rate /= 5
            stopping.count = 0
            if estimator.verbose:
                print(f"No improvement: learning rate set to {trainer.rate:g}")

    def _tell_the_end(self, reason: str) -> None:
        estimator = self.estimator
        if reason == INTERRUPTED:
            interruption(bool(estimator.history_))
        elif reason == DIVERGED and self.validation is None:
            raise divergence(estimator)
        elif reason == DIVERGED:
            warn(
                f"Training diverged in epoch {estimator.n_iter_}; the best weights before are kept. "
                "Lower learning_rate_init or scale the inputs.",
                ConvergenceWarning,
            )
        elif reason == CONVERGED and estimator.verbose:
            what = "Training loss" if self.validation is None else "Validation score"
            print(
                f"{what} did not improve more than tol={estimator.tol:f} for {estimator.n_iter_no_change} "
                "consecutive epochs. Stopping."
            )
        elif reason == ALL_TRAINED and not (self.incremental or schedule_of(estimator)):
            warn(  # a schedule runs to its end, which is meant
                f"Stochastic Optimizer: Maximum iterations ({estimator.max_iter}) reached and the optimization "
                "hasn't converged yet. Raise max_iter, or tol.",
                ConvergenceWarning,
            )

    def batch_size(self) -> int:
        asked, rows = self.estimator.batch_size, len(self.training)
        if asked != "auto" and asked > rows:
            warn(f"batch_size={asked} is larger than the {rows} training rows and is clipped to them.")
        return batch_rows(asked, rows)


def batch_rows(asked: Any, rows: int) -> int:
    """Rows of a batch, of so many to train on."""
    return min(200 if asked == "auto" else int(asked), rows)
