"""What rules read: all that is known of a network, its training and its data, with None for what is not."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.diagnosis.columns import ColumnSeen
from chainrule.diagnosis.probes import Probes
from chainrule.diagnosis.survey import Survey
from chainrule.engine.network import Network
from chainrule.network.losses import Gaussian, Loss
from chainrule.training.records import Record

Array = NDArray[Any]

#: Deviations by which a correlation is more than chance, and below which it is hardly one.
SURELY, HARDLY = 3.0, 0.1


@dataclass(frozen=True)
class Scores:
    """How well rows are predicted.

    Attributes
    ----------
    loss : mean, without penalties
    score : accuracy, or R2
    chance : score of the best constant prediction
    recalls : of a classification, the share of each class's rows that are found, NaN where there are none
    calibration : of a classification with probabilities, the expected calibration error, else None
    sure : mean certainty minus accuracy: above 0 where probabilities are too sure
    rows : how many
    constant : loss of the best constant prediction of these rows, None where it is not known
    agreement : correlation of what is predicted with what is true, None where it is not known
    by_chance : its deviation where the two have nothing to do
    """

    loss: float
    score: float
    chance: float
    rows: int
    recalls: tuple[float, ...] = ()
    calibration: float | None = None
    sure: float = 0.0
    constant: float | None = None
    agreement: float | None = None
    by_chance: float = 0.0

    @property
    def related(self) -> bool | None:
        """Whether predictions go with the truth more than by chance; None where that is not known."""
        return None if self.agreement is None else self.agreement > max(SURELY * self.by_chance, HARDLY)


@dataclass(frozen=True)
class Observed:
    """All that rules may read.

    Attributes
    ----------
    network, loss : what is trained, on what
    parameters : of the estimator, by name, as a user can change them
    rate : learning rate at the start
    fitted : whether training is over; else the records and probes are of a first epoch that served to look
    restores : whether the best weights by held-out rows were put back at the end
    history : records
    probes : what was measured
    training, held_out : scores of rows that it was trained on, and of others
    batch_losses : with batch normalisation, the loss of rows by statistics of their own, and by running ones
    initial_loss, constant_loss : of the untrained network, and of the best constant prediction
    one_batch : loss that a small batch was brought to, over that of its best constant prediction
    columns : names of the network's inputs, where they have some
    plain : scores of a plain network of two ReLU layers that was trained for comparison, on rows that it has not seen
    rows : that fit was given, to learn from and to stop by, 0 where that is not known
    table : of a raw table, each column that is learned, and its cells in rows trained on, or else in others
    others : the same, and its cells in rows not trained on, or else in the former
    """

    network: Network
    loss: Loss
    parameters: Mapping[str, Any]
    rate: float
    fitted: bool
    restores: bool = False
    history: Sequence[Record] = ()
    probes: Probes | None = None
    training: Scores | None = None
    held_out: Scores | None = None
    batch_losses: tuple[float, float] | None = None
    initial_loss: float | None = None
    constant_loss: float | None = None
    one_batch: float | None = None
    plain: Scores | None = None
    columns: Sequence[str] = ()
    rows: int = 0
    table: Sequence[ColumnSeen] = ()
    others: Sequence[ColumnSeen] = ()

    @property
    def survey(self) -> Survey | None:
        return None if self.probes is None else self.probes.survey

    @cached_property
    def losses(self) -> Array:
        """Training loss by epoch."""
        return np.array([record.loss for record in self.history])

    @property
    def ends_at_zero(self) -> bool:
        """Whether the loss of a perfect prediction is 0, so that shares of it mean something."""
        return not isinstance(self.loss, Gaussian)

    @property
    def unexplained(self) -> float | None:
        """The lowest loss of held-out rows in training over that of their best constant; without such rows, the last
        loss over that of a constant. None where it is not known, or 0 is not the least that the loss can be."""
        seen, records = self.survey, self.history
        if seen is None or not records or not self.ends_at_zero:
            return None
        held_out = [one.validation_loss for one in records if one.validation_loss is not None]
        least, constant = records[-1].loss, self.constant_loss
        if held_out:
            finite = [one for one in held_out if math.isfinite(one)]
            least, constant = min(finite, default=math.inf), seen.held_out_constant or constant
        return least / constant if constant and constant > 0 else None

    @property
    def begins(self) -> bool:
        """Whether the network was seen before its first step."""
        return self.probes is not None and len(self.probes) > 0 and self.probes.epochs[0] == 0

    def first(self, quantity: str) -> Array:
        """A quantity of all layers at the first probe, in the order of `probes.layers`."""
        return self._of(quantity)[0].astype(np.float64)

    def late(self, quantity: str) -> Array:
        """A quantity of all layers, its median over the later half of training; NaN where there is none."""
        return middle(self._of(quantity)[self._later()].astype(np.float64))

    def later(self, values: Array) -> float:
        """The median over the later half of training, of a number for each probe."""
        return float(np.median(values[self._later()]))

    @property
    def early_update(self) -> float:
        """The largest log10 of update over weight of any layer in the first quarter of training; NaN if unknown."""
        if not self.probes:
            return float("nan")
        epochs = self.probes.epochs
        early = epochs <= max(int(epochs[0]), int(epochs[-1]) // 4)
        return float(np.fmax.reduce(self._of("update")[early], axis=None))

    def column(self, place: int) -> str:
        """What a column is called."""
        return repr(self.columns[place]) if 0 <= place < len(self.columns) else str(place)

    def _later(self) -> Array:
        assert self.probes is not None
        return self.probes.epochs >= self.probes.epochs[-1] / 2

    def _of(self, quantity: str) -> Array:
        assert self.probes is not None
        return self.probes.of(quantity)


def middle(values: Array) -> Array:
    """The median over the first axis, of what is a number; NaN where nothing is."""
    ordered = np.sort(values, axis=0)  # NaN stands last
    counts = np.isfinite(values).sum(axis=0)
    found = np.take_along_axis(ordered, np.maximum(counts - 1, 0)[None] // 2, axis=0)[0]
    return np.where(counts > 0, found, np.nan)
