"""What a loss of held-out rows is in units of the target."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Units:
    """From half of the mean square of an error, as a network has it, to the error of one target in its own units.

    Of several members it is the error of one of them: that of their mean is no larger.

    Attributes
    ----------
    one : what the network calls 1, in units of the target
    constant : loss of the best prediction that is the same for all of these rows, None where it is not known

    Examples
    --------
    >>> from chainrule.training.units import Units
    >>> units = Units(one=1000.0, constant=0.5)
    >>> units.rmse(0.02), units.r2(0.02)
    (200.0, 0.96)
    """

    one: float
    constant: float | None = None

    def rmse(self, loss: float) -> float:
        """The root of the mean square of the error; NaN where the loss is."""
        return self.one * math.sqrt(2 * loss) if loss >= 0 else math.nan

    def r2(self, loss: float) -> float | None:
        """1 - squared errors over squared distances from the mean; None where the target does not vary."""
        return 1 - loss / self.constant if self.constant else None
