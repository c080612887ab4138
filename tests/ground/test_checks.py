"""Numbers held against intervals: both ends of every kind of interval, and how an error writes it."""

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest

from chainrule.checks import BELOW_1, BETWEEN_0_AND_1, NOT_NEGATIVE, POSITIVE, UP_TO_1, Checked, Number, at_least, entry
from chainrule.errors import InputError, InputTypeError

INFINITE = Number(1, infinite=True)

#: check -> how it is written, what passes, what is refused.
KINDS = {
    "closed": (UP_TO_1, "a number in [0, 1]", (0, 0.5, 1, np.float32(1)), (-1e-9, 1 + 1e-9, math.inf, math.nan)),
    "half open": (BELOW_1, "a number in [0, 1)", (0, 0.999), (1, -0.1)),
    "open below": (Number(0, 1, open_low=True), "a number in (0, 1]", (1e-9, 1), (0, 1.1)),
    "open": (BETWEEN_0_AND_1, "a number in (0, 1)", (0.5, Fraction(1, 3)), (0, 1)),
    "above": (POSITIVE, "a number above 0", (1e-300, 10**300), (0, -1, math.inf, 10**400)),
    "at least": (NOT_NEGATIVE, "a number of at least 0", (0, 7), (-1e-300, math.inf)),
    "whole": (at_least(1), "a whole number of at least 1", (1, np.int8(5)), (0, -3)),
    "infinite": (INFINITE, "a number of at least 1 or inf", (1, math.inf), (0.5, -math.inf, math.nan)),
    "any": (Number(), "a number", (-1e300, 0), (math.inf, -math.inf, math.nan)),
}


@pytest.mark.parametrize("name", KINDS)
def test_what_passes_and_what_is_refused(name):
    check, written, good, bad = KINDS[name]
    assert str(check) == written
    for value in good:
        check("Kind(field=)", value)
    for value in bad:
        with pytest.raises(InputError) as caught:
            check("Kind(field=)", value)
        assert caught.value.args[:3] == ("Kind(field=)", written, repr(value))


@pytest.mark.parametrize("value", [None, "1", True, np.True_, 1j, [1], np.ones(2)], ids=repr)
def test_what_is_no_number(value):
    for check in (UP_TO_1, at_least(0), INFINITE):
        with pytest.raises(InputTypeError):
            check("Kind(field=)", value)


def test_a_whole_number_is_wanted():
    for value in (1.0, np.float64(2), Fraction(3)):
        with pytest.raises(InputTypeError, match="a whole number of at least 1"):
            at_least(1)("Kind(field=)", value)


@dataclass(frozen=True)
class Kind(Checked):
    share: float
    count: int | None = None

    bounds = {"share": UP_TO_1, "count": at_least(2, "Three is usual.")}  # noqa: RUF012


def test_none_passes_only_where_it_is_the_default():
    assert Kind(0.5).count is None
    with pytest.raises(InputTypeError, match=r"Kind\(share=\): expected a number in \[0, 1\]; received None"):
        Kind(None)
    with pytest.raises(InputError, match=r"Kind\(count=\).*at least 2; received 1\. Three is usual\."):
        Kind(0.5, 1)


def test_an_entry_of_a_table():
    assert entry("loss", "l2", {"l1": 1, "l2": 2}, int) == 2
    with pytest.raises(InputError, match="one of 'l1', 'l2'; received 'l3'"):
        entry("loss", "l3", {"l1": 1, "l2": 2}, int)
    with pytest.raises(InputTypeError, match=r"an object of int; received 2\. Names: \['l1', 'l2'\]"):
        entry("loss", 2, {"l1": 1, "l2": 2}, int)
