"""The schema of a table: what every column is, and which words stand for nothing. Fit settles it, a model keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from chainrule.errors import InputError, InputTypeError
from chainrule.tables.column import Column
from chainrule.tables.field import Bad, Field
from chainrule.tables.table import Table
from chainrule.tables.written import missing


@dataclass(frozen=True)
class Nothing:
    """Words that stand for a missing value: in any column, and in some columns others in their place."""

    words: tuple[str, ...] = missing.WORDS
    columns: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @classmethod
    def said(cls, where: str, given: Sequence[str] | Mapping[str | None, Sequence[str]] | None) -> Nothing:
        """What a user says: more words of any column; or by column, None for all others, the words in their place."""
        if given is None:
            return cls()
        if isinstance(given, Mapping):
            places = {name: _words(f"{where}[{name!r}]", words) for name, words in given.items()}
            words = places.pop(None, missing.WORDS)
            return cls(words, tuple((str(name), words) for name, words in places.items()))
        return cls(tuple(dict.fromkeys((*missing.WORDS, *_words(where, given)))))

    @cached_property
    def _of(self) -> dict[str, frozenset[str]]:
        return {name: frozenset((*words, "")) for name, words in self.columns}

    @cached_property
    def _all(self) -> frozenset[str]:
        return frozenset((*self.words, ""))

    def of(self, name: str) -> frozenset[str]:
        """The words of a column."""
        return self._of.get(name, self._all)


def _words(where: str, given: object) -> tuple[str, ...]:
    if isinstance(given, str):
        return (given,)
    if not isinstance(given, Sequence) or not all(isinstance(word, str) for word in given):
        raise InputTypeError(
            where, "words that stand for a missing value", repr(given)[:80], "For example ['unknown']."
        )
    return tuple(given)


@dataclass(frozen=True)
class Schema:
    """What the columns of a table are.

    Attributes
    ----------
    fields : of each column that fit saw, in order
    nothing : words that stand for a missing value
    """

    fields: tuple[Field, ...]
    nothing: Nothing = Nothing()

    def __post_init__(self) -> None:
        if not all(isinstance(field, Field) for field in self.fields) or not isinstance(self.nothing, Nothing):
            raise InputError("Schema", "columns and what they are", repr(self.fields)[:80], "Fit anew.")

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        return {field.name: field for field in self.fields}

    def read(self, table: Table, names: Sequence[str], where: str) -> tuple[dict[str, Column], dict[str, Bad]]:
        """Those columns of a table as numbers, times or words; and by name what could not be read, where it may be.

        Raises
        ------
        InputError
            For a cell that is none of its column, with its row.
        """
        found: dict[str, Column] = {}
        bad: dict[str, Bad] = {}
        for name in names:
            found[name], strange = self.by_name[name].read(table[name], self.nothing.of(name), where)
            if strange is not None:
                bad[name] = strange
        return found, bad
