"""The optimisers: frozen configurations, and the fused kernel call that a configuration becomes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy import where

from chainrule.engine.kernels import Kernel, chosen_set
from chainrule.engine.parameters import Parameters
from chainrule.engine.work import Team, bind
from chainrule.errors import InputError


def soft_threshold(q: Any, t: Any) -> Any:
    """q moved towards 0 by t, and exactly 0 where |q| <= t: the proximal step of t |q|."""
    return where(q > t, q - t, where(q < -t, q + t, q * 0.0))


def no_threshold(q: Any, t: Any) -> Any:
    return q


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

    #: kernel, and vectors of state that it keeps
    kernel = ""
    moments = 0

    def __post_init__(self) -> None:
        where_ = type(self).__name__
        check_number(f"{where_}(learning_rate=)", self.learning_rate, 0, None, open_below=True)
        check_number(f"{where_}(weight_decay=)", self.weight_decay, 0, None)

    @abstractmethod
    def numbers(self, step: int) -> tuple[float, ...]:
        """What the kernel wants to know at this step, counted from 1."""


@dataclass(frozen=True)
class SGD(Optimiser):
    """Stochastic gradient descent, with momentum, or with Nesterov's look ahead.

    Polyak 1964; Nesterov 1983 in the form of Sutskever et al. 2013.

    Examples
    --------
    >>> SGD(0.1, momentum=0.9, nesterov=True).numbers(1)
    (0.9, 1.0)
    """

    learning_rate: float = 0.01
    momentum: float = 0.0
    nesterov: bool = False

    kernel = "sgd"
    moments = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("SGD(momentum=)", self.momentum, 0, 1)
        if not isinstance(self.nesterov, (bool, np.bool_)):
            raise InputError("SGD(nesterov=)", "True or False", repr(self.nesterov), "True looks ahead.")

    def numbers(self, step: int) -> tuple[float, ...]:
        return self.momentum, float(self.nesterov and self.momentum > 0)


@dataclass(frozen=True)
class Adam(Optimiser):
    """Adam (Kingma and Ba 2015); with `weight_decay`, AdamW (Loshchilov and Hutter 2019)."""

    learning_rate: float = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8

    kernel = "adam"
    moments = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("Adam(beta_1=)", self.beta_1, 0, 1, open_above=True)
        check_number("Adam(beta_2=)", self.beta_2, 0, 1, open_above=True)
        check_number("Adam(epsilon=)", self.epsilon, 0, None, open_below=True)

    def numbers(self, step: int) -> tuple[float, ...]:
        correction_1, correction_2 = 1 - self.beta_1**step, 1 - self.beta_2**step
        return self.beta_1, self.beta_2, self.epsilon, correction_1, correction_2


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with decoupled weight decay, 0.01 unless said."""

    weight_decay: float = 0.01


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
        self._rates = np.zeros(16)
        self._rates[1], self._rates[3] = penalty.l1, optimiser.weight_decay

    def bind(self, parameters: Parameters, gradients: Parameters, members: int = 1) -> Step:
        """A function step(rate, weight, team): one step at this rate, after a batch of this weight."""
        layout = parameters.layout
        value = soft_threshold if self.penalty.l1 > 0 else no_threshold
        kernel = Kernel(self.optimiser.kernel, value=value, label=value.__name__)
        vectors = [vector[: layout.trained] for vector in (parameters.vector, gradients.vector)] + self.moments
        rates, penalty, numbers = self._rates, self.penalty, self.optimiser.numbers
        shares = [[*vectors, *segments, rates] for segments in layout.segments(members)]
        work = bind(chosen_set(), parameters.vector.dtype, [(kernel, shares)])

        def step(rate: float, weight: float, team: Team | None = None) -> None:
            self.steps += 1
            rates[0] = rate
            rates[2] = penalty.square_factor(weight)
            for place, number in enumerate(numbers(self.steps), start=4):
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
