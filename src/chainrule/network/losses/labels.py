"""Losses for labels 0 and 1, a column each: one label, or several that do not exclude one another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy import abs, exp, expm1, log1p, where

from chainrule.network.losses import domains
from chainrule.network.losses.base import Loss
from chainrule.network.special import expit


def _binary_cross_entropy(z: Any, y: Any, c: Any) -> Any:
    t = y + c[0] * (0.5 - y)
    return where(z < 0.0, 0.0, z) - z * t + log1p(exp(-abs(z))), expit(z) - t


def focal(u: Any, c: Any) -> Any:
    """-(1 - p)^gamma log p and its derivative by u = log p."""
    p, q = exp(u), -expm1(u)
    damped = q ** c[0]
    return -damped * u, damped * (c[0] * p * where(q > 0.0, u / where(q > 0.0, q, 1.0), -1.0) - 1.0)


def _binary_focal(z: Any, y: Any, c: Any) -> Any:
    side = 2.0 * y - 1.0
    m = side * z
    value, slope = focal(where(m < 0.0, m, 0.0) - log1p(exp(-abs(m))), c)
    return value, slope * side * expit(-m)


def _hinge(z: Any, y: Any, c: Any) -> Any:
    side = 2.0 * y - 1.0
    m = side * z
    return where(m > 1.0, 0.0, 1.0 - m), where(m < 1.0, -side, where(m >= 1.0, 0.0, m))


def _squared_hinge(z: Any, y: Any, c: Any) -> Any:
    side = 2.0 * y - 1.0
    lack = where(side * z > 1.0, 0.0, 1.0 - side * z)
    return lack * lack, -2.0 * side * lack


@dataclass(frozen=True)
class BinaryCrossEntropy(Loss):
    """Cross-entropy of labels through the sigmoid; y may be any share of label 1.

    Parameters
    ----------
    smoothing : float in [0, 1); labels are moved by this share of the way to 1/2 (Szegedy et al. 2016)

    Examples
    --------
    >>> from chainrule.losses import BinaryCrossEntropy
    >>> BinaryCrossEntropy(smoothing=0.1).link
    'sigmoid'
    """

    smoothing: float = 0.0

    name = "binary_cross_entropy"
    formula = "-t log p - (1 - t) log(1 - p), p = sigmoid(z), t = (1 - smoothing) y + smoothing / 2"
    source = "Cox 1958"
    link = "sigmoid"
    domain = domains.SHARES
    entry = staticmethod(_binary_cross_entropy)


@dataclass(frozen=True)
class BinaryFocal(Loss):
    """Cross-entropy of labels, damped where the prediction is right already: for labels of which one is rare.

    Parameters
    ----------
    gamma : float >= 0; 0 is the cross-entropy

    Examples
    --------
    >>> from chainrule.losses import BinaryFocal
    >>> BinaryFocal(gamma=1.0)
    BinaryFocal(gamma=1.0)
    """

    gamma: float = 2.0

    name = "binary_focal"
    formula = "-(1 - p)^gamma log p, p = sigmoid(z) if y is 1, sigmoid(-z) if 0"
    source = "Lin et al. 2017"
    link = "sigmoid"
    domain = domains.LABELS
    entry = staticmethod(_binary_focal)


@dataclass(frozen=True)
class Hinge(Loss):
    """How much a decision value lacks to a margin of 1. Its sign is the label; it is no probability.

    The gradient at the margin, where there is a kink, is 0.

    Examples
    --------
    >>> from chainrule.losses import Hinge
    >>> Hinge().link
    'identity'
    """

    name = "hinge"
    formula = "max(0, 1 - (2 y - 1) z)"
    source = "Cortes and Vapnik 1995"
    domain = domains.LABELS
    entry = staticmethod(_hinge)


@dataclass(frozen=True)
class SquaredHinge(Loss):
    """The square of the hinge: no kink, and what lies far on the wrong side pulls harder.

    Examples
    --------
    >>> from chainrule.losses import SquaredHinge
    >>> SquaredHinge().domain.says
    'labels 0 or 1'
    """

    name = "squared_hinge"
    formula = "max(0, 1 - (2 y - 1) z)^2"
    source = "Tang 2013"
    domain = domains.LABELS
    entry = staticmethod(_squared_hinge)
