"""From what a user gives to fit to a call of it that is ready to run: checked, encoded, split."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from numpy.typing import NDArray

from chainrule.errors import InputError
from chainrule.estimators.messages import Talk
from chainrule.estimators.protocol import Bridge
from chainrule.models import resume
from chainrule.models.answers import Answer
from chainrule.models.fit import Fit, Kept
from chainrule.models.inputs import Input
from chainrule.models.model import Model
from chainrule.models.recipe import Recipe
from chainrule.models.several import AnyFit, Several
from chainrule.models.training import Training
from chainrule.models.validation import Parts
from chainrule.network.losses import Loss
from chainrule.tables import files
from chainrule.training import checkpoints
from chainrule.training.callbacks.base import Callback, callback
from chainrule.training.checkpoints import State

Array = NDArray[Any]

#: Parameters that mean nothing without held-out rows: what those are for, and what to do where there are none.
OF_HELD_OUT = {
    "calibration": ("calibrate on", "call calibrate after fit"),
    "scoring": ("score", "leave it None"),
    "score_training": ("score beside the training rows", "leave it False"),
}


#: Of the time that a fit has, what is left for the choice among networks that differ.
OF_CHOICE = 0.05


@dataclass(frozen=True)
class Call:
    """What fit or partial_fit is called with beside X, y and weights.

    Attributes
    ----------
    groups : for a validation_split that keeps them together
    resume_from : a checkpoint, or a folder of them
    incremental : whether it is a partial_fit
    classes : those that a first partial_fit names
    began : when, as `time.perf_counter()` tells it
    """

    groups: Any = None
    resume_from: Any = None
    incremental: bool = False
    classes: Any = None
    began: float = field(default_factory=time.perf_counter)


def begun(
    estimator: Any, call: Call, begin: Callable[[Model | None, State | None, Sequence[Callback]], AnyFit], given: Any
) -> AnyFit:
    """The call that `begin` makes of the model to go on with, or of none.

    Where something is refused, a fresh fit leaves no model of an earlier y behind, and any other the model as it was.
    """
    resumed = None if call.resume_from is None else checkpoints.read(call.resume_from)
    goes_on = estimator.__sklearn_is_fitted__() and (estimator.warm_start or call.incremental) and resumed is None
    before = estimator.model_ if goes_on else None
    made: list[AnyFit] = []
    name = type(estimator).__name__
    try:
        told: list[Callback] = [Talk()] if estimator.verbose else []
        told += [callback(f"{name}(callbacks=)", one) for one in estimator.callbacks or ()]
        if listens(estimator) and not call.incremental:
            told.append(Bridge(estimator, given, lambda: made[0].so_far()))
        made.append(begin(before, resumed, told))
    except Exception:
        if not goes_on:
            estimator._forget()
        raise
    return made[0]


def given_to(given: Any, held_out: Any, groups: Any) -> dict[str, str | None]:
    """What fit was given, by parameter: a path or a name, None of what is in memory."""
    found = {"X": given.X, "y": given.y, "sample_weight": given.weight, "groups": groups}
    found |= {"X_val": held_out.X, "y_val": held_out.y, "sample_weight_val": held_out.weight}
    return {name: _named(name, value) for name, value in found.items() if value is not None}


def _named(parameter: str, value: Any) -> str | None:
    """A path or a name as it was given."""
    if parameter in ("X", "X_val"):
        return files.again(value)
    return value if isinstance(value, str) else None


def check_groups(estimator: Any, held_out: Any, groups: Any) -> None:
    """Refuse groups that nothing would keep together."""
    if groups is not None and not (hasattr(estimator.validation_split, "split") and held_out.nothing):
        raise InputError(
            f"{type(estimator).__name__}.fit(groups=)", "a validation_split that keeps groups together, and no X_val",
            f"validation_split={estimator.validation_split!r}"[:80] if held_out.nothing else "X_val",
            "For example validation_split=GroupShuffleSplit(1), or leave groups out.",
        )  # fmt: skip


def listens(estimator: Any) -> bool:
    """Whether a callback of scikit-learn is set on the estimator, or on one around it."""
    return not {"_skl_callbacks", "_parent_callback_ctx"}.isdisjoint(vars(estimator))


class Start(NamedTuple):
    """What a fit begins with.

    Attributes
    ----------
    recipe : how it learns
    training : fresh, or the model to go on with
    input : what the model's will be
    parts : rows to train on and rows held out
    name : in words, where it is one of several
    fold : its number, where rows are held out fold by fold
    """

    recipe: Recipe
    training: Training | Model
    input: Input
    parts: Parts
    name: str = ""
    fold: int = 0


def ready(
    estimator: Any,
    starts: Sequence[Start],
    answer: Answer,
    call: Call,
    resumed: State | None,
    told: Sequence[Callback],
    shares: Any = None,
) -> AnyFit:
    """The call, where all is checked but what calibration and checkpoints want; training begins, or goes on.

    Parameters
    ----------
    starts : of a fit, or of several whose networks differ
    shares : by network of several in further training, of the prediction; None where they are to be chosen
    """
    parts, name = starts[0].parts, starts[0].recipe.name
    if estimator.calibration:
        answer.check_calibration(f"{name}(loss=)")
    for parameter, (purpose, instead) in OF_HELD_OUT.items():
        if getattr(estimator, parameter) and parts.validation is None:
            raise InputError(
                f"{name}({parameter}=)", f"held-out rows to {purpose}", "none",
                f"Give X_val and y_val, validation_split= or early_stopping=True, or {instead}.",
            )  # fmt: skip
    kept = None
    writes = None if call.incremental else estimator.checkpoints
    if writes or resumed:
        settings = resume.settings(
            estimator.get_params(deep=False), [start.training.predictor for start in starts], *parts
        )
        kept = Kept(settings, writes, resumed)
        kept.check()
    last = None if estimator.time_limit is None else call.began + estimator.time_limit
    if len(starts) == 1 and shares is None:
        return _fit(starts[0], answer, call, kept, told, last)
    names, folds = [start.name for start in starts], [start.fold for start in starts]
    until = None if last is None else last - OF_CHOICE * estimator.time_limit
    return Several([_fit(start, answer, call) for start in starts], names, folds, kept, told, until, last, shares)


def _fit(
    start: Start,
    answer: Answer,
    call: Call,
    kept: Kept | None = None,
    told: Sequence[Callback] = (),
    until: float | None = None,
) -> Fit:
    recipe, training, source, parts, *_ = start
    on = Training.going_on(training) if isinstance(training, Model) else training
    return Fit(recipe, on, source, answer, parts, call.incremental, kept, told, until)


def check_same(name: str, before: Model, network: Any, answer: Answer, members: int | None = None) -> None:
    """warm_start and partial_fit go on with the network at hand, and refuse what would need another.

    Nothing is said of members where they are None.
    """
    of_before = f"targets as before, {before.answer.outputs} outputs for {before.answer.loss.name}"
    check_answer(f"{name}: y", before.answer, answer, of_before, "Use fit with warm_start=False, or a new estimator.")
    mend = "warm_start and partial_fit cannot change them: use fit with warm_start=False."
    now = before.predictor.members
    if members not in (None, now):
        raise InputError(f"{name}(n_members=)", f"as many members as before, {now}", members, mend)
    if network != before.network:
        raise InputError(name, f"layers as before, {before.network.layers}", network.layers, mend)


def check_answer(
    where: str, wanted: Answer, answer: Answer, expected: str = "", mend: str = "Give the same targets."
) -> None:
    """Refuse targets of another kind than those that are wanted."""
    if not wanted.fits(answer):
        usual = f"as many columns as y, for {wanted.outputs} outputs and {wanted.loss.name}"
        kind = type(answer).__name__.lower()
        raise InputError(where, expected or usual, f"{kind}, {answer.outputs} outputs for {answer.loss.name}", mend)


def in_form(loss: Loss, values: Array, dtype: Any) -> Array:
    """y in the loss's form, in the float type of the network where it is no code."""
    return values if loss.target == "classes" else values.astype(dtype, copy=False)


def in_type(dtype: Any, weight: Array | None) -> Array | None:
    return None if weight is None else weight.astype(dtype, copy=False)
