"""JSON of untrusted clients: as deep as is allowed, nothing said twice."""

from __future__ import annotations

import json
import re
from typing import Any

from chainrule.as_json import sound
from chainrule.serving.inference.limits import Limits
from chainrule.serving.inference.problems import malformed, unfit

#: A string (possessive, so that no text makes the search go back), and all that neither opens nor closes.
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_OTHERS = re.compile(r"[^\[\]{}]+")


def parse(body: bytes, limits: Limits) -> Any:
    """The value of a body. NaN, which is not JSON but is sent as such, is a missing number.

    Raises
    ------
    Problem
        400 where it is no JSON in UTF-8, 422 where it is too deep.

    Examples
    --------
    >>> from chainrule.serving.inference.bodies.json_text import parse
    >>> from chainrule.serving.inference.limits import Limits
    >>> parse(b'[{"a": 1}]', Limits())
    [{'a': 1}]
    """
    try:
        text = body.decode("utf-8")
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_constant)
    except RecursionError:
        raise _too_deep(limits) from None
    except ValueError as error:
        hint = " Of lines of JSON, send one list." if "Extra data: line" in str(error) else ""
        raise malformed(f"body: expected JSON in UTF-8; received what is none: {error}."[:300] + hint) from None
    brackets = _OTHERS.sub("", _STRING.sub("", text))
    for _ in range(limits.depth):
        brackets = brackets.replace("[]", "").replace("{}", "")
        if not brackets:
            break
    if brackets:
        raise _too_deep(limits)
    return found


def dump(value: Any) -> bytes:
    """A value as JSON; numbers that are not finite are null.

    Examples
    --------
    >>> from chainrule.serving.inference.bodies.json_text import dump
    >>> dump({"a": [1.0, float("nan")]})
    b'{"a":[1.0,null]}'
    """
    try:
        return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()
    except ValueError:
        return json.dumps(sound(value), separators=(",", ":")).encode()


def _too_deep(limits: Limits) -> Exception:
    return unfit(f"body: expected at most {limits.depth} lists and objects inside one another; received more.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise ValueError(f"the name {twice[:50]!r} stands there twice")
    return found


def _constant(text: str) -> float:
    return float(text)
