"""Adam and what was made of it entry by entry."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.engine.kernels import rules
from chainrule.training.optimisers.base import Pointwise


@dataclass(frozen=True)
class Adam(Pointwise):
    """The mean of gradients, divided by the root of the mean of their squares (Kingma and Ba 2015).

    With `weight_decay` it is AdamW (Loshchilov and Hutter 2019).

    Parameters
    ----------
    learning_rate, weight_decay : see `Optimiser`
    beta_1, beta_2 : numbers in [0, 1), how much of either mean is kept at a step
    epsilon : number above 0, added to the root after both means are corrected for their start at 0

    Examples
    --------
    >>> from chainrule import MLPRegressor
    >>> from chainrule.optimisers import Adam
    >>> model = MLPRegressor(hidden_layer_sizes=(8,), solver=Adam(0.02, beta_2=0.99), random_state=0)
    >>> model.fit([[-1.0], [0.0], [1.0]], [-1.0, 0.0, 1.0]).history_[0].rate
    0.02
    """

    learning_rate: float = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8

    rule = staticmethod(rules.adam)

    def numbers(self, step: int, rate: float) -> tuple[float, ...]:
        return (*self._betas(), self.epsilon, rate / (1 - self.beta_1**step), 0.0, 1 / (1 - self.beta_2**step))

    def _betas(self) -> tuple[float, ...]:
        return self.beta_1, 1 - self.beta_1, self.beta_2, 1 - self.beta_2


@dataclass(frozen=True)
class AdamW(Adam):
    """`Adam` with a weight decay of 0.01 unless given (Loshchilov and Hutter 2019); parameters are those of `Adam`.

    Examples
    --------
    >>> from chainrule.optimisers import Adam, AdamW
    >>> AdamW(0.003).weight_decay, AdamW(0.003, weight_decay=0.0).numbers(1, 0.003) == Adam(0.003).numbers(1, 0.003)
    (0.01, True)
    """

    weight_decay: float = 0.01


@dataclass(frozen=True)
class Nadam(Adam):
    """Adam with Nesterov's look ahead: the mean of gradients is taken a step further (Dozat 2016).

    Parameters are those of `Adam`.

    Examples
    --------
    >>> from chainrule.optimisers import Nadam
    >>> Nadam(0.002).beta_1
    0.9
    """

    def numbers(self, step: int, rate: float) -> tuple[float, ...]:
        rate_m = rate * self.beta_1 / (1 - self.beta_1 ** (step + 1))
        rate_g = rate * (1 - self.beta_1) / (1 - self.beta_1**step)
        return *self._betas(), self.epsilon, rate_m, rate_g, 1 / (1 - self.beta_2**step)


@dataclass(frozen=True)
class RAdam(Adam):
    """Adam that steps by momentum alone until the mean of squares has seen enough gradients (Liu et al. 2020).

    Parameters are those of `Adam`. No warm-up of the learning rate is needed.

    Examples
    --------
    The last of its numbers scales the mean of squares; it is 0 over the first five steps, where that mean is not used:

    >>> from chainrule.optimisers import RAdam
    >>> [RAdam().numbers(step, 0.001)[-1] > 0 for step in (1, 5, 6)]
    [False, False, True]
    """

    def numbers(self, step: int, rate: float) -> tuple[float, ...]:
        longest = 2 / (1 - self.beta_2) - 1
        power = self.beta_2**step
        length = longest - 2 * step * power / (1 - power)
        rate_m = rate / (1 - self.beta_1**step)
        if length < 5:
            return *self._betas(), 1.0, rate_m, 0.0, 0.0  # divides by 1
        trust = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
        return *self._betas(), self.epsilon, rate_m * trust**0.5, 0.0, 1 / (1 - power)


@dataclass(frozen=True)
class AdaBelief(Adam):
    """Adam that divides by how far gradients stray from their mean (Zhuang et al. 2020).

    Parameters are those of `Adam`; `epsilon` is added at every step to the mean of squared distances as well.

    Examples
    --------
    >>> from chainrule.optimisers import AdaBelief
    >>> AdaBelief(0.001).epsilon
    1e-16
    """

    epsilon: float = 1e-16

    rule = staticmethod(rules.adabelief)

    def numbers(self, step: int, rate: float) -> tuple[float, ...]:
        rate_m, per_v = rate / (1 - self.beta_1**step), 1 / (1 - self.beta_2**step)
        return *self._betas(), self.epsilon, rate_m, self.epsilon, per_v
