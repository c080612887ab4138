"""A fit of networks that differ: one `Fit` after the other, then the ensemble that held-out rows choose of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.models import resume
from chainrule.models.chosen import Chosen, calibrated, chosen, going_on
from chainrule.models.fit import INTERRUPTED, OUT_OF_TIME, STOPPED, Ending, Fit, Kept, Writes
from chainrule.models.model import Model
from chainrule.models.recipe import Recipe
from chainrule.models.training import Training
from chainrule.training.batches import Data
from chainrule.training.callbacks.base import Audience, Callback
from chainrule.training.checkpoints import State
from chainrule.training.records import Record

Array = NDArray[Any]

#: Why a fit ends before all networks were tried.
AT_ONCE = (STOPPED, INTERRUPTED)


class Several:
    """Fits whose networks, encodings of a table's columns, or held-out rows differ.

    It is run as a `Fit` is. Wherever it ends, the best that there is predicts: of the fits that have learned by then.

    Parameters
    ----------
    fits : to be run in this order, which is that of how much is expected of them; none has callbacks or checkpoints
    names : of their networks, in words
    folds : by fit, the number of its fold: those of one hold out the same rows
    kept : of checkpoints, or None
    callbacks : of the whole
    until : when training is to end, as `time.perf_counter()` tells it, or None
    last : when the choice is to end, or None
    shares : by network, of the prediction, in a partial_fit of networks that were chosen before; None chooses

    Attributes
    ----------
    settled, learned, spare : as of a `Fit`
    """

    def __init__(
        self,
        fits: Sequence[Fit],
        names: Sequence[str],
        folds: Sequence[int],
        kept: Kept | None = None,
        callbacks: Sequence[Callback] = (),
        until: float | None = None,
        last: float | None = None,
        shares: Array | None = None,
    ) -> None:
        self.fits = tuple(fits)
        self.names = tuple(names)
        self.folds = tuple(folds)
        self.kept = kept or Kept({})
        self.audience = Audience(callbacks)
        self.until, self.last = until, last
        self.shares = shares
        self.settled = self.learned = False
        self.spare: Fit | None = None
        self._now = 0
        self._states: list[State] = []
        self._chosen: Chosen | None = None
        self._calibrated: Model | None = None

    @property
    def _lead(self) -> Fit:
        """That whose networks count most, where they were chosen; else the best of those that have learned, or the
        first."""
        if self._chosen is not None:
            return self._chosen.lead
        learned = [fit for fit in self.fits if fit.learned and fit.training.stopping is not None]
        return max(learned, key=lambda fit: fit.training.stopping.best_score, default=self.fits[0])  # type: ignore[union-attr]

    @property
    def recipe(self) -> Recipe:
        """Of the fit that leads."""
        return self._lead.recipe

    @property
    def training(self) -> Training:
        """Of the fit that leads: the first until all are over, then that whose networks count most."""
        return self._lead.training

    @property
    def rows(self) -> Data:
        """The rows to train on, as the first fit reads them."""
        return self.fits[0].rows

    @property
    def validation(self) -> Data | None:
        """The rows held out."""
        return self.fits[0].validation

    @property
    def incremental(self) -> bool:
        """Whether this is a partial_fit."""
        return self.shares is not None

    def run(self) -> Ending:
        """Train them, and choose."""
        given, reason = self.training.progress.given, "broken off"
        endings: dict[Fit, str] = {}
        ended = False
        try:
            self._begin()
            for place, fit in enumerate(self.fits):
                self._now = place
                self._tell(place)
                self._prepare(place)
                endings[fit] = fit.run().reason
                self._keep(fit)
                if endings[fit] in AT_ONCE or self._is_over():
                    break
            reason = OUT_OF_TIME if self._is_over() else endings[fit]
            ended = True
        except KeyboardInterrupt:
            if self.incremental:
                raise  # the loop that is to be broken is the caller's
            reason = INTERRUPTED
        finally:
            learned = [fit for fit in self.fits if fit.learned]
            self.settled = bool(learned) or reason == INTERRUPTED or any(fit.settled for fit in self.fits)
            self.learned = bool(learned) and not (self.incremental and len(learned) < len(self.fits))
            if self.learned:
                try:
                    self._chosen = self._choose(learned)
                except KeyboardInterrupt:
                    reason, ended = INTERRUPTED, False
                self.training.progress.given = given
            if ended and reason not in (*AT_ONCE, OUT_OF_TIME):
                reason = endings.get(self._lead, reason)
            self.audience.end(reason)
        return Ending(reason, trained=self.learned)

    def calibrate(self) -> None:
        """On the held-out rows."""
        if self._chosen is None:
            self._lead.calibrate()
            return
        self._calibrated = calibrated(self._chosen, self.recipe.n_threads, f"{self.recipe.name}: X_val")

    def model(self) -> Model:
        """What predicts from now on."""
        if self._calibrated is not None:
            return self._calibrated
        return self._lead.model() if self._chosen is None else self._chosen.model

    def so_far(self) -> Model:
        """A model of copies that predicts as the networks do that are in training now."""
        return self.fits[self._now].so_far()

    def _choose(self, fits: Sequence[Fit]) -> Chosen:
        """What predicts, of those that have learned."""
        if self.shares is not None:
            return going_on(fits, self.shares)
        return chosen(fits, [self.folds[self.fits.index(fit)] for fit in fits], self.last)

    def _begin(self) -> None:
        for place, fit in enumerate(self.fits):
            if self.incremental:
                fit.audience = _Relay(self.audience, 0, deaf=place > 0)  # it is one epoch of all of them
            else:
                fit.audience = _Relay(self.audience, self._before(place))
        first, trained = self.fits[0], sum(fit.training.predictor.trained for fit in self.fits)
        epochs = 1 if self.incremental else self._before(len(self.fits))
        outlook = first.outlook(epochs, first.recipe.rows_of_a_batch(len(first.rows)))
        self.audience.begin(replace(outlook, parameters=trained), lambda: self.fits[self._now].training.probes)

    def _tell(self, place: int) -> None:
        """Say what is tried, and what leads."""
        if self.incremental:
            return
        scores = [one.training.stopping.best_score for one in self.fits[:place] if one.training.stopping is not None]
        leads = ""
        if scores:
            best, by_loss = int(np.argmax(scores)), self.recipe.scoring == "loss"
            value = f"a validation loss of {-scores[best]:.4g}" if by_loss else f"a score of {scores[best]:.4g}"
            leads = f"; best so far {self.names[best]}, {value}"
        self.audience.trying(f"networks {place + 1} of {len(self.fits)}: {self.names[place]}{leads}")

    def _prepare(self, place: int) -> None:
        """Let a fit have its part of the time that is left, and go on from where a checkpoint has it."""
        fit = self.fits[place]
        fit.until = self._part_of_time(place)
        resumed = None if self.kept.resumed is None else resume.stage(self.kept.resumed, place)
        writes = None
        if self.kept.checkpoints is not None:
            writes = _Stage(self.kept.checkpoints, self._before(place), self._states, self.kept.settings)
        fit.keeps(Kept(self.kept.settings, writes, resumed))

    def _keep(self, fit: Fit) -> None:
        """Remember a fit that has ended, for checkpoints of the next."""
        if self.kept.checkpoints is not None:
            diverged = fit.training.trainer is None
            self._states.append(State({}, {}) if diverged else resume.snapshot(fit.training, self.kept.settings))

    def _before(self, place: int) -> int:
        """Epochs of the fits before one."""
        return sum(fit.recipe.epochs for fit in self.fits[:place])

    def _part_of_time(self, place: int) -> float | None:
        """When a fit is to end: of what is left for it and for those behind it, it has its part of their work."""
        if self.until is None:
            return None
        now = time.perf_counter()
        mine, *others = (_work(fit) for fit in self.fits[place:])
        return now + max(0.0, self.until - now) * mine / (mine + sum(others))

    def _is_over(self) -> bool:
        return self.until is not None and time.perf_counter() >= self.until


def _work(fit: Fit) -> float:
    """How long a fit takes beside others, as far as its networks tell."""
    network = fit.training.predictor.network
    return float(fit.recipe.epochs * fit.training.predictor.members * sum(network.widths))


class _Stage:
    """Checkpoints of one fit of several: each holds those before, too.

    Parameters
    ----------
    checkpoints : of the whole
    before : epochs of the fits before
    states : of these
    settings : of the whole
    """

    def __init__(self, checkpoints: Writes, before: int, states: Sequence[State], settings: dict[str, str]) -> None:
        self._checkpoints, self._before, self._states, self._settings = checkpoints, before, states, settings

    def due(self, epoch: int) -> bool:
        return self._checkpoints.due(self._before + epoch)

    def write(self, epoch: int, state: State) -> object:
        return self._checkpoints.write(self._before + epoch, resume.stages([*self._states, state], self._settings))


class _Relay(Audience):
    """Those who follow one fit of several: they are told of its epochs as of the whole's.

    Parameters
    ----------
    audience : of the whole
    before : epochs of the fits before
    deaf : whether nothing is told
    """

    def __init__(self, audience: Audience, before: int, deaf: bool = False) -> None:
        super().__init__([])
        self._audience, self._before, self._deaf = audience, before, deaf

    def epoch(self, record: Record) -> bool:
        return not self._deaf and self._audience.epoch(replace(record, epoch=self._before + record.epoch))

    def slowed(self, rate: float) -> None:
        if not self._deaf:
            self._audience.slowed(rate)


#: A call of fit or partial_fit: of networks that are alike, or of several kinds.
AnyFit = Fit | Several
