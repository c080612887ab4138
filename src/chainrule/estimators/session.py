"""What an estimator keeps of its training, so that partial_fit and warm_start go on from there."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self, TypedDict

import numpy as np

from chainrule.diagnosis.probes import Probes
from chainrule.diagnosis.recorder import Recorder
from chainrule.engine.network import Network
from chainrule.engine.predictor import Predictor
from chainrule.estimators.intervals import Margins
from chainrule.estimators.rules import STEP_OPTIONS
from chainrule.network.losses import Loss
from chainrule.training import optimisers, schedules
from chainrule.training.mixup import Mixup
from chainrule.training.optimisers import SGD, Adam, Optimiser
from chainrule.training.penalty import Penalty
from chainrule.training.schedules import Schedule
from chainrule.training.step_options import StepOptions
from chainrule.training.stopping import Stopping
from chainrule.training.streams import Streams, streams
from chainrule.training.trainer import Trainer, initial

if TYPE_CHECKING:
    from chainrule.estimators.base import BaseMLP


class Calibration(TypedDict, total=False):
    """What calibration finds: a predictor at another temperature, or margins."""

    predictor: Predictor
    margins: Margins


@dataclass
class Session:
    """A network with its parameters, its streams of random numbers, and the trainer and the stopping so far.

    `margins` are those of a regressor's conformal intervals; the temperature of a classifier is the predictor's.
    `recorder` measures the layers while they train; `recorded` is what one of another process has measured.

    What predicts is not trained again. Training that goes on does so in a session of its own, by `going_on`, and when
    it ends, `finished` gives what predicts from then on. A trainer is in one session at a time, or in one call of fit.
    """

    predictor: Predictor
    streams: Streams
    trainer: Trainer | None = None
    stopping: Stopping | None = None
    margins: Margins | None = None
    recorder: Recorder | None = None
    recorded: Probes | None = None
    gives_copies: bool = False

    @classmethod
    def begin(cls, network: Network, loss: Loss, dtype: Any, random_state: Any, n_members: int = 1) -> Self:
        """A fresh network, or several; `random_state` is what scikit-learn takes for one, or a NumPy Generator."""
        seed = random_state
        if isinstance(random_state, np.random.RandomState):
            seed = random_state.randint(np.iinfo(np.int32).max)
        elif isinstance(random_state, np.random.Generator):
            seed = random_state.integers(2**63)
        drawn = streams(None if seed is None else int(seed))
        parameters = initial(network, drawn, n_members, dtype)
        return cls(Predictor(network, parameters, loss), drawn)

    def going_on(self) -> Session:
        """Weights, moments and streams to train on, beside these; calibration holds for these weights only.

        The trainer stays with its buffers for as long as calls follow each other: it has weights of its own from the
        second on, and gives copies of them.
        """
        now, recorder = self.predictor, copy.copy(self.recorder)
        trainer, stopping = self._take()
        if trainer is None:
            parameters, drawn = now.parameters.copy(), copy.deepcopy(self.streams)
        else:
            if trainer.model is now.parameters:
                trainer.observer = None
                trainer = copy.deepcopy(trainer)
            parameters, drawn = trainer.model, trainer.streams
            parameters.vector[...] = now.parameters.vector  # which may have been changed
        predictor = Predictor(now.network, parameters, now.loss)
        return Session(predictor, drawn, trainer, stopping, None, recorder, self.recorded, gives_copies=True)

    def finished(self) -> Session:
        """What predicts from now on, with the trainer for later."""
        if self.recorder is not None:
            self.recorder.end()
        if not self.gives_copies:
            return self
        now = self.predictor
        predictor = Predictor(now.network, now.parameters.copy(), now.loss).at(now.temperature)
        return replace(self, predictor=predictor, streams=copy.deepcopy(self.streams), gives_copies=False)

    def calibrated(self, found: Calibration) -> Session:
        """The same with what calibration has found, and with the trainer, which this one then has no more."""
        trainer, stopping = self._take()
        return replace(self, **found, trainer=trainer, stopping=stopping)

    def _take(self) -> tuple[Trainer | None, Stopping | None]:
        """What training goes on with, for one call: another, in another thread, finds nothing and begins with fresh."""
        return vars(self).pop("trainer", None), vars(self).pop("stopping", None)

    @property
    def probes(self) -> Probes | None:
        """What was measured so far."""
        return self.recorded if self.recorder is None else self.recorder.probes()

    def rest(self) -> None:
        """Training will not go on: what only that would need is let go."""
        self.trainer = self.stopping = None

    def frozen(self) -> Session:
        """A copy that predicts as this one does now, uncalibrated; what it needs to train on is left out."""
        now = self.predictor
        return Session(Predictor(now.network, now.parameters.copy(), now.loss), self.streams)

    def resume_trainer(self, estimator: BaseMLP, incremental: bool) -> Trainer:
        """The trainer at hand, where training goes on with the same settings, else one with fresh moments.

        A fit lets rate and schedule start anew, partial_fit does not.
        """
        old, predictor = self.trainer, self.predictor
        optimiser, penalty = optimiser_of(estimator), Penalty(estimator.l1, estimator.l2, estimator.alpha)
        options, mixup = _options(estimator), Mixup(estimator.mixup) if estimator.mixup else None
        if old and old.update.does(optimiser, penalty, options):
            if not incremental:
                old.begin(optimiser.learning_rate, old.update.steps)
            old.shuffle, old.n_threads, old.schedule = estimator.shuffle, estimator.n_threads, schedule_of(estimator)
            old.mixup, old.observer = mixup, self._observer(estimator)
            return old
        self.trainer = Trainer(
            predictor.network, predictor.loss, optimiser, predictor.parameters, penalty,
            seed=self.streams, shuffle=estimator.shuffle, n_threads=estimator.n_threads,
            schedule=schedule_of(estimator), options=options, mixup=mixup,
        )  # fmt: skip
        if self.trainer.model is not predictor.parameters:
            self.predictor = Predictor(predictor.network, self.trainer.model, predictor.loss)
        self.trainer.epochs = len(estimator.history_)
        self.trainer.observer = self._observer(estimator)
        return self.trainer

    def _observer(self, estimator: BaseMLP) -> Recorder | None:
        """The recorder at hand, where the estimator wants to be measured."""
        if not estimator.probes:
            return None
        if self.recorder is None:
            self.recorder = Recorder(self.predictor.network)
        return self.recorder

    def resume_stopping(self, estimator: BaseMLP, incremental: bool) -> Stopping:
        """The stopping at hand, with new patience for a fit; of a fresh one, the weights at its start are the best."""
        if self.stopping is None:
            self.stopping = Stopping(estimator.n_iter_no_change, estimator.tol)
            self.stopping.best_vector = self.predictor.parameters.vector.copy()
        self.stopping.patience, self.stopping.tol = estimator.n_iter_no_change, estimator.tol
        if not incremental:
            self.stopping.count = 0
        return self.stopping


def optimiser_of(estimator: BaseMLP) -> Optimiser:
    """What its solver stands for: 'adam' and 'sgd' for one by its parameters, another name for one by its defaults."""
    rate, decay = estimator.learning_rate_init, estimator.weight_decay
    if estimator.solver == "sgd":
        return SGD(rate, decay, momentum=estimator.momentum, nesterov=estimator.nesterovs_momentum)
    if estimator.solver == "adam":
        return Adam(rate, decay, estimator.beta_1, estimator.beta_2, estimator.epsilon)
    return optimisers.get(estimator.solver)


def _options(estimator: BaseMLP) -> StepOptions:
    return StepOptions(**{name: getattr(estimator, name) for name in STEP_OPTIONS})


def schedule_of(estimator: BaseMLP) -> Schedule | None:
    """The schedule that its learning_rate is, or names; None where the rate is scikit-learn's affair."""
    rate = estimator.learning_rate
    return schedules.get(rate) if schedules.is_one(rate) else None
