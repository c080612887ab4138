"""Temperature scaling: one number that makes a classifier as sure of itself as it has reason to be."""

from __future__ import annotations

from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

Array = NDArray[Any]

#: What a temperature may be. Rows that are all right ask for 0, rows that are all wrong for infinity.
BOUNDS = (0.1, 100.0)


def fit_temperature(z: Array, y: Array, weight: Array | None = None, shares: Array | None = None) -> float:
    """The T for which softmax(z / T), or the sigmoid, has the lowest log loss (Guo et al. 2017).

    Of several members, the probabilities are averaged after the link. For one, the log loss is convex in 1 / T, so
    there is one valley, also in log T, in which it is searched.

    Parameters
    ----------
    z : array of shape (members, rows, outputs), what the last layer gives, before the link
    y : class codes of shape (rows,), for the softmax; labels of shape (rows, outputs), for the sigmoid
    weight : array of shape (rows,), or None
    shares : array of shape (members,), whose sum is 1: how much each counts; None for all alike

    Returns
    -------
    T : float from 0.1 to 100; 1 where no other is better

    Examples
    --------
    Sure of itself, and wrong in every fourth row: p should be 3/4, whose z is log 3.

    >>> import numpy as np
    >>> from chainrule.models.temperature import fit_temperature
    >>> z, y = np.full((1, 4, 1), 10.0), np.array([[1], [1], [1], [0]])
    >>> bool(np.isclose(10 / fit_temperature(z, y), np.log(3), rtol=1e-3))
    True
    """
    z = z.astype(np.float64)
    loss_of = _labels if y.ndim == 2 else _classes
    counts = np.full(len(z), 1 / len(z)) if shares is None else shares

    def loss(log_t: float) -> float:
        return float(np.average(loss_of(z * np.exp(-log_t), y, counts), weights=weight))

    found = minimize_scalar(loss, bounds=(log(BOUNDS[0]), log(BOUNDS[1])), method="bounded", options={"xatol": 1e-5})
    return float(np.exp(found.x)) if found.fun < loss(0.0) else 1.0


def _classes(z: Array, y: Array, shares: Array) -> Array:
    return -_averaged(z[:, np.arange(len(y)), y] - logsumexp(z, axis=2), shares)


def _labels(z: Array, y: Array, shares: Array) -> Array:
    return np.asarray(-_averaged(-np.logaddexp(0, np.where(y == 1, -z, z)), shares).sum(axis=1))


def _averaged(log_p: Array, shares: Array) -> Array:
    """log of the mean over members of p, by their shares."""
    return np.asarray(logsumexp(log_p + np.log(shares).reshape(-1, *[1] * (log_p.ndim - 1)), axis=0))
