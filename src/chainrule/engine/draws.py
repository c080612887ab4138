"""What a layer draws in training, as the kernels know it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from chainrule.network.layers import AlphaDropout, Dropout, GaussianNoise

DrawKind = Literal["", "dropout", "alpha_dropout", "gaussian_noise"]


@dataclass(frozen=True)
class Draw:
    """A kind of draw and its one number: the rate of a dropout, the deviation of noise."""

    kind: DrawKind = ""
    amount: float = 0.0

    def __bool__(self) -> bool:
        return self.kind != ""

    @property
    def adds_only(self) -> bool:
        """Whether a slope passes it unchanged: the way back need not draw again."""
        return self.kind in ("", "gaussian_noise")

    @property
    def word(self) -> int:
        """Its number as the kernels read it, in 32 bits: a deviation in float32, a rate in 2^-32."""
        if self.kind == "gaussian_noise":
            return int(np.float32(self.amount).view(np.uint32))
        return min(round(self.amount * 2**32), 2**32 - 1)


NOTHING = Draw()


def draw_of(layer: Dropout | AlphaDropout | GaussianNoise) -> Draw:
    """What the layer draws; `NOTHING` where its rate or deviation is 0."""
    if not layer.draws:
        return NOTHING
    match layer:
        case Dropout(rate):
            return Draw("dropout", rate)
        case AlphaDropout(rate):
            return Draw("alpha_dropout", rate)
        case GaussianNoise(std):
            return Draw("gaussian_noise", std)
