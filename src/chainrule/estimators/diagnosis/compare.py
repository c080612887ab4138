"""`compare`: two estimators trained side by side, before a remedy and with it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from sklearn.base import is_classifier

from chainrule.diagnosis.findings import Findings
from chainrule.errors import InputTypeError
from chainrule.estimators.diagnosis import experiments
from chainrule.estimators.diagnosis.diagnose import diagnose, unwrapped
from chainrule.estimators.estimator import Estimator


@dataclass(frozen=True, eq=False)
class Attempt:
    """One of the two.

    Attributes
    ----------
    estimator : fitted
    seconds : that its fit took
    score : of the rows held out: accuracy, or R2
    findings : what diagnosis says of it
    """

    estimator: Any
    seconds: float
    score: float
    findings: Findings

    @property
    def model(self) -> Any:
        """The estimator itself, where it stands behind a scaler."""
        return unwrapped(self.estimator)[0]


@dataclass(frozen=True, eq=False)
class Comparison:
    """What a change did. Print it; `before` and `after` hold the fitted estimators."""

    before: Attempt
    after: Attempt

    def __str__(self) -> str:
        both = self.before, self.after
        classifies = is_classifier(self.before.model)
        rows = [
            ("", "before", "after"),
            ("accuracy, rows held out" if classifies else "R2, rows held out", *(f"{one.score:.4f}" for one in both)),
            ("training loss at the end", *(f"{one.model.history_[-1].loss:.4g}" for one in both)),
            ("gradient a layer on the way back, powers of ten", *(_slope(one) for one in both)),
            ("epochs", *(str(len(one.model.history_)) for one in both)),
            ("seconds", *(f"{one.seconds:.1f}" for one in both)),
            ("found", *(", ".join(f.rule for f in one.findings.at_least("warning")) or "nothing" for one in both)),
        ]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows)
        return "\n".join(lines)


def compare(before: Any, after: Any, X: Any, y: Any, X_val: Any, y_val: Any) -> Comparison:
    """Train two estimators on the same rows, each by its own `max_iter` and stopping, and hold them side by side.

    Parameters
    ----------
    before : MLPClassifier, TableRegressor, or another of chainrule's; it is cloned, fitted or not
    after : what `remedy.apply(before)` gave
    X, y : rows to train on
    X_val, y_val : rows to score

    Returns
    -------
    Comparison

    Raises
    ------
    InputError, InputTypeError
        For what `fit` refuses.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from chainrule import MLPClassifier, compare, diagnose
    >>> X, y = load_digits(return_X_y=True)
    >>> X = (X - 8) / 8
    >>> deep = MLPClassifier((32,) * 12, activation="logistic", tol=0.01, n_iter_no_change=3, random_state=0)
    >>> remedy = diagnose(deep.fit(X[:1400], y[:1400])).remedies()[0]
    >>> found = compare(deep, remedy.apply(deep), X[:1400], y[:1400], X[1400:], y[1400:])
    >>> found.after.score - found.before.score > 0.6
    True
    """
    for name, one in (("before", before), ("after", after)):
        (last,) = unwrapped(one)
        if not isinstance(last, Estimator):
            raise InputTypeError(
                f"compare({name}=)", "an estimator of chainrule", type(last).__name__, "For example MLPClassifier()."
            )
        last._given(X, y)  # refuses an array of sequences without the lengths that its fit had
    return Comparison(*(_attempt(one, X, y, X_val, y_val) for one in (before, after)))


def _attempt(estimator: Any, X: Any, y: Any, X_val: Any, y_val: Any) -> Attempt:
    started = time.perf_counter()
    made = experiments.fitted(experiments.alone(estimator), X, y)
    seconds = time.perf_counter() - started
    return Attempt(made, seconds, float(made.score(X_val, y_val)), diagnose(made, X, y, X_val, y_val))


def _slope(attempt: Attempt) -> str:
    probes = attempt.model.probes_
    return f"{probes.slope()[0]:.2f}" if probes else ""
