"""Words as people write them in texts: between spaces, before marks, with a capital or in capitals."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

#: A word stands between spaces, and ends at the first of these. Neighbours have one space between them.
MARKS = '.,!?;:)"\r\t\u2026'
#: Never part of a word: a graph of ONNX ends texts by it.
END = "\x1f"
_ENDS = re.compile(f"[{re.escape(MARKS)}\n]")
#: A word, or two with a space between.
TERM = re.compile(f"[^ {re.escape(MARKS)}\n{END}]+( [^ {re.escape(MARKS)}\n{END}]+)?")


class Split(NamedTuple):
    """Texts as words.

    Attributes
    ----------
    text, word : of every word in them the numbers of its text, rising, and of the word; word 0 is none, and stands
        between lines and behind each text
    names : the words by their numbers, "" for none
    """

    text: Array
    word: Array
    names: list[str]

    def term(self, first: int, second: int) -> str:
        """A word by its number, or a pair of them."""
        return f"{self.names[first]} {self.names[second]}" if second else self.names[first]


def split(texts: Sequence[str]) -> Split:
    """Texts as words.

    Examples
    --------
    >>> from chainrule.tables.written.words import split
    >>> found = split(["Good, good!", "bad"])
    >>> [found.names[k] for k in found.word], found.text.tolist()
    (['good', 'good', '', 'bad', ''], [0, 0, 0, 1, 1])
    """
    numbers = _Numbers()
    words: list[int] = []
    ends = np.zeros(len(texts) + 1, np.intp)
    for k, text in enumerate(texts, 1):
        words.extend(map(numbers.__getitem__, text.replace("\n", " \n ").split(" ")))
        words.append(0)
        ends[k] = len(words)
    return Split(np.repeat(np.arange(len(texts)), np.diff(ends)), np.array(words, np.int64), numbers.names)


def spellings(word: str) -> list[str]:
    """How a word may stand in a text, up to a mark.

    Examples
    --------
    >>> from chainrule.tables.written.words import spellings
    >>> spellings("good"), spellings("iPhone")
    (['good', 'Good', 'GOOD'], ['iPhone'])
    """
    return [spelled for spelled in dict.fromkeys(_usual(word)) if _word(spelled) == word]


class _Numbers(dict[str, int]):
    """From what stands between two spaces to the number of its word, 0 for none; a new word has a new number."""

    def __init__(self) -> None:
        super().__init__()
        self.names = [""]
        self._known = {"": 0}

    def __missing__(self, piece: str) -> int:
        end = _ENDS.search(piece)
        body = piece if end is None else piece[: end.start()]
        word = "" if END in body else _word(body)
        if word not in self._known:
            self._known[word] = len(self.names)
            self.names.append(word)
        found = self[piece] = self._known[word]
        return found


def _word(body: str) -> str:
    """What is written in small letters, with a capital or in capitals, in small letters; anything else as it is."""
    small = body.lower()
    return small if body in _usual(small) else body


def _usual(word: str) -> tuple[str, ...]:
    """As it is, with a capital, in capitals."""
    return word, word[:1].upper() + word[1:], word.upper()
