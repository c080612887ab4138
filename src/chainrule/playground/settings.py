"""What a learner sets: the data, the layers, how they are trained; as data that a page sends, and as a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from itertools import pairwise
from typing import Any, Self

from chainrule.checks import NOT_NEGATIVE, Number, at_least
from chainrule.errors import InputError, InputTypeError, unknown_name
from chainrule.network import activations, initialisers
from chainrule.network.layers import NORMS, Activation, Dense, Dropout, Layer, Residual
from chainrule.playground.sets import SETS
from chainrule.training import optimisers, schedules

#: How weights may begin.
INITS: dict[str, Any] = {
    "auto": "auto",
    **{name: name for name in initialisers.INITIALISERS},
    "normal 0.01": initialisers.Normal(0.01),
    "normal 1": initialisers.Normal(1.0),
    "zeros": initialisers.Constant(0.0),
}
NORM_NAMES = ("none", *NORMS)
SCHEDULE_NAMES = ("constant", *schedules.NAMED)
#: Epochs that a schedule takes to its end: a playground has none.
HORIZON = 200

_UNITS = Number(1, 256, whole=True, mend="Eight show most of what there is to see.")
_DEPTH = Number(0, 60, whole=True)
_WEIGHTS = Number(0, 200_000, whole=True, mend="Take fewer layers, or narrower ones: a page is to answer at once.")
_ROWS = Number(10, 20_000, whole=True)
_RATE = Number(0, 100, open_low=True, mend="0.01 is usual for Adam, 0.1 for SGD.")
_DROPOUT = Number(0, 1, open_high=True)
_NOISE = Number(0, 10)
_SEED, _BATCH = at_least(0), Number(1, 100_000, whole=True)


def _known(what: str, name: Any, known: Any) -> None:
    if not isinstance(name, str) or name not in known:
        raise unknown_name(what, name, tuple(known))


def _flag(what: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise InputTypeError(what, "true or false", repr(value)[:80], "Tick it, or do not.")


@dataclass(frozen=True)
class Hidden:
    """A hidden layer: a product, a normalisation, a function, dropout, and a skip connection around all of it."""

    units: int = 8
    activation: str = "tanh"
    init: str = "auto"
    norm: str = "none"
    skip: bool = False
    dropout: float = 0.0

    def __post_init__(self) -> None:
        _UNITS("units", self.units)
        _DROPOUT("dropout", self.dropout)
        for what, known in (("activation", activations.ACTIVATIONS), ("init", INITS), ("norm", NORM_NAMES)):
            _known(what, getattr(self, what), known)
        _flag("skip", self.skip)

    def block(self, inputs: int) -> list[Layer]:
        """Its layers, behind so many units; a skip connection only where it is as wide as what it goes around."""
        if self.norm == "none":
            found: list[Layer] = [Dense(self.units, self.activation, init=INITS[self.init])]
        else:
            init = INITS[self.init]
            if init == "auto":  # that of the function, which stands behind the normalisation
                init = initialisers.AUTO[activations.get(self.activation).family]
            found = [Dense(self.units, init=init), NORMS[self.norm](), Activation(self.activation)]
        if self.dropout:
            found.append(Dropout(self.dropout))
        return [Residual(found)] if self.skips(inputs) else found

    def skips(self, inputs: int) -> bool:
        """Whether there is a way around it."""
        return self.skip and inputs == self.units


@dataclass(frozen=True)
class Settings:
    """All that a run is made of; the same settings give the same bits.

    Attributes
    ----------
    data : one of `SETS`, or "own" for a table that the session was given
    rows, noise : of a set that is drawn
    scale : whether inputs are standardised
    hidden : layers in the order of the forward pass
    optimiser, rate, schedule, clip : how it steps; a clip of 0 is none
    l1, l2, batch : penalties, and rows of a batch
    seed : of data, weights and batches
    target, axes : of an own table, the column to learn and the two that are drawn
    """

    data: str = "circles"
    rows: int = 400
    noise: float = 0.1
    scale: bool = True
    hidden: tuple[Hidden, ...] = field(default=(Hidden(), Hidden()))
    optimiser: str = "adam"
    rate: float = 0.01
    schedule: str = "constant"
    clip: float = 0.0
    l1: float = 0.0
    l2: float = 0.0
    batch: int = 32
    seed: int = 0
    target: str = ""
    axes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _known("data", self.data, (*SETS, "own"))
        _known("optimiser", self.optimiser, optimisers.OPTIMISERS)
        _known("schedule", self.schedule, SCHEDULE_NAMES)
        _flag("scale", self.scale)
        named = isinstance(self.axes, tuple) and all(isinstance(one, str) for one in (self.target, *self.axes))
        if not named or (self.data == "own" and len(set(self.axes)) != 2):
            raise InputError("axes", "the names of a target and of two columns", repr(self.axes)[:80], "Pick them.")
        _DEPTH("layers", len(self.hidden))
        _WEIGHTS("units from layer to layer", sum(a.units * b.units for a, b in pairwise(self.hidden)))
        for name, check in (
            ("rows", _ROWS), ("noise", _NOISE), ("rate", _RATE), ("clip", NOT_NEGATIVE), ("l1", NOT_NEGATIVE),
            ("l2", NOT_NEGATIVE), ("batch", _BATCH), ("seed", _SEED),
        ):  # fmt: skip
            check(name, getattr(self, name))

    @classmethod
    def of(cls, data: Any) -> Self:
        """From what a page sends; what is left out is as usual.

        Raises
        ------
        InputError, InputTypeError
            For a name that is none, and for what cannot be.
        """
        given = dict(_names(data, cls, "settings"))
        if "hidden" in given:
            if not isinstance(given["hidden"], Sequence) or isinstance(given["hidden"], str):
                raise InputTypeError("settings, hidden", "a list of layers", repr(given["hidden"])[:80], "[] is none.")
            given["hidden"] = tuple(Hidden(**_names(one, Hidden, "a layer")) for one in given["hidden"])
        if "axes" in given:
            given["axes"] = tuple(given["axes"]) if isinstance(given["axes"], list) else given["axes"]
        return cls(**given)

    def to_data(self) -> dict[str, Any]:
        """As JSON has it."""
        return {**asdict(self), "hidden": [asdict(one) for one in self.hidden], "axes": list(self.axes)}

    def layers(self, inputs: int, outputs: int) -> list[Layer]:
        """The network's, from inputs to outputs."""
        found: list[Layer] = []
        for one in self.hidden:
            found += one.block(inputs)
            inputs = one.units
        return [*found, Dense(outputs)]

    def without_skip(self, inputs: int) -> list[int]:
        """Layers whose skip connection is asked for and cannot be: what they go around is of another width."""
        widths = [inputs, *(one.units for one in self.hidden)]
        return [k for k, one in enumerate(self.hidden) if one.skip and not one.skips(widths[k])]

    def parameters(self) -> dict[str, Any]:
        """By the names that an estimator's parameters have, as the rules of diagnosis know them."""
        first = self.hidden[0] if self.hidden else Hidden()
        return {
            "hidden_layer_sizes": tuple(one.units for one in self.hidden),
            "activation": first.activation, "init": first.init, "residual": first.skip, "dropout": first.dropout,
            "norm": None if first.norm == "none" else first.norm, "solver": self.optimiser,
            "learning_rate_init": self.rate, "learning_rate": self.schedule, "clip_norm": self.clip or None,
            "l1": self.l1, "l2": self.l2, "batch_size": self.batch,
        }  # fmt: skip

    def changed(self, changes: Mapping[str, Any], scale: bool = False) -> Self | None:
        """The settings with a remedy's changes of an estimator's parameters; None where there is nothing like that."""
        ours: dict[str, Any] = {"scale": True} if scale else {}
        hidden = list(self.hidden)
        for name, value in changes.items():
            if name in _OF_LAYERS:
                said = {_OF_LAYERS[name]: _said(name, value)}
                hidden = [replace(one, **said) for one in hidden]
            elif name == "hidden_layer_sizes":
                like = hidden[0] if hidden else Hidden()
                hidden = [replace(like, units=units) for units in value]
            elif name in _OF_RUN:
                ours[_OF_RUN[name]] = _said(name, value)
            elif not (name == "layers" and value is None):
                return None
        try:
            found = replace(self, **ours, hidden=tuple(hidden))
        except (InputError, InputTypeError):  # beyond what settings may be
            return None
        return None if found == self else found


#: What an estimator calls what is set of a layer, and of a run.
_OF_LAYERS = {"activation": "activation", "init": "init", "norm": "norm", "residual": "skip", "dropout": "dropout"}
_OF_RUN = {
    "learning_rate_init": "rate", "learning_rate": "schedule", "solver": "optimiser", "clip_norm": "clip",
    "l1": "l1", "l2": "l2", "alpha": "l2", "batch_size": "batch",
}  # fmt: skip


def _said(name: str, value: Any) -> Any:
    """The value as settings have it."""
    if value is None:
        return {"norm": "none", "clip_norm": 0.0}[name]
    return value


def choices() -> dict[str, list[str]]:
    """The names that settings may have, for a page to offer."""
    return {
        "data": list(SETS), "activation": list(activations.ACTIVATIONS), "init": list(INITS),
        "norm": list(NORM_NAMES), "optimiser": list(optimisers.OPTIMISERS), "schedule": list(SCHEDULE_NAMES),
    }  # fmt: skip


def _names(data: Any, kind: type[Any], where: str) -> Mapping[str, Any]:
    """The fields of an object that a page sends."""
    if not isinstance(data, Mapping):
        raise InputTypeError(where, "an object", repr(data)[:80], "Send its fields by name.")
    known = [one.name for one in fields(kind)]
    for name in data:
        if name not in known:
            raise unknown_name(f"{where}, field", name, known)
    return data


def no_such(what: str, place: Any, count: int) -> InputError:
    """The error for a row, a layer or a unit that is not there."""
    return InputError(what, f"a number from 0 to {count - 1}", repr(place)[:80], "Pick one that is drawn.")
