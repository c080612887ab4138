"""Losses for what is never negative, through the link m = exp(z): counts, amounts, and sums of many amounts.

Each is half a unit deviance, 0 where m = y.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy import exp, log, where

from chainrule.network.losses import domains
from chainrule.network.losses.base import Loss


def _poisson(z: Any, y: Any, c: Any) -> Any:
    m = exp(z)
    return m - y * z + where(y > 0.0, y * log(where(y > 0.0, y, 1.0)), 0.0) - y, m - y


def _gamma(z: Any, y: Any, c: Any) -> Any:
    ratio = y * exp(-z)
    return z - log(y) + ratio - 1.0, 1.0 - ratio


def _tweedie(z: Any, y: Any, c: Any) -> Any:
    over, under = 2.0 - c[0], c[0] - 1.0
    mass, pull = exp(over * z), y * exp(-under * z)
    return mass / over + pull / under - y**over / (over * under), mass - pull


@dataclass(frozen=True)
class Poisson(Loss):
    """Half the Poisson deviance: for counts and rates, whose variance grows with their mean.

    Examples
    --------
    >>> from chainrule.losses import Poisson
    >>> Poisson().link
    'exp'
    """

    name = "poisson"
    formula = "y log(y / m) - y + m, m = exp(z)"
    source = "Nelder and Wedderburn 1972"
    link = "exp"
    domain = domains.NOT_NEGATIVE
    entry = staticmethod(_poisson)


@dataclass(frozen=True)
class Gamma(Loss):
    """Half the gamma deviance: for amounts above 0, whose standard deviation grows with their mean.

    Examples
    --------
    >>> from chainrule.losses import Gamma
    >>> Gamma().check_y([[0.0]], outputs=1)
    Traceback (most recent call last):
        ...
    chainrule.errors.InputError: y: expected numbers > 0 for loss 'gamma'; received [0.0] in row 0. \
Use loss='tweedie' where y can be 0, 'squared_error' where negative.
    """

    name = "gamma"
    formula = "log(m / y) + y / m - 1, m = exp(z)"
    source = "Nelder and Wedderburn 1972"
    link = "exp"
    domain = domains.POSITIVE
    entry = staticmethod(_gamma)


@dataclass(frozen=True)
class Tweedie(Loss):
    """Half the Tweedie deviance of a power between Poisson's (1) and gamma's (2): amounts of which some are exactly 0.

    Parameters
    ----------
    power : float in (1, 2); the variance grows with the mean to this power

    Examples
    --------
    >>> from chainrule.losses import Tweedie
    >>> Tweedie(power=1.9)
    Tweedie(power=1.9)
    """

    power: float = 1.5

    name = "tweedie"
    formula = "m^(2-p) / (2-p) + y m^(1-p) / (p-1) - y^(2-p) / ((2-p)(p-1)), m = exp(z)"
    source = "Tweedie 1984; Jorgensen 1987"
    link = "exp"
    domain = domains.NOT_NEGATIVE
    entry = staticmethod(_tweedie)
