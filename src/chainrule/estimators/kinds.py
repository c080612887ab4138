"""The kinds of values that parameters of an estimator take, each a check that refuses in our form of error."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.metrics import get_scorer_names

from chainrule.checks import not_made
from chainrule.errors import InputError, InputTypeError, unknown_name
from chainrule.network import activations, initialisers, losses
from chainrule.network.layers import Pool, check_layers
from chainrule.network.losses import Loss
from chainrule.training import schedules
from chainrule.training.callbacks.base import callback
from chainrule.training.checkpoints import Checkpoints
from chainrule.training.optimisers import OPTIMISERS, Optimiser
from chainrule.training.schedules import Schedule
from chainrule.training.step_options import StepOptions


@dataclass(frozen=True)
class OneOf:
    """One of some values; `or_else` checks whatever is none of them."""

    values: tuple[Any, ...]
    or_else: Callable[[str, Any], None] | None = None

    def __call__(self, where: str, value: Any) -> None:
        if any(value is known or (isinstance(value, str) and value == known) for known in self.values):
            return
        named = any(isinstance(known, str) for known in self.values)
        if self.or_else is None or (named and isinstance(value, str)):
            raise unknown_name(where, value, self.values)
        self.or_else(where, value)


def _name_or_made(where: str, value: Any, names: tuple[str, ...], kind: type, mend: str) -> None:
    """One of these names, or an object of a kind."""
    if isinstance(value, str):
        OneOf(names)(where, value)
    elif not isinstance(value, kind):
        raise not_made(where, value, kind, mend)


def boolean(where: str, value: Any) -> None:
    if not isinstance(value, (bool, np.bool_)):
        raise InputTypeError(where, "True or False", repr(value), "Give a truth value.")


def verbosity(where: str, value: Any) -> None:
    if not isinstance(value, (bool, np.bool_, Integral)):
        raise InputTypeError(where, "True, False or a whole number", repr(value), "False is silent.")


def hidden_sizes(value: Any) -> list[Any]:
    """`hidden_layer_sizes` as a list; a single number is one layer."""
    return list(value) if hasattr(value, "__iter__") else [value]


def sizes(where: str, value: Any) -> None:
    """A width, or one width per hidden layer."""
    for width in hidden_sizes(value):
        if not isinstance(width, Integral) or isinstance(width, bool) or width <= 0:
            raise InputError(
                where, "widths that are whole numbers > 0", repr(value), "hidden_layer_sizes must be > 0, "
                "for example (100,) or (64, 64).",
            )  # fmt: skip


def activation(where: str, value: Any) -> None:
    """A name, a function of `activations.custom`, or one of these per hidden layer."""
    for one in value if isinstance(value, (list, tuple)) else [value]:
        activations.get(one, where)


def layers(where: str, value: Any) -> None:
    """None, or layers that work on rows."""
    if value is None:
        return
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise InputTypeError(where, "None, or a list of layers", repr(value), "For example [Dense(64, 'relu')].")
    if any(isinstance(layer, Pool) for layer in check_layers(value, where)):
        raise InputError(
            where, "layers without a Pool", "a Pool",
            "Estimators of sequences add theirs: say pool='max'. For another place of it, use chainrule.Network.",
        )  # fmt: skip


def solver(where: str, value: Any) -> None:
    """'lbfgs', an optimiser, or its name."""
    _name_or_made(where, value, ("lbfgs", *OPTIMISERS), Optimiser, "chainrule.optimisers has them.")


def learning_rate(where: str, value: Any) -> None:
    """A name that scikit-learn has, a schedule, or its name."""
    mend = "chainrule.schedules has them; OfStep(function) is your own."
    if isinstance(value, Real):
        mend = f"A number goes to learning_rate_init={value!r}, or to the optimiser that is the solver."
    _name_or_made(where, value, ("constant", "invscaling", "adaptive", *schedules.NAMED), Schedule, mend)


def init(where: str, value: Any) -> None:
    """A name, or an initialiser."""
    initialisers.get(value, activations.get("relu"))


def random_state(where: str, value: Any) -> None:
    if value is None or isinstance(value, (np.random.RandomState, np.random.Generator)):
        return
    if not isinstance(value, Integral) or isinstance(value, bool) or value < 0:
        raise InputError(
            where, "None, a whole number of at least 0, or a NumPy generator", repr(value),
            "A number makes runs repeat.",
        )  # fmt: skip


def float_type(where: str, value: Any) -> None:
    """None, float32 or float64, as a name, a NumPy type or a dtype."""
    try:
        known = value is None or np.dtype(value) in (np.float32, np.float64)
    except TypeError:
        known = False
    if not known:
        raise InputError(where, "None, 'float32' or 'float64'", repr(value), "None keeps the float type of X.")


def mapping(where: str, value: Any) -> None:
    if not isinstance(value, Mapping):
        raise InputTypeError(where, "a dict from class to weight", repr(value), "For example {'no': 1.0, 'yes': 5.0}.")


def directions(where: str, value: Any) -> None:
    """None, or 1 or -1 by column."""
    if value is None:
        return
    if not isinstance(value, Mapping):
        raise InputTypeError(where, "a dict from column to 1 or -1, or None", repr(value), "For example {'age': 1}.")
    for column, sign in value.items():
        if not isinstance(sign, Integral) or isinstance(sign, bool) or sign not in (1, -1):
            raise InputError(
                f"{where}, column {column!r}", "1, predictions never fall with it, or -1, they never rise", repr(sign),
                "Leave out columns without a direction.",
            )  # fmt: skip


def callbacks(where: str, value: Any) -> None:
    """None, or callbacks in a list."""
    if value is None:
        return
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise InputTypeError(where, "None, or a list", repr(value), "For example [callbacks.Progress()].")
    for one in value:
        callback(where, one)


def scoring(where: str, value: Any) -> None:
    """None, "loss", a name that scikit-learn has, or a function(estimator, X, y)."""
    if not callable(value):
        OneOf((None, "loss", *get_scorer_names()))(where, value)


def splitter(where: str, value: Any) -> None:
    """None, an object that splits, or a list of pairs of row numbers."""
    pairs = isinstance(value, (list, tuple)) and value and all(len(pair) == 2 for pair in value)
    if not (value is None or pairs or callable(getattr(value, "split", None))) or isinstance(value, str):
        raise InputTypeError(
            where, "None, a splitter of scikit-learn, or [(training rows, validation rows)]", repr(value)[:80],
            "For example GroupShuffleSplit(), or TimeSeriesSplit().",
        )  # fmt: skip


def where_to_keep(where: str, value: Any) -> None:
    if value is not None and not isinstance(value, Checkpoints):
        raise InputTypeError(where, "None, or Checkpoints(folder)", repr(value), "For example Checkpoints('run-1').")


def loss(where: str, value: Any) -> None:
    """A name, or a Loss."""
    if not isinstance(value, (str, Loss)):
        raise not_made(where, value, Loss, "losses.table() lists the names; losses.custom(name, function) is your own.")


def loss_name(where: str, value: Any, names: Iterable[str]) -> None:
    """A name of `losses.table()`, or a Loss. These names are offered; which loss fits, y decides."""
    if isinstance(value, str) and value not in {"auto", *losses.LOSSES}:
        raise unknown_name(where, value, names)


def step_option(name: str) -> Callable[[str, Any], None]:
    """What `StepOptions` takes under this name."""

    def check(where: str, value: Any) -> None:
        try:
            StepOptions(**{name: value})
        except (InputError, InputTypeError) as error:
            _, expected, received, mend = error.args
            raise type(error)(where, expected, received, mend) from None

    return check
