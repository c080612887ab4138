"""What each class weighs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.class_weight import compute_class_weight

from chainrule.checks import Number
from chainrule.errors import InputError

Array = NDArray[Any]

#: Of a class.
WEIGHT = Number(0, mend="0 leaves a class out, 2 counts it twice.")


def weights_of(where: str, said: Mapping[Any, float] | Literal["balanced"], every: Array, y: Array) -> Array:
    """A weight for each of all classes.

    Parameters
    ----------
    where : how errors call what was said
    said : 'balanced', which makes classes of y weigh the same, or a dict from classes to weights, 1 where it has none
    every : all classes
    y : of the rows to train on

    Raises
    ------
    InputError, InputTypeError
        For a key that is no class, or a weight that is no number of 0 or more.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.estimators.class_weights import weights_of
    >>> weights_of("class_weight", {"yes": 5}, np.array(["no", "yes"]), np.array(["no"]))
    array([1., 5.])
    """
    if isinstance(said, Mapping):
        return _of_keys(where, said, every.tolist())
    found, present = np.ones(len(every)), np.unique(y)
    found[np.isin(every, present)] = compute_class_weight(said, classes=present, y=y)
    return found


def _of_keys(where: str, said: Mapping[Any, float], classes: Sequence[Any]) -> Array:
    for key, weight in said.items():
        if key not in classes:
            listed = ", ".join(map(repr, classes))
            raise InputError(where, f"classes of y as keys, of {listed}"[:200], repr(key)[:80], _near(key, classes))
        WEIGHT(where, weight)
    return np.array([said.get(label, 1.0) for label in classes], np.float64)


def _near(key: Any, classes: Sequence[Any]) -> str:
    """What to do with a key that is no class: take the class that looks like it, where there is one."""
    texts = {str(label).lower(): label for label in reversed(classes)}
    near = get_close_matches(str(key).lower(), texts, n=1)
    return f"Did you mean {texts[near[0]]!r}?" if near else "Leave it out: a class that is not named weighs 1."
