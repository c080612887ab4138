"""The loop: a generator that yields a record per epoch. Whoever wants to watch, stop or draw consumes records."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from chainrule.checks import at_least
from chainrule.training.batches import Data
from chainrule.training.records import Record
from chainrule.training.stopping import Stopping
from chainrule.training.trainer import Trainer
from chainrule.training.validation import Watch


def train(
    trainer: Trainer,
    data: Data,
    batch_size: int,
    epochs: int,
    stopping: Stopping | None = None,
    watch: Watch | None = None,
) -> Iterator[Record]:
    """Train for up to `epochs` epochs, yielding a record after each.

    Stops when `stopping` is exhausted, and after a record whose loss is not finite: weights do not come back
    from there. Where only the weights are not, after the last step of an epoch, the record's loss is NaN.

    Parameters
    ----------
    trainer : Trainer
    data : Rows or Sequences
    batch_size : int
    epochs : int of 0 or more
    stopping : Stopping; it keeps the best weights, which `stopping.restore(trainer.model.vector)` puts back
    watch : called after each epoch; its score, higher is better, decides over stopping and is told to the
        schedule, else the training loss

    Raises
    ------
    InputError, InputTypeError
        At the first record, for a number of epochs that is none, and for what `Trainer.epoch` refuses.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import Dense, Evaluator, Network, Rows, Stopping, Trainer, Validation, train
    >>> X = np.random.default_rng(0).normal(size=(200, 2)).astype(np.float32)
    >>> y = (X[:, 0] > X[:, 1]).astype(int)
    >>> trainer = Trainer(Network([Dense(8, "relu"), Dense(2)], inputs=2), "cross_entropy", seed=0)
    >>> watch = Validation(Evaluator(trainer.network, trainer.model, trainer.loss), Rows(X[150:], y[150:]))
    >>> stopping = Stopping(patience=5, tol=1e-4)
    >>> history = list(train(trainer, Rows(X[:150], y[:150]), 32, 40, stopping, watch))
    >>> stopping.restore(trainer.model.vector)
    >>> history[-1].validation_loss < history[0].validation_loss
    True
    """
    at_least(0)("train(epochs=)", epochs)
    for _ in range(epochs):
        record = trainer.epoch(data, batch_size)
        weights = trainer.model.vector
        if not np.isfinite(weights).all():
            record = replace(record, loss=math.nan)
        if watch is not None:
            record = replace(record, **watch()._asdict())
        watched = -record.loss if record.score is None else record.score
        trainer.react(watched)
        if stopping is not None and math.isfinite(record.loss):
            stopping.see(watched, weights)
        yield record
        if (stopping is not None and stopping.exhausted) or not math.isfinite(record.loss):
            return
