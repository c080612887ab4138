"""The fields of an object in a file, taken one by one, each of the kind that it has to be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chainrule.errors import InputError, InputTypeError, unknown_name

_MEND = "The file was not written by this version of chainrule, or changed since."


class Fields:
    """What stands under each name of an object.

    Parameters
    ----------
    where : how an error names the object
    data : the object

    Examples
    --------
    >>> from chainrule.formats.fields import Fields
    >>> Fields("network", {"inputs": 3}).whole("inputs", least=1)
    3
    """

    def __init__(self, where: str, data: Any) -> None:
        self.where = where
        self._left: dict[str, Any] = dict(self._of(data, Mapping, "an object"))
        self._taken: list[str] = []

    def __contains__(self, name: str) -> bool:
        return name in self._left

    def take(self, name: str) -> Any:
        """Whatever stands there."""
        self._taken.append(name)
        if name not in self._left:
            raise InputError(self.where, f"a field {name!r}", f"only {sorted(self._left)}", _MEND)
        return self._left.pop(name)

    def whole(self, name: str, least: int = 0) -> int:
        value = self._of(self.take(name), int, "a whole number", name)
        if value < least:
            raise InputError(f"{self.where}, {name}", f"at least {least}", value, _MEND)
        return int(value)

    def text(self, name: str) -> str:
        return str(self._of(self.take(name), str, "a text", name))

    def flag(self, name: str) -> bool:
        return bool(self._of(self.take(name), bool, "true or false", name))

    def items(self, name: str, kind: type[Any] = object, said: str = "anything") -> list[Any]:
        """A list of values of one kind."""
        return [self._of(one, kind, said, name) for one in self._of(self.take(name), list, "a list", name)]

    def inside(self, name: str) -> Fields:
        """The object under this name."""
        return Fields(f"{self.where}, {name}", self.take(name))

    def rest(self) -> dict[str, Any]:
        """All that nobody has taken yet."""
        return self._left

    def end(self) -> None:
        """Refuse what nobody has taken."""
        for name in self._left:
            raise unknown_name(f"{self.where}, field", name, self._taken)

    def _of(self, value: Any, kind: type[Any], said: str, name: str = "") -> Any:
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is int):
            where = f"{self.where}, {name}" if name else self.where
            raise InputTypeError(where, said, repr(value)[:80], _MEND)
        return value
