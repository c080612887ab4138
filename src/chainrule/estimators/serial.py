"""The parameters of an estimator as data and back, and which of them a file leaves out."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import InputError, unknown_name
from chainrule.formats.fields import Fields
from chainrule.training.serial import CONFIGURATION

#: Of a fit and its place only: objects, or whole lists of rows.
NEVER = ("callbacks", "checkpoints", "validation_split")

#: Where these are code, they are left out too: they matter to a fit, not to what was fitted.
WHERE_CODE = ("random_state", "scoring", "learning_rate", "init")


def to_data(estimator: Any) -> dict[str, Any]:
    """{"parameters": by name, "left_out": names of those that have another value than they will have when loaded,
    "chosen": what was chosen where parameters leave it open, to be looked at}.

    Raises
    ------
    InputError, InputTypeError
        For a parameter that breaks its rule, or is code and belongs to the network.
    """
    name, parameters = type(estimator).__name__, estimator.get_params(deep=False)
    estimator._check_parameters(parameters)
    found, left_out = {}, []
    for parameter, value in parameters.items():
        if parameter in NEVER:
            left_out += [parameter] * (value is not None)
            continue
        plain = np.dtype(value).name if parameter == "dtype" and value is not None else value
        try:
            found[parameter] = CONFIGURATION.out(f"{name}({parameter}=)", plain)
        except InputError:
            if parameter not in WHERE_CODE:
                raise
            left_out.append(parameter)
    chosen = {one: CONFIGURATION.out(f"{name}({one}=)", value) for one, value in estimator._chosen().items()}
    return {"parameters": found, "left_out": left_out, "chosen": chosen}


def from_data(kind: Any, content: Fields) -> dict[str, Any]:
    """The parameters that `to_data` wrote, held against their rules; those that are not there have their defaults.

    Raises
    ------
    InputError, InputTypeError
    """
    defaults, given = kind().get_params(deep=False), content.inside("parameters").rest()
    for name in (*given, *content.items("left_out", str, "names")):
        if name not in defaults:
            raise unknown_name("content, parameters", name, defaults)
    found = {name: CONFIGURATION.back(f"{kind.__name__}({name}=)", value) for name, value in given.items()}
    kind._check_parameters({**defaults, **found})
    return found
