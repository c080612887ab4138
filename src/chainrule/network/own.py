"""Functions of a user's own, called in a few places when they are handed over: what they give, and their slope."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.errors import InputError, InputTypeError

#: Where a function is looked at: z, and y beside it. Kinks seldom lie there.
PLACES, TARGETS = (-2.3, -1.1, -0.4, 0.3, 0.7, 1.9), (0.0, 1.0, 0.37, 2.9, -1.3)

#: How far apart values are of which a slope is measured, and by what share of it a gradient may be another.
STEP, TOLERANCE = 1e-5, 0.01


def check_value(where: str, function: Callable[..., Any]) -> None:
    """Refuse what gives no number for a float, or fails.

    Examples
    --------
    >>> from chainrule.network.own import check_value
    >>> check_value("square", lambda z: z * z)
    """
    for z in PLACES:
        _numbers(where, "a float", 1, function, z)


def check_gradient(where: str, function: Callable[..., Any]) -> None:
    """Refuse what gives no value and gradient for z and y, or gradients that mostly are not the slopes of its values.

    Examples
    --------
    >>> from chainrule.network.own import check_gradient
    >>> check_gradient("absolute", lambda z, y: (abs(z - y), 1.0 if z > y else -1.0))
    >>> check_gradient("square", lambda z, y: ((z - y) ** 2, 200.0 * (z - y)))
    Traceback (most recent call last):
    chainrule.errors.InputError: square: expected the slope of its value by z as gradient; received -460 at z=-2.3, \
y=0, where the slope is -4.6. Give d value / d z.
    """
    seen = [(z, y, _slopes(where, function, z, y)) for y in TARGETS for z in PLACES]
    known = [(z, y, *slopes) for z, y, slopes in seen if slopes and any(slopes)]
    wrong = [one for one in known if abs(one[2] - one[3]) > TOLERANCE * max(abs(one[2]), abs(one[3]))]
    if len(wrong) > len(known) / 2:
        z, y, gradient, slope = wrong[0]
        raise InputError(
            where, "the slope of its value by z as gradient",
            f"{gradient:.6g} at z={z:g}, y={y:g}, where the slope is {slope:.6g}", "Give d value / d z.",
        )  # fmt: skip


def _slopes(where: str, function: Callable[..., Any], z: float, y: float) -> tuple[float, float] | None:
    """The gradient that it gives and the slope that its values have; None where either is not known."""
    here, below, above = (_numbers(where, _PAIR, 2, function, z + step, y) for step in (0.0, -STEP, STEP))
    if not (below and here and above):
        return None
    slope = (above[0] - below[0]) / (2 * STEP)
    return here[1], 0.0 if abs(slope) < STEP else slope


def _numbers(where: str, said: str, count: int, function: Callable[..., Any], *given: float) -> tuple[float, ...]:
    """What it gives, so many numbers; none where arithmetic has no answer."""
    at = ", ".join(f"{one:g}" for one in given)
    try:
        with np.errstate(all="ignore"):
            found = function(*given)
    except (ArithmeticError, ValueError, Warning):
        return ()
    except Exception as error:
        received = f"{type(error).__name__}: {error}"
        raise InputError(where, f"{said} of ({at})", received, "Write it in plain arithmetic.") from error
    parts = found if isinstance(found, tuple) else (found,)
    numbers = [np.asarray(part) for part in parts]
    if len(parts) != count or any(one.ndim or one.dtype.kind not in "biufc" for one in numbers):
        raise InputTypeError(where, f"{said} of ({at})", repr(found)[:80], _FOR_EXAMPLE[count])
    return tuple(map(float, parts)) if all(one.dtype.kind != "c" and np.isfinite(one) for one in numbers) else ()


_PAIR = "(value, gradient), two floats,"
_FOR_EXAMPLE = {1: "For example: return z * z", 2: "For example: return (z - y) ** 2, 2.0 * (z - y)"}
