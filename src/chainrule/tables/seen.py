"""What rows hold that is to be counted: cells that are missing, unknown, outside of those of fit, or unreadable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from chainrule.tables import unseen
from chainrule.tables.column import Column
from chainrule.tables.encodings import Category, Encoding
from chainrule.tables.field import Bad


@dataclass
class Seen:
    """Of rows by column: cells that are missing, unknown to the model, outside of its training, or unreadable.

    Attributes
    ----------
    rows : how many there are
    missing, unknown, beyond, unread : cells by column, where there are any
    """

    rows: int = 0
    missing: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    beyond: Counter[str] = field(default_factory=Counter)
    unread: Counter[str] = field(default_factory=Counter)

    def add(self, encoding: Encoding, column: Column, bad: Bad | None = None) -> None:
        """Count the cells of a column, as its schema reads them."""
        counts = (
            (self.missing, int(column.missing.sum())),
            (self.unknown, sum(unseen.levels(encoding, column).values()) if isinstance(encoding, Category) else 0),
            (self.beyond, unseen.beyond(encoding, column)),
            (self.unread, 0 if bad is None else bad.count),
        )
        for counter, count in counts:
            if count:
                counter[encoding.name] += count

    def join(self, other: Seen) -> None:
        """Count more rows."""
        self.rows += other.rows
        for mine, theirs in zip(self._counters, other._counters, strict=True):
            mine.update(theirs)

    @property
    def _counters(self) -> tuple[Counter[str], ...]:
        return self.missing, self.unknown, self.beyond, self.unread


def seen(encodings: Sequence[Encoding], columns: Mapping[str, Column], bad: Mapping[str, Bad], rows: int) -> Seen:
    """What so many rows hold.

    Examples
    --------
    >>> from chainrule.tables.column import words
    >>> from chainrule.tables.encodings import Category
    >>> from chainrule.tables.seen import seen
    >>> seen([Category("town", ("Bonn",))], {"town": words(["Ulm", None, "Bonn"])}, {}, 3).unknown
    Counter({'town': 1})
    """
    found = Seen(rows)
    for one in encodings:
        found.add(one, columns[one.name], bad.get(one.name))
    return found
