"""The optimisers: frozen configurations, most of them a rule for one entry and the numbers that it wants to know."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from chainrule.checks import BELOW_1, NOT_NEGATIVE, POSITIVE, UP_TO_1, Checked, Interval, entry
from chainrule.engine.kernels import rules
from chainrule.errors import InputError, InputTypeError
from chainrule.training import lamb, muon
from chainrule.training.penalty import Penalty
from chainrule.training.site import Piece, Site, fused

Rule = Callable[..., Any]


@dataclass(frozen=True)
class Optimiser(Checked, ABC):
    """How gradients become a step of the parameters: a frozen configuration, whose state lives in the trainer.

    Parameters
    ----------
    learning_rate : number above 0, the size of a step
    weight_decay : number of 0 or more; weights also shrink by rate * weight_decay a step, beside the gradient
        (decoupled: Loshchilov and Hutter 2019). Biases, gains and offsets do not.

    Raises
    ------
    InputError, InputTypeError
        For a number out of its range, when an optimiser is made.

    Examples
    --------
    >>> import dataclasses
    >>> from chainrule.optimisers import SGD, Optimiser
    >>> optimiser = SGD(0.1, momentum=0.9)
    >>> isinstance(optimiser, Optimiser), dataclasses.replace(optimiser, learning_rate=0.01).momentum
    (True, 0.9)
    """

    learning_rate: float
    weight_decay: float = 0.0

    #: how many numbers of state it keeps per parameter
    moments: ClassVar[int] = 2

    bounds: ClassVar[dict[str, Interval]] = {
        "learning_rate": POSITIVE,
        "weight_decay": NOT_NEGATIVE,
        "momentum": UP_TO_1,
        "beta_1": BELOW_1,
        "beta_2": BELOW_1,
        "rho": BELOW_1,
        "epsilon": POSITIVE,
    }

    def check(self, penalty: Penalty) -> None:
        """Refuse a penalty that it cannot follow."""

    @abstractmethod
    def piece(self, site: Site) -> Piece:
        """Its kernels, bound to vectors."""


@dataclass(frozen=True)
class Pointwise(Optimiser):
    """An optimiser whose step for an entry depends on that entry alone: one fused kernel."""

    #: from `engine.kernels.rules`
    rule: ClassVar[Rule]

    def piece(self, site: Site) -> Piece:
        return fused(self, site, site.layout.trained_names)

    @abstractmethod
    def numbers(self, step: int, rate: float) -> tuple[float, ...]:
        """What the rule wants to know at this step, counted from 1, at this learning rate; eight numbers at most."""


@dataclass(frozen=True)
class SGD(Pointwise):
    """Stochastic gradient descent, with momentum, or with Nesterov's look ahead.

    Polyak 1964; Nesterov 1983 in the form of Sutskever et al. 2013. A steady gradient moves p by rate g / (1 - mu) a
    step, so the threshold of L1 is rate l1 / (1 - mu).

    Parameters
    ----------
    learning_rate, weight_decay : see `Optimiser`
    momentum : number in [0, 1], the share of the last step that the next one keeps
    nesterov : whether the gradient is followed from where the momentum leads

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
        if not isinstance(self.nesterov, (bool, np.bool_)):
            raise InputError("SGD(nesterov=)", "True or False", repr(self.nesterov), "True looks ahead.")

    def check(self, penalty: Penalty) -> None:
        if penalty.l1 > 0 and self.momentum == 1:
            raise InputError(
                "SGD(momentum=)", "less than 1 together with l1", self.momentum,
                "With momentum 1 a gradient never fades, and L1 has no point of rest: 0.9 is a common choice.",
            )  # fmt: skip

    def numbers(self, step: int, rate: float) -> tuple[float, ...]:
        ahead, straight = (self.momentum, rate) if self.nesterov and self.momentum > 0 else (1.0, 0.0)
        return rate, self.momentum, ahead, straight, _steady(self.momentum)


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
        return rate, self.rho, 1 - self.rho, self.epsilon, self.momentum, _steady(self.momentum)


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


@dataclass(frozen=True)
class Lion(Pointwise):
    """The sign of an interpolated momentum (Chen et al. 2023).

    Every step has the size of the rate, so L1 is a decay of its own, rate * l1 towards 0 a step, like `weight_decay`.

    Parameters
    ----------
    learning_rate, weight_decay : see `Optimiser`; a tenth of Adam's rate, and ten times its decay, are usual
    beta_1 : number in [0, 1), the momentum's share in what the sign is taken of
    beta_2 : number in [0, 1), how much of the momentum is kept at a step

    Examples
    --------
    >>> from chainrule.optimisers import Lion
    >>> Lion(1e-4, weight_decay=0.1)
    Lion(learning_rate=0.0001, weight_decay=0.1, beta_1=0.9, beta_2=0.99)
    """

    learning_rate: float = 1e-4
    beta_1: float = 0.9
    beta_2: float = 0.99

    rule = staticmethod(rules.lion)
    moments = 1

    def numbers(self, step: int, rate: float) -> tuple[float, ...]:
        return rate, self.beta_1, 1 - self.beta_1, self.beta_2, 1 - self.beta_2, 1.0


@dataclass(frozen=True)
class LAMB(Adam):
    """Adam whose step has, array by array, the length of the weights times the rate (You et al. 2020).

    W -= rate * |W| / |u| * u, with u = Adam's step at rate 1, plus weight_decay * W. The ratio is 1 where W or u is 0,
    and for biases, gains and offsets, which do not decay either. L2 is a part of the gradient. L1 is refused: its
    threshold would have to be known before the ratio is.

    Parameters are those of `Adam`.

    Examples
    --------
    >>> LAMB(weight_decay=0.01)
    LAMB(learning_rate=0.01, weight_decay=0.01, beta_1=0.9, beta_2=0.999, epsilon=1e-06)
    """

    learning_rate: float = 0.01
    epsilon: float = 1e-6

    def check(self, penalty: Penalty) -> None:
        _refuse_l1(self, penalty)

    def piece(self, site: Site) -> Piece:
        return lamb.piece(self, site)


@dataclass(frozen=True)
class Muon(Optimiser):
    """Momentum made orthogonal, for hidden weight matrices; `rest` for all else (Jordan et al. 2024).

    Hidden are all weight matrices but the first and the last. Their momentum, with Nesterov's look ahead, goes through
    five Newton-Schulz iterations that push its singular values towards 1, and W moves by the result times
    rate * sqrt(max(1, units / inputs)). An orthogonal matrix keeps the length of a vector, so that spread over more
    units than inputs its entries shrink by sqrt(inputs / units): the authors' factor undoes that, and one rate
    suits all widths.

    `rest` has its own learning rate, which a schedule multiplies alike, and its own decay; `weight_decay` is that of
    the hidden matrices. L2 is a part of the gradient, and so of what is made orthogonal. L1 is refused: a
    threshold per entry has no meaning where a step is one of whole matrices.

    A step costs fifteen products per hidden matrix, whatever the batch: a square one takes the time of five times as
    many rows as it has units, so that Muon suits large batches.

    Parameters
    ----------
    learning_rate, weight_decay : of the hidden matrices, see `Optimiser`
    momentum : number in [0, 1), how much of the momentum is kept at a step
    rest : an Adam of one kernel, for all other parameters

    Examples
    --------
    >>> Muon(0.02, rest=AdamW(0.003)).rest.learning_rate
    0.003
    """

    learning_rate: float = 0.02
    momentum: float = 0.95
    rest: Adam = field(default_factory=AdamW)

    bounds = Optimiser.bounds | {"momentum": BELOW_1}

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.rest, Adam) or isinstance(self.rest, LAMB):
            raise InputTypeError(
                "Muon(rest=)", "an Adam of one kernel, such as AdamW(0.001)", repr(self.rest), "Leave it out for AdamW."
            )

    def check(self, penalty: Penalty) -> None:
        _refuse_l1(self, penalty)

    def piece(self, site: Site) -> Piece:
        return muon.piece(self, site)


def _refuse_l1(optimiser: Optimiser, penalty: Penalty) -> None:
    if penalty.l1 > 0:
        raise InputError(
            f"l1 with {type(optimiser).__name__}", "l1 = 0", penalty.l1,
            "Its step has no size per entry, which L1 needs: take l2, weight_decay, or AdamW.",
        )  # fmt: skip


def _steady(momentum: float) -> float:
    """How far a steady gradient moves a parameter per step, in steps without momentum."""
    return 1 / (1 - momentum) if momentum < 1 else 0.0


#: Every optimiser by its name, which stands for its defaults.
OPTIMISERS: dict[str, type[Any]] = {
    kind.__name__.lower(): kind
    for kind in (SGD, Adam, AdamW, Nadam, RAdam, AdaBelief, RMSprop, Adagrad, Adadelta, Lion, LAMB, Muon)
}


def get(optimiser: str | Optimiser, where: str = "optimiser") -> Optimiser:
    """The optimiser of a name, with its defaults, or the optimiser itself.

    Parameters
    ----------
    optimiser : its name, or one that is made
    where : how an error calls it

    Returns
    -------
    Optimiser

    Raises
    ------
    InputTypeError, InputError
        For what is neither, and for a name that is none.

    Examples
    --------
    >>> get("lion").learning_rate
    0.0001
    """
    if isinstance(optimiser, Optimiser):
        return optimiser
    made: Optimiser = entry(where, optimiser, OPTIMISERS, "an Optimiser")()
    return made
