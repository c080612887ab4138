"""Callbacks: whoever wants to watch a fit. They are told of its beginning, of every record, and of its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

from chainrule.errors import InputTypeError
from chainrule.training.records import Record
from chainrule.training.units import Units


@dataclass(frozen=True)
class Outlook:
    """What a fit is about to do.

    Attributes
    ----------
    name : of the estimator or network
    epochs : that will be trained at most
    done : epochs trained before, where training goes on
    rows, held_out : rows to train on, and to validate on
    batch_size : rows of a batch
    parameters : numbers that are trained, of all members
    score : what the score of a record is: "accuracy", "R2", or "score" of others; files do not keep it
    units : from a loss of held-out rows to the error in units of the target; None without such rows, of classes, of
        several targets and of other losses than the squared error; files do not keep it

    Examples
    --------
    >>> from chainrule import MLPRegressor
    >>> from chainrule.callbacks import Callback
    >>> class Told(Callback):
    ...     def begin(self, outlook):
    ...         print(outlook.name, outlook.rows, outlook.parameters)
    >>> told = MLPRegressor(hidden_layer_sizes=(8,), callbacks=[Told()], tol=0.1)
    >>> _ = told.fit([[-1.0], [0.0], [1.0]], [-1.0, 0.0, 1.0])
    MLPRegressor 3 25
    """

    name: str
    epochs: int
    done: int
    rows: int
    held_out: int
    batch_size: int
    parameters: int
    score: str = "score"
    units: Units | None = None

    def told(self, record: Record) -> dict[str, float]:
        """What a record says of the held-out rows beside their loss, by name: RMSE, R2, accuracy, score.

        Parameters
        ----------
        record : Record of an epoch
        """
        found: dict[str, float] = {}
        loss = record.validation_loss
        if self.units is not None and loss is not None:
            explained = self.units.r2(loss)
            found |= {"RMSE": self.units.rmse(loss)} | ({} if explained is None else {"R2": explained})
        if record.score is not None and record.score != -(loss or 0):
            found[self.score] = record.score
        return found


class Callback:
    """Does nothing; override what you need.

    Attributes
    ----------
    in_any_order : whether it is all the same in which order epochs of different networks come, and from which thread.
        Networks of a table that differ are trained side by side only if all callbacks say so, each in its own class

    Examples
    --------
    >>> from chainrule.callbacks import Callback
    >>> class StopBelow(Callback):
    ...     def epoch(self, record):
    ...         return record.loss < 0.1
    """

    in_any_order: ClassVar[bool] = False

    def probing(self, probes: Callable[[], Any]) -> None:
        """Before all else. Keep the function if you want to look at layers while they train.

        Parameters
        ----------
        probes : function without arguments that gives what was measured so far, the `Probes` of diagnosis, or None. It
            is to be called inside `epoch` and `end` only, and takes about a millisecond
        """

    def trying(self, what: str) -> None:
        """Before something of several is tried: a pilot, or networks that differ from those before.

        Pilots are flown before a fit begins.

        Parameters
        ----------
        what : in words, such as "pilot 2: robust numbers"
        """

    def begin(self, outlook: Outlook) -> None:
        """Before the first epoch.

        Parameters
        ----------
        outlook : Outlook on what the fit is about to do
        """

    def planned(self, epochs: int) -> None:
        """Where fewer epochs are to come than `begin` was told: some of several networks are not trained to the end.

        Parameters
        ----------
        epochs : of the whole fit, at most, those before included
        """

    def epoch(self, record: Record) -> object:
        """After an epoch.

        Parameters
        ----------
        record : Record of it: losses, scores, learning rate, seconds

        Returns
        -------
        True ends the training; anything else lets it go on
        """

    def slowed(self, rate: float) -> None:
        """After an epoch that brought no improvement and has lowered the learning rate.

        Parameters
        ----------
        rate : the learning rate from now on
        """

    def end(self, reason: str) -> None:
        """After the last epoch, also where training was broken off.

        Parameters
        ----------
        reason : why it ended, such as "converged", "all epochs trained", "out of time", "diverged" or "interrupted"
        """


@dataclass(frozen=True)
class OnEpoch(Callback):
    """A function of the record as a callback. `callbacks=[function]` of an estimator makes one.

    Parameters
    ----------
    function : callable of a `Record`; True ends the training

    Examples
    --------
    >>> from chainrule.callbacks import OnEpoch
    >>> OnEpoch(lambda record: record.loss < 0.1)  # doctest: +ELLIPSIS
    OnEpoch(function=<function ...>)
    """

    function: Callable[[Record], object]

    def epoch(self, record: Record) -> object:
        return self.function(record)


def callback(where: str, value: object) -> Callback:
    """A callback, or a function of the record made one."""
    if isinstance(value, Callback):
        return value
    if callable(value) and not isinstance(value, type):
        return OnEpoch(value)
    raise InputTypeError(
        where, "a Callback, or a function of a record", repr(value), "For example [print], or [callbacks.Progress()]."
    )


class Audience:
    """All the callbacks of one fit. What one of them raises gets through, with a note of who it was and when."""

    def __init__(self, callbacks: Sequence[Callback]) -> None:
        self.callbacks = callbacks
        self._begun: list[Callback] = []

    @property
    def in_any_order(self) -> bool:
        """Whether all of them say so. What they inherit does not count: a subclass may do what its base does not."""
        return all(vars(type(one)).get("in_any_order", False) for one in self.callbacks)

    def trying(self, what: str) -> None:
        """Something of several is tried now."""
        for one in self.callbacks:
            with _noted(one, f"before {what}"):
                one.trying(what)

    def begin(self, outlook: Outlook, probes: Callable[[], Any] = lambda: None) -> None:
        for one in self.callbacks:
            with _noted(one, "before the first epoch"):
                one.probing(probes)
                one.begin(outlook)
            self._begun.append(one)

    def epoch(self, record: Record) -> bool:
        """Whether one of them wants to stop."""
        stop = False
        for one in self.callbacks:
            with _noted(one, f"after epoch {record.epoch}"):
                stop |= bool(one.epoch(record))
        return stop

    def planned(self, epochs: int) -> None:
        """So many are to be trained at most."""
        for one in self.callbacks:
            with _noted(one, "where fewer epochs were planned"):
                one.planned(epochs)

    def slowed(self, rate: float) -> None:
        """The rate was lowered."""
        for one in self.callbacks:
            with _noted(one, "where the learning rate was lowered"):
                one.slowed(rate)

    def end(self, reason: str) -> None:
        """Told to those who were told of the beginning."""
        for one in self._begun:
            with _noted(one, "at the end"):
                one.end(reason)


@contextmanager
def _noted(one: Callback, when: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        error.add_note(f"Raised by the callback {one!r} {when}. The best weights so far are kept.")
        raise
