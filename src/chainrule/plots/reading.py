"""What displays read from an estimator, with what to do where it is not there."""

from __future__ import annotations

from typing import Any

from chainrule.diagnosis.probes import Probes
from chainrule.errors import InputError, InputTypeError
from chainrule.training.records import Record


def fitted(where: str, estimator: Any) -> Any:
    """An estimator of chainrule that was fitted.

    Raises
    ------
    InputError, InputTypeError
        Where it is another thing, or not fitted yet.
    """
    from chainrule.estimators.saving import Saved

    if not isinstance(estimator, Saved):
        raise InputTypeError(
            f"{where}(estimator)", "an estimator of chainrule", repr(estimator)[:80],
            "Of a pipeline, give the last step: pipeline[-1].",
        )  # fmt: skip
    if not estimator.__sklearn_is_fitted__():  # type: ignore[attr-defined]
        raise InputError(
            f"{where}(estimator)", "a fitted estimator", f"{type(estimator).__name__} before fit", "Call fit(X, y)."
        )
    return estimator


def history(where: str, estimator: Any) -> list[Record]:
    """The records of a fit, at least one."""
    records = fitted(where, estimator).history_
    if not records:
        raise InputError(f"{where}(estimator)", "records of at least one epoch", "none", "Train it by fit(X, y).")
    return records


def probes(where: str, estimator: Any) -> Probes:
    """What was measured during a fit, at least once."""
    found: Probes | None = getattr(fitted(where, estimator), "probes_", None)
    if found is None or not len(found):
        raise InputError(
            f"{where}(estimator)", "an estimator whose fit was probed", "no probes",
            "Fit it with probes=True; a model that was loaded has none.",
        )  # fmt: skip
    return found
