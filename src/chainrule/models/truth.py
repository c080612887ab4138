"""y as a user gives it, in whatever holds it; what is missing from it is told by its row."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import InputError
from chainrule.tables.column import Column, is_nothing
from chainrule.tables.field import Field
from chainrule.tables.reading import target

Array = NDArray[Any]

#: What to do with a value that cannot be used.
MEND = "Mend it, or leave this row out."


@dataclass(frozen=True, eq=False)
class Truth:
    """What is true of rows.

    Attributes
    ----------
    values : an array, or what NumPy can make one of
    where : how errors call it
    name : of the column of a table that it stood in, where it did
    numbering : from a row to the number by which errors call it; None where that is the same
    """

    values: Any
    where: str
    name: str | None = None
    numbering: Callable[[int], int] | None = None

    @classmethod
    def of(cls, y: Any, where: str) -> Truth:
        """This y, which may know its place already."""
        return y if isinstance(y, Truth) else cls(y, where)

    def __len__(self) -> int:
        return len(self.values)

    def array(self) -> Array:
        """Its values as an array.

        Words are objects where others are among them: NumPy would make the word "nan" of what is missing.
        """
        y = self.values
        if isinstance(y, np.ma.MaskedArray):
            return np.array(y.tolist(), object) if np.ma.is_masked(y) else np.asarray(y)
        try:
            found = np.asarray(y)
        except ValueError as error:
            raise InputError(
                self.where, "a value for every row", type(y).__name__, f"{str(error).rstrip('.')}."
            ) from error
        if not found.ndim:
            raise InputError(self.where, "a value for every row", repr(y)[:80], "Give them as an array or a list.")
        if found.dtype.kind not in "US" or isinstance(y, np.ndarray):
            return found
        objects = np.asarray(y, object)
        return found if all(isinstance(v, (str, bytes)) for v in objects.flat) else objects

    def row(self, place: int) -> int:
        """How errors number the row at this place."""
        return int(place) if self.numbering is None else self.numbering(int(place))

    def at(self, place: Sequence[int]) -> str:
        """How errors call a value, by its place in the array."""
        return f"{self.where}, {self._said(place)}"

    def refused(self, place: Sequence[int], expected: str, received: str, mend: str = MEND) -> InputError:
        """The error for the value at a place."""
        return InputError(self.at(place), expected, received[:80], mend)

    def check_given(self) -> None:
        """Refuse none at all."""
        if self.values is None:
            raise InputError(
                self.where, "a value for every row", None, "Fit requires y to be passed, but the target y is None."
            )

    def check_present(self, found: Array, mend: str = "Leave these rows out.") -> None:
        """Refuse an array of these values in which some are missing."""
        missing = _missing(found)
        if not missing.any():
            return
        place = np.argwhere(missing)[0].tolist()
        shown = f" ({found[tuple(place)]})".replace("nan", "NaN")
        raise InputError(
            self.where, "a value in every row",
            f"{int(missing.sum())} missing, the first in {self._said(place)}{shown}", mend,
        )  # fmt: skip

    def check_finite(self, found: Array) -> None:
        """Refuse an array of these values in which some are infinite."""
        infinite = np.isinf(found) if found.dtype.kind == "f" else np.zeros(0, bool)
        if infinite.any():
            raise self.refused(np.argwhere(infinite)[0].tolist(), "finite numbers", "infinity")

    def _said(self, place: Sequence[int]) -> str:
        column = f", column {place[1]}" if len(place) > 1 else ""
        return f"row {self.row(int(place[0]))}{column}"


def truth_in(column: Column, field: Field, nothing: Collection[str], where: str) -> Truth:
    """What a column of a table says is true, read as its field says.

    Raises
    ------
    InputError
        Where a value is missing, or is not what the target is.
    """
    return Truth(target(column, field, nothing, where), f"{where}, target {field.name!r}", field.name, column.row)


def _missing(found: Array) -> NDArray[np.bool_]:
    kind = found.dtype.kind
    if kind in "fc":
        return np.isnan(found)
    if kind in "mM":
        return np.isnat(found)
    if kind in "OT":
        return np.reshape(np.array([is_nothing(v) for v in found.flat], bool), found.shape)
    return np.zeros(found.shape, bool)
