"""A fit of networks that differ: a `Fit` of each kind, then the ensemble that held-out rows choose of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, zip_longest
from threading import Lock
from typing import Any

from numpy.typing import NDArray

from chainrule.engine import threads
from chainrule.models import resume
from chainrule.models.chosen import Chosen, calibrated, chosen, going_on, of_one_fold
from chainrule.models.fit import INTERRUPTED, OUT_OF_TIME, STOPPED, Ending, Fit, Kept, Writes
from chainrule.models.lanes import side_by_side
from chainrule.models.model import Model
from chainrule.models.recipe import Recipe
from chainrule.models.rounds import Turn, rounds
from chainrule.models.training import Training
from chainrule.training.batches import Data
from chainrule.training.callbacks.base import Audience, Callback
from chainrule.training.checkpoints import State
from chainrule.training.divided import Divided
from chainrule.training.elsewhere import in_use
from chainrule.training.records import Record
from chainrule.training.streamed import Streamed

Array = NDArray[Any]

#: Why a fit ends before all networks were tried; others that are under way end with the first.
AT_ONCE = INTERRUPTED, STOPPED


class Several:
    """Fits whose networks, encodings of a table's columns, or held-out rows differ.

    It is run as a `Fit` is. Wherever it ends, the best that there is predicts: of the fits that have learned by then.
    They take turns, as `rounds` has it: side by side, or one after the other where somebody minds the order.

    Parameters
    ----------
    fits : in the order of how much is expected of them; none has callbacks or checkpoints
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
    epochs : that were trained, of all fits
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
        self._now = self.epochs = 0
        self._stopped = False
        self._to_come = {*self.fits}
        self._known: dict[Fit, Array] = {}
        self._endings: dict[Fit, str] = {}
        self._states: dict[int, State] = {}
        self._lock = Lock()
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
        """Of the fit that leads."""
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
        ended = False
        try:
            self._begin()
            for turns in self._rounds():
                self._plan()
                self._run(turns)
                if self._over:
                    break
            reason, ended = self._over, True
        except KeyboardInterrupt:
            if self.incremental:
                raise  # the loop that is to be broken is the caller's
            reason = INTERRUPTED
        finally:
            for fit in self.fits:
                fit.settle()
            learned = [fit for fit in self.fits if fit.learned]
            self.settled = bool(learned) or reason == INTERRUPTED or any(fit.settled for fit in self.fits)
            self.learned = bool(learned) and not (self.incremental and len(learned) < len(self.fits))
            if self.learned:
                try:
                    self._chosen = self._choose(learned)
                except KeyboardInterrupt:
                    reason, ended = INTERRUPTED, False
                self.training.progress.given = given
            if ended and not reason:
                reason = self._lead.run().reason
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

    def _rounds(self) -> Iterator[list[Turn]]:
        """Those of the first fold, then of all others together: of the kinds that held-out rows chose in the first."""
        first, *others = (
            [fit for fit, number in zip(self.fits, self.folds, strict=True) if number == fold]
            for fold in dict.fromkeys(self.folds)
        )
        in_rounds = partial(rounds, in_time=self.until is not None)
        yield from in_rounds(first)
        if others and any(fit.learned for fit in first):
            self._known = of_one_fold(first, self.until)
            kinds = [place for place, fit in enumerate(first) if fit in self._known and self._known[fit].any()]
            others = [[fold[place] for place in kinds] for fold in others]
            self._to_come = {fit for fold in others for fit in fold}
        for parts in zip_longest(*map(in_rounds, others), fillvalue=()):
            yield [*chain.from_iterable(parts)]

    def _run(self, turns: Sequence[Turn]) -> None:
        """The fits of a round, each with its part of the threads even one after the other: bits hang on how many.

        On a cluster all go side by side, on as many threads as here.
        """
        count = self.recipe.n_threads
        every = threads.resolve(count)
        here = min(every, len(turns)) if self._may_be_side_by_side else 1
        lanes = len(turns) if self._may_be_side_by_side and in_use() is not None else here
        if here > 1:
            for turn in turns:
                turn.fit.on(every // here)
        try:
            if lanes > 1 and self._may_be_in_any_order:
                side_by_side([partial(self._take, turn) for turn in turns], lanes, self._stop)
                return
            for turn in turns:
                self._take(turn)
                if self._over:
                    break
        finally:
            for turn in turns:
                turn.fit.on(count)

    @property
    def _over(self) -> str:
        """Why all is at an end, whoever has had no turn; "" where it is not."""
        if self.until is not None and time.perf_counter() >= self.until:
            return OUT_OF_TIME
        return next((reason for reason in AT_ONCE if reason in self._endings.values()), "")

    @property
    def _may_be_side_by_side(self) -> bool:
        """Whether no fit is planned by the time that others leave, is scored otherwise than by us, or reads a file in
        parts, which take memory, or goes in rounds of all machines."""
        by_us = self.recipe.scoring in (None, "loss")
        return by_us and not self.incremental and self.until is None and not isinstance(self.rows, Streamed | Divided)

    @property
    def _may_be_in_any_order(self) -> bool:
        """Whether nobody minds who comes first: no callback, and there are no checkpoints."""
        alone = self.kept.checkpoints is None and self.kept.resumed is None
        return alone and self.audience.in_any_order

    def _take(self, turn: Turn) -> None:
        """A fit's turn; where it is broken off, so are the others."""
        fit = turn.fit
        with self._lock:
            if self._stopped or (fit in self._endings and not fit.paused):
                return
            self._now = place = self.fits.index(fit)
            self._tell(place)
            self._prepare(place)
        ending = self._endings[fit] = fit.run(turn.epochs).reason
        self._to_come.discard(fit)
        if self.kept.checkpoints is not None:
            diverged = fit.training.trainer is None
            self._states[place] = resume.NO_STATE if diverged else resume.snapshot(fit.training, self.kept.settings)
        if ending in AT_ONCE:
            self._stop()

    def _stop(self) -> None:
        """Let all end that are under way, and begin none."""
        with self._lock:
            self._stopped = True
        for fit in self.fits:
            fit.stop()

    def _choose(self, fits: Sequence[Fit]) -> Chosen:
        """What predicts, of those that have learned."""
        if self.shares is not None:
            return going_on(fits, self.shares)
        return chosen(fits, [self.folds[self.fits.index(fit)] for fit in fits], self.last, self._known)

    def _begin(self) -> None:
        if self.incremental:  # it is one epoch of all of them
            self.fits[0].audience = _Relay(self.audience.epoch, self.audience.slowed)
        else:
            for fit in self.fits:
                fit.audience = _Relay(self._hear, self.audience.slowed)
        if self.kept.resumed is not None:
            self.epochs = resume.epochs(self.kept.resumed)
        first, trained = self.fits[0], sum(fit.training.predictor.trained for fit in self.fits)
        epochs = 1 if self.incremental else sum(fit.recipe.epochs for fit in self.fits)
        outlook = first.outlook(epochs, first.recipe.rows_of_a_batch(len(first.rows)))
        self.audience.begin(replace(outlook, parameters=trained), lambda: self.fits[self._now].training.probes)

    def _tell(self, place: int) -> None:
        """Say what is tried, and what leads."""
        if self.incremental:
            return
        fit, leads = self.fits[place], ""
        scores = {
            name: one.training.stopping.best_score
            for one, name, fold in zip(self.fits, self.names, self.folds, strict=True)
            if one.learned and one.training.stopping is not None and fold == self.folds[place]
        }
        if scores:
            best, by_loss = max(scores, key=lambda name: scores[name]), self.recipe.scoring == "loss"
            value = f"a validation loss of {-scores[best]:.4g}" if by_loss else f"a score of {scores[best]:.4g}"
            leads = f"; best so far {best}, {value}"
        on = ", to the end" if fit.paused else ""
        self.audience.trying(f"networks {place + 1} of {len(self.fits)}{on}: {self.names[place]}{leads}")

    def _plan(self) -> None:
        """Say how many epochs it will be at most, as far as is known by now."""
        if not self.incremental:
            fresh = sum(fit.recipe.epochs for fit in self._to_come)
            on = sum(fit.recipe.epochs - fit.training.progress.epochs for fit in self.fits if fit.paused)
            self.audience.planned(self.epochs + fresh + on)

    def _hear(self, record: Record) -> bool:
        """An epoch of one fit has ended, which is one of the whole; whether all is to stop."""
        with self._lock:
            self.epochs += 1
            self._stopped = self._stopped or self.audience.epoch(replace(record, epoch=self.epochs))
            return self._stopped

    def _prepare(self, place: int) -> None:
        """Let a fit have its part of the time that is left, and go on from where a checkpoint has it."""
        fit = self.fits[place]
        fit.until = self._part_of_time(fit)
        resumed = None if self.kept.resumed is None else resume.stage(self.kept.resumed, place)
        writes = None
        if self.kept.checkpoints is not None:
            writes = _Stage(self, self.kept.checkpoints, place)
        fit.keeps(Kept(self.kept.settings, writes, resumed))

    def state(self, place: int, now: State) -> State:
        """The state of all fits, of which one is in training now."""
        return resume.stages(self._states | {place: now}, self.kept.settings)

    def _part_of_time(self, fit: Fit) -> float | None:
        """When a fit is to end: of what is left for it and for those to come, it has its part of their work."""
        if self.until is None:
            return None
        now = time.perf_counter()
        others = sum(_work(one) for one in self._to_come - {fit})
        return now + max(0.0, self.until - now) * _work(fit) / (_work(fit) + others)


def _work(fit: Fit) -> float:
    """How long a fit takes beside others, as far as its networks tell."""
    network = fit.training.predictor.network
    return float(fit.recipe.epochs * fit.training.predictor.members * sum(network.widths))


class _Stage:
    """Checkpoints of one fit of several: each holds the others that have begun, too, and counts all epochs.

    Parameters
    ----------
    several : all of them
    checkpoints : of the whole
    place : of the fit
    """

    def __init__(self, several: Several, checkpoints: Writes, place: int) -> None:
        self._several, self._checkpoints, self._place = several, checkpoints, place

    def due(self, epoch: int) -> bool:
        return self._checkpoints.due(self._several.epochs)

    def due_in(self, epoch: int, round: int) -> bool:
        return self._checkpoints.due_in(self._several.epochs + 1, round)

    def write(self, epoch: int, state: State, round: int | None = None) -> object:
        epochs = self._several.epochs + (round is not None)
        return self._checkpoints.write(epochs, self._several.state(self._place, state), round)


class _Relay(Audience):
    """Those who follow several fits, to one of which this listens.

    Parameters
    ----------
    epoch : is told of its epochs, and says whether it is to stop
    slowed : is told where its learning rate was lowered
    """

    def __init__(self, epoch: Callable[[Record], bool], slowed: Callable[[float], None]) -> None:
        super().__init__([])
        self._epoch, self._slowed = epoch, slowed

    def epoch(self, record: Record) -> bool:
        return self._epoch(record)

    def slowed(self, rate: float) -> None:
        self._slowed(rate)


#: A call of fit or partial_fit: of networks that are alike, or of several kinds.
AnyFit = Fit | Several
