"""The learning-rate range test: the rate rises from step to step, and the losses tell where training still gains.

Smith 2017, "Cyclical learning rates for training neural networks".
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from chainrule.checks import POSITIVE, Number, at_least
from chainrule.engine.feeds import Cut
from chainrule.errors import InputError
from chainrule.training.batches import Data
from chainrule.training.trainer import Trainer

#: share of what came before in the smoothed loss
DECAY = 0.9
#: how far above its lowest point the smoothed loss ends the test, in falls from the first point to the lowest
RISE = 4.0
#: the lowest point's rate is divided by this: the rate there has already begun to harm
MARGIN = 10.0
#: steps before which a rise is taken for noise
EARLY = 10


@dataclass(frozen=True)
class RateCurve:
    """What a range test measured, and the rate that it suggests. `print(curve)` draws it.

    Attributes
    ----------
    rates : learning rate of each step, rising by the same factor
    losses : objective of each step's batch, before the step
    smoothed : exponential mean of the medians of three losses, as long as losses are finite
    suggestion : learning rate to train with, NaN where the loss never fell
    reason : why this one

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import MLPRegressor, find_learning_rate
    >>> X = np.linspace(-1, 1, 200)[:, None]
    >>> curve = find_learning_rate(MLPRegressor(hidden_layer_sizes=(8,), random_state=0), X, X[:, 0] ** 2)
    >>> curve.rates[0] < curve.suggestion < curve.rates[-1]
    True
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    smoothed: tuple[float, ...]
    suggestion: float
    reason: str

    def __str__(self) -> str:
        low, span = min(self.smoothed, default=0.0), 0.0
        if self.smoothed:
            span = max(self.smoothed[0], sorted(self.smoothed)[len(self.smoothed) * 3 // 4]) - low
        lines = [f"{'rate':>9}  {'loss':>11}"]
        for place in range(0, len(self.smoothed), max(1, len(self.smoothed) // 16)):
            value = self.smoothed[place]
            bar = "#" * round(40 * min(1.0, (value - low) / span if span else 0.0))
            lines.append(f"{self.rates[place]:9.2e}  {value:11.5g}  {bar}".rstrip())
        return "\n".join([*lines, f"suggestion: {self.suggestion:.2e} ({self.reason})"])


def range_test(
    trainer: Trainer,
    data: Data,
    batch_size: int,
    *,
    low: float = 1e-6,
    high: float = 10.0,
    steps: int = 300,
) -> RateCurve:
    """Let the learning rate rise geometrically, a batch a step, on a copy of the trainer.

    The test ends early where the smoothed loss has risen far above its lowest point, or is not finite. The trainer
    and its random streams stay as they are; its schedule is left out.

    Parameters
    ----------
    trainer : Trainer, fresh or in training
    data : Rows; a row of weight 0 is not taken, nor a last batch that is not full
    batch_size : rows of a step
    low, high : learning rates of the first and of the last step
    steps : at most this many

    Raises
    ------
    InputError
        For numbers out of range, or where no row weighs anything.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import Dense, Network, Rows, Trainer, range_test
    >>> X = np.linspace(-1, 1, 64, dtype=np.float32)[:, None]
    >>> trainer = Trainer(Network([Dense(16, "tanh"), Dense(1)], inputs=1), "squared_error", seed=0)
    >>> curve = range_test(trainer, Rows(X, X**2), batch_size=16)
    >>> 1e-4 < curve.suggestion < 1
    True
    """
    POSITIVE("range_test(low=)", low)
    Number(low, open_low=True)("range_test(high=)", high)
    for name, value, least in (("steps", steps, 20), ("batch_size", batch_size, 1)):
        at_least(least, "Take more.")(f"range_test({name}=)", value)
    probe = copy.deepcopy(trainer)
    probe.schedule = None
    batches = _full_batches(data, batch_size, probe)
    rates = np.geomspace(low, high, steps).tolist()
    losses: list[float] = []
    for probe.rate in rates:
        batch = next(batches)
        losses.append(probe.epoch(batch, len(batch)).loss)
        if not math.isfinite(losses[-1]) or _risen(smooth(losses)):
            break
    smoothed = smooth(losses)
    return RateCurve(tuple(rates[: len(losses)]), tuple(losses), tuple(smoothed), *suggest(rates, smoothed))


def smooth(losses: Sequence[float]) -> list[float]:
    """The bias-corrected exponential mean of the medians of three, so that a single batch out of line is not seen."""
    finite = [loss for loss in losses if math.isfinite(loss)]
    found, mean = [], 0.0
    for place in range(len(finite)):
        mean = DECAY * mean + (1 - DECAY) * median(finite[max(0, min(place - 1, len(finite) - 3)) :][:3])
        found.append(mean / (1 - DECAY ** (place + 1)))
    return found


def suggest(rates: Sequence[float], smoothed: Sequence[float]) -> tuple[float, str]:
    """The rate to train with, and why: a tenth of the rate at the lowest point of the smoothed loss."""
    lowest = int(np.argmin(smoothed)) if len(smoothed) else 0
    if lowest == 0:
        return math.nan, "the loss never fell: scale the inputs, or begin at a lower rate"
    return rates[lowest] / MARGIN, f"a tenth of {rates[lowest]:.2e}, where the loss was lowest"


def _risen(smoothed: Sequence[float]) -> bool:
    """Whether the last point stands far above the lowest; early noise is the smallest fall that counts."""
    early = smoothed[:EARLY]
    fall = max(smoothed[0] - min(smoothed), max(early) - min(early))
    return len(smoothed) > EARLY and smoothed[-1] - min(smoothed) > RISE * fall > 0


def _full_batches(data: Data, size: int, trainer: Trainer) -> Iterator[Data]:
    """Batches without end, in the order that the trainer would draw."""
    rows = np.arange(len(data)) if data.subset is None else data.subset
    if data.weight is not None:
        rows = rows[data.weight[rows] > 0]
    if not len(rows):
        raise InputError("range_test(data=)", "rows that weigh something", "none", "Give a row a weight above 0.")
    some = data.part(rows)
    size = min(size, len(rows))
    while True:
        for chosen in some.batches(size, trainer.streams.shuffle if trainer.shuffle else None):
            items = chosen.sequences if isinstance(chosen, Cut) else chosen
            # Without a generator, slices stand for places among the rows themselves.
            batch = rows[items] if isinstance(items, slice) else items
            if len(batch) == size:
                yield data.part(np.asarray(batch))
