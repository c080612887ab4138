"""What a layer is: a frozen value that knows its sizes, never how it runs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from chainrule.network.initialisers import Initialiser

Kind = Literal["weight", "bias", "embedding", "gain", "offset", "mean", "variance"]


#: 1, -1 or 0 for each unit, see `network.signs`.
Signs = tuple[int, ...]
Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Parameter:
    """A named array of a layer. Running means and variances are kept with the weights, but not trained.

    `signs` of a monotone network are those of its rows and of its columns: entry (i, j) is not below 0 where their
    product is 1, not above 0 where it is -1, and 0 where only column j has one; see `network.signs`.
    """

    name: str
    shape: tuple[int, ...]
    kind: Kind
    init: Initialiser | None = None
    signs: tuple[Signs, Signs] | None = None

    @property
    def trained(self) -> bool:
        return self.kind not in ("mean", "variance")


class Layer(ABC):
    """What every layer can say of itself."""

    @property
    @abstractmethod
    def words(self) -> tuple[str, ...]:
        """What it does, in words for a picture; none where it does nothing."""

    def width(self, inputs: int) -> int:
        """Units that come out.

        Parameters
        ----------
        inputs : units that come in

        Returns
        -------
        int
        """
        return inputs

    def parameters(self, inputs: int) -> tuple[Parameter, ...]:
        """The arrays of this layer, in their order in the parameter vector.

        Parameters
        ----------
        inputs : units that come in

        Returns
        -------
        tuple of Parameter: name, shape, kind, initialiser
        """
        return ()

    def flops(self, inputs: int) -> int:
        """Floating point operations of a row's forward pass, matrix products only.

        Parameters
        ----------
        inputs : units that come in

        Returns
        -------
        int
        """
        return 0

    @property
    def draws(self) -> bool:
        """Whether training draws at random here, so that two passes over the same rows differ."""
        return False

    @property
    def reads_codes(self) -> bool:
        """Whether some of its columns are codes, which nothing may change on their way."""
        return False
