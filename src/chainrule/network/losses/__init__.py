"""The losses, each with its link: from the last layer's z to a prediction, and to a number to lower.

A loss is the sum over the columns of a row of a function of z and y, or, for classes, couples the columns of a row.
The function gives value and gradient by z at once; written through the link it is free of overflow. Every loss is a
frozen value: `Huber(delta=2.0)`; `get("huber")` has the defaults, and `table()` shows them all.
"""

from __future__ import annotations

from chainrule.checks import entry
from chainrule.network.losses.base import LINKS, Loss
from chainrule.network.losses.classes import CrossEntropy, Focal, MulticlassHinge, SoftCrossEntropy
from chainrule.network.losses.labels import BinaryCrossEntropy, BinaryFocal, Hinge, SquaredHinge
from chainrule.network.losses.own import Custom, custom
from chainrule.network.losses.positive import Gamma, Poisson, Tweedie
from chainrule.network.losses.regression import AbsoluteError, Gaussian, Huber, LogCosh, Quantile, SquaredError

__all__ = [
    "BINARY_CROSS_ENTROPY", "CROSS_ENTROPY", "LINKS", "LOSSES", "AbsoluteError", "BinaryCrossEntropy", "BinaryFocal",
    "CrossEntropy", "Custom", "Focal", "Gamma", "Gaussian", "Hinge", "Huber", "LogCosh", "Loss", "MulticlassHinge",
    "Poisson", "Quantile", "SoftCrossEntropy", "SquaredError", "SquaredHinge", "Tweedie", "custom", "get", "table",
]  # fmt: skip

CROSS_ENTROPY = CrossEntropy()
BINARY_CROSS_ENTROPY = BinaryCrossEntropy()

#: Every loss by its name, with its defaults.
LOSSES: dict[str, Loss] = {
    loss.name: loss
    for loss in (
        SquaredError(), AbsoluteError(), Huber(), LogCosh(), Quantile(), Gaussian(), Poisson(), Gamma(), Tweedie(),
        BINARY_CROSS_ENTROPY, BinaryFocal(), Hinge(), SquaredHinge(),
        CROSS_ENTROPY, SoftCrossEntropy(), Focal(), MulticlassHinge(),
    )
}  # fmt: skip


def get(loss: str | Loss) -> Loss:
    """The loss of a name, with its defaults, or the loss itself.

    Parameters
    ----------
    loss : its name, or one that is made

    Returns
    -------
    Loss

    Raises
    ------
    InputTypeError, InputError
        For what is neither, and for a name that is none.

    Examples
    --------
    >>> from chainrule.losses import get
    >>> get("cross_entropy").link
    'softmax'
    >>> get("huber")
    Huber(delta=1.0)
    """
    if isinstance(loss, Loss):
        return loss
    return entry("loss", loss, LOSSES, Loss)


def table() -> str:
    """Every loss: its formula for a column (or a row of classes), link, what y may be, and source, as text.

    Examples
    --------
    >>> from chainrule.losses import table
    >>> print(table().splitlines()[0])
    name                 link     formula
    """
    lines = [f"{'name':<21}{'link':<9}formula"]
    for loss in LOSSES.values():
        lines.append(f"{loss.name:<21}{loss.link:<9}{loss.formula}")
        lines.append(f"{'':<21}{loss!r}; y: {loss.domain.says}. Source: {loss.source}.")
    return "\n".join(lines)
