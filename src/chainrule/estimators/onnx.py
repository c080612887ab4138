"""`to_onnx`: a fitted estimator, or a model, as one ONNX graph."""

from __future__ import annotations

from typing import Any

from sklearn.utils.validation import check_is_fitted

from chainrule.errors import InputTypeError
from chainrule.estimators.estimator import Estimator
from chainrule.models.model import Model


def to_onnx(estimator: Any) -> Any:
    """A fitted estimator, with all that it does to its input and its output, as an `onnx.ModelProto`.

    Inputs: "X", float32 of shape (rows, features); of sequences (batch, time, features), and "lengths", int64 of shape
    (batch,). Table estimators have an input per column, named like it, of shape (rows, 1): numbers as doubles, NaN
    where one is missing; vectors likewise, of shape (rows, length); dates as doubles, days since 1970; words as
    strings, "" where one is missing; truth values as the strings "True" and "False".

    Outputs: of a classifier "label" and "probabilities", (rows, classes), or "decisions" of a hinge; of a regressor
    "prediction", of shape (rows, targets), with loss='gaussian' also "deviation". The graph reckons in float32: of
    inputs that are scaled, predictions agree to 1e-5.

    Parameters
    ----------
    estimator : fitted, one of chainrule's; or a `Model`

    Raises
    ------
    InputError, InputTypeError
        For an activation or a loss of your own, or what is no estimator of chainrule.
    MissingExtraError
        Where the package onnx is not installed.

    Examples
    --------
    >>> import chainrule
    >>> model = chainrule.MLPClassifier((4,), random_state=0, tol=1.0).fit([[0.0], [1.0]] * 20, [0, 1] * 20)
    >>> [one.name for one in chainrule.to_onnx(model).graph.output]
    ['label', 'probabilities']
    """
    if isinstance(estimator, Model):
        return estimator.to_onnx()
    if not isinstance(estimator, Estimator):
        raise InputTypeError(
            "to_onnx(estimator)", "an estimator of chainrule", type(estimator).__name__,
            "Pipelines are exported by skl2onnx: see chainrule.estimators.skl2onnx.",
        )  # fmt: skip
    check_is_fitted(estimator)
    return estimator.model_.to_onnx()
