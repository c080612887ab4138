"""The textbook's claims as experiments that run in under a minute: `labs.run("vanishing")`.

Each lab is a claim, an experiment that is the same for the same seed, and conditions on its figures; the claim holds
where all of them do.
"""

from __future__ import annotations

from chainrule.errors import unknown_name
from chainrule.labs import (
    activations,
    backprop_cost,
    batch_norm,
    gradient_check,
    initialisation,
    layer_norm,
    linear_collapse,
    regularisation,
    skip,
    universal,
    vanishing,
)
from chainrule.labs.lab import Condition, Lab
from chainrule.labs.result import Result

__all__ = ["LABS", "Condition", "Lab", "Result", "get", "run"]

#: name -> lab, in the order of a textbook
LABS: dict[str, Lab] = {
    module.LAB.name: module.LAB
    for module in (
        universal,
        linear_collapse,
        activations,
        backprop_cost,
        gradient_check,
        vanishing,
        initialisation,
        skip,
        batch_norm,
        layer_norm,
        regularisation,
    )
}


def get(name: str) -> Lab:
    """The lab of a name.

    Raises
    ------
    InputError
        For a name that is none.
    """
    if name not in LABS:
        raise unknown_name("lab", name, LABS)
    return LABS[name]


def run(name: str, short: bool = False, seed: int = 0) -> Result:
    """Run a lab.

    Parameters
    ----------
    name : one of `LABS`
    short : a form that takes seconds
    seed : whole number; of data, weights and batches

    Returns
    -------
    Result : `print(result)` shows its table, `result.save("picture.svg")` draws it, `result.figures` has the numbers
        that `LABS[name].broken(result)` judges

    Raises
    ------
    InputError
        For a name that is none, or a seed that is no whole number.

    Examples
    --------
    >>> from chainrule import labs
    >>> result = labs.run("linear-collapse", short=True)
    >>> result.figures["largest difference from the product"] < 1e-12
    True
    >>> labs.LABS["linear-collapse"].broken(result)
    ()
    """
    return get(name).run(short, seed)
