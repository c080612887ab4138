"""y as a loss wants it."""

from __future__ import annotations

from typing import Any, NamedTuple

from numpy.typing import NDArray

from chainrule.network.losses import Loss

Array = NDArray[Any]


class Target(NamedTuple):
    """y as a loss wants it, the loss, and how many outputs the network needs for it."""

    values: Array
    loss: Loss
    outputs: int

    def check(self, where: str, weight: Array | None) -> None:
        """Refuse what the loss cannot take."""
        self.loss.check_y(self.values, self.outputs, weight, where)

    def values_in(self, dtype: Any) -> Array:
        return self.values if self.loss.target == "classes" else self.values.astype(dtype, copy=False)
