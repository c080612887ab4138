"""What displays read from an estimator, with what to do where it is not there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.diagnosis.probes import Probes
from chainrule.errors import InputError, InputTypeError, listed
from chainrule.models import explained
from chainrule.models.model import Model
from chainrule.training.records import Record


def fitted(where: str, estimator: Any) -> Any:
    """An estimator of chainrule that was fitted, at rest: a fit in another thread does not show in it.

    Raises
    ------
    InputError, InputTypeError
        Where it is another thing, or not fitted yet.
    """
    from chainrule.estimators.estimator import Estimator
    from chainrule.estimators.fitted import at_rest

    if not isinstance(estimator, Estimator):
        raise InputTypeError(
            f"{where}(estimator)", "an estimator of chainrule", repr(estimator)[:80],
            "Of a pipeline, its last step and the rows as that gets them: pipeline[-1], pipeline[:-1].transform(X).",
        )  # fmt: skip
    if not estimator.__sklearn_is_fitted__():
        raise InputError(
            f"{where}(estimator)", "a fitted estimator", f"{type(estimator).__name__} before fit", "Call fit(X, y)."
        )
    return at_rest(estimator)


def history(where: str, estimator: Any) -> list[Record]:
    """The records of a fit, at least one."""
    records = model(where, estimator).history
    if not records:
        raise InputError(f"{where}(estimator)", "records of at least one epoch", "none", "Train it by fit(X, y).")
    return records


def model(where: str, estimator: Any) -> Model:
    """What a fitted estimator has learned, or the model itself."""
    if isinstance(estimator, Model):
        return estimator
    found: Model = fitted(where, estimator).model_
    return found


def explaining(where: str, estimator: Any, output: str | int | None = None) -> Any:
    """A fitted estimator or a model, which have `explain`; of several outputs one has to be chosen."""
    found = estimator if isinstance(estimator, Model) else fitted(where, estimator)
    _, names = explained.outputs(model(where, found), "identity", None)
    check_output(where, names, output)
    return found


def check_output(where: str, names: Sequence[str], output: str | int | None) -> None:
    """Refuse several outputs where none of them is chosen."""
    if output is None and len(names) > 1:
        raise InputError(
            f"{where}(output=)", f"one of {len(names)} outputs: {listed(names)}", "None", f"output={names[0]!r}, say."
        )


def probes(where: str, estimator: Any) -> Probes:
    """What was measured during a fit, at least once."""
    found = model(where, estimator).probes
    if found is None or not len(found):
        raise InputError(
            f"{where}(estimator)", "an estimator whose fit was probed", "no probes",
            "Fit it with probes=True and a stochastic solver.",
        )  # fmt: skip
    return found


def predictor(where: str, estimator: Any, features: int) -> Any:
    """Anything fitted that predicts from so many features, a pipeline too."""
    try:
        found = estimator.n_features_in_
    except AttributeError as error:
        raise InputError(
            f"{where}(estimator)", "a fitted estimator", repr(estimator)[:80], "Call fit(X, y)."
        ) from error
    if found != features:
        raise InputError(
            f"{where}(estimator)", f"an estimator of {features} features", f"one of {found}",
            "Fit one on two columns to draw what it says of them.",
        )  # fmt: skip
    return estimator


def classifies(estimator: Any) -> bool:
    """Whether an estimator says of itself that it is a classifier."""
    return bool(estimator.__sklearn_tags__().estimator_type == "classifier")


def probabilities(where: str, estimator: Any, X: Any) -> tuple[Any, Any]:
    """What a fitted classifier, a pipeline too, gives rows, (rows, classes), and its classes."""
    from chainrule.estimators.fitted import at_rest

    estimator = at_rest(estimator)
    try:
        classes, ask = estimator.classes_, estimator.predict_proba
    except AttributeError as error:
        raise InputError(
            f"{where}(estimator)", "a fitted classifier that has predict_proba", repr(estimator)[:80],
            "Call fit(X, y); of losses, cross-entropy has probabilities.",
        ) from error  # fmt: skip
    return np.asarray(ask(X)), np.asarray(classes)


def rows(where: str, estimator: Any, X: Any, y: Any) -> tuple[Any, Any]:
    """Rows and their y, which of an estimator of tables may be in a file, or be the name of a column."""
    from chainrule.estimators.estimator import Estimator

    if not isinstance(estimator, Estimator):
        return X, y
    known = model(where, estimator)
    X, y = known.input.split(X, y, f"{where}(X)")
    return X, None if y is None else known.answer.true(y, f"{where}(y)")


def codes(where: str, y: Any, classes: Any, rows: int) -> Any:
    """The place of each row's class."""
    found = np.asarray(y)
    if found.shape != (rows,) or not np.isin(found, classes).all():
        raise InputError(
            f"{where}(y)", f"a class of {classes.tolist()!r:.60} for each of {rows} rows", f"{found!r:.60}",
            "Give the labels of X's rows, as fit had them.",
        )  # fmt: skip
    return np.searchsorted(classes, found)
