"""The optimisers: how a gradient becomes a step."""

from __future__ import annotations

from typing import Any

from chainrule.checks import entry
from chainrule.training.optimisers.adam import AdaBelief, Adam, AdamW, Nadam, RAdam
from chainrule.training.optimisers.adaptive import Adadelta, Adagrad, RMSprop
from chainrule.training.optimisers.base import Optimiser
from chainrule.training.optimisers.lamb import LAMB
from chainrule.training.optimisers.lion import Lion
from chainrule.training.optimisers.muon import Muon
from chainrule.training.optimisers.sgd import SGD

__all__ = [
    "LAMB", "OPTIMISERS", "SGD", "AdaBelief", "Adadelta", "Adagrad", "Adam", "AdamW", "Lion", "Muon", "Nadam",
    "Optimiser", "RAdam", "RMSprop", "get",
]  # fmt: skip

#: Every optimiser by its name, which stands for its defaults.
OPTIMISERS: dict[str, type[Any]] = {
    kind.__name__.lower(): kind
    for kind in (SGD, Adam, AdamW, Nadam, RAdam, AdaBelief, RMSprop, Adagrad, Adadelta, Lion, LAMB, Muon)
}


def get(optimiser: str | Optimiser, where: str = "optimiser") -> Optimiser:
    """The optimiser of a name, with its defaults, or the optimiser itself.

    Parameters
    ----------
    optimiser : its name, or one that is made
    where : how an error calls it

    Returns
    -------
    Optimiser

    Raises
    ------
    InputTypeError, InputError
        For what is neither, and for a name that is none.

    Examples
    --------
    >>> from chainrule.optimisers import get
    >>> get("lion").learning_rate
    0.0001
    """
    if isinstance(optimiser, Optimiser):
        return optimiser
    made: Optimiser = entry(where, optimiser, OPTIMISERS, Optimiser)()
    return made
