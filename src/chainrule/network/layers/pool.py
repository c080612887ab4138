"""`Pool`: one row for a sequence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from chainrule.errors import unknown_name
from chainrule.network.layers.base import Layer


@dataclass(frozen=True)
class Pool(Layer):
    """Mean, maximum or sum over the time axis: (batch, time, features) becomes (batch, features).

    Of sequences of different lengths, only the steps that are there count.

    Parameters
    ----------
    how : "mean", "max" or "sum"

    Raises
    ------
    InputError
        For another word.

    Examples
    --------
    >>> from chainrule import Dense, Network, Pool
    >>> Network([Dense(8, "relu"), Pool("mean"), Dense(2)], inputs=3).pools
    True
    """

    how: Literal["mean", "max", "sum"]

    def __post_init__(self) -> None:
        if self.how not in ("mean", "max", "sum"):
            raise unknown_name("Pool(how=)", self.how, ("mean", "max", "sum"))

    @property
    def words(self) -> tuple[str, ...]:
        return (f"{self.how} over time",)
