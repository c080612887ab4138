"""`search_space`: which parameters of an estimator are worth a search, and within what, for tuners of any kind."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from reprlib import repr as short
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from chainrule.checks import COUNT, Number
from chainrule.errors import InputError, InputTypeError
from chainrule.estimators import kinds
from chainrule.estimators.classifier import Classifying, MLPClassifier
from chainrule.estimators.estimator import Estimator
from chainrule.estimators.recipes import CLASS_LOSSES, SMOOTH
from chainrule.estimators.regressor import MLPRegressor
from chainrule.estimators.rules import NOT_WITH_LBFGS, OF_ADAM_AND_SGD
from chainrule.estimators.sequences import OverSequences, SequenceClassifier, SequenceRegressor
from chainrule.estimators.table.base import BaseTable
from chainrule.estimators.table.classifier import TableClassifier
from chainrule.estimators.table.presets import ENOUGH, FOLDED, LARGE
from chainrule.estimators.table.regressor import TableRegressor

Array = NDArray[Any]

EVERY = (MLPClassifier, MLPRegressor, TableClassifier, TableRegressor, SequenceClassifier, SequenceRegressor)
#: What Optuna takes as a category.
_PLAIN = (type(None), bool, int, float, str)


@dataclass(frozen=True, repr=False)
class Span:
    """Every number from `low` to `high`, both included.

    Parameters
    ----------
    low, high : finite numbers, low < high; above 0 with `log`, whole ones up to 2^53 with `whole`
    log : draw uniformly in the logarithm
    whole : whole numbers only

    Raises
    ------
    InputError, InputTypeError
        For ends that are none.

    Examples
    --------
    >>> from chainrule.estimators.search_space import Span
    >>> Span(1, 1000, log=True, whole=True).grid(4)
    [1, 10, 100, 1000]
    >>> 1e-4 <= Span(1e-4, 1e-1, log=True).rvs(random_state=0) <= 1e-1
    True
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def __post_init__(self) -> None:
        kinds.boolean("Span(log=)", self.log)
        kinds.boolean("Span(whole=)", self.whole)
        most = 2**53 if self.whole else math.inf
        number = Number(0 if self.log else -most, most, open_low=bool(self.log), whole=bool(self.whole))
        number("Span(low=)", self.low)
        number("Span(high=)", self.high)
        if not self.low < self.high:
            raise InputError("Span(high=)", f"a number above low={self.low!r}", self.high, "OneOf((3,)) is 3 alone.")

    def __repr__(self) -> str:
        return f"Span({self.low!r}, {self.high!r}{', log=True' * self.log}{', whole=True' * self.whole})"

    def rvs(self, random_state: Any = None, size: int | tuple[int, ...] | None = None) -> Any:
        """Draw, as distributions of SciPy do: scikit-learn's random searches ask for it.

        Parameters
        ----------
        random_state : None, a whole number, or a generator of NumPy
        size : shape of an array of draws, or None for one number

        Returns
        -------
        float, or int where the span is whole; with a size an array of them
        """
        half = 0.5 * self.whole  # which rounding adds to the first and the last number
        found = self._between(self.low - half, self.high + half, _generator(random_state).random(size))
        return found.item() if size is None else found

    def suggest(self, trial: Any, name: str) -> float:
        """What a trial of Optuna suggests.

        Parameters
        ----------
        trial : `optuna.Trial`, or another that suggests as it does
        name : of the parameter
        """
        if self.whole:
            found: float = trial.suggest_int(name, int(self.low), int(self.high), log=bool(self.log))
            return found
        return float(trial.suggest_float(name, float(self.low), float(self.high), log=bool(self.log)))

    def tune(self, module: Any) -> Any:
        """The same span for Ray Tune, whose whole numbers end before the upper bound.

        Parameters
        ----------
        module : `ray.tune`
        """
        log, end = "log" * self.log, self.high + 1 if self.whole else self.high
        return getattr(module, log + ("randint" if self.whole else "uniform"))(self.low, end)

    def grid(self, n: int) -> list[float]:
        """Numbers at equal distances, or equal ratios with `log`, both ends among them.

        Parameters
        ----------
        n : how many; fewer where whole ones fall together. One alone is the middle

        Returns
        -------
        list, ascending
        """
        COUNT("Span.grid(n=)", n)
        found = self._between(self.low, self.high, np.linspace(0, 1, n) if n > 1 else np.array([0.5]))
        if n > 1:
            found[[0, -1]] = self.low, self.high  # in spite of rounding
        numbers: list[float] = np.unique(found).tolist()
        return numbers

    def _between(self, low: float, high: float, share: Any) -> Array:
        """Numbers of the span at shares, from 0 to 1, of the way from low to high."""
        if self.log:
            low, high = math.log10(low), math.log10(high)
        found = low * (1 - np.asarray(share)) + high * np.asarray(share)
        found = 10.0**found if self.log else found
        found = np.rint(found).astype(np.int64) if self.whole else found
        return np.asarray(np.clip(found, self.low, self.high))


@dataclass(frozen=True, repr=False)
class OneOf:
    """One of some values, each as likely as the others.

    Parameters
    ----------
    values : list or tuple of what a parameter takes; no two look alike. Where they have an order, give them in it

    Raises
    ------
    InputError, InputTypeError
        Without values, or with one twice.

    Examples
    --------
    >>> from chainrule.estimators.search_space import OneOf
    >>> sizes = OneOf([(64,), (128,), (64, 64)])
    >>> sizes.grid(2), sizes.rvs(random_state=0) in sizes.values
    ([(64,), (64, 64)], True)
    """

    values: Sequence[Any]

    def __post_init__(self) -> None:
        if not isinstance(self.values, (list, tuple)):
            raise InputTypeError("OneOf(values=)", "a list or tuple", short(self.values), "For example OneOf((1, 2)).")
        object.__setattr__(self, "values", tuple(self.values))
        if not self.values or len(set(self._texts)) < len(self.values):
            raise InputError(
                "OneOf(values=)", "values, each of them once", short(self.values), "Leave out repetitions."
            )

    def __repr__(self) -> str:
        return f"OneOf({short(self.values)})"

    @property
    def _texts(self) -> list[str]:
        return [repr(value) for value in self.values]

    def rvs(self, random_state: Any = None, size: int | tuple[int, ...] | None = None) -> Any:
        """Draw, as distributions of SciPy do: scikit-learn's random searches ask for it.

        Parameters
        ----------
        random_state : None, a whole number, or a generator of NumPy
        size : shape of an array of draws, or None for one value

        Returns
        -------
        one of the values; with a size an array of objects
        """
        places = _generator(random_state).choice(len(self.values), size)
        if size is None:
            return self.values[places]
        found = np.empty(places.shape, object)
        for at, place in np.ndenumerate(places):
            found[at] = self.values[place]
        return found

    def suggest(self, trial: Any, name: str) -> Any:
        """What a trial of Optuna suggests. Values that it does not take, such as tuples, it knows by their texts.

        `study.best_params` has these texts, too: ask `suggest(optuna.trial.FixedTrial(study.best_params), name)` for
        the value.

        Parameters
        ----------
        trial : `optuna.Trial`, or another that suggests as it does
        name : of the parameter
        """
        if all(type(value) in _PLAIN for value in self.values) and len(set(self.values)) == len(self.values):
            return trial.suggest_categorical(name, list(self.values))
        return self.values[self._texts.index(trial.suggest_categorical(name, self._texts))]

    def tune(self, module: Any) -> Any:
        """The same choice for Ray Tune.

        Parameters
        ----------
        module : `ray.tune`
        """
        return module.choice(list(self.values))

    def grid(self, n: int) -> list[Any]:
        """Values at equal distances in the list, the first and the last among them.

        Parameters
        ----------
        n : how many; all where there are no more. One alone is the first

        Returns
        -------
        list, in the order of `values`
        """
        COUNT("OneOf.grid(n=)", n)
        last = len(self.values) - 1
        return [self.values[place] for place in np.linspace(0, last, min(n, last + 1)).round().astype(int)]


def _generator(random_state: Any) -> Any:
    """A generator of NumPy, of either kind, for what scikit-learn takes as a random_state."""
    return random_state if isinstance(random_state, np.random.Generator) else check_random_state(random_state)


Space = dict[str, Span | OneOf]

#: Losses by name that take a label_smoothing, of however many classes.
_SMOOTHED = tuple(name for name, pair in CLASS_LOSSES.items() if {*pair, None} <= {*SMOOTH, None})
#: What `layers` stand in place of.
_OF_LAYERS = ("hidden_layer_sizes", "activation", "norm", "residual", "dropout")
#: What L-BFGS refuses, and what it does not read.
_NOT_WITH_LBFGS = {*NOT_WITH_LBFGS, "learning_rate_init", "learning_rate", "batch_size", "n_members"}
#: Of batches, from which those are taken that the rows fill.
_BATCHES = tuple(2**power for power in range(3, 10))

#: The low end of the penalties is as good as 0, which has no logarithm.
_DECAY, _ALPHA = Span(1e-4, 1.0, log=True), Span(1e-6, 1.0, log=True)
_DROPOUT = OneOf((0.0, 0.1, 0.2, 0.3, 0.5))


def search_space(estimator: Estimator | type[Estimator], rows: int | None = None) -> Space:
    """The parameters of an estimator that are worth a search, and within what.

    What the other parameters of the estimator leave no use for is not among them: 'lbfgs' and optimisers have no
    `learning_rate_init`, `layers` stand in place of hidden ones, a hinge is not smoothed. It is a plain dict: take out
    what shall stay as it is, put others in.

    A penalty of 0 has no logarithm: the low ends of `weight_decay` and `alpha` are as good as 0. Learning rates are for
    standardised inputs. A table's networks are all alike once `numbers`, `bins`, `hidden_layer_sizes` or `n_members`
    are given, and trained once: networks that differ, or folds, are the defaults' (see `TableClassifier`).

    Parameters
    ----------
    estimator : one of the six of chainrule, or its class
    rows : of all data of the search, which bound batches, bins, widths and members; None is many

    Returns
    -------
    dict from parameter to `Span` or `OneOf`. Of both, `rvs` is for scikit-learn, which takes the dict as it is,
    `suggest(trial, name)` for Optuna, `tune(ray.tune)` for Ray Tune, `grid(n)` for a GridSearchCV

    Raises
    ------
    InputTypeError
        A `TypeError`: for what is no estimator of chainrule, or no number of rows.
    InputError
        A `ValueError`: for less than one row.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import RandomizedSearchCV
    >>> from chainrule import MLPClassifier, search_space
    >>> model = MLPClassifier(solver="lbfgs", tol=0.01, random_state=0)
    >>> space = search_space(model, rows=150)
    >>> space["alpha"], "learning_rate_init" in space
    (Span(1e-06, 1.0, log=True), False)
    >>> search = RandomizedSearchCV(model, space, n_iter=3, random_state=0).fit(*load_iris(return_X_y=True))
    >>> bool(search.best_score_ > 0.9)
    True
    """
    kind = estimator if isinstance(estimator, type) else type(estimator)
    if not issubclass(kind, EVERY):
        raise InputTypeError(
            "search_space(estimator=)", "an estimator of chainrule, or its class", repr(estimator)[:80],
            "Of a pipeline, give the last step, pipeline[-1], and put the step's name before each: 'step__dropout'.",
        )  # fmt: skip
    if rows is not None:
        COUNT("search_space(rows=)", rows)
    given: Any = estimator
    found = _of_table(rows) if issubclass(kind, BaseTable) else _of_network(given, kind, rows)
    if issubclass(kind, Classifying) and isinstance(given.loss, str) and given.loss in _SMOOTHED:
        found["label_smoothing"] = OneOf((0.0, 0.05, 0.1, 0.2))
    return found


def _of_table(rows: int | None) -> Space:
    many = LARGE if rows is None else rows
    found: Space = {
        "learning_rate_init": Span(1e-3, 3e-2, log=True),
        "weight_decay": _DECAY,
        "dropout": _DROPOUT,
        "hidden_layer_sizes": _shapes((32, 64, 128) if many < ENOUGH else (64, 128, 256), 3),
        "activation": OneOf(("relu", "silu", "gelu")),
        "numbers": OneOf(("piecewise", "robust", "periodic", "quantile")),
        "bins": Span(4, int(np.clip(many // 25, 16, 256)), log=True, whole=True),
    }
    return found | _batches(rows) | _members(rows)


def _of_network(estimator: Any, kind: type, rows: int | None) -> Space:
    by_sgd, sequences = estimator.solver == "sgd", issubclass(kind, OverSequences)
    widths = (64, 128, 256) if rows is None or rows >= LARGE else (32, 64, 128) if rows >= ENOUGH else (16, 32, 64)
    found: Space = {
        "learning_rate_init": Span(1e-3, 0.1, log=True) if by_sgd else Span(1e-4, 3e-2, log=True),
        "learning_rate": OneOf(("constant", "cosine")),
        "alpha": _ALPHA,
        "weight_decay": _DECAY,
        "dropout": _DROPOUT,
        "hidden_layer_sizes": _shapes(widths, 2 if sequences else 3),
        "activation": OneOf(("relu", "silu", "gelu", "tanh")),
        "norm": OneOf((None, "batch", "layer")),
        "residual": OneOf((False, True)),
    }
    if by_sgd:
        found["momentum"] = OneOf((0.5, 0.9, 0.95, 0.99))
    if sequences:
        found |= {"pool": OneOf(("mean", "max", "sum")), "head_layer_sizes": OneOf(((), *_shapes(widths, 1).values))}
    found |= _batches(rows) | ({} if sequences else _members(rows))  # how long a sequence is, nobody knows
    idle = _idle(estimator, sequences)
    return {name: one for name, one in found.items() if name not in idle}


def _idle(estimator: Any, sequences: bool) -> set[str]:
    """Parameters that others of this estimator leave no use for."""
    idle = set[str]()
    if estimator.layers is not None:
        idle.update(["hidden_layer_sizes"] if sequences else _OF_LAYERS)  # a head has a norm, too
    if estimator.solver == "lbfgs":
        idle |= _NOT_WITH_LBFGS
    elif estimator.solver not in ("adam", "sgd"):
        idle.update(OF_ADAM_AND_SGD)
    return idle


def _shapes(widths: Sequence[int], most: int) -> OneOf:
    """Hidden layers of one width, up to so many."""
    return OneOf(tuple((width,) * depth for width in widths for depth in range(1, most + 1)))


def _batches(rows: int | None) -> Space:
    """Sizes of batches of which there are some, also with part of the rows held out."""
    sizes = [size for size in _BATCHES if rows is None or size <= rows // 4][-5:]
    return {"batch_size": OneOf(sizes)} if len(sizes) > 1 else {}


def _members(rows: int | None) -> Space:
    """More networks than one, which are better and take as many times as long: where rows are few."""
    return {"n_members": OneOf((1, 4, 8))} if rows is not None and rows < FOLDED else {}
