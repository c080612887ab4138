"""y as classes of one type; what is of another, or a number among words, is told by its row."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import InputError, InputTypeError
from chainrule.models.as_numbers import mend_of, read, with_point
from chainrule.models.truth import Truth

Array = NDArray[Any]

#: Kinds of arrays that hold words.
WORDS = "OUST"
#: Of words more than so many of which are numbers, at least this share of all, the others are slips.
NUMBERS, SHARE = 20, 0.9


def labels(given: Truth) -> Array:
    """Classes as an array of one type: words, numbers or truth values, or times where an array has them.

    Raises
    ------
    InputError, InputTypeError
        Where one is missing or infinite, or where they are not of one kind.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.models.as_labels import labels
    >>> from chainrule.models.truth import Truth
    >>> labels(Truth(np.array([True, False], object), "y"))
    array([ True, False])
    """
    found = given.array()
    given.check_present(found)
    given.check_finite(found)
    return _of_one_kind(given, found) if found.dtype.kind in "OT" else found


def slips(words: Sequence[str]) -> list[str]:
    """Those of different words that are no numbers where nearly all are, if with a decimal comma; else none.

    Examples
    --------
    >>> from chainrule.models.as_labels import slips
    >>> slips([*map(str, range(30)), "3o"]), slips(["1", "2", "other"])
    (['3o'], [])
    """
    bad = [word for word in words if read(word) is None]
    near = len(words) - sum(with_point(word) is None for word in bad)
    return bad if near > NUMBERS and near >= SHARE * len(words) else []


def check_no_slip(given: Truth, mend: str) -> None:
    """Refuse words of which nearly all are numbers: numbers are meant, and the others are slips.

    Raises
    ------
    InputError
        Which names the first of the others; behind its own, the mend that is given.
    """
    words, codes = _coded(given)
    bad = slips(words)
    if bad:
        place = int(np.isin(codes, [words.index(word) for word in bad]).argmax())
        word, expected = words[codes[place]], "a number, as nearly all values of the target are"
        raise given.refused((place,), expected, repr(word), f"{mend_of(word)} {mend}")


def _coded(given: Truth) -> tuple[Sequence[str], Array]:
    """Different words, and which of them stands in each row."""
    words, codes = np.unique([str(word) for word in given.array().flat], return_inverse=True)
    return words.tolist(), codes


def _of_one_kind(given: Truth, found: Array) -> Array:
    """Objects as the array that they could have been; words stay objects."""
    every = [_kind(value) for value in found.flat]
    kinds = set(every)
    if kinds == {"word"}:
        plain = found.dtype.kind == "O" and all(type(value) is str for value in found.flat)
        return found if plain else np.array([str(value) for value in found.flat], object).reshape(found.shape)
    if kinds == {"truth value"}:
        return found.astype(bool)
    if kinds <= {"truth value", "whole number", "number"}:
        return _of_numbers(given, found, whole="number" not in kinds)
    place = list(np.ndindex(found.shape))[every.index(min(kinds, key=every.count))]
    raise InputTypeError(
        given.at(place), "classes of one kind: words, whole numbers or truth values",
        repr(found[place])[:80], "Make all of them words, for example by y.astype(str).",
    )  # fmt: skip


def _of_numbers(given: Truth, found: Array, whole: bool) -> Array:
    try:
        made = found.astype(np.int64 if whole else np.float64)
    except OverflowError as error:
        raise InputError(
            given.where, "numbers of 64 bits", "larger ones", "Make them words, for example by y.astype(str)."
        ) from error
    given.check_finite(made)
    return made


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return "word"
    if isinstance(value, (bool, np.bool_)):
        return "truth value"
    if isinstance(value, Integral):
        return "whole number"
    return "number" if isinstance(value, (Real, Decimal)) else type(value).__name__
