"""The loop: a generator that yields a record per epoch. Whoever wants to watch, stop or draw consumes records."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from chainrule.training.batches import Rows
from chainrule.training.stopping import Stopping
from chainrule.training.trainer import Record, Trainer


def train(
    trainer: Trainer,
    data: Rows,
    batch_size: int,
    epochs: int,
    stopping: Stopping,
    score: Callable[[], float] | None = None,
) -> Iterator[Record]:
    """Train for up to `epochs` epochs, yielding a record behind each.

    Stops when `stopping` is exhausted, and behind a record whose loss is not finite: weights do not come back
    from there. Where only the weights are not, after the last step of an epoch, the record's loss is NaN. `score`,
    higher is better, decides over stopping where it is given, else the training loss.

    Parameters
    ----------
    trainer : Trainer
    data : Rows
    batch_size : int
    epochs : int
    stopping : Stopping
    score : function of no arguments, called behind each epoch
    """
    for _ in range(epochs):
        record = trainer.epoch(data, batch_size)
        weights = trainer.parameters.vector
        if not np.isfinite(weights).all():
            record = replace(record, loss=math.nan)
        if score is not None:
            record = replace(record, score=score())
        if math.isfinite(record.loss):
            stopping.see(-record.loss if record.score is None else record.score, weights)
        yield record
        if stopping.exhausted or not math.isfinite(record.loss):
            return
