"""`ProbesDisplay`: what the pictures of probes share."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Self

from chainrule.diagnosis.probes import Probes
from chainrule.plots import reading
from chainrule.plots.display import Display


class ProbesDisplay(Display):
    """A picture of what was measured in every layer during a fit."""

    @classmethod
    def read(cls, estimator: Any) -> Self:
        """From what was probed during the fit, `probes_`.

        Raises
        ------
        InputError, InputTypeError
            For what is no estimator of chainrule, not fitted, or was not probed.
        """
        return cls.from_probes(reading.probes(cls.__name__, estimator))

    @classmethod
    @abstractmethod
    def from_probes(cls, probes: Probes) -> Self:
        """From probes, one at least."""
