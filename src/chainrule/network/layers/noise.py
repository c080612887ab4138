"""What training draws and prediction leaves out."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.checks import Number
from chainrule.network.layers.base import Layer

RATE = Number(0, 1, open_high=True, mend="0.1 is a common choice.")
#: Of noise, which kernels read in float32.
DEVIATION = Number(0, 3.4e38, mend="0.1 is a common choice.")


@dataclass(frozen=True)
class Dropping(Layer):
    """A layer that changes a share of the units in training, and none in prediction."""

    rate: float

    def __post_init__(self) -> None:
        RATE(f"{type(self).__name__}(rate=)", self.rate)

    @property
    def draws(self) -> bool:
        return self.rate > 0

    @property
    def words(self) -> tuple[str, ...]:
        return (f"dropout {self.rate:g}",) if self.rate else ()


@dataclass(frozen=True)
class Dropout(Dropping):
    """In training, the share `rate` of units is set to zero and the rest divided by 1 - rate.

    Srivastava et al. 2014; the division keeps the mean, so prediction does nothing. Shapes: (rows, features) in and
    out.

    Parameters
    ----------
    rate : number in [0, 1)

    Raises
    ------
    InputError, InputTypeError
        For a number out of its range.

    Examples
    --------
    >>> from chainrule import Dense, Dropout, Network
    >>> print(Network([Dense(16, "relu"), Dropout(0.5), Dense(1)], inputs=4).layers[1])
    Dropout(rate=0.5)
    """


@dataclass(frozen=True)
class AlphaDropout(Dropping):
    """Dropout that leaves activations of mean 0 and variance 1 as they are, for SELU (Klambauer et al. 2017).

    In training, the share `rate` of units is set to SELU's limit for z -> -inf, -1.758, and all units then pass
    through the a * x + b that restores mean 0 and variance 1. Prediction does nothing. The weights in front want
    LeCun's initialisation, which `init="auto"` gives a `Dense(units, "selu")`.

    Parameters
    ----------
    rate : number in [0, 1)

    Raises
    ------
    InputError, InputTypeError
        For a number out of its range.

    Examples
    --------
    >>> from chainrule import AlphaDropout, Dense, Network
    >>> Network([Dense(16, "selu"), AlphaDropout(0.1), Dense(1)], inputs=4).widths
    [16, 16, 1]
    """


@dataclass(frozen=True)
class GaussianNoise(Layer):
    """In training, x + N(0, std^2), drawn anew for every entry; prediction does nothing.

    As the first layer it is noise on the input, which for small `std` acts like a penalty on the slope of what the
    network computes (Bishop 1995). Standardise X, so that one `std` suits all its columns.

    Parameters
    ----------
    std : number of 0 or more, in the units of x

    Raises
    ------
    InputError, InputTypeError
        For a number out of its range.

    Examples
    --------
    >>> from chainrule import Dense, GaussianNoise, Network
    >>> Network([GaussianNoise(0.1), Dense(1)], inputs=4).widths
    [4, 1]
    """

    std: float

    def __post_init__(self) -> None:
        DEVIATION("GaussianNoise(std=)", self.std)

    @property
    def draws(self) -> bool:
        return self.std > 0

    @property
    def words(self) -> tuple[str, ...]:
        return (f"noise {self.std:g}",) if self.std else ()
