"""How good predictions are, by the names that the field has for it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def of_classes(codes: Array, predicted: Array, shares: Array | None) -> dict[str, float]:
    """Scores of predicted classes against the true ones, both as codes, and of probabilities, (rows, classes), if any.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.diagnosis.scores import of_classes
    >>> shares = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    >>> of_classes(np.array([0, 1, 1]), shares.argmax(axis=1), shares)["accuracy"]
    0.6666666666666666
    """
    found = {
        "accuracy": float((predicted == codes).mean()),
        "balanced_accuracy": float(np.mean([(predicted[codes == k] == k).mean() for k in np.unique(codes)])),
    }
    if shares is None:
        return found
    least = np.finfo(shares.dtype).eps
    true = np.clip(shares[np.arange(len(codes)), codes].astype(np.float64), least, 1)
    found["log_loss"] = float(-np.log(true).mean())
    if shares.shape[1] == 2 and 0 < codes.sum() < len(codes):
        found["roc_auc"] = _area(codes == 1, shares[:, 1])
    return found


def by_class(codes: Array, predicted: Array, classes: int) -> list[dict[str, float]]:
    """Of each class: rows, precision, recall and their harmonic mean; NaN where there is nothing to divide by."""
    found = []
    for k in range(classes):
        there, said = int((codes == k).sum()), int((predicted == k).sum())
        hits = int(((codes == k) & (predicted == k)).sum())
        found.append({
            "rows": there,
            "precision": hits / said if said else np.nan,
            "recall": hits / there if there else np.nan,
            "f1": 2 * hits / (there + said) if there + said else np.nan,
        })  # fmt: skip
    return found


def of_numbers(y: Array, predicted: Array) -> dict[str, float]:
    """Scores of predicted numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.diagnosis.scores import of_numbers
    >>> of_numbers(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 4.0]))
    {'rmse': 0.5773502691896257, 'mae': 0.3333333333333333, 'r2': 0.5}
    """
    errors, spread = y - predicted, float(((y - y.mean()) ** 2).sum())
    squares = float((errors**2).sum())
    return {
        "rmse": (squares / len(y)) ** 0.5,
        "mae": float(np.abs(errors).mean()),
        "r2": 1 - squares / spread if spread else np.nan,
    }


def _area(positive: NDArray[np.bool_], score: Array) -> float:
    """The share of pairs of a positive and a negative row that the score has in order; ties count half."""
    levels, places = np.unique(score, return_inverse=True)
    above = np.bincount(places[positive], minlength=len(levels))
    below = np.bincount(places[~positive], minlength=len(levels))
    pairs = (above * (np.cumsum(below) - below / 2)).sum()
    return float(pairs / (above.sum() * below.sum()))


def confusion(codes: Array, predicted: Array, classes: int) -> Array:
    """Rows by true class (down) and predicted class (across), shape (classes, classes).

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.diagnosis.scores import confusion
    >>> confusion(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    return np.bincount(codes * classes + predicted, minlength=classes * classes).reshape(classes, classes)
