"""Vectors: columns whose cells are lists of as many numbers each, such as an embedding; each entry is a number."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import InputError
from chainrule.tables import numbers
from chainrule.tables.column import Column
from chainrule.tables.encodings import FAR, Number, Several

Array = NDArray[Any]


@dataclass(frozen=True)
class Vector(Several):
    """Vectors, entry by entry: each is a number, named for its place."""

    def __post_init__(self) -> None:
        named = [number.name for number in self.numbers if isinstance(number, Number)]
        if not named or named != [f"[{k}]" for k in range(len(self.numbers))]:
            where = f"Vector({self.name!r})"
            raise InputError(where, "numbers named [0], [1], ...", repr(self.numbers)[:80], "Fit the encoder anew.")

    @property
    def kind(self) -> str:
        return "vector"

    def code(self, column: Column) -> Array:
        if self.compact > len(self.numbers):  # curves beside the lines
            columns = zip(self.numbers, column.values.T, strict=True)
            return np.hstack([number.of_values(values) for number, values in columns])
        center, scale = self._scales
        with np.errstate(over="ignore"):
            return np.clip((column.values - center) / scale, -FAR, FAR).astype(np.float32)

    @cached_property
    def _scales(self) -> tuple[Array, Array]:
        """Centers and scales, each of shape (length,)."""
        scales = [number.scale for number in self.numbers]
        return np.array([scale.center for scale in scales]), np.array([scale.scale for scale in scales])

    def feature_names(self) -> list[str]:
        return [f"{self.name}{name}" for number in self.numbers for name in number.feature_names()]


def encode(name: str, values: Array, how: str = "standard", bins: int = numbers.BINS) -> Vector:
    """The encoding of vectors of shape (rows, length), NaN where a number is missing.

    Of a row that is missing as a whole, the first entry tells; another tells only where it is missing by itself. An
    entry without any number is 0.
    """
    there = ~np.isnan(values).all(axis=1)
    found = []
    for place, entry in enumerate(values.T):
        seen = entry if place == 0 else entry[there]
        seen = np.zeros(1) if np.isnan(seen).all() else seen
        found.append(replace(numbers.encode(f"[{place}]", seen, how, bins), span=None))  # of hundreds, too much to keep
    return Vector(name, tuple(found))
