"""What was measured while a network trained, as a part of its file."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.diagnosis.probes import EDGES, QUANTITIES, Probes
from chainrule.diagnosis.recorder import probed
from chainrule.diagnosis.survey import Survey
from chainrule.engine.network import Network
from chainrule.errors import InputError
from chainrule.formats.fields import Fields
from chainrule.network.losses import Loss
from chainrule.values import Codec

Array = NDArray[Any]

#: In front of the names of arrays, and what stands in them for what is not finite; all of that comes back as NaN.
PROBES, NOT_FINITE = "probes.", float(np.finfo(np.float32).max)

ARRAYS = ("values", "weights", "gradients")

_KINDS = Codec([Survey])
_MEND = "The file was changed since it was written."


def to_data(where: str, probes: Probes) -> tuple[dict[str, Any], dict[str, Array]]:
    """Plain data, and arrays by name."""
    data = {
        "epochs": probes.epochs.tolist(),
        "drawn": probes.drawn.tolist(),
        "survey": _KINDS.out(where, probes.survey),
    }
    arrays = {PROBES + name: getattr(probes, name) for name in ARRAYS}
    return data, {name: np.where(np.isfinite(array), array, NOT_FINITE) for name, array in arrays.items()}


def from_data(content: Fields, arrays: dict[str, Array], network: Network, loss: Loss) -> Probes:
    """What `to_data` wrote; its arrays are taken out of `arrays`.

    Raises
    ------
    InputError, InputTypeError
        Where sizes do not go together, or names are unknown.
    """
    where = content.where
    layers = tuple(layer for layer, _ in probed(network.layers))
    seen = _KINDS.back(where, content.take("survey"))
    epochs, drawn = (_whole(content, name) for name in ("epochs", "drawn"))
    if isinstance(seen, Survey) and seen.constant_loss is None:
        seen = replace(seen, constant_loss=_constant_loss(seen, loss.name))
    content.end()
    if not isinstance(seen, Survey | None):
        raise InputError(where, "a survey", type(seen).__name__, _MEND)
    for name, found in (("epochs", epochs), ("drawn", drawn)):
        if (found < 0).any() or (np.diff(found) <= 0).any():
            raise InputError(f"{where}, {name}", "epochs in ascending order", found[:5].tolist(), _MEND)
    shapes = {
        "values": (len(epochs), len(layers), len(QUANTITIES)),
        **dict.fromkeys(("weights", "gradients"), (len(drawn), len(layers), len(EDGES) + 1)),
    }
    held = {}
    for name, shape in shapes.items():
        array = arrays.pop(PROBES + name, None)
        if array is None or array.shape != shape or array.dtype != np.float32:
            received = "none" if array is None else f"{array.dtype} of shape {array.shape}"
            raise InputError(PROBES + name, f"float32 of shape {shape}", received, _MEND)
        held[name] = np.where(array == np.float32(NOT_FINITE), np.float32(np.nan), array)
    return Probes(layers, epochs, held["values"], drawn, held["weights"], held["gradients"], seen)


def _whole(content: Fields, name: str) -> NDArray[np.int64]:
    """A list of whole numbers that an array can hold."""
    found = content.items(name, int, "whole numbers")
    if any(abs(one) > 2**40 for one in found):
        raise InputError(f"{content.where}, {name}", "epochs", max(found), _MEND)
    return np.array(found, np.int64)


def _constant_loss(seen: Survey, loss: str) -> float | None:
    """What surveys did not hold before version 2: of the squared error and of cross-entropies, from what they held."""
    if loss == "squared_error":
        return seen.variance / 2
    some = [share for share in seen.shares if share > 0]
    return -sum(share * math.log(share) for share in some) if loss.endswith("cross_entropy") and some else None
