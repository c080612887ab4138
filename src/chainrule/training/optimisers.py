"""The optimisers: frozen configurations, and the fused kernel call that a configuration becomes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from chainrule.engine.kernels import Kernel, chosen_set, rules
from chainrule.engine.kernels.rules import no_threshold, soft_threshold
from chainrule.engine.parameters import Parameters
from chainrule.engine.work import Team, bind
from chainrule.errors import InputError

Rule = Callable[..., Any]


@dataclass(frozen=True)
class Penalty:
    """What is added to the objective: `l2 / 2 * sum(W^2)` and `l1 * sum|W|`, of weights only.

    `alpha` is scikit-learn's L2: its term is divided by the weight sum of the batch.
    """

    l1: float = 0.0
    l2: float = 0.0
    alpha: float = 0.0

    def __post_init__(self) -> None:
        for name in ("l1", "l2", "alpha"):
            check_number(f"Penalty({name}=)", getattr(self, name), 0, None)

    def square_factor(self, weight: float) -> float:
        """What stands before sum(W^2) / 2 where the batch weighs `weight`."""
        return self.l2 + self.alpha / weight if weight else self.l2

    def value(self, parameters: Parameters, weight: float) -> float:
        """The penalty of these parameters where the batch weighs `weight`."""
        if self.l1 == self.l2 == self.alpha == 0:
            return 0.0
        weights = [parameters[p.name] for p in parameters.layout.parameters if p.kind == "weight"]
        square = sum(float(np.vdot(W, W)) for W in weights)
        absolute = sum(float(np.abs(W).sum()) for W in weights) if self.l1 else 0.0
        return 0.5 * self.square_factor(weight) * square + self.l1 * absolute


@dataclass(frozen=True)
class Optimiser(ABC):
    """A rule for a step. `learning_rate` is its size; `weight_decay` the decoupled one: W -= rate * decay * W."""

    learning_rate: float
    weight_decay: float = 0.0

    #: the rule, from `engine.kernels.rules`, and how many numbers of state it keeps per parameter
    rule: ClassVar[Rule]
    moments: ClassVar[int] = 2

    def __post_init__(self) -> None:
        self._check("learning_rate", 0, None, open_below=True)
        self._check("weight_decay", 0, None)

    @abstractmethod
    def numbers(self, step: int, rate: float) -> tuple[float, ...]:
        """What the rule wants to know at this step, counted from 1, at this learning rate; eight numbers at most."""

    def _check(self, name: str, low: float, high: float | None, **ends: bool) -> None:
        check_number(f"{type(self).__name__}({name}=)", getattr(self, name), low, high, **ends)


@dataclass(frozen=True)
class SGD(Optimiser):
    """Stochastic gradient descent, with momentum, or with Nesterov's look ahead.

    Polyak 1964; Nesterov 1983 in the form of Sutskever et al. 2013. A steady gradient moves p by rate g / (1 - mu) a
    step, so the threshold of L1 is rate l1 / (1 - mu).

    Examples
    --------
    >>> SGD(0.1, momentum=0.5, nesterov=True).numbers(1, 0.1)
    (0.1, 0.5, 0.5, 0.1, 2.0)
    """

    learning_rate: float = 0.01
    momentum: float = 0.0
    nesterov: bool = False

    rule = staticmethod(rules.sgd)
    moments = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check("momentum", 0, 1)
        if not isinstance(self.nesterov, (bool, np.bool_)):
            raise InputError("SGD(nesterov=)", "True or False", repr(self.nesterov), "True looks ahead.")

    def numbers(self, step: int, rate: float) -> tuple[float, ...]:
        ahead, straight = (self.momentum, rate) if self.nesterov and self.momentum > 0 else (1.0, 0.0)
        return rate, self.momentum, ahead, straight, _steady(self.momentum)


@dataclass(frozen=True)
class Adam(Optimiser):
    """Adam (Kingma and Ba 2015); with `weight_decay`, AdamW (Loshchilov and Hutter 2019).

    Epsilon is added after the bias correction.
    """

    learning_rate: float = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8

    rule = staticmethod(rules.adam)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check("beta_1", 0, 1, open_above=True)
        self._check("beta_2", 0, 1, open_above=True)
        self._check("epsilon", 0, None, open_below=True)

    def numbers(self, step: int, rate: float) -> tuple[float, ...]:
        return (*self._betas(), self.epsilon, rate / (1 - self.beta_1**step), 0.0, 1 / (1 - self.beta_2**step))

    def _betas(self) -> tuple[float, ...]:
        return self.beta_1, 1 - self.beta_1, self.beta_2, 1 - self.beta_2


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with decoupled weight decay, 0.01 unless said."""

    weight_decay: float = 0.01


@dataclass(frozen=True)
class Nadam(Adam):
    """Adam with Nesterov's look ahead (Dozat 2016): the mean of gradients is taken a step further."""

    def numbers(self, step: int, rate: float) -> tuple[float, ...]:
        rate_m = rate * self.beta_1 / (1 - self.beta_1 ** (step + 1))
        rate_g = rate * (1 - self.beta_1) / (1 - self.beta_1**step)
        return *self._betas(), self.epsilon, rate_m, rate_g, 1 / (1 - self.beta_2**step)


@dataclass(frozen=True)
class RAdam(Adam):
    """Rectified Adam (Liu et al. 2020): momentum alone until the variance of the gradients can be trusted."""

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
    """Adam that divides by how far gradients stray from their mean (Zhuang et al. 2020)."""

    epsilon: float = 1e-16

    rule = staticmethod(rules.adabelief)

    def numbers(self, step: int, rate: float) -> tuple[float, ...]:
        rate_m, per_v = rate / (1 - self.beta_1**step), 1 / (1 - self.beta_2**step)
        return *self._betas(), self.epsilon, rate_m, self.epsilon, per_v


@dataclass(frozen=True)
class RMSprop(Optimiser):
    """Gradients divided by the root of their mean square (Tieleman and Hinton 2012); epsilon outside the root."""

    learning_rate: float = 0.01
    rho: float = 0.9
    epsilon: float = 1e-8
    momentum: float = 0.0

    rule = staticmethod(rules.rmsprop)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check("rho", 0, 1, open_above=True)
        self._check("epsilon", 0, None, open_below=True)
        self._check("momentum", 0, 1, open_above=True)

    def numbers(self, step: int, rate: float) -> tuple[float, ...]:
        return rate, self.rho, 1 - self.rho, self.epsilon, self.momentum, _steady(self.momentum)


@dataclass(frozen=True)
class Adagrad(Optimiser):
    """Gradients divided by the root of the sum of all their squares (Duchi et al. 2011); the sum starts at 0."""

    learning_rate: float = 0.01
    epsilon: float = 1e-10

    rule = staticmethod(rules.adagrad)
    moments = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check("epsilon", 0, None, open_below=True)

    def numbers(self, step: int, rate: float) -> tuple[float, ...]:
        return rate, self.epsilon


@dataclass(frozen=True)
class Adadelta(Optimiser):
    """Steps in the units of the parameters, sized by the steps before them (Zeiler 2012)."""

    learning_rate: float = 1.0
    rho: float = 0.9
    epsilon: float = 1e-6

    rule = staticmethod(rules.adadelta)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check("rho", 0, 1, open_above=True)
        self._check("epsilon", 0, None, open_below=True)

    def numbers(self, step: int, rate: float) -> tuple[float, ...]:
        return rate, self.rho, 1 - self.rho, self.epsilon


@dataclass(frozen=True)
class Lion(Optimiser):
    """The sign of an interpolated momentum (Chen et al. 2023).

    Every step has the size of the rate, so L1 is a decay of its own, rate * l1 towards 0 a step, like `weight_decay`.
    """

    learning_rate: float = 1e-4
    beta_1: float = 0.9
    beta_2: float = 0.99

    rule = staticmethod(rules.lion)
    moments = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check("beta_1", 0, 1, open_above=True)
        self._check("beta_2", 0, 1, open_above=True)

    def numbers(self, step: int, rate: float) -> tuple[float, ...]:
        return rate, self.beta_1, 1 - self.beta_1, self.beta_2, 1 - self.beta_2, 1.0


def _steady(momentum: float) -> float:
    """How far a steady gradient moves a parameter per step, in steps without momentum."""
    return 1 / (1 - momentum) if momentum < 1 else 0.0


class Step(Protocol):
    """One step of an optimiser, done by a team or alone."""

    def __call__(self, rate: float, weight: float, team: Team | None = None) -> None: ...


class Update:
    """An optimiser at work: its moments and its count of steps, and its kernel bound to the vectors."""

    def __init__(self, optimiser: Optimiser, penalty: Penalty, parameters: Parameters) -> None:
        if penalty.l1 > 0 and isinstance(optimiser, SGD) and optimiser.momentum == 1:
            raise InputError(
                "SGD(momentum=)", "less than 1 together with l1", optimiser.momentum,
                "With momentum 1 a gradient never fades, and L1 has no point of rest: 0.9 is a common choice.",
            )  # fmt: skip
        self.optimiser = optimiser
        self.penalty = penalty
        self.steps = 0
        layout, dtype = parameters.layout, parameters.vector.dtype
        self.moments = [np.zeros(layout.trained, dtype) for _ in range(optimiser.moments)]
        self._rates = np.zeros(3 + 8)

    def bind(self, parameters: Parameters, gradients: Parameters, members: int = 1) -> Step:
        """A function step(rate, weight, team): one step at this rate, after a batch of this weight."""
        layout, optimiser, penalty, rates = parameters.layout, self.optimiser, self.penalty, self._rates
        value = soft_threshold if penalty.l1 > 0 else no_threshold
        kernel = Kernel(
            f"optimise_{optimiser.moments}", value=value, rule=optimiser.rule,
            label=f"{optimiser.rule.__name__}.{value.__name__}",
        )  # fmt: skip
        vectors = [vector[: layout.trained] for vector in (parameters.vector, gradients.vector)] + self.moments
        shares = [[*vectors, *segments, rates] for segments in layout.segments(members)]
        work = bind(chosen_set(), parameters.vector.dtype, [(kernel, shares)])

        def step(rate: float, weight: float, team: Team | None = None) -> None:
            self.steps += 1
            rates[0] = rate * penalty.l1
            rates[1] = penalty.square_factor(weight)
            rates[2] = rate * optimiser.weight_decay
            for place, number in enumerate(optimiser.numbers(self.steps, rate), start=3):
                rates[place] = number
            work(team)

        return step


def check_number(
    where_: str,
    value: Any,
    low: float,
    high: float | None,
    open_below: bool = False,
    open_above: bool = False,
) -> None:
    """Refuse what is not a number of the interval."""
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if number:
        above = value > low if open_below else value >= low
        below = high is None or (value < high if open_above else value <= high)
    if not number or not (above and below and np.isfinite(value)):
        left = "(" if open_below else "["
        right = "inf)" if high is None else f"{high:g}" + (")" if open_above else "]")
        raise InputError(where_, f"a number in {left}{low:g}, {right}", repr(value), "Choose one in this range.")
