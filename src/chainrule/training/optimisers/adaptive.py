"""Gradients divided by what was seen of their squares."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.checks import BELOW_1
from chainrule.engine.kernels import rules
from chainrule.training.optimisers.base import Optimiser, Pointwise, steady


@dataclass(frozen=True)
class RMSprop(Pointwise):
    """Gradients divided by the root of their mean square (Tieleman and Hinton 2012).

    Parameters
    ----------
    learning_rate, weight_decay : see `Optimiser`
    rho : number in [0, 1), how much of the mean of squares is kept at a step
    epsilon : number above 0, added to the root
    momentum : number in [0, 1), the share of the last step that the next one keeps

    Examples
    --------
    >>> from chainrule.optimisers import RMSprop
    >>> RMSprop(0.001, momentum=0.5).rho
    0.9
    """

    learning_rate: float = 0.01
    rho: float = 0.9
    epsilon: float = 1e-8
    momentum: float = 0.0

    rule = staticmethod(rules.rmsprop)
    bounds = Optimiser.bounds | {"momentum": BELOW_1}

    def numbers(self, step: int, rate: float) -> tuple[float, ...]:
        return rate, self.rho, 1 - self.rho, self.epsilon, self.momentum, steady(self.momentum)


@dataclass(frozen=True)
class Adagrad(Pointwise):
    """Gradients divided by the root of the sum of all their squares so far (Duchi et al. 2011).

    Parameters
    ----------
    learning_rate, weight_decay : see `Optimiser`
    epsilon : number above 0, added to the root; the sum starts at 0

    Examples
    --------
    >>> from chainrule.optimisers import Adagrad
    >>> Adagrad(0.05)
    Adagrad(learning_rate=0.05, weight_decay=0.0, epsilon=1e-10)
    """

    learning_rate: float = 0.01
    epsilon: float = 1e-10

    rule = staticmethod(rules.adagrad)
    moments = 1

    def numbers(self, step: int, rate: float) -> tuple[float, ...]:
        return rate, self.epsilon


@dataclass(frozen=True)
class Adadelta(Pointwise):
    """Steps in the units of the parameters, as long as the steps before them were (Zeiler 2012).

    Parameters
    ----------
    learning_rate, weight_decay : see `Optimiser`; 1 is the author's rate
    rho : number in [0, 1), how much of the means of squared gradients and squared steps is kept at a step
    epsilon : number above 0, added to both means before their roots; the first steps are of its size

    Examples
    --------
    >>> from chainrule.optimisers import Adadelta
    >>> Adadelta().learning_rate
    1.0
    """

    learning_rate: float = 1.0
    rho: float = 0.9
    epsilon: float = 1e-6

    rule = staticmethod(rules.adadelta)

    def numbers(self, step: int, rate: float) -> tuple[float, ...]:
        return rate, self.rho, 1 - self.rho, self.epsilon
