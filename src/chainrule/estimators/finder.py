"""The learning-rate range test for an estimator and a table."""

from __future__ import annotations

from typing import Any

from sklearn.base import clone

from chainrule.errors import InputError, InputTypeError
from chainrule.estimators import prepare, rules
from chainrule.estimators.base import BaseMLP
from chainrule.training.finder import RateCurve, range_test

#: A test watches nothing, keeps nothing and tells nobody.
UNWATCHED: dict[str, Any] = {
    "early_stopping": False, "validation_split": None, "calibration": False, "checkpoints": None, "callbacks": None,
}  # fmt: skip


def find_learning_rate(
    estimator: BaseMLP,
    X: Any,
    y: Any,
    sample_weight: Any = None,
    *,
    low: float = 1e-6,
    high: float = 10.0,
    steps: int = 300,
    batch_size: int | None = None,
) -> RateCurve:
    """Try rising learning rates on fresh weights, and suggest one (Smith 2017); see `range_test`.

    The estimator is not changed and nothing is fitted: set the suggestion as its `learning_rate_init`, or as the
    `learning_rate` of the optimiser that is its solver. Repeat with `random_state` set for the same curve.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor with a stochastic solver
    X, y, sample_weight : as `fit` takes them
    low, high : learning rates of the first and of the last step
    steps : at most this many
    batch_size : rows of a step, or None for those of the estimator

    Raises
    ------
    InputError, InputTypeError
        For what `fit` refuses, for solver="lbfgs", and for numbers out of range.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from chainrule import MLPClassifier, find_learning_rate
    >>> curve = find_learning_rate(MLPClassifier(random_state=0), *load_iris(return_X_y=True))
    >>> 1e-4 < curve.suggestion < 0.1
    True
    """
    where = "find_learning_rate(estimator=)"
    if not isinstance(estimator, BaseMLP):
        raise InputTypeError(where, "an MLPClassifier or MLPRegressor", repr(estimator), "For a Trainer: range_test.")
    rules.check(type(estimator).__name__, vars(estimator))
    if estimator.solver == "lbfgs":
        raise InputError(where, "a stochastic solver", "solver='lbfgs'", "L-BFGS searches for the length of its steps.")
    own: BaseMLP = clone(estimator).set_params(**UNWATCHED)
    call = prepare.fitting(own, own._given(X, y, sample_weight), own._given(None, None))
    size = call.batch_size() if batch_size is None else batch_size
    trainer = call.session.resume_trainer(call.estimator, False)
    return range_test(trainer, call.training, size, low=low, high=high, steps=steps)
