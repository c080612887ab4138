"""A session: messages in, answers out, as JSON has them; the same behind a server and inside of a page."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from chainrule.errors import (
    DivergenceError,
    InputError,
    InputTypeError,
    MissingExtraError,
    TooLargeError,
    unknown_name,
)
from chainrule.playground import export, lessons, panels, sets
from chainrule.playground.run import Run
from chainrule.playground.settings import Settings, choices
from chainrule.playground.task import Task

if TYPE_CHECKING:
    from chainrule.playground.own import Own

_log = logging.getLogger("chainrule.playground")
#: Errors that are told in words.
TOLD = (InputError, InputTypeError, DivergenceError, MissingExtraError, TooLargeError)
#: Epochs and steps of one message, and seconds after which it begins no further ones.
MOST, SECONDS = 100, 2.0


class Session:
    """What one page has in hand: a run, beside it perhaps another one, and a table of its own.

    Every message is an object with `do`, the name of what is to be done, and what that takes; `answer` gives an object,
    which is `{"error": ...}` where it cannot be done. Nothing raises.

    Parameters
    ----------
    own : a table to begin with, or None

    Examples
    --------
    >>> from chainrule.playground import Session
    >>> session = Session()
    >>> begun = session.answer({"do": "begin", "settings": {"data": "xor", "hidden": [{"units": 4}]}})
    >>> trained = session.answer({"do": "train", "epochs": 30})
    >>> trained["A"]["scores"][0] < begun["A"]["scores"][0]
    True
    >>> session.answer({"do": "forward", "row": 10**6})["error"]
    'row: expected a number from 0 to 399; received 1000000. Pick one that is drawn.'
    """

    def __init__(self, own: Own | None = None) -> None:
        self.runs: dict[str, Run] = {}
        self.own, self._learned = own, own  # a table, and that of the runs

    def answer(self, message: Any) -> dict[str, Any]:
        """Do what a message says.

        Parameters
        ----------
        message : object with `do`, as JSON has it

        Returns
        -------
        object, as JSON has it
        """
        try:
            if not isinstance(message, Mapping):
                raise InputTypeError("message", "an object", repr(message)[:80], "Send {'do': 'hello'}.")
            what = message.get("do")
            if not isinstance(what, str) or what not in DO:
                raise unknown_name("message, do", what, tuple(DO))
            return DO[what](self, message)
        except TOLD as error:
            return {"error": str(error)}
        except Exception as error:  # a defect: a page goes on all the same, and whoever runs the server can read of it
            _log.exception("a message that could not be answered: %.200r", message)
            return {"error": f"This could not be done: {type(error).__name__}, {error}."}

    # What there is to do ----------------------------------------------------------------------------------

    def hello(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """What settings may be, and the lessons."""
        return {
            "choices": {**choices(), "export": list(export.FORMS)},
            "settings": Settings().to_data(),
            "lessons": lessons.to_data(),
            "sets": {name: one.title for name, one in sets.SETS.items()},
            "table": None if self.own is None else self.own.to_data(),
        }  # fmt: skip

    def begin(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """A new run A, alone; its data with it."""
        settings = Settings.of(message.get("settings", {}))
        task = self._task(settings, self.own)
        self._learned = self.own
        self.runs = {"A": Run(settings, task)}
        return {"task": task.shown(), **self._seen(), "networks": self._networks()}

    def table(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """A table of one's own, and its columns to choose of."""
        try:
            from chainrule.playground.own import Own  # a browser's Python may have NumPy alone
        except ImportError as error:
            mend = "On your own machine: pip install 'chainrule[cli,watch]', then chainrule playground."
            raise MissingExtraError("table", "packages that read tables", str(error), mend) from error
        with warnings.catch_warnings(record=True) as doubts:
            warnings.simplefilter("always")
            self.own = Own.read(message.get("name", "table.csv"), message.get("text"))
        return {**self.own.to_data(), "warnings": [str(one.message) for one in doubts]}

    def compare(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """A run B beside A from other settings, both from the start: the same seed, the same data."""
        first = self._run("A")
        settings = Settings.of(message.get("settings", {}))
        for name in ("data", "rows", "noise", "seed", "target", "axes"):
            ours, theirs = getattr(first.settings, name), getattr(settings, name)
            if ours != theirs:
                raise InputError(f"compare, {name}", f"{ours!r}, as of A", repr(theirs), "Change A for other data.")
        task = first.task if settings.scale == first.settings.scale else self._task(settings, self._learned)
        self.runs = {"A": Run(first.settings, first.task), "B": Run(settings, task)}
        return {**self._seen(), "networks": self._networks()}

    def alone(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """Let go of B."""
        self.runs.pop("B", None)
        return {**self._seen(), "networks": self._networks()}

    def train(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """So many epochs, and so many steps, of every run; fewer of those that would keep a page waiting."""
        counts = {name: message.get(name, 0) for name in ("epochs", "steps")}
        for name, count in counts.items():
            if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count <= MOST:
                raise InputError(
                    f"train, {name}", f"a whole number up to {MOST}", repr(count)[:80], "Ask again for more."
                )
        self._run("A")
        until = time.monotonic() + SECONDS
        for name, count in counts.items():
            for _ in range(count):
                for run in self.runs.values():
                    run.epoch() if name == "epochs" else run.step()
                if time.monotonic() > until:
                    return self._seen()
        return self._seen()

    def forward(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """The numbers of a row's forward pass."""
        return panels.forward_panel(self._run(message.get("side", "A")), message.get("row", 0))

    def backward(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """The chain rule of a weight for a row."""
        run = self._run(message.get("side", "A"))
        return panels.backward_panel(run, *(message.get(name, 0) for name in ("row", "layer", "unit", "input")))

    def units(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """What each unit of a hidden layer gives over the plane."""
        run, layer = self._run(message.get("side", "A")), message.get("layer", 0)
        if not isinstance(layer, int) or isinstance(layer, bool) or not 0 <= layer < len(run.settings.hidden):
            raise InputError(
                "units, layer", f"one of {len(run.settings.hidden)} layers", repr(layer)[:80], "From 0 on."
            )
        return {"units": run.units(layer)}

    def surface(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """A slice of the loss about where the weights are."""
        return panels.surface_panel(self._run(message.get("side", "A")), message.get("seed", 0))

    def findings(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """What the rules of diagnosis find, each remedy with the settings that it makes, where it makes some."""
        run = self._run(message.get("side", "A"))
        found = run.findings()
        data = found.to_data()
        for one, finding in zip(data, found, strict=True):
            one["text"] = str(finding)
            for said, remedy in zip(one["remedies"], finding.remedies, strict=True):
                changed = run.settings.changed(dict(remedy.changes), remedy.scale) if remedy.can_be_applied else None
                said["settings"] = None if changed is None else changed.to_data()
                del said["changes"]
        return {"findings": data}

    def export(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """A run as code or as a file."""
        form = message.get("form", "chainrule")
        if not isinstance(form, str) or form not in export.FORMS:
            raise unknown_name("export, form", form, tuple(export.FORMS))
        run = self._run(message.get("side", "A"))
        try:
            return export.FORMS[form](run)
        except MissingExtraError:
            raise
        except ImportError as error:  # in a browser's Python
            raise MissingExtraError(
                "export", f"what {form!r} needs", str(error), "Use chainrule playground."
            ) from error

    # ------------------------------------------------------------------------------------------------------

    def _task(self, settings: Settings, own: Own | None) -> Task:
        if settings.data != "own":
            return Task.drawn(settings)
        if own is None:
            raise InputError("data", "a table of your own", "none so far", "Open its file first.")
        return own.task(settings)

    def _run(self, side: Any) -> Run:
        if not isinstance(side, str) or side not in self.runs:
            raise (
                unknown_name("side", side, tuple(self.runs))
                if self.runs
                else InputError("playground", "a run", "none so far", "Send {'do': 'begin'} first.")
            )
        return self.runs[side]

    def _seen(self) -> dict[str, Any]:
        return {side: run.state() for side, run in self.runs.items()}

    def _networks(self) -> dict[str, Any]:
        return {side: run.describe() for side, run in self.runs.items()}


#: What a message may ask for.
DO: dict[str, Callable[[Session, Mapping[str, Any]], dict[str, Any]]] = {
    name: getattr(Session, name)
    for name in (
        "hello", "table", "begin", "compare", "alone", "train", "forward", "backward", "units", "surface", "findings",
        "export",
    )
}  # fmt: skip
