"""A network in training, over one call of fit or over many."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from chainrule.diagnosis.probes import Probes
from chainrule.diagnosis.recorder import Recorder
from chainrule.engine.network import Network
from chainrule.engine.predictor import Predictor
from chainrule.models.answers import Answer
from chainrule.models.continuation import Continuation
from chainrule.models.inputs import Input
from chainrule.models.model import Model
from chainrule.models.progress import Progress
from chainrule.models.recipe import Recipe
from chainrule.network.losses import Loss
from chainrule.training.batches import Data
from chainrule.training.elsewhere import trainer_of
from chainrule.training.mixup import Mixup
from chainrule.training.stopping import Stopping
from chainrule.training.streams import Streams, streams
from chainrule.training.trainer import Trainer, initial


@dataclass
class Training:
    """A network with its parameters in training, its streams of random numbers, the trainer and the stopping so far.

    What predicts is not trained again. Training that goes on does so on weights of its own, by `going_on`, and `model`
    gives what predicts from then on. A trainer is in one model's `later` at a time, or in one call of fit.

    Attributes
    ----------
    predictor : of the parameters that are trained, or of their average
    recorder : measures the layers while they train
    recorded : what one of another process has measured
    gives_copies : whether a model gets copies of the parameters, as training goes on with these
    """

    predictor: Predictor
    streams: Streams
    progress: Progress = field(default_factory=Progress)
    trainer: Trainer | None = None
    stopping: Stopping | None = None
    recorder: Recorder | None = None
    recorded: Probes | None = None
    gives_copies: bool = False

    @classmethod
    def begin(cls, network: Network, loss: Loss, dtype: Any, random_state: Any, n_members: int = 1) -> Self:
        """Of a fresh network, or several; `random_state` is what scikit-learn takes for one, or a NumPy Generator."""
        seed = random_state
        if isinstance(random_state, np.random.RandomState):
            seed = random_state.randint(np.iinfo(np.int32).max)
        elif isinstance(random_state, np.random.Generator):
            seed = random_state.integers(2**63)
        drawn = streams(None if seed is None else int(seed))
        return cls(Predictor(network, initial(network, drawn, n_members, dtype), loss), drawn)

    @classmethod
    def going_on(cls, model: Model) -> Self:
        """On weights, moments and streams beside those of a model; calibration holds for its weights only.

        The trainer stays with its buffers for as long as calls follow each other: it has weights of its own from the
        second on, and gives copies of them.
        """
        now, measured = model.predictor, model.measured
        trainer, stopping = model.continuation.take()
        if trainer is None:
            parameters, drawn = now.parameters.copy(), copy.deepcopy(model.streams)
        else:
            if trainer.model is now.parameters:
                trainer.observer = None
                trainer = copy.deepcopy(trainer)
            parameters, drawn = trainer.model, trainer.streams
            parameters.vector[...] = now.parameters.vector  # which may have been changed
        return cls(
            Predictor(now.network, parameters, now.loss), drawn, model.progress.copy(), trainer, stopping,
            copy.copy(measured) if isinstance(measured, Recorder) else None,
            measured if isinstance(measured, Probes) else None, gives_copies=True,
        )  # fmt: skip

    def model(self, kind: str, given: Input, answer: Answer) -> Model:
        """What predicts from now on, with the trainer for later."""
        if self.recorder is not None:
            self.recorder.end()
        predictor, drawn = self.predictor, self.streams
        if self.gives_copies:
            predictor = Predictor(predictor.network, predictor.parameters.copy(), predictor.loss)
            drawn = copy.deepcopy(drawn)
        measured = self.recorded if self.recorder is None else self.recorder
        trainer = None if self.trainer is None else self.trainer.at_home()
        return Model(
            kind, given, predictor, answer, self.progress, drawn, measured, Continuation(trainer, self.stopping)
        )

    def so_far(self, kind: str, given: Input, answer: Answer) -> Model:
        """A model of copies that predicts as the parameters do now; what it needs to train on is left out."""
        now = self.predictor
        predictor = Predictor(now.network, now.parameters.copy(), now.loss)
        return Model(kind, given, predictor, answer, self.progress.copy(), self.streams)

    def running(self, kind: str, given: Input, answer: Answer) -> Model:
        """A model of the parameters themselves, to be looked at while they do not change."""
        return Model(kind, given, self.predictor, answer, self.progress, self.streams)

    @property
    def probes(self) -> Probes | None:
        """What was measured so far."""
        return self.recorded if self.recorder is None else self.recorder.probes()

    def rest(self) -> None:
        """Training will not go on: what only that would need is let go."""
        self.trainer = self.stopping = None

    def resume_trainer(self, recipe: Recipe, incremental: bool, rows: Data) -> Trainer:
        """The trainer at hand, where training goes on with the same settings, else one with fresh moments.

        A fit lets rate and schedule start anew, partial_fit does not.
        """
        old, predictor, optimiser = self.trainer, self.predictor, recipe.optimiser
        assert optimiser is not None
        mixup = Mixup(recipe.mixup) if recipe.mixup else None
        if old and old.update.does(optimiser, recipe.penalty, recipe.options):
            if not incremental:
                old.begin(optimiser.learning_rate, old.update.steps)
            old.shuffle, old.n_threads, old.schedule = recipe.shuffle, recipe.n_threads, recipe.schedule
            old.mixup, old.observer = mixup, self._observer(recipe)
            return old
        make = Trainer if incremental else trainer_of(rows)
        made = self.trainer = make(
            predictor.network, predictor.loss, optimiser, predictor.parameters, recipe.penalty, seed=self.streams,
            shuffle=recipe.shuffle, n_threads=recipe.n_threads, schedule=recipe.schedule, options=recipe.options,
            mixup=mixup,
        )  # fmt: skip
        if made.model is not predictor.parameters:
            self.predictor = Predictor(predictor.network, made.model, predictor.loss)
        made.epochs = len(self.progress.records)
        made.observer = self._observer(recipe)
        return made

    def _observer(self, recipe: Recipe) -> Recorder | None:
        """The recorder at hand, where layers are to be measured."""
        if not recipe.probes:
            return None
        if self.recorder is None:
            self.recorder = Recorder(self.predictor.network)
        return self.recorder

    def resume_stopping(self, recipe: Recipe, incremental: bool) -> Stopping:
        """The stopping at hand, with new patience for a fit; of a fresh one, the weights at its start are the best.

        A loss that may be below 0 is not so many times the best; and the rows of a partial_fit are others each time.
        """
        if self.stopping is None:
            self.stopping = Stopping(recipe.patience, recipe.tol)
            self.stopping.best_vector = self.predictor.parameters.vector.copy()
        self.stopping.patience, self.stopping.tol = recipe.patience, recipe.tol
        self.stopping.overfit = () if incremental or self.predictor.loss.signed else recipe.overfit
        if not incremental:
            self.stopping.count = 0
        return self.stopping
