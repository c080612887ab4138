"""Losses for one of several classes, whose outputs belong together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.network.losses import domains
from chainrule.network.losses.base import Array, Loss
from chainrule.network.losses.labels import focal


def _entropy(shares: Array, smoothing: float) -> float:
    """Of classes with these shares, a part of which is spread over all."""
    smoothed = (1 - smoothing) * shares + smoothing / len(shares)
    some = smoothed[smoothed > 0]
    return -float(some @ np.log(some))


@dataclass(frozen=True)
class CrossEntropy(Loss):
    """Cross-entropy of class codes through the softmax.

    Parameters
    ----------
    smoothing : float in [0, 1); this share of every target is spread over all classes (Szegedy et al. 2016)

    Examples
    --------
    >>> from chainrule.losses import CrossEntropy
    >>> CrossEntropy(smoothing=0.1).target
    'classes'
    """

    smoothing: float = 0.0

    name = "cross_entropy"
    formula = "-(1 - smoothing) log p[y] - smoothing mean(log p), p = softmax(z)"
    source = "Bridle 1990"
    link = "softmax"
    target = "classes"
    domain = domains.CODES
    kernel = "cross_entropy"

    def _constant(self, y: Array, outputs: int, shares: Array) -> float:
        return _entropy(np.bincount(y, shares, outputs), self.smoothing)


@dataclass(frozen=True)
class SoftCrossEntropy(Loss):
    """Cross-entropy of class shares: y says for every row what share each class has, as mixed rows need it.

    Parameters
    ----------
    smoothing : float in [0, 1); this share of every target is spread over all classes

    Examples
    --------
    >>> from chainrule.losses import SoftCrossEntropy
    >>> SoftCrossEntropy().check_y([[0.25, 0.75]], outputs=2)
    """

    smoothing: float = 0.0

    name = "soft_cross_entropy"
    formula = "-sum over classes of t log p, p = softmax(z), t = (1 - smoothing) y + smoothing / classes"
    source = "Bridle 1990"
    link = "softmax"
    domain = domains.DISTRIBUTIONS
    kernel = "soft_cross_entropy"

    def _constant(self, y: Array, outputs: int, shares: Array) -> float:
        return _entropy(shares @ y, self.smoothing)


@dataclass(frozen=True)
class Focal(Loss):
    """Cross-entropy of class codes, damped where the prediction is right already: for classes of which some are rare.

    Parameters
    ----------
    gamma : float >= 0; 0 is the cross-entropy

    Examples
    --------
    >>> from chainrule.losses import Focal
    >>> Focal(gamma=1.0)
    Focal(gamma=1.0)
    """

    gamma: float = 2.0

    name = "focal"
    formula = "-(1 - p[y])^gamma log p[y], p = softmax(z)"
    source = "Lin et al. 2017"
    link = "softmax"
    target = "classes"
    domain = domains.CODES
    kernel = "true_class_loss"
    entry = staticmethod(focal)


@dataclass(frozen=True)
class MulticlassHinge(Loss):
    """How much the true class lacks to a margin of 1 over the best other. Decision values, no probabilities.

    The gradient at the margin is 0; of several best other classes the first is pushed down.

    Examples
    --------
    >>> from chainrule.losses import MulticlassHinge
    >>> MulticlassHinge().link
    'identity'
    """

    name = "multiclass_hinge"
    formula = "max(0, 1 + max over k != y of z[k] - z[y])"
    source = "Crammer and Singer 2001"
    target = "classes"
    domain = domains.CODES
    kernel = "multiclass_hinge"

    def _constant(self, y: Array, outputs: int, shares: Array) -> float:
        """No class preferred, or the most frequent by the margin: in between the loss is a line."""
        return float(min(1.0, 2 * (1 - np.bincount(y, shares).max())))
