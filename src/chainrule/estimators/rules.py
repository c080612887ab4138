"""What each parameter of an estimator may be, as data, and the check that reads it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.metrics import get_scorer_names

from chainrule.errors import InputError, InputTypeError, unknown_name
from chainrule.estimators.architecture import has_dropout, hidden_sizes
from chainrule.network import activations, initialisers
from chainrule.network.layers import Pool, check_layers
from chainrule.training.callbacks.base import callback
from chainrule.training.checkpoints import Checkpoints
from chainrule.training.optimisers import Optimiser
from chainrule.training.schedules import Schedule


@dataclass(frozen=True)
class Number:
    """A number of an interval; `whole` asks for an integer, `infinite` lets infinity pass."""

    low: float
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False
    whole: bool = False
    infinite: bool = False

    def __call__(self, where: str, value: Any) -> None:
        if self.infinite and value == math.inf:
            return
        kind = Integral if self.whole else Real
        if not isinstance(value, kind) or isinstance(value, (bool, np.bool_)):
            raise InputTypeError(where, self.said(), repr(value), "Give a number of this range.")
        number = float(value)
        above = number > self.low if self.open_low else number >= self.low
        below = number < self.high if self.open_high else number <= self.high
        if not (above and below and math.isfinite(number)):
            raise InputError(where, self.said(), repr(value), "Give a number of this range.")

    def said(self) -> str:
        left = "(" if self.open_low else "["
        right = ")" if self.open_high or math.isinf(self.high) else "]"
        noun = "a whole number" if self.whole else "a number"
        return f"{noun} in {left}{self.low:g}, {self.high:g}{right}" + (" or inf" if self.infinite else "")


@dataclass(frozen=True)
class OneOf:
    """One of some values; `or_else` checks whatever is none of them."""

    values: tuple[Any, ...]
    or_else: Callable[[str, Any], None] | None = None

    def __call__(self, where: str, value: Any) -> None:
        if any(value is known or (isinstance(value, str) and value == known) for known in self.values):
            return
        if self.or_else is None or isinstance(value, str):
            raise unknown_name(where, value, map(str, self.values))
        self.or_else(where, value)


def boolean(where: str, value: Any) -> None:
    if not isinstance(value, (bool, np.bool_)):
        raise InputTypeError(where, "True or False", repr(value), "Give a truth value.")


def verbosity(where: str, value: Any) -> None:
    if not isinstance(value, (bool, np.bool_, Integral)):
        raise InputTypeError(where, "True, False or a whole number", repr(value), "False is silent.")


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
    """None, or layers that work on rows of a table."""
    if value is None:
        return
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise InputTypeError(where, "None, or a list of layers", repr(value), "For example [Dense(64, 'relu')].")
    if any(isinstance(layer, Pool) for layer in check_layers(value, where)):
        raise InputError(
            where, "layers for rows of a table", "a Pool",
            "Pool needs sequences: use chainrule.Network with them.",
        )  # fmt: skip


def solver(where: str, value: Any) -> None:
    """A name that scikit-learn has, or an optimiser."""
    if not isinstance(value, Optimiser):
        OneOf(("lbfgs", "sgd", "adam"))(where, value)


def learning_rate(where: str, value: Any) -> None:
    """A name that scikit-learn has, or a schedule."""
    if not isinstance(value, Schedule):
        OneOf(("constant", "invscaling", "adaptive"))(where, value)


def init(where: str, value: Any) -> None:
    """A name, or an initialiser."""
    initialisers.get(value, activations.get("relu"))


def random_state(where: str, value: Any) -> None:
    if value is None or isinstance(value, (np.random.RandomState, np.random.Generator)):
        return
    if not isinstance(value, Integral) or isinstance(value, bool) or value < 0:
        raise InputError(
            where, "None, a whole number >= 0, or a NumPy generator", repr(value),
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
            where, "None, a splitter of scikit-learn, or [(training rows, validation rows)]", repr(value),
            "For example GroupShuffleSplit(), or TimeSeriesSplit().",
        )  # fmt: skip


def where_to_keep(where: str, value: Any) -> None:
    if value is not None and not isinstance(value, Checkpoints):
        raise InputTypeError(where, "None, or Checkpoints(folder)", repr(value), "For example Checkpoints('run-1').")


_SHARE = Number(0, 1, open_high=True)
_POSITIVE = Number(0, open_low=True)
_NOT_NEGATIVE = Number(0)
count = Number(1, whole=True)

Rule = Callable[[str, Any], None]

RULES: Mapping[str, Rule] = {
    "hidden_layer_sizes": sizes,
    "activation": activation,
    "solver": solver,
    "alpha": _NOT_NEGATIVE,
    "batch_size": OneOf(("auto",), count),
    "learning_rate": learning_rate,
    "learning_rate_init": _POSITIVE,
    "power_t": _NOT_NEGATIVE,
    "max_iter": count,
    "shuffle": boolean,
    "random_state": random_state,
    "tol": _NOT_NEGATIVE,
    "verbose": verbosity,
    "warm_start": boolean,
    "momentum": Number(0, 1),
    "nesterovs_momentum": boolean,
    "early_stopping": boolean,
    "validation_fraction": _SHARE,
    "beta_1": _SHARE,
    "beta_2": _SHARE,
    "epsilon": _POSITIVE,
    "n_iter_no_change": Number(1, whole=True, infinite=True),
    "max_fun": count,
    "layers": layers,
    "norm": OneOf((None, "batch", "layer")),
    "residual": boolean,
    "dropout": _SHARE,
    "l1": _NOT_NEGATIVE,
    "l2": _NOT_NEGATIVE,
    "weight_decay": _NOT_NEGATIVE,
    "init": init,
    "dtype": float_type,
    "n_threads": OneOf((None,), count),
    "loss": OneOf(("squared_error", "poisson")),
    "class_weight": OneOf((None, "balanced"), mapping),
    "scoring": scoring,
    "score_training": boolean,
    "validation_split": splitter,
    "callbacks": callbacks,
    "checkpoints": where_to_keep,
}


#: What would change the objective from call to call, or step beside it: L-BFGS needs one smooth function.
NOT_WITH_LBFGS = ("l1", "dropout", "weight_decay", "validation_split", "checkpoints")


def check(name: str, parameters: Mapping[str, Any]) -> None:
    """Hold every parameter that has a rule against it, and `solver` against the parameters that it cannot serve.

    Raises
    ------
    InputError, InputTypeError
        At the first that breaks its rule: which, what was expected, what was received, how to mend it.
    """
    for parameter, rule in RULES.items():
        if parameter in parameters:
            rule(f"{name}({parameter}=)", parameters[parameter])
    if isinstance(parameters["solver"], Optimiser) and parameters["weight_decay"]:
        raise InputError(
            f"{name}(weight_decay=)", "none of it beside an optimiser", parameters["weight_decay"],
            "Give it to the optimiser: solver=Adam(1e-3, weight_decay=0.01).",
        )  # fmt: skip
    if parameters["solver"] != "lbfgs":
        return
    refused = {parameter: parameters[parameter] for parameter in NOT_WITH_LBFGS if parameters[parameter]}
    if has_dropout(parameters["layers"] or ()):
        refused["layers"] = "a Dropout"
    if isinstance(parameters["learning_rate"], Schedule):
        refused["learning_rate"] = parameters["learning_rate"]
    for parameter, value in refused.items():
        raise InputError(
            f"{name}({parameter}=)", "none of it with solver='lbfgs'", value,
            "Use solver='adam' or 'sgd'; l2 and alpha work with every solver.",
        )  # fmt: skip
