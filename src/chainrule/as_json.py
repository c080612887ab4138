"""Values as JSON can hold them."""

from __future__ import annotations

import math
from pathlib import PurePath
from typing import Any


def sound(value: Any) -> Any:
    """A value in which numbers that are not finite are None, and paths and names texts.

    Examples
    --------
    >>> from chainrule.as_json import sound
    >>> sound({1: (float("nan"), [2.5])})
    {'1': [None, [2.5]]}
    """
    match value:
        case dict():
            return {str(k): sound(v) for k, v in value.items()}
        case list() | tuple():
            return [sound(v) for v in value]
        case float():
            return value if math.isfinite(value) else None
        case PurePath():
            return str(value)
    return value
