"""Values as lines of Python that run where they are pasted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

#: Characters of a value that are written: of an array as a parameter there would be many.
LONGEST = 1000


class NotWritten(Exception):
    """Of code, of what draws, and of what is long."""


def written(value: Any, imports: set[str]) -> str:
    """The value in Python; what has to be imported for it is put into `imports`.

    Raises
    ------
    NotWritten

    Examples
    --------
    >>> from chainrule.plots.report.python import written
    >>> written({"tol": float("inf"), "sizes": (8,)}, set())
    "{'tol': float('inf'), 'sizes': (8,)}"
    """
    found = _written(value, imports)
    if len(found) > LONGEST:
        raise NotWritten
    return found


def _written(value: Any, imports: set[str]) -> str:
    if isinstance(value, np.generic):
        return _written(value.item(), imports)
    if isinstance(value, np.ndarray):
        imports.add("import numpy as np")
        return f"np.array({_written(value.tolist(), imports)})"
    if isinstance(value, float) and not math.isfinite(value):
        return f"float({str(value)!r})"
    if value is None or isinstance(value, (bool, int, float, str)):
        return repr(value)
    if (isinstance(value, type) and issubclass(value, np.generic)) or isinstance(value, np.dtype):
        return repr(np.dtype(value).name)
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_written(k, imports)}: {_written(v, imports)}" for k, v in value.items())
        return f"{{{inside}}}"
    if isinstance(value, (list, tuple)):
        inside = ", ".join(_written(one, imports) for one in value)
        if isinstance(value, list):
            return f"[{inside}]"
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    return _made(value, imports)


def _made(value: Any, imports: set[str]) -> str:
    """A value of a class that writes itself as it is made, or is nothing but its fields."""
    kind = type(value)
    if "<locals>" in kind.__qualname__ or kind.__module__ == "__main__":
        raise NotWritten
    if is_dataclass(value):
        shown = [f"{one.name}={_written(getattr(value, one.name), imports)}" for one in fields(value) if one.init]
        imports.add(f"from {kind.__module__} import {kind.__name__}")
        return f"{kind.__name__}({', '.join(shown)})"
    said = " ".join(repr(value).split())
    if kind.__module__.startswith("sklearn.") and said.startswith(f"{kind.__name__}(") and "<" not in said:
        imports.add(f"from {kind.__module__} import {kind.__name__}")
        return said
    raise NotWritten
