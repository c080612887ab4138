"""`Embedding`: categories as learned vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from chainrule.checks import COUNT
from chainrule.errors import InputError, InputTypeError
from chainrule.network.initialisers import Normal
from chainrule.network.layers.base import Layer, Parameter

#: Length of vectors at first, of which several are added.
SUMMED = 0.02


@dataclass(frozen=True)
class Embedding(Layer):
    """The last columns hold codes of categories; each is replaced by a vector that is learned for its code.

    It stands in front of all other layers. Columns before those pass through as they are. A code that is none of 0 to
    levels - 1 becomes a vector of zeros, and teaches nothing. Vectors are trained like weights, but not penalised or
    decayed: a level that is rare would be forgotten between its rows. They begin with length about 1 (Guo and Berkhahn
    2016 for the idea).

    What has several codes at once, such as the words of a text, has several columns of them: their vectors are added,
    and divided by the square root of how many there are. Those begin near 0, with length about .02, so that a word
    that is rare has next to no say (better than length 1 on each text that was tried).

    Parameters
    ----------
    levels : how many codes there are, for each kind of them
    units : width of the vectors, for each kind
    columns : how many of the last columns hold codes of each kind; one where nothing is said

    Examples
    --------
    Two numbers, and a code of 50 towns, as the inputs of a network:

    >>> from chainrule import Dense, Embedding, Network
    >>> network = Network([Embedding([50], [4]), Dense(8, "relu"), Dense(1)], inputs=3)
    >>> network.init(0)["0.E0"].shape, network.widths
    ((50, 4), [6, 8, 1])

    One number, and up to 20 words of 5,000, which become 16 units together:

    >>> Network([Embedding([5_000], [16], columns=[20]), Dense(1)], inputs=21).widths
    [17, 1]
    """

    levels: Sequence[int]
    units: Sequence[int]
    columns: Sequence[int] = ()

    def __post_init__(self) -> None:
        for name in ("levels", "units", "columns"):
            given = getattr(self, name)
            if not isinstance(given, Sequence) or isinstance(given, str):
                raise InputTypeError(f"Embedding({name}=)", "a list of whole numbers", repr(given), "For example [50].")
            object.__setattr__(self, name, tuple(given))
            for value in getattr(self, name):
                COUNT(f"Embedding({name}=)", value)
        if len(self.levels) != len(self.units) or not self.levels:
            raise InputError(
                "Embedding(levels, units)", "as many units as levels, at least one",
                f"{len(self.levels)} and {len(self.units)}", "One of each for every kind of code.",
            )  # fmt: skip
        if len(self.columns) not in (0, len(self.levels)):
            raise InputError(
                "Embedding(columns)", f"a number for each of {len(self.levels)} kinds of codes, or none",
                len(self.columns), "Leave columns out where each kind has one.",
            )  # fmt: skip

    @property
    def counts(self) -> tuple[int, ...]:
        """How many columns each kind of code has."""
        return tuple(self.columns) or (1,) * len(self.levels)

    @property
    def reads_codes(self) -> bool:
        return True

    def plain(self, inputs: int) -> int:
        """How many columns pass through.

        Parameters
        ----------
        inputs : columns that come in, the last of them codes

        Returns
        -------
        int

        Raises
        ------
        InputError
            Where there are fewer columns than codes.
        """
        codes = sum(self.counts)
        if inputs < codes:
            raise InputError(
                "Embedding(levels)", f"at least {codes} columns, the last of them codes", inputs,
                "Leave levels out, or give the columns.",
            )  # fmt: skip
        return inputs - codes

    def width(self, inputs: int) -> int:
        return self.plain(inputs) + sum(self.units)

    def parameters(self, inputs: int) -> tuple[Parameter, ...]:
        return tuple(
            Parameter(f"E{k}", (levels, units), "embedding", Normal((SUMMED if count > 1 else 1) / sqrt(units)))
            for k, (levels, units, count) in enumerate(zip(self.levels, self.units, self.counts, strict=True))
        )

    @property
    def words(self) -> tuple[str, ...]:
        count = sum(self.counts)
        return (f"embedding of {count} column{'s' if count > 1 else ''}",)
