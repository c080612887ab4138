"""Losses of a difference z - y: how far off a prediction may be, and in which direction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy import abs, exp, expm1, log1p, tanh, where

from chainrule.checks import BETWEEN_0_AND_1
from chainrule.errors import InputError
from chainrule.network.losses.base import Array, Loss, averaged
from chainrule.network.special import expit

HALF_LOG_2PI = 0.9189385332046727


def _squared_error(z: Any, y: Any, c: Any) -> Any:
    r = z - y
    return 0.5 * r * r, r


def _absolute_error(z: Any, y: Any, c: Any) -> Any:
    r = z - y
    return abs(r), where(r > 0.0, 1.0, where(r < 0.0, -1.0, r))


def _huber(z: Any, y: Any, c: Any) -> Any:
    r, delta = z - y, c[0]
    inside = where(r > delta, delta, where(r < -delta, -delta, r))
    return inside * (r - 0.5 * inside), inside


def _log_cosh(z: Any, y: Any, c: Any) -> Any:
    size = abs(z - y)
    return size + log1p(0.5 * expm1(-2.0 * size)), tanh(z - y)


def _quantile(z: Any, y: Any, c: Any) -> Any:
    r, level = z - y, c[0]
    return where(r > 0.0, (1.0 - level) * r, -level * r), where(r > 0.0, 1.0 - level, where(r < 0.0, -level, r))


def _gaussian(z: Any, s: Any, y: Any, c: Any) -> Any:
    """z is the mean, s the logarithm of the variance above its floor; c is the floor's logarithm."""
    r, above = y - z, s - c[0]
    log_variance = where(above > 0.0, s, c[0]) + log1p(exp(-abs(above)))
    scaled = r * exp(-log_variance)
    value = 0.5 * (log_variance + r * scaled) + HALF_LOG_2PI
    return value, -scaled, 0.5 * expit(above) * (1.0 - r * scaled)


@dataclass(frozen=True)
class SquaredError(Loss):
    """Half the square: the prediction is the mean.

    Examples
    --------
    >>> from chainrule.losses import SquaredError
    >>> SquaredError().outputs(2)
    2
    """

    name = "squared_error"
    formula = "(z - y)^2 / 2"
    source = "Gauss 1809"
    entry = staticmethod(_squared_error)

    def _constant(self, y: Array, outputs: int, shares: Array) -> float:
        return float((shares @ (y - shares @ y) ** 2).sum() / 2)


@dataclass(frozen=True)
class AbsoluteError(Loss):
    """The size of the difference: the prediction is the median, and far-off rows pull no harder than near ones.

    The gradient at z = y, where there is a kink, is 0.

    Examples
    --------
    >>> from chainrule.losses import AbsoluteError
    >>> AbsoluteError().link
    'identity'
    """

    name = "absolute_error"
    formula = "|z - y|"
    source = "Boscovich 1757"
    entry = staticmethod(_absolute_error)


@dataclass(frozen=True)
class Huber(Loss):
    """Half the square up to a difference of `delta`, straight lines beyond.

    Parameters
    ----------
    delta : float > 0, in units of y

    Examples
    --------
    >>> from chainrule.losses import Huber
    >>> Huber(delta=0.5).numbers
    ((0.5,),)
    """

    delta: float = 1.0

    name = "huber"
    formula = "r^2 / 2 if |r| <= delta else delta (|r| - delta / 2), r = z - y"
    source = "Huber 1964"
    entry = staticmethod(_huber)


@dataclass(frozen=True)
class LogCosh(Loss):
    """log cosh of the difference: near half the square when it is small, near its size when large; smooth between.

    Examples
    --------
    >>> from chainrule.losses import LogCosh
    >>> LogCosh().name
    'log_cosh'
    """

    name = "log_cosh"
    formula = "log cosh(z - y)"
    source = "Green 1990"
    entry = staticmethod(_log_cosh)


@dataclass(frozen=True)
class Quantile(Loss):
    """The pinball loss, whose prediction is a quantile; with several levels, one output for each.

    The gradient at z = y, where there is a kink, is 0. Quantiles that were fitted side by side may cross; `predict`
    sorts those of each row, which brings none of them farther from the truth (Chernozhukov, Fernandez-Val and Galichon
    2010).

    Parameters
    ----------
    level : float in (0, 1), or a sequence of them in ascending order

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.losses import Quantile
    >>> Quantile((0.05, 0.5, 0.95)).outputs(1)
    3
    >>> Quantile((0.1, 0.9)).predict(np.array([[2.0, 1.0]]))
    array([[1., 2.]])
    """

    level: float | tuple[float, ...] = 0.5

    name = "quantile"
    formula = "level (y - z) if y >= z else (1 - level) (z - y)"
    source = "Koenker and Bassett 1978"
    entry = staticmethod(_quantile)

    def __post_init__(self) -> None:
        if isinstance(self.level, (list, tuple, np.ndarray)):
            object.__setattr__(self, "level", tuple(np.asarray(self.level).tolist()))
        for level in self.levels:
            BETWEEN_0_AND_1("Quantile(level=)", level)
        if not self.levels or any(high <= low for low, high in zip(self.levels, self.levels[1:], strict=False)):
            raise InputError("Quantile(level=)", "levels in ascending order", repr(self.level), "Sort them.")

    @property
    def levels(self) -> tuple[float, ...]:
        """The levels as a tuple, also where there is one."""
        return self.level if isinstance(self.level, tuple) else (self.level,)

    @property
    def numbers(self) -> tuple[tuple[float, ...], ...]:
        return tuple((level,) for level in self.levels)

    @property
    def per_target(self) -> int:
        """An output for each level."""
        return len(self.levels)

    def predict(self, prediction: Array) -> Array:
        """The quantiles of each row and target in ascending order.

        Parameters
        ----------
        prediction : array of shape (rows, outputs)

        Returns
        -------
        array of the same shape
        """
        by_level = prediction.reshape(len(prediction), self.per_target, -1)
        return np.sort(by_level, axis=1).reshape(prediction.shape)


@dataclass(frozen=True)
class Gaussian(Loss):
    """Negative log likelihood of a normal distribution: the network gives a mean and a variance for each target.

    Its outputs are the means of all targets, then for all targets s, from which the variance is exp(s) + floor. The
    floor keeps the loss from falling without end where some targets can be met exactly.

    Parameters
    ----------
    floor : float > 0, smallest variance, in squared units of y

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.losses import Gaussian
    >>> mean, deviation = Gaussian().split(Gaussian().predict(np.array([[3.0, np.log(4.0)]])))
    >>> mean, deviation.round(3)
    (array([[3.]]), array([[2.]]))
    """

    floor: float = 1e-6

    name = "gaussian"
    formula = "(log v + (y - m)^2 / v + log(2 pi)) / 2, z = m and s, v = exp(s) + floor"
    source = "Nix and Weigend 1994"
    signed = True
    kernel = "paired_loss"
    entry = staticmethod(_gaussian)

    @property
    def numbers(self) -> tuple[tuple[float, ...], ...]:
        return ((float(np.log(self.floor)),),)

    @property
    def per_target(self) -> int:
        """Two: mean and s."""
        return 2

    def _constant(self, y: Array, outputs: int, shares: Array) -> float:
        variance = np.maximum(shares @ (y - shares @ y) ** 2, self.floor)
        return float((0.5 * (np.log(variance) + 1.0) + HALF_LOG_2PI).sum())

    def mixed(self, predictions: Array, shares: Array | None = None) -> Array:
        """Mean and variance of the mixture of the networks' normal distributions.

        Parameters
        ----------
        predictions : array of shape (networks, rows, outputs): means, then s
        shares : array of shape (networks,), whose sum is 1; None for equal parts

        Returns
        -------
        array of shape (rows, outputs): means, then s of the mixture
        """
        mean, s = np.split(predictions, 2, axis=2)
        middle = averaged(mean, shares)
        variance = averaged(exp(s), shares) + averaged((mean - middle) ** 2, shares)  # predictions add the floor
        return np.hstack([middle, np.log(np.maximum(variance, np.finfo(variance.dtype).tiny))])

    def predict(self, prediction: Array) -> Array:
        """Means as they are, and standard deviations in place of s.

        Parameters
        ----------
        prediction : array of shape (rows, outputs): means, then s

        Returns
        -------
        array of the same shape
        """
        mean, s = self.split(prediction)
        return np.hstack([mean, np.sqrt(exp(s) + self.floor)])
