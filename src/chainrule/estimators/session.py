"""What an estimator keeps of its training, so that partial_fit and warm_start go on from there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from chainrule.engine.network import Network
from chainrule.engine.predictor import Predictor
from chainrule.estimators.rules import STEP_OPTIONS
from chainrule.network.losses import Loss
from chainrule.training.mixup import Mixup
from chainrule.training.optimisers import SGD, Adam, Optimiser
from chainrule.training.penalty import Penalty
from chainrule.training.schedules import Schedule
from chainrule.training.step_options import StepOptions
from chainrule.training.stopping import Stopping
from chainrule.training.streams import Streams, streams
from chainrule.training.trainer import Trainer

if TYPE_CHECKING:
    from chainrule.estimators.base import BaseMLP


@dataclass
class Session:
    """A network with its parameters, its streams of random numbers, and the trainer and the stopping so far."""

    predictor: Predictor
    streams: Streams
    trainer: Trainer | None = None
    stopping: Stopping | None = None

    @classmethod
    def begin(cls, network: Network, loss: Loss, dtype: Any, random_state: Any) -> Self:
        """A fresh network; `random_state` is what scikit-learn takes for one, or a NumPy Generator."""
        seed = random_state
        if isinstance(random_state, np.random.RandomState):
            seed = random_state.randint(np.iinfo(np.int32).max)
        elif isinstance(random_state, np.random.Generator):
            seed = random_state.integers(2**63)
        drawn = streams(None if seed is None else int(seed))
        return cls(Predictor(network, network.init(drawn.init, dtype), loss), drawn)

    def frozen(self) -> Session:
        """A copy that predicts as this one does now; what it needs to train on is left out."""
        now = self.predictor
        return Session(Predictor(now.network, now.parameters.copy(), now.loss), self.streams)

    def resume_trainer(self, estimator: BaseMLP, incremental: bool) -> Trainer:
        """The trainer at hand, where partial_fit goes on with the same settings, else one with fresh moments."""
        old, predictor = self.trainer, self.predictor
        optimiser, penalty = _optimiser(estimator), Penalty(estimator.l1, estimator.l2, estimator.alpha)
        options, mixup = _options(estimator), Mixup(estimator.mixup) if estimator.mixup else None
        kept = old.update if old else None
        if (
            old
            and kept
            and incremental
            and (kept.optimiser, kept.penalty, kept.options) == (optimiser, penalty, options)
        ):
            old.shuffle, old.n_threads, old.schedule = estimator.shuffle, estimator.n_threads, _schedule(estimator)
            old.mixup = mixup
            return old
        self.trainer = Trainer(
            predictor.network, predictor.loss, optimiser, predictor.parameters, penalty, self.streams,
            estimator.shuffle, estimator.n_threads, _schedule(estimator), options, mixup,
        )  # fmt: skip
        if self.trainer.model is not predictor.parameters:
            self.predictor = Predictor(predictor.network, self.trainer.model, predictor.loss)
        self.trainer.epochs = len(estimator.history_)
        return self.trainer

    def resume_stopping(self, estimator: BaseMLP, incremental: bool) -> Stopping:
        """The stopping at hand, with new patience for a fit; of a fresh one, the weights at its start are the best."""
        if self.stopping is None:
            self.stopping = Stopping(estimator.n_iter_no_change, estimator.tol)
            self.stopping.best_vector = self.predictor.parameters.vector.copy()
        self.stopping.patience, self.stopping.tol = estimator.n_iter_no_change, estimator.tol
        if not incremental:
            self.stopping.count = 0
        return self.stopping


def _optimiser(estimator: BaseMLP) -> Optimiser:
    if isinstance(estimator.solver, Optimiser):
        return estimator.solver
    rate, decay = estimator.learning_rate_init, estimator.weight_decay
    if estimator.solver == "sgd":
        return SGD(rate, decay, momentum=estimator.momentum, nesterov=estimator.nesterovs_momentum)
    return Adam(rate, decay, estimator.beta_1, estimator.beta_2, estimator.epsilon)


def _options(estimator: BaseMLP) -> StepOptions:
    return StepOptions(**{name: getattr(estimator, name) for name in STEP_OPTIONS})


def _schedule(estimator: BaseMLP) -> Schedule | None:
    return estimator.learning_rate if isinstance(estimator.learning_rate, Schedule) else None
