"""Texts, learned by their words: a vocabulary of words and of pairs of neighbours, each a code for an embedding.

Summed vectors of words and pairs: Joulin, Grave, Bojanowski and Mikolov, "Bag of tricks for efficient text
classification" (2016).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
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
from chainrule.warn import DataWarning, warn

Array = NDArray[Any]

#: A word stands between spaces, and ends at the first of these. Neighbours have one space between them.
MARKS = '.,!?;:)"\r\t\u2026'
#: Never part of a word: a graph of ONNX ends texts by it.
END = "\x1f"
#: Terms that a vocabulary holds at most, and those of one text that count.
MOST_TERMS, MOST_OF_ONE = 6000, 256
#: Texts that a vocabulary is made from, at most.
MOST_TEXTS = 1 << 15
#: Texts in which a word of the vocabulary stands at least: one of so many, within these; and from how many texts on one
#: wonders that no word does.
_ONE_OF, _LEAST, _ENOUGH = 1000, (3, 20), 50
#: Width of the vectors.
UNITS = 8
_ENDS = re.compile(f"[{re.escape(MARKS)}\n]")


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
        fit = all(isinstance(term, str) and _TERM.fullmatch(term) for term in self.terms)
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
        codes = np.full((len(column.levels) + 1, self.most), -1, np.float32)
        text, code = self.vocabulary.codes(column.levels)
        place = np.arange(len(text)) - np.searchsorted(text, text)  # among the terms of its text
        kept = place < self.most
        codes[text[kept], place[kept]] = code[kept]
        if self.absent:
            codes[-1, 0] = len(self.terms)
        return codes[column.values]

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


_TERM = re.compile(f"[^ {re.escape(MARKS)}\n{END}]+( [^ {re.escape(MARKS)}\n{END}]+)?")


def encode(name: str, column: Column, where: str = "X") -> Text:
    """The encoding of a column of texts: the vocabulary is what stands in the most of them.

    Where nothing stands in several, the vocabulary is what there is, which is warned of.
    """
    rows = np.bincount(column.values[column.values >= 0], minlength=len(column.levels))
    chosen = np.arange(0, len(column.levels), -(-len(column.levels) // MOST_TEXTS))
    rows, words = rows[chosen], _Words()
    text, ids = _positions([column.levels[k] for k in chosen], words)
    size = len(words.names)
    text, keys = _terms(text, ids, size)
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
    named = [(often[k], words.term(*divmod(int(keys[k]), size)), k) for k in np.flatnonzero(often >= least)]
    kept = sorted(sorted(named, key=lambda one: (-one[0], one[1]))[:MOST_TERMS])
    most = np.bincount(text[np.isin(number, [k for *_, k in kept])], minlength=1).max()
    absent = bool(column.missing.any()) or not kept
    return Text(name, tuple(term for _, term, _ in kept), int(np.clip(most, 1, MOST_OF_ONE)), absent)


class Vocabulary:
    """Finds terms in texts.

    Attributes
    ----------
    spellings : from what may stand in a text, up to a mark, to the number of its word, from 1 on
    size : above all of these numbers
    """

    def __init__(self, terms: Sequence[str]) -> None:
        numbers: dict[str, int] = {}
        for term in terms:
            for word in term.split(" "):
                numbers.setdefault(word, len(numbers) + 1)
        self.size = len(numbers) + 1
        self.spellings = {spelled: number for word, number in numbers.items() for spelled in spellings(word)} | numbers
        self.pairs = [tuple(numbers[word] for word in term.split(" ")) for term in terms]
        keys = np.array([first * self.size + sum(second) for first, *second in self.pairs], np.int64)
        self._order = np.argsort(keys)
        self._keys = np.append(keys[self._order], self.size**2)  # the last is above all keys

    def codes(self, texts: Sequence[str]) -> tuple[Array, Array]:
        """Numbers of texts, rising, and the codes of the different terms in each, rising."""
        text, ids = _positions(texts, _Spelled(self.spellings))
        text, keys = _terms(text, ids, self.size)
        place = np.searchsorted(self._keys, keys)
        there = np.flatnonzero(self._keys[place] == keys)
        return _different(text[there], self._order[place[there]], max(len(self._order), 1))


def spellings(word: str) -> tuple[str, ...]:
    """How a word may stand in a text: as it is, with a capital, in capitals."""
    return word, word[:1].upper() + word[1:], word.upper()


def _positions(texts: Sequence[str], words: Mapping[str, int]) -> tuple[Array, Array]:
    """Of every word the numbers of its text and of the word; 0 is none, and stands between lines and texts."""
    ids: list[int] = []
    ends = np.zeros(len(texts) + 1, np.intp)
    for k, text in enumerate(texts, 1):
        ids.extend(map(words.__getitem__, text.replace("\n", " \n ").split(" ")))
        ids.append(0)
        ends[k] = len(ids)
    return np.repeat(np.arange(len(texts)), np.diff(ends)), np.array(ids, np.int64)


def _terms(text: Array, ids: Array, size: int) -> tuple[Array, Array]:
    """The numbers of texts, and a key for each word and pair in them: first * size + second, which is 0 of a word."""
    word, pair = np.flatnonzero(ids), np.flatnonzero((ids[:-1] > 0) & (ids[1:] > 0))
    keys = np.concatenate([ids[word] * size, ids[pair] * size + ids[pair + 1]])
    return text[np.concatenate([word, pair])], keys


def _different(one: Array, other: Array, size: int) -> tuple[Array, Array]:
    """Pairs of numbers, the other below `size`, each once, rising."""
    keys = np.sort(one * size + other)
    return np.divmod(keys[np.diff(keys, prepend=-1) > 0], size)


class _Words(dict[str, int]):
    """From what stands between two spaces to the number of its word, 0 for none; a new word has a new number."""

    def __init__(self) -> None:
        super().__init__()
        self.names = [""]
        self._numbers = {"": 0}

    def __missing__(self, piece: str) -> int:
        body = _body(piece)
        word = "" if END in body else body.lower() if body in spellings(body.lower()) else body
        if word not in self._numbers:
            self._numbers[word] = len(self.names)
            self.names.append(word)
        found = self[piece] = self._numbers[word]
        return found

    def term(self, first: int, second: int) -> str:
        return f"{self.names[first]} {self.names[second]}" if second else self.names[first]


class _Spelled(dict[str, int]):
    """From what stands between two spaces to the number of its word, 0 for none."""

    def __init__(self, numbers: Mapping[str, int]) -> None:
        super().__init__()
        self._numbers = numbers

    def __missing__(self, piece: str) -> int:
        found = self[piece] = self._numbers.get(_body(piece), 0)
        return found


def _body(piece: str) -> str:
    """What stands before the first mark."""
    end = _ENDS.search(piece)
    return piece if end is None else piece[: end.start()]
