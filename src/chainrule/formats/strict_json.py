"""Untrusted JSON: depth and size are known before it is parsed, and nothing is said twice."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from chainrule.formats.document import Limits

#: A string, closed or not (possessive, so that no text makes the search go back), or what opens, closes or separates.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[{]|[\]}]|,', re.DOTALL)

#: Digits of the largest whole number: the state of a generator has 128 bits.
LONGEST_WHOLE = 40


def parse(text: str, limits: Limits) -> Any:
    """The value of a text.

    Raises
    ------
    ValueError
        Where it is no JSON, too deep, too much, has a key twice, or a number that is not finite.
    """
    depth = values = 0
    for found in _TOKEN.finditer(text):
        token = found[0]
        values += token in "[{,"
        depth += (token in "[{") - (token in "]}")
        if depth > limits.depth:
            raise ValueError(f"more than {limits.depth} lists and objects inside one another")
        if values > limits.values:
            raise ValueError(f"more than {limits.values} values")
    return json.loads(
        text, object_pairs_hook=_once, parse_constant=_no_number, parse_int=_whole, parse_float=_finite
    )  # fmt: skip


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name that stands there twice")
    return found


def _no_number(text: str) -> Any:
    raise ValueError(f"{text}, which is no number of JSON")


def _whole(text: str) -> int:
    if len(text) > LONGEST_WHOLE:
        raise ValueError(f"a whole number of {len(text)} digits")
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]}, which is too large a number")
    return number
