"""Frozen values to plain data that JSON holds, and back. The set of types is closed, so reading imports nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import InputError, InputTypeError, unknown_name

#: Numbers from so many on are a run.
RUN = 4


class Codec:
    """Values of these dataclasses, numbers, texts, lists and dicts; a list comes back as a tuple.

    Parameters
    ----------
    kinds : the dataclasses, written as {"type": name, field: value, ...}
    names : type -> function from (where, value) to the name that stands for such a value

    Examples
    --------
    >>> from chainrule.values import Codec
    >>> from dataclasses import make_dataclass
    >>> codec = Codec([make_dataclass("Point", [("x", int), ("y", tuple[int, ...])])])
    >>> codec.out("point", codec.back("point", {"type": "Point", "x": 1, "y": [2, 3]}))
    {'type': 'Point', 'x': 1, 'y': [2, 3]}
    """

    def __init__(
        self, kinds: list[type[Any]], names: Mapping[type[Any], Callable[[str, Any], str]] | None = None
    ) -> None:
        self.kinds = {kind.__name__: kind for kind in kinds}
        self.names = dict(names or {})

    def out(self, where: str, value: Any, numbers: list[float] | None = None) -> Any:
        """Plain data.

        Parameters
        ----------
        where : how errors call the value
        value : the value
        numbers : where it is a list, long runs of numbers go to its end, and the data says where; and fields that have
            their default are left out

        Raises
        ------
        InputError
            For a value that is code, or of a type that is not in the table.
        """
        if isinstance(value, (np.generic, np.ndarray)):
            value = value.tolist()
        if value is None or isinstance(value, (bool, int, str)):
            return value
        if isinstance(value, float):
            return value if math.isfinite(value) else {"type": "float", "value": repr(value)}
        if isinstance(value, (list, tuple)):
            if (
                numbers is not None
                and len(value) >= RUN
                and all(type(one) is float and math.isfinite(one) for one in value)
            ):
                numbers += value
                return {"type": "numbers", "last": len(numbers), "count": len(value)}
            return [self.out(where, one, numbers) for one in value]
        if isinstance(value, Mapping):
            pairs = [[self.out(where, k, numbers), self.out(where, v, numbers)] for k, v in value.items()]
            return {"type": "dict", "items": pairs}
        if type(value) in self.names:
            return self.names[type(value)](where, value)
        if self.kinds.get(type(value).__name__) is type(value):
            content = {field.name: getattr(value, field.name) for field in fields(value)}
            if numbers is not None:
                usual = {field.name: field.default for field in fields(value)}
                content = {name: one for name, one in content.items() if one != usual[name]}
            found = {name: self.out(where, one, numbers) for name, one in content.items()}
            return {"type": type(value).__name__, **found}
        raise InputError(
            where, "a value that can be written as data", repr(value),
            "Code cannot: keep it in a program and pass it again.",
        )  # fmt: skip

    def back(self, where: str, data: Any, numbers: NDArray[np.float64] | None = None) -> Any:
        """The value that `out` wrote, with the numbers that it put aside.

        Raises
        ------
        InputError, InputTypeError
            For an unknown type or field, or a value that the type refuses.
        """
        if isinstance(data, list):
            return tuple(self.back(where, one, numbers) for one in data)
        if not isinstance(data, Mapping):
            return data
        content = dict(data)
        name = content.pop("type", None)
        if name == "float" and content.get("value") in ("inf", "-inf", "nan"):
            return float(content["value"])
        if name == "numbers" and numbers is not None:
            return _run(where, content, numbers)
        if name == "dict" and isinstance(content.get("items"), list):
            return self._dict(where, content["items"], numbers)
        if not isinstance(name, str) or name not in self.kinds:
            raise unknown_name(f"{where}, type", name, self.kinds)
        return self._made(where, self.kinds[name], content, numbers)

    def _dict(self, where: str, items: list[Any], numbers: NDArray[np.float64] | None) -> dict[Any, Any]:
        pairs = [self.back(where, pair, numbers) for pair in items]
        if not all(isinstance(pair, tuple) and len(pair) == 2 and not isinstance(pair[0], dict) for pair in pairs):
            raise InputError(where, "pairs of a key and a value", repr(items)[:80], "Write the file anew.")
        return dict(pairs)

    def _made(self, where: str, kind: Any, content: Mapping[str, Any], numbers: NDArray[np.float64] | None) -> Any:
        known = {field.name: field for field in fields(kind)}
        for name in content:
            if name not in known:
                raise unknown_name(f"{where}, {kind.__name__}", name, known)
        values = {name: self.back(where, value, numbers) for name, value in content.items()}
        for name, value in values.items():
            if not fits(value, hints(kind)[name]):
                raise InputTypeError(
                    f"{where}, {kind.__name__}({name}=)", str(known[name].type), repr(value)[:80],
                    "Write the file anew.",
                )  # fmt: skip
        try:
            return kind(**values)
        except (InputError, InputTypeError):
            raise
        except (TypeError, ValueError, ArithmeticError) as error:
            raise InputError(where, f"the fields of {kind.__name__}", str(error), "Write the file anew.") from error


def _run(where: str, content: Mapping[str, Any], numbers: NDArray[np.float64]) -> tuple[float, ...]:
    """A run of the numbers that were put aside."""
    last, count = content.get("last"), content.get("count")
    if type(last) is not int or type(count) is not int or not RUN <= count <= last <= len(numbers):
        raise InputError(where, f"a run of {len(numbers)} numbers", repr(dict(content))[:80], "Write the file anew.")
    return tuple(numbers[last - count : last].tolist())


@cache
def hints(kind: Any) -> dict[str, Any]:
    """Of a dataclass, what its fields are annotated with, by name."""
    return get_type_hints(kind)


def fits(value: Any, hint: Any, finite: bool = True) -> bool:
    """Whether a value is what a field is annotated with; numbers are finite, and such that arrays hold them.

    Examples
    --------
    >>> import math
    >>> from chainrule.values import fits
    >>> fits((1.0, 2), tuple[float, ...]), fits(None, float), fits(math.inf, float), fits(math.inf, float, finite=False)
    (True, False, False, True)
    """
    origin, inside = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return any(fits(value, one, finite) for one in inside)
    if origin is Literal:
        return value in inside
    if origin in (tuple, Sequence):
        if inside[0] is float and isinstance(value, tuple) and len(value) >= RUN and set(map(type, value)) == {float}:
            return not finite or bool(np.isfinite(value).all())
        return isinstance(value, tuple) and all(fits(one, inside[0], finite) for one in value)
    if hint is float and isinstance(value, float):
        return not finite or math.isfinite(value)
    if hint in (int, float):
        return isinstance(value, int) and not isinstance(value, bool) and (hint is int or abs(value) < 2**63)
    return hint is Any or isinstance(value, hint)
