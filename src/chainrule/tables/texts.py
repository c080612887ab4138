"""Texts, learned by their words: a vocabulary of words and of pairs of neighbours, each a code for an embedding.

Summed vectors of words and pairs: Joulin, Grave, Bojanowski and Mikolov, "Bag of tricks for efficient text
classification" (2016).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.checks import COUNT
from chainrule.engine.blocks import Block, Code
from chainrule.errors import InputError
from chainrule.tables.column import Column
from chainrule.tables.encodings import Embedded, Encoding
from chainrule.tables.written.words import TERM, Split, spellings, split
from chainrule.warn import DataWarning, warn

Array = NDArray[Any]

#: Terms that a vocabulary holds at most, and those of one text that count.
MOST_TERMS, MOST_OF_ONE = 6000, 256
#: Texts that a vocabulary is made from, at most; and those that are split at a time.
MOST_TEXTS = 1 << 15
#: Texts in which a word of the vocabulary stands at least: one of so many, within these; and from how many texts on one
#: wonders that no word does.
_ONE_OF, _LEAST, _ENOUGH = 1000, (3, 20), 50
#: Width of the vectors.
UNITS = 8


@dataclass(frozen=True)
class Text(Encoding):
    """Texts, by those words and pairs of words in them that stand in a vocabulary, too.

    Attributes
    ----------
    terms : the vocabulary: words, and pairs with a space between, those in the fewest texts first
    most : how many terms of one text count, the first of the vocabulary
    absent : whether a missing text has a code, the last
    units : of the embedding
    """

    terms: tuple[str, ...]
    most: int
    absent: bool = False
    units: int = UNITS

    def __post_init__(self) -> None:
        where = f"Text({self.name!r})"
        COUNT(f"{where}: units", self.units)
        COUNT(f"{where}: most", self.most)
        fit = all(isinstance(term, str) and TERM.fullmatch(term) for term in self.terms)
        if not fit or len(set(self.terms)) < len(self.terms) or self.most > self.count:
            raise InputError(where, "different words and pairs", repr(self.terms)[:80], "Fit the encoder anew.")

    @property
    def kind(self) -> str:
        return "text"

    @property
    def compact(self) -> int:
        return self.most

    @property
    def count(self) -> int:
        """Codes that there are."""
        return len(self.terms) + self.absent

    @property
    def embedded(self) -> Embedded:
        return Embedded(self.count, self.units, self.most)

    def code(self, column: Column) -> Array:
        codes = np.full((len(column), self.most), -1, np.float32)
        for first in range(0, len(column.levels), MOST_TEXTS):
            last = min(first + MOST_TEXTS, len(column.levels))
            whole = last - first == len(column.levels)
            found = self._codes(column.split if whole else split(column.levels[first:last]), last - first)
            rows = np.flatnonzero((column.values >= first) & (column.values < last))
            codes[rows] = found[column.values[rows] - first]
        if self.absent:
            codes[column.values < 0, 0] = len(self.terms)
        return codes

    def _codes(self, words: Split, texts: int) -> Array:
        """Of so many texts that were split, float32 of shape (texts, most)."""
        codes = np.full((texts, self.most), -1, np.float32)
        text, code = self.vocabulary.codes(words)
        terms = np.bincount(text, minlength=texts)
        place = np.arange(len(text)) - np.repeat(np.cumsum(terms) - terms, terms)  # among the terms of its text
        kept = place < self.most
        codes[text[kept], place[kept]] = code[kept]
        return codes

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """What finds the terms."""
        return Vocabulary(self.terms)

    def blocks(self, first: int) -> list[Block]:
        return [Code(first, self.most)]

    def fills(self) -> list[float]:
        return [-1.0] * self.most

    def feature_names(self) -> list[str]:
        return [f"{self.name}:term{k}" for k in range(self.most)]


def encode(name: str, column: Column, where: str = "X") -> Text:
    """The encoding of a column of texts: the vocabulary is what stands in the most of them.

    Where nothing stands in several, the vocabulary is what there is, which is warned of.
    """
    rows = np.bincount(column.values[column.values >= 0], minlength=len(column.levels))
    chosen = np.flatnonzero(rows)
    chosen = chosen[:: max(1, -(-len(chosen) // MOST_TEXTS))]
    words = column.split if len(chosen) == len(rows) else split([column.levels[k] for k in chosen])
    rows, size = rows[chosen], len(words.names)
    text, keys = _terms(words.text, words.word, size)
    keys, text = _different(keys, text, len(rows))
    new = np.diff(keys, prepend=0) > 0
    number, keys = np.cumsum(new) - 1, keys[new]  # of each term, and its key
    often = np.bincount(number, rows[text], len(keys))
    wanted, most_often = int(np.clip(rows.sum() // _ONE_OF, *_LEAST)), int(often.max(initial=1))
    if most_often < wanted and rows.sum() >= _ENOUGH:
        warn(
            f"{where}, column {name!r}: no word stands in {wanted} texts or more, so that they tell little. Words are "
            "what stands between spaces: part those of a language that has none, or leave the column out.",
            DataWarning,
        )
    least = min(wanted, most_often)
    if len(often) > MOST_TERMS:
        least = max(least, np.partition(often, -MOST_TERMS)[-MOST_TERMS])
    named = [(often[k], words.term(*divmod(int(keys[k]), size)), k) for k in np.flatnonzero(often >= least)]
    kept = sorted(sorted(named, key=lambda one: (-one[0], one[1]))[:MOST_TERMS])
    most = np.bincount(text[np.isin(number, [k for *_, k in kept])], minlength=1).max()
    absent = bool(column.missing.any()) or not kept
    return Text(name, tuple(term for _, term, _ in kept), int(np.clip(most, 1, MOST_OF_ONE)), absent)


class Vocabulary:
    """Finds terms in texts.

    Attributes
    ----------
    numbers : of its words, from 1 on
    size : above all of these
    pairs : of each term the numbers of its words, one or two
    """

    def __init__(self, terms: Sequence[str]) -> None:
        self.numbers: dict[str, int] = {}
        for term in terms:
            for word in term.split(" "):
                self.numbers.setdefault(word, len(self.numbers) + 1)
        self.size = len(self.numbers) + 1
        self.pairs = [tuple(self.numbers[word] for word in term.split(" ")) for term in terms]
        keys = np.array([first * self.size + sum(second) for first, *second in self.pairs], np.int64)
        self._order = np.argsort(keys)
        self._keys = np.append(keys[self._order], self.size**2)  # the last is above all keys

    def spellings(self) -> dict[str, int]:
        """From what may stand in a text, up to a mark, to the number of its word."""
        return {spelled: number for word, number in self.numbers.items() for spelled in spellings(word)}

    def codes(self, words: Split) -> tuple[Array, Array]:
        """Numbers of texts, rising, and the codes of the different terms in each, rising."""
        numbers = np.array([self.numbers.get(name, 0) for name in words.names], np.int64)
        text, keys = _terms(words.text, numbers[words.word], self.size)
        place = np.searchsorted(self._keys, keys)
        there = np.flatnonzero(self._keys[place] == keys)
        return _different(text[there], self._order[place[there]], max(len(self._order), 1))


def _terms(text: Array, word: Array, size: int) -> tuple[Array, Array]:
    """The numbers of texts, and a key for each word and pair in them: first * size + second, which is 0 of a word."""
    one, pair = np.flatnonzero(word), np.flatnonzero((word[:-1] > 0) & (word[1:] > 0))
    keys = np.concatenate([word[one] * size, word[pair] * size + word[pair + 1]])
    return text[np.concatenate([one, pair])], keys


def _different(one: Array, other: Array, size: int) -> tuple[Array, Array]:
    """Pairs of numbers, the other below `size`, each once, rising."""
    keys = np.sort(one * size + other)
    return np.divmod(keys[np.diff(keys, prepend=-1) > 0], size)
