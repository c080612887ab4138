"""Checks of the numbers that layers are made with, in one form."""

from __future__ import annotations

from numbers import Real

from chainrule.errors import InputError

LARGEST_DEVIATION = 3.4e38


def check_count(where: str, value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise InputError(where, "a whole number of at least 1", repr(value), "For example 64.")


def check_share(where: str, value: object, closed_above: bool = False) -> None:
    if not isinstance(value, Real) or not (0 <= float(value) < 1 or (closed_above and value == 1)):
        interval = "[0, 1]" if closed_above else "[0, 1)"
        raise InputError(where, f"a number in {interval}", repr(value), "0.1 is a common choice.")


def check_deviation(where: str, value: object) -> None:
    """Of noise, which kernels read in float32."""
    if not isinstance(value, Real) or isinstance(value, bool) or not 0 <= float(value) <= LARGEST_DEVIATION:
        raise InputError(where, "a number of at least 0, finite in float32", repr(value), "0.1 is a common choice.")


def check_eps(where: str, value: object) -> None:
    if not isinstance(value, Real) or not float(value) > 0:
        raise InputError(where, "a number above 0", repr(value), "1e-5 is the usual choice.")
