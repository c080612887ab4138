"""Values as plain data and back: JSON holds it, nothing else comes back, and what cannot be written is refused."""

import json
import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pytest

from chainrule.errors import InputError, InputTypeError
from chainrule.values import Codec, fits


@dataclass(frozen=True)
class Point:
    x: float
    name: str = "p"
    more: tuple[int, ...] = ()
    side: Literal["left", "right"] = "left"
    other: Any = None

    def __post_init__(self) -> None:
        if self.x == 13:
            raise InputError("Point(x=)", "another number", self.x, "Take 12.")
        if self.x == 14:
            raise ZeroDivisionError("of a kind's own")


CODEC = Codec([Point])
POINT = {"type": "Point", "x": 1.0}


@pytest.mark.parametrize(
    "value",
    [
        None, True, False, 0, 2**60, -1.5, 1e300, math.inf, -math.inf, "word", (), (1, (2.0, "x")), {}, {"a": 1},
        {1: (2, 3), "b": {2.5: None}}, {None: False}, Point(1.0), Point(2.5, "q", (1, 2), "right", (Point(3.0),)),
    ],
    ids=repr,
)  # fmt: skip
def test_a_value_comes_back_by_way_of_json(value):
    text = json.dumps(CODEC.out("here", value), allow_nan=False)
    found = CODEC.back("here", json.loads(text))
    assert found == value
    assert type(found) is type(value)


def test_not_a_number_comes_back():
    assert math.isnan(CODEC.back("here", json.loads(json.dumps(CODEC.out("here", math.nan), allow_nan=False))))


def test_lists_and_numbers_of_numpy_become_tuples_and_numbers():
    assert CODEC.out("here", [np.float32(0.5), np.arange(2), np.bool_(True)]) == [0.5, [0, 1], True]
    assert CODEC.back("here", [1, [2]]) == (1, (2,))


@pytest.mark.parametrize(
    "value", [len, object(), {1, 2}, b"bytes", 1j, lambda: 0, np.ones(1).dtype], ids=lambda value: type(value).__name__
)
def test_code_and_unknown_kinds_are_refused(value):
    with pytest.raises(InputError, match="as data"):
        CODEC.out("here", value)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"type": "Pont", "x": 1.0}, "Did you mean 'Point'"),
        ({"x": 1.0}, "type"),
        ({"type": ["Point"]}, "type"),
        ({**POINT, "y": 1}, "one of 'more', 'name', 'other', 'side', 'x'"),
        ({"type": "Point"}, "x"),
        ({"type": "Point", "x": "1"}, r"Point\(x=\)"),
        ({"type": "Point", "x": True}, r"Point\(x=\)"),
        ({"type": "Point", "x": 2**70}, r"Point\(x=\)"),
        ({**POINT, "x": {"type": "float", "value": "nan"}}, r"Point\(x=\)"),
        ({**POINT, "more": [True]}, r"Point\(more=\)"),
        ({**POINT, "more": [1.5]}, r"Point\(more=\)"),
        ({**POINT, "side": "up"}, r"Point\(side=\)"),
        ({"type": "Point", "x": 13}, "Take 12"),
        ({"type": "Point", "x": 14}, "of a kind's own"),
        ({"type": "float", "value": "1e5"}, "type"),
        ({"type": "dict", "items": {}}, "type"),
        ({"type": "dict", "items": [[1, 2, 3]]}, "pairs"),
        ({"type": "dict", "items": [[{"type": "dict", "items": []}, 1]]}, "pairs"),
    ],
)
def test_data_that_is_no_value_is_refused(data, said):
    with pytest.raises((InputError, InputTypeError), match=said):
        CODEC.back("here", data)


@pytest.mark.parametrize(
    ("value", "hint", "does"),
    [
        (1, int, True), (True, int, False), (False, float, False), (1.5, int, False), (1, float, True),
        (2**62, float, True), (2**63, float, False), (2**63, int, True), (math.nan, float, False),
        (None, int | None, True),
        ("a", Literal["a", "b"], True), ("c", Literal["a", "b"], False), ((1, 2), tuple[int, ...], True),
        ([1, 2], tuple[int, ...], False), ((1, "x"), tuple[int, ...], False), (Point(1.0), Point, True),
        (len, Any, True),
    ],
    ids=repr,
)  # fmt: skip
def test_what_fits_an_annotation(value, hint, does):
    assert fits(value, hint) is does


def test_what_is_not_finite_fits_where_that_is_asked():
    assert fits(math.inf, float, finite=False)
    assert fits((math.nan,), tuple[float, ...], finite=False)
