"""Scores: of classes the error, the log loss and the calibration error, of numbers RMSE and R2."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, log_loss, r2_score, root_mean_squared_error

#: Bins of confidence.
BINS = 15

#: By which models of a task are compared; less is better.
LOSS = {"classification": "log_loss", "regression": "rmse"}

Array = NDArray[Any]


def of_classes(y: Array, classes: Array, proba: Array) -> dict[str, float]:
    """Scores of probabilities, shape (rows, classes). A class that the model never saw has the probability 0.

    scikit-learn clips what is 0, so that a row costs at most 36.
    """
    both = np.array(sorted({*classes.tolist(), *np.unique(y).tolist()}))
    p = np.zeros((len(y), len(both)))
    p[:, np.searchsorted(both, classes)] = proba
    p /= p.sum(axis=1, keepdims=True)
    taken = both[p.argmax(axis=1)]
    return {
        "error": 1 - float(accuracy_score(y, taken)),
        "log_loss": float(log_loss(y, p, labels=both)),
        "ece": calibration_error(taken == y, p.max(axis=1)),
    }


def calibration_error(right: Array, confidence: Array) -> float:
    """Expected calibration error: |share of right answers - mean confidence| in bins of equal width, weighted by rows.

    Guo et al., On Calibration of Modern Neural Networks, 2017. A bin has its upper edge.
    """
    bins = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)
    gaps = np.bincount(bins, right.astype(float) - confidence, BINS)
    return float(np.abs(gaps).sum() / len(right))


def of_numbers(y: Array, found: Array) -> dict[str, float]:
    """Scores of numbers, shape (rows,)."""
    return {"rmse": float(root_mean_squared_error(y, found)), "r2": float(r2_score(y, found))}
