"""The losses, each with its link: from the last layer's z to a prediction, and to a number to lower.

`CrossEntropy` couples the columns of a row. Every other loss is a sum over columns of a scalar function of
z and y, given with its derivative by z; written through the link they are free of overflow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from numpy import abs, exp, log, log1p, where
from scipy.special import expit

from chainrule.errors import InputTypeError, unknown_name

Scalar = Callable[..., Any]


@dataclass(frozen=True)
class Loss:
    """A loss per row.

    `target` says what y is: "classes", whole numbers of shape (rows,), or "values", floats of shape
    (rows, outputs). `value(z, y)` and `gradient(z, y)` are per column; they are None for the softmax.
    """

    name: str
    link: Literal["identity", "sigmoid", "softmax", "exp"]
    target: Literal["classes", "values"]
    formula: str
    value: Scalar | None = field(default=None, repr=False)
    gradient: Scalar | None = field(default=None, repr=False)


def _squared_error(z: Any, y: Any) -> Any:
    return 0.5 * (z - y) * (z - y)


def _squared_error_gradient(z: Any, y: Any) -> Any:
    return z - y


def _binary_cross_entropy(z: Any, y: Any) -> Any:
    return where(z < 0.0, 0.0, z) - z * y + log1p(exp(-abs(z)))


def _binary_cross_entropy_gradient(z: Any, y: Any) -> Any:
    return expit(z) - y


def _poisson(z: Any, y: Any) -> Any:
    return exp(z) - y * z + where(y > 0.0, y * log(where(y > 0.0, y, 1.0)), 0.0) - y


def _poisson_gradient(z: Any, y: Any) -> Any:
    return exp(z) - y


SQUARED_ERROR = Loss(
    "squared_error", "identity", "values", "sum over outputs of (z - y)^2 / 2",
    _squared_error, _squared_error_gradient,
)  # fmt: skip
CROSS_ENTROPY = Loss("cross_entropy", "softmax", "classes", "-log softmax(z)[y]")
BINARY_CROSS_ENTROPY = Loss(
    "binary_cross_entropy", "sigmoid", "values",
    "sum over labels of -y log p - (1 - y) log(1 - p), p = sigmoid(z)",
    _binary_cross_entropy, _binary_cross_entropy_gradient,
)  # fmt: skip
POISSON = Loss(
    "poisson", "exp", "values",
    "half the Poisson deviance: sum over outputs of y log(y / m) - y + m, m = exp(z)",
    _poisson, _poisson_gradient,
)  # fmt: skip

#: The links that work element by element: from z to a prediction.
LINKS: dict[str, Scalar] = {"sigmoid": expit, "exp": exp}

LOSSES: dict[str, Loss] = {loss.name: loss for loss in (SQUARED_ERROR, CROSS_ENTROPY, BINARY_CROSS_ENTROPY, POISSON)}


def get(loss: str | Loss) -> Loss:
    """The loss of a name, or the loss itself.

    Examples
    --------
    >>> get("cross_entropy").link
    'softmax'
    """
    if isinstance(loss, Loss):
        return loss
    if not isinstance(loss, str):
        raise InputTypeError("loss", "a name or a Loss", repr(loss), f"Names: {sorted(LOSSES)}.")
    if loss not in LOSSES:
        raise unknown_name("loss", loss, LOSSES)
    return LOSSES[loss]
