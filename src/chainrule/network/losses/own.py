"""A loss of one's own, from a scalar function."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, wraps
from typing import Any

from chainrule.errors import InputError, InputTypeError
from chainrule.network.losses.base import LINKS, Link, Loss, Scalar
from chainrule.network.own import check_gradient


@cache  # one function, one kernel
def _with_numbers(function: Scalar) -> Scalar:
    @wraps(function, updated=())  # so that errors call it by its name
    def entry(z: Any, y: Any, c: Any) -> Any:
        return function(z, y)

    return entry


@dataclass(frozen=True, kw_only=True)
class Custom(Loss):
    """A loss of your own, summed over columns; `losses.custom` makes it and tells of its parameters.

    Examples
    --------
    >>> from chainrule import losses
    >>> own = losses.custom("half square", lambda z, y: (0.5 * (z - y) ** 2, z - y))
    >>> isinstance(own, losses.Custom), own.name, own.link
    (True, 'half square', 'identity')
    """

    name: str  # type: ignore[misc]  # of the instance here
    function: Scalar
    link: Link = "identity"  # type: ignore[misc]

    formula = "f(z, y)"
    source = "-"
    scalar = True
    signed = True  # for all that is known

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise InputTypeError(
                "custom(function=)", "a function of z and y that gives (value, gradient)", repr(self.function),
                "For example: def f(z, y): return 0.5 * (z - y) ** 2, z - y",
            )  # fmt: skip
        if self.link not in ("identity", *LINKS):
            raise InputError(
                "custom(link=)", "'identity', 'sigmoid' or 'exp'", repr(self.link),
                "A loss of one's own is a sum over columns, which a softmax is not.",
            )  # fmt: skip
        check_gradient(f"custom({self.name!r}, {getattr(self.function, '__name__', 'function')})", self.function)

    @property
    def entry(self) -> Scalar:
        return _with_numbers(self.function)

    @property
    def numbers(self) -> tuple[tuple[float, ...], ...]:
        return ((),)


def custom(name: str, function: Scalar, link: Link = "identity") -> Custom:
    """A loss of your own, summed over columns, from a scalar function of z and y that gives its value and its gradient.

    It is compiled into a kernel like the built-in ones: write it in plain arithmetic with NumPy's or math's functions,
    and with float constants (2.0, not 2). It must not raise: an exception in compiled code is printed and goes no
    further. It serves numbers, two classes and labels (y is 0 or 1), not three classes or more, whose outputs belong
    together.

    Parameters
    ----------
    name : str, for listings
    function : (z, y) -> (value, d value / d z), floats
    link : "identity", "sigmoid" or "exp", from z to a prediction; the function is given z

    Raises
    ------
    InputError, InputTypeError
        Where the function fails, gives no two numbers, or gradients that mostly are not the slopes of its values: it is
        called in a few places. Kinks may have any gradient.

    Examples
    --------
    >>> from chainrule.losses import custom
    >>> def quartic(z, y):
    ...     return (z - y) ** 4, 4.0 * (z - y) ** 3
    >>> custom("quartic", quartic).function(3.0, 1.0)
    (16.0, 32.0)
    """
    return Custom(name=name, function=function, link=link)
