"""Errors in one form: where, what was expected, what was received, how to mend it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

#: What is longer is no misspelt name, and no file should make the search for a near one long.
LONGEST_NAME = 200
#: Names that an error lists.
MOST_LISTED = 20


class _Explained(Exception):
    """An error of four parts; `str()` joins them into one sentence and its mend."""

    def __init__(self, where: str, expected: str, received: object, mend: str) -> None:
        super().__init__(where, expected, received, mend)

    def __str__(self) -> str:
        where, expected, received, mend = self.args
        return f"{where}: expected {expected}; received {received}. {mend}"


class InputError(_Explained, ValueError):
    """A value that cannot be used; also a `ValueError`."""


class CellError(InputError):
    """A cell of a table that cannot be used, and which it is; also a `ValueError`.

    Attributes
    ----------
    column : its name
    row : the number by which its table calls the row
    cell : its value as a text
    """

    def __init__(
        self, where: str, expected: str, received: object, mend: str, column: str = "", row: int = -1, cell: str = ""
    ) -> None:
        super().__init__(where, expected, received, mend)
        self.column, self.row, self.cell = column, row, cell


class InputTypeError(_Explained, TypeError):
    """A value of a kind that cannot be used; also a `TypeError`."""


class DivergenceError(_Explained, ValueError):
    """Training left the finite numbers; also a `ValueError`."""


class CheckpointError(_Explained, ValueError):
    """A checkpoint that cannot be gone on from; also a `ValueError`."""


class ModelFileError(_Explained, ValueError):
    """A model file that is not one, not whole, or not to be trusted; also a `ValueError`."""


class MissingExtraError(_Explained, ImportError):
    """A package that only one feature needs is not installed; also an `ImportError`."""


class TooLargeError(_Explained, MemoryError):
    """What does not fit in memory; also a `MemoryError`."""


class ClusterError(_Explained, RuntimeError):
    """A cluster that cannot be reached, or that cannot do what is asked of it; also a `RuntimeError`."""


class PlanError(_Explained, RuntimeError):
    """A program that would read what it has overwritten, a defect of chainrule; or one that is run without its team."""


def listed(names: Sequence[object]) -> str:
    """Names as an error has them: all of a few, else the first ones and how many there are.

    Examples
    --------
    >>> from chainrule.errors import listed
    >>> listed(["a", "b"]), listed(range(1000))[-19:]
    ("'a', 'b'", '18, 19 and 980 more')
    """
    shown = ", ".join(map(repr, names[:MOST_LISTED]))
    more = len(names) - MOST_LISTED
    return f"{shown} and {more:,} more" if more > 0 else shown


def unknown_name(where: str, name: object, known: Iterable[str | None]) -> InputError:
    """The error for a name that is not in a table, with the nearest names that are.

    Examples
    --------
    >>> from chainrule.errors import unknown_name
    >>> print(unknown_name("activation", "rleu", ["relu", "tanh"]))
    activation: expected one of 'relu', 'tanh'; received 'rleu'. Did you mean 'relu'?
    """
    names, said = sorted(known, key=str), repr(name)
    small = {str(one).lower(): one for one in reversed(names)}  # people write AdamW and ADAM
    near = [small[one] for one in get_close_matches(str(name).lower(), small, n=1)] if len(said) < LONGEST_NAME else []
    mend = f"Did you mean {near[0]!r}?" if near else "Pick a name from this list."
    return InputError(where, f"one of {listed(names)}", said[:LONGEST_NAME], mend)
