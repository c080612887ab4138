"""One call of fit or partial_fit: the solver, the stopping, the learning rate, the words to the person."""

from __future__ import annotations

import math
import sys
import time
import warnings
from typing import TYPE_CHECKING

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split

from chainrule.errors import DivergenceError, InputError
from chainrule.estimators.inputs import one_form
from chainrule.estimators.session import Session
from chainrule.training import lbfgs
from chainrule.training.batches import Rows
from chainrule.training.loop import train
from chainrule.training.penalty import Penalty
from chainrule.training.stopping import Stopping
from chainrule.training.trainer import Record, Trainer

if TYPE_CHECKING:
    from chainrule.estimators.base import BaseMLP

#: Below this the "adaptive" learning rate stops instead of shrinking on.
SMALLEST_RATE = 1e-6
INTERRUPTED = "Training interrupted by user. The best weights so far are kept."


class Fitting:
    """A call of fit (`incremental` false) or of partial_fit on a session. To make it changes nothing; `run` does."""

    def __init__(self, estimator: BaseMLP, session: Session, data: Rows, incremental: bool) -> None:
        self.estimator = estimator
        self.session = session
        self.incremental = incremental
        self.stochastic = estimator.solver != "lbfgs"
        self.training, self.validation = data, None
        if self.stochastic and estimator.early_stopping:
            self.training, self.validation = self._split(data)

    def run(self) -> None:
        """Train, and leave finite weights behind, the best so far where training was broken off.

        Raises
        ------
        DivergenceError
            Without early_stopping; with it, that is a warning.
        """
        self.estimator.n_iter_ = 0
        self._settle_best()
        with np.errstate(all="ignore"):  # a divergence is told once, in words that help
            if self.stochastic:
                self._run_stochastic()
            else:
                self._run_lbfgs()

    def _run_stochastic(self) -> None:
        estimator, session = self.estimator, self.session
        trainer = session.resume_trainer(estimator, self.incremental)
        stopping = session.resume_stopping(estimator, self.incremental)
        weights = trainer.parameters.vector
        epochs = 1 if self.incremental else estimator.max_iter
        trainer.planned = None if self.incremental else epochs * math.ceil(len(self.training) / self._batch_size())
        score = None if self.validation is None else self._score
        try:
            for record in train(trainer, self.training, self._batch_size(), epochs, stopping, score):
                self._take_note(record)
                self._settle_rate(trainer, stopping)
        except KeyboardInterrupt:
            if self.incremental:
                raise  # the loop that is to be broken is the caller's
            stopping.restore(weights)
            _warn(INTERRUPTED)
            return
        diverged = not math.isfinite(estimator.loss_)
        if diverged:
            session.trainer = None  # its moments have left the finite numbers, too
        if diverged or self.validation is not None:
            stopping.restore(weights)
        if diverged and self.validation is None:
            raise self._divergence()
        self._tell_the_end(diverged, stopping.exhausted)

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
        if self.stochastic:
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

    def _tell_the_end(self, diverged: bool, exhausted: bool) -> None:
        estimator = self.estimator
        if diverged:
            _warn(
                f"Training diverged in epoch {estimator.n_iter_}; the best weights before are kept. "
                "Lower learning_rate_init or scale the inputs.",
                ConvergenceWarning,
            )
        elif exhausted and estimator.verbose:
            what = "Training loss" if self.validation is None else "Validation score"
            print(
                f"{what} did not improve more than tol={estimator.tol:f} for {estimator.n_iter_no_change} "
                "consecutive epochs. Stopping."
            )
        elif not exhausted and not self.incremental:
            _warn(
                f"Stochastic Optimizer: Maximum iterations ({estimator.max_iter}) reached and the optimization "
                "hasn't converged yet. Raise max_iter, or tol.",
                ConvergenceWarning,
            )

    def _run_lbfgs(self) -> None:
        estimator, predictor = self.estimator, self.session.predictor
        before, started = predictor.parameters.vector.copy(), time.perf_counter()

        def note(loss: float) -> None:
            nonlocal started
            now = time.perf_counter()
            self._take_note(Record(len(estimator.history_) + 1, loss, rate=math.nan, seconds=now - started))
            started = now

        try:
            outcome = lbfgs.minimise(
                predictor.network, predictor.parameters, self.training, predictor.loss,
                Penalty(l2=estimator.l2, alpha=estimator.alpha),
                max_iter=estimator.max_iter, max_fun=estimator.max_fun, tol=estimator.tol,
                n_threads=estimator.n_threads, on_iteration=note,
            )  # fmt: skip
        except KeyboardInterrupt:
            _warn(INTERRUPTED)
            return
        estimator.n_iter_, estimator.loss_ = outcome.iterations, outcome.loss
        if not (math.isfinite(outcome.loss) and np.isfinite(predictor.parameters.vector).all()):
            predictor.parameters.vector[...] = before
            raise self._divergence()
        estimator.best_loss_ = min(estimator.best_loss_, outcome.loss)
        if outcome.message is not None:
            _warn(
                f"lbfgs failed to converge after {outcome.iterations} iteration(s): {outcome.message}. "
                "Raise max_iter or max_fun, or scale the data.",
                ConvergenceWarning,
            )

    def _split(self, data: Rows) -> tuple[Rows, Rows]:
        """Rows to train on, and rows to validate on. No row is copied."""
        estimator, name = self.estimator, type(self.estimator).__name__
        # A single column of 0 and 1 is stratified, as in scikit-learn; multi-label and multi-class are not.
        binary = self.session.predictor.loss.name == "binary_cross_entropy" and data.y.shape[1] == 1
        with one_form(f"{name}(validation_fraction=)", "a share of the rows to validate on", data.X):
            parts = train_test_split(
                np.arange(len(data)),
                random_state=self.session.streams.split,
                test_size=estimator.validation_fraction,
                stratify=np.where(data.y[:, 0] > 0, "True", "False") if binary else None,
            )
        if len(parts[1]) < 2:
            raise InputError(
                f"{name}(validation_fraction=)", "at least 2 rows to validate on", len(parts[1]),
                "The validation set is too small. Increase 'validation_fraction' or the size of your dataset.",
            )  # fmt: skip
        if data.weight is not None and not all(data.weight[part].any() for part in parts):
            raise InputError(
                f"{name}: sample_weight", "weights above zero in the training and in the validation part",
                "a part without", "Use another random_state, or early_stopping=False.",
            )  # fmt: skip
        training, validation = (Rows(data.X, data.y, data.weight, np.sort(part)) for part in parts)
        return training, validation

    def _score(self) -> float:
        """The estimator's score of the validation rows, NaN where the network has left the finite numbers."""
        held_out = self.validation
        assert held_out is not None
        chosen = held_out.subset
        prediction = self.session.predictor(held_out.X[chosen], self.estimator.n_threads)
        if not np.isfinite(prediction).all():
            return math.nan
        weight = None if held_out.weight is None else held_out.weight[chosen]
        return float(self.estimator._score_rows(prediction, held_out.y[chosen], weight))

    def _batch_size(self) -> int:
        asked, rows = self.estimator.batch_size, len(self.training)
        if asked == "auto":
            return min(200, rows)
        if asked > rows:
            _warn(f"batch_size={asked} is larger than the {rows} training rows and is clipped to them.")
        return min(int(asked), rows)

    def _divergence(self) -> DivergenceError:
        return DivergenceError(
            f"{type(self.estimator).__name__}.fit, epoch {self.estimator.n_iter_}",
            "finite weights and a finite loss",
            "NaN or infinity",
            "Solver produced non-finite parameter weights. The input data may contain large values and need to be "
            "preprocessed. Or learning_rate_init is too high: try a tenth of it; early_stopping=True keeps the best "
            "weights instead of raising.",
        )


def _warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the line outside this package that called into it."""
    level = 1
    while sys._getframe(level).f_globals.get("__name__", "").startswith("chainrule."):
        level += 1
    warnings.warn(message, category, stacklevel=level + 1)
