"""`Embedding`: categories as learned vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from chainrule.checks import COUNT
from chainrule.errors import InputError, InputTypeError
from chainrule.network.initialisers import Normal
from chainrule.network.layers.base import Layer, Parameter


@dataclass(frozen=True)
class Embedding(Layer):
    """The last columns hold codes of categories; each is replaced by a vector that is learned for its code.

    It stands in front of all other layers. Columns before those pass through as they are. A code that is none of 0 to
    levels - 1 becomes a vector of zeros, and teaches nothing. Vectors are trained like weights, but not penalised or
    decayed: a level that is rare would be forgotten between its rows. They begin with length about 1 (Guo and Berkhahn
    2016 for the idea).

    Parameters
    ----------
    levels : how many codes each of the last columns has
    units : width of the vectors, one for each of those columns

    Examples
    --------
    Two numbers, and a code of 50 towns, as the inputs of a network:

    >>> from chainrule import Dense, Embedding, Network
    >>> network = Network([Embedding([50], [4]), Dense(8, "relu"), Dense(1)], inputs=3)
    >>> network.init(0)["0.E0"].shape, network.widths
    ((50, 4), [6, 8, 1])
    """

    levels: Sequence[int]
    units: Sequence[int]

    def __post_init__(self) -> None:
        for name in ("levels", "units"):
            given = getattr(self, name)
            if not isinstance(given, Sequence) or isinstance(given, str):
                raise InputTypeError(f"Embedding({name}=)", "a list of whole numbers", repr(given), "For example [50].")
            object.__setattr__(self, name, tuple(given))
            for value in getattr(self, name):
                COUNT(f"Embedding({name}=)", value)
        if len(self.levels) != len(self.units) or not self.levels:
            raise InputError(
                "Embedding(levels, units)", "as many units as levels, at least one",
                f"{len(self.levels)} and {len(self.units)}", "One of each for every column of codes.",
            )  # fmt: skip

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
        if inputs < len(self.levels):
            raise InputError(
                "Embedding(levels)", f"at least {len(self.levels)} columns, the last of them codes", inputs,
                "Leave levels out, or give the columns.",
            )  # fmt: skip
        return inputs - len(self.levels)

    def width(self, inputs: int) -> int:
        return self.plain(inputs) + sum(self.units)

    def parameters(self, inputs: int) -> tuple[Parameter, ...]:
        return tuple(
            Parameter(f"E{k}", (levels, units), "embedding", Normal(1 / sqrt(units)))
            for k, (levels, units) in enumerate(zip(self.levels, self.units, strict=True))
        )

    @property
    def words(self) -> tuple[str, ...]:
        return (f"embedding of {len(self.levels)} column{'s' if len(self.levels) > 1 else ''}",)
