"""The learning-rate range test for an estimator and a table."""

from __future__ import annotations

from typing import Any

from sklearn.base import clone

from chainrule.errors import InputError, InputTypeError
from chainrule.estimators.estimator import Estimator
from chainrule.estimators.prepare import Call
from chainrule.training.elsewhere import using
from chainrule.training.finder import RateCurve, range_test
from chainrule.training.streamed import Streamed

UNWATCHED: dict[str, Any] = {
    "early_stopping": False, "validation_split": None, "calibration": False, "checkpoints": None, "callbacks": None,
    "scoring": None, "score_training": False,
}  # fmt: skip


def find_learning_rate(
    estimator: Estimator,
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
    estimator : one of chainrule's with a stochastic solver
    X, y, sample_weight : as `fit` takes them; of a file that is larger than `memory`, a sample of the rows is tried
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
    if not isinstance(estimator, Estimator):
        raise InputTypeError(
            where, "an estimator of chainrule", repr(estimator)[:80],
            "Of a pipeline, give the last step, pipeline[-1], and X as the others make it. For a Trainer: range_test.",
        )  # fmt: skip
    if getattr(estimator, "solver", None) == "lbfgs":
        raise InputError(where, "a stochastic solver", "solver='lbfgs'", "L-BFGS searches for the length of its steps.")
    own = unwatched(estimator)
    with using(None):  # its steps are looked at one by one
        fit = own._prepared(estimator._given(X, y, sample_weight), own._given(None, None), Call())
        rows = fit.rows.sample if isinstance(fit.rows, Streamed) else fit.rows
        trainer = fit.training.resume_trainer(fit.recipe, False, rows)
    size = fit.recipe.rows_of_a_batch(len(rows)) if batch_size is None else batch_size
    return range_test(trainer, rows, size, low=low, high=high, steps=steps)


def unwatched(estimator: Estimator) -> Estimator:
    """A clone that watches nothing, keeps nothing and tells nobody."""
    made: Estimator = clone(estimator)
    has = made.get_params(deep=False)
    made.set_params(**{name: value for name, value in UNWATCHED.items() if name in has}, verbose=False)
    return made
