"""A few rows of Python's values to compact rows, faster than by columns of arrays; the same to the bit.

Numbers of all columns are scaled at once. Any other cell is coded by its column's schema and encoding where it is met
for the first time, and remembered. What is not as simple is left to the way through a `Table`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.expansion import Coded
from chainrule.errors import InputError, InputTypeError
from chainrule.tables import arrays
from chainrule.tables.encoder import Encoder
from chainrule.tables.encodings import FAR, Encoding, Number
from chainrule.tables.field import Field
from chainrule.tables.seen import Seen
from chainrule.tables.vectors import Vector

Array = NDArray[Any]

#: Cells of a column that are remembered, and the longest of them.
REMEMBERED, LONGEST = 1_000, 200
#: Whole numbers and others below have one text, however they are read.
PLAIN = 1e15
_NUMBERS = {int, float, type(None)}


class _Met(NamedTuple):
    """What a cell becomes, and what of it is counted."""

    compact: tuple[float, ...]
    seen: Seen | None


class _Other(NamedTuple):
    """A column of no numbers: its encodings, where its compact columns are, and cells that were met."""

    encodings: tuple[Encoding, ...]
    place: Any
    met: dict[Any, _Met]

    @classmethod
    def of(cls, places: Sequence[tuple[Encoding, int]]) -> _Other:
        columns = np.concatenate([np.arange(place, place + one.compact) for one, place in places])
        return cls(
            tuple(one for one, _ in places), slice(columns[0], columns[0] + 1) if len(columns) == 1 else columns, {}
        )


class RowCoder:
    """Codes rows of Python's values for an encoder.

    Parameters
    ----------
    encoder : of columns none of which is of vectors

    Examples
    --------
    >>> from chainrule import TableClassifier
    >>> from chainrule.tables.row_coder import RowCoder
    >>> rows = {"size": [1.0, 2.0, 3.0, 4.0] * 10, "kind": ["a", "b"] * 20}
    >>> model = TableClassifier(preset="fast", random_state=0).fit(rows, ["no", "no", "yes", "yes"] * 10).model_
    >>> coded, seen = RowCoder(model.input.encoder)({"size": [1.5, None], "kind": ["a", "c"]}, 2)
    >>> bool((coded.values == model.read({"size": [1.5, None], "kind": ["a", "c"]}).values)[0].all()), seen.unknown
    (True, Counter({'kind': 1}))
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder, schema = encoder, encoder.schema
        places = [(one, place.start) for one, place in encoder.places()]
        numbers = [(one, place) for one, place in places if isinstance(one, Number)]
        self._fields: Mapping[str, Field] = schema.by_name
        self._nothing = {name: schema.nothing.of(name) for name in encoder.names}
        self._numbers: list[Number] = [one for one, _ in numbers]
        self._names = list(dict.fromkeys(one.name for one in self._numbers))
        self._source = [self._names.index(one.name) for one in self._numbers]
        self._place = np.array([place for _, place in numbers], np.intp)
        self._center = np.array([[one.scale.center] for one in self._numbers]).reshape(-1, 1)
        self._scale = np.array([[one.scale.scale] for one in self._numbers]).reshape(-1, 1)
        first: dict[str, Number] = {one.name: one for one in reversed(self._numbers)}
        self._first = [first[name] for name in self._names]
        spans = [one.span or (-np.inf, np.inf) for one in self._first]
        self._low, self._high = np.array(spans).reshape(-1, 2, 1).transpose(1, 0, 2)
        self._unsaid = [(name, one) for name, one in zip(self._names, self._first, strict=True) if one.span is None]
        others: dict[str, list[tuple[Encoding, int]]] = {}
        for one, place in places:
            if not isinstance(one, Number):
                others.setdefault(one.name, []).append((one, place))
        self._others = {name: _Other.of(met) for name, met in others.items()}

    @staticmethod
    def suits(encoder: Encoder) -> bool:
        """Whether it codes rows of this encoder."""
        return not any(isinstance(one, Vector) for one in encoder.encodings)

    def __call__(self, columns: Mapping[str, Sequence[Any]], rows: int) -> tuple[Coded, Seen] | None:
        """Compact rows of cells by column, and what is to be counted of them; None of what is not simple."""
        found, seen = np.empty((rows, len(self._encoder.expansion.fills)), np.float32), Seen(rows)
        if self._names and not self._code_numbers(columns, found, seen):
            return None
        for name, other in self._others.items():
            for row, cell in enumerate(columns[name]):
                met = self._meet(name, other, cell)
                if met is None:
                    return None
                if met.seen is not None:
                    _count(seen, met.seen)
                found[row, other.place] = met.compact
        return Coded(found, self._encoder.expansion), seen

    def _code_numbers(self, columns: Mapping[str, Sequence[Any]], found: Array, seen: Seen) -> bool:
        """Code all numbers; False where there are other cells, or such as no float holds."""
        cells = [columns[name] for name in self._names]
        if not all(set(map(type, one)) <= _NUMBERS for one in cells):
            return False
        try:
            values = np.array([[np.nan if v is None else v for v in one] for one in cells], np.float64)
        except OverflowError:
            return False
        if np.isinf(values).any():
            return False
        missing = np.isnan(values)
        if missing.any():
            seen.missing.update({n: int(m.sum()) for n, m in zip(self._names, missing, strict=True) if m.any()})
        beyond = (values < self._low) | (values > self._high)
        for name, number in self._unsaid:
            beyond[self._names.index(name)] = number.beyond(values[self._names.index(name)])
        if beyond.any():
            seen.beyond.update({n: int(b.sum()) for n, b in zip(self._names, beyond, strict=True) if b.any()})
        with np.errstate(over="ignore"):
            scaled = np.clip((values[self._source] - self._center) / self._scale, -FAR, FAR).astype(np.float32)
        found[:, self._place] = scaled.T
        for number, place, mine in zip(self._numbers, self._place, scaled, strict=True):
            if number.knots:
                found[:, place + 1] = number.height(mine)
        return True

    def _meet(self, name: str, other: _Other, cell: Any) -> _Met | None:
        """What a cell becomes; None where it is not simple, or cannot be read."""
        kind = type(cell)
        key = cell if kind is str or cell is None else (kind, cell)
        met = other.met.get(key)
        if met is not None:
            return met
        if kind in (int, float) and not abs(cell) < PLAIN:
            return None
        try:
            column, bad = self._fields[name].read(arrays.of_list([cell]), self._nothing[name], "rows")
        except (InputError, InputTypeError):
            return None
        if bad is not None:
            return None
        seen = Seen()
        seen.add(other.encodings[0], column)
        compact = tuple(float(v) for one in other.encodings for v in one.code(column)[0])
        met = _Met(compact, seen if any((seen.missing, seen.unknown, seen.beyond)) else None)
        if len(other.met) < REMEMBERED and (kind is not str or len(cell) <= LONGEST):
            other.met[key] = met
        return met


def _count(seen: Seen, one: Seen) -> None:
    seen.missing += one.missing
    seen.unknown += one.unknown
    seen.beyond += one.beyond
