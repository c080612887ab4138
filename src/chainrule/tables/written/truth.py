"""Truth values as they are written."""

from __future__ import annotations

from collections.abc import Iterable

#: What stands for False and for True, in small letters.
PAIRS = (("false", "true"), ("f", "t"), ("no", "yes"), ("n", "y"), ("off", "on"))

_VALUES = {word: bool(place) for pair in (*PAIRS, ("0", "1"), ("0.0", "1.0")) for place, word in enumerate(pair)}


def read(text: str) -> bool | None:
    """The truth value that a text stands for, in whatever usual spelling; None where it stands for none.

    Examples
    --------
    >>> from chainrule.tables.written import truth
    >>> [truth.read(text) for text in ("TRUE", "yes", "0", "maybe")]
    [True, True, False, None]
    """
    return _VALUES.get(text.strip().casefold())


def spellings(value: bool) -> list[str]:
    """The usual texts of a truth value.

    Examples
    --------
    >>> from chainrule.tables.written import truth
    >>> truth.spellings(True)[:4]
    ['true', 'True', 'TRUE', 't']
    """
    words = [word for word, meant in _VALUES.items() if meant == value]
    return list(dict.fromkeys(text for word in words for text in (word, word.capitalize(), word.upper())))


def are(texts: Iterable[str]) -> bool:
    """Whether these are the truth values of one column: both of a pair, or some of true and false."""
    found = {text.strip().casefold() for text in texts}
    return bool(found) and (found <= set(PAIRS[0]) or any(found == set(pair) for pair in PAIRS))
