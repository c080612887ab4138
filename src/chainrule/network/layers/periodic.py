"""`Periodic`: numbers as learned waves."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sqrt

from chainrule.checks import COUNT, POSITIVE
from chainrule.errors import InputError
from chainrule.network.initialisers import Normal, Uniform
from chainrule.network.layers.base import Layer, Parameter


@dataclass(frozen=True)
class Periodic(Layer):
    """Beside its inputs, combinations of waves of each of the first columns, frequencies and phases learned.

    A network of layers learns slowly what goes up and down often in one number. Of each column x it is given, behind
    all inputs as they are,

        e = V cos(F x + P) + b

    with some waves of a frequency F and a phase P each, and fewer units, whose V and b are learned, too. F begins
    normal, with deviation 2 pi `scale`: of an x that was standardised, 1 tells apart what lies about a deviation apart,
    and 10 tells ten times as much, or learns it by heart. Gorishniy, Rubachev and Babenko, "On embeddings for
    numerical features in tabular deep learning" (2022); without a function behind V, and the column itself beside it,
    as in Holzmüller, Grinsztajn and Steinwart, "Better by default" (2024). F, P, V and b are neither penalised nor
    decayed.

    Parameters
    ----------
    columns : how many of the first inputs are numbers to be taken so
    waves : of each column
    units : that they are combined to, for each column
    scale : number above 0, of the frequencies at first

    Examples
    --------
    Two numbers as 4 units each, beside themselves and a third input:

    >>> from chainrule import Dense, Network, Periodic
    >>> network = Network([Periodic(2, waves=8, units=4), Dense(8, "relu"), Dense(1)], inputs=3)
    >>> network.widths, network.init(0)["0.F"].shape
    ([11, 8, 1], (2, 8))
    """

    columns: int
    waves: int = 16
    units: int = 4
    scale: float = 1.0

    def __post_init__(self) -> None:
        for name in ("columns", "waves", "units"):
            COUNT(f"Periodic({name}=)", getattr(self, name))
        POSITIVE("Periodic(scale=)", self.scale)

    def width(self, inputs: int) -> int:
        if inputs < self.columns:
            raise InputError("Periodic(columns=)", f"at most as many as come in, {inputs}", self.columns, "Take fewer.")
        return inputs + self.columns * self.units

    def parameters(self, inputs: int) -> tuple[Parameter, ...]:
        waves, combined = (self.columns, self.waves), self.columns * self.units
        return (
            Parameter("F", waves, "embedding", Normal(2 * pi * self.scale)),
            Parameter("P", waves, "embedding", Uniform(pi)),
            Parameter("V", (combined, self.waves), "embedding", Uniform(1 / sqrt(self.waves))),
            Parameter("b", (combined,), "embedding"),
        )

    def flops(self, inputs: int) -> int:
        return 2 * self.columns * self.units * self.waves

    @property
    def words(self) -> tuple[str, ...]:
        return (f"waves of {self.columns} column{'s' if self.columns > 1 else ''}",)
