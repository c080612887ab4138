"""Cures: the remedies that rules name, by what they are against."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.diagnosis.observed import Observed
from chainrule.diagnosis.remedies import Remedy
from chainrule.training import schedules

#: log10 of update over weight from which steps kill units.
LARGE_STEPS = -1.0

#: What a rule asks for its remedies; None where there is no reason for one.
Cure = Callable[[Observed], Remedy | None]


def fixed(name: str, text: str, scale: bool = False, **changes: Any) -> Cure:
    """A remedy that is the same whatever was observed."""
    remedy = Remedy(name, text, tuple(changes.items()), scale)
    return lambda observed: remedy


def rate(name: str, factor: float, text: str) -> Cure:
    """The learning rate times a factor."""

    def cure(observed: Observed) -> Remedy:
        found = float(f"{observed.rate * factor:.2g}")
        return Remedy(name, text.format(rate=f"{found:g}"), (("learning_rate_init", found),))

    return cure


def rate_for(name: str, update: float, text: str) -> Cure:
    """The learning rate that takes the largest early log10 of update over weight to `update`."""

    def cure(observed: Observed) -> Remedy | None:
        factor = 10 ** float(np.clip(update - observed.early_update, -4, 5))
        return rate(name, factor, text)(observed)

    return cure


def times(name: str, parameter: str, factor: float, text: str) -> Cure:
    """A number or a width of the estimator times a factor."""

    def cure(observed: Observed) -> Remedy:
        value = observed.parameters.get(parameter)
        if observed.parameters.get("layers") is not None and parameter == "hidden_layer_sizes":
            found: Any = None  # the user's own layers stand in their place
        elif isinstance(value, (tuple, list)):
            found = tuple(max(1, round(width * factor)) for width in value)
        elif isinstance(value, int):
            found = max(1, round(value * factor))
        else:
            found = None
        return Remedy(name, text, () if found is None else ((parameter, found),))

    return cure


def said(name: str, kind: str, text: str, names: Callable[[Observed], Sequence[str]]) -> Cure:
    """What a table estimator is to be told of the columns that a rule has found, beside what it was told of others."""

    def cure(observed: Observed) -> Remedy:
        found = dict.fromkeys(names(observed), kind)
        columns = {**(observed.parameters.get("columns") or {}), **found}
        return Remedy(name, text.format(columns=f"columns={found}"), (("columns", columns),))

    return cure


def open_way(observed: Observed) -> Remedy:
    """What lets a gradient through any depth; SGD, whose rate was found for tiny gradients, gives way to Adam."""
    said = (
        "Use GELU with He initialisation and layer normalisation, with a skip connection around every layer: the "
        "gradient then has a way back on which nothing shrinks it. Clip its norm at 1, as more of it arrives."
    )
    changes: dict[str, Any] = {
        "activation": "gelu", "init": "auto", "residual": True, "norm": "layer", "clip_norm": 1.0,
    }  # fmt: skip
    if observed.parameters.get("solver") == "sgd":
        said += " Use Adam: the rate of SGD was found for gradients that are gone."
        changes |= {"solver": "adam", "learning_rate_init": 1e-3}
    return Remedy("gelu-residual", said, tuple(changes.items()))


def _scheduled(observed: Observed) -> bool:
    """Whether a schedule moves the learning rate."""
    return schedules.is_one(observed.parameters.get("learning_rate"))


def revive(observed: Observed) -> Remedy | None:
    """Against dead units: smaller steps where they were as large as the weights, else weights and a slope that live."""
    if not observed.early_update > LARGE_STEPS:
        return LEAKY_INIT(observed)
    return (CONSTANT_RATE if _scheduled(observed) else RATE_DOWN)(observed)


def move_on(observed: Observed) -> Remedy | None:
    """Against a loss that stands: a rate that does not run out, else weights that differ and units that pass it on."""
    return (CONSTANT_RATE if _scheduled(observed) else RELU)(observed)


def penalise(observed: Observed) -> Remedy:
    """L2 and, where the solver draws, dropout: what mended most of the planted cases (docs/decisions)."""
    if observed.parameters.get("solver") == "lbfgs":
        return Remedy("l2", "Penalise large weights: l2=0.03.", (("l2", 0.03),))
    said = "Penalise large weights and drop 30 % of the units in training: l2=0.03, dropout=0.3."
    return Remedy("l2-dropout", said, (("l2", 0.03), ("dropout", 0.3)))


def statistics(observed: Observed) -> Remedy:
    """Batch normalisation as it is by default, on batches that have statistics."""
    size = observed.parameters.get("batch_size")
    larger = (("batch_size", 32),) if isinstance(size, int) and size < 16 else ()
    said = "Use batch normalisation as it is by default, momentum 0.1" + (", on batches of 32 rows." if larger else ".")
    return Remedy("batch-norm-default", said, (("norm", "batch"), *larger))


def relieve(observed: Observed) -> Remedy | None:
    """Against too little learned: take away what is set far off, by name."""
    found = {
        name: usual
        for name, (usual, much) in USUAL.items()
        if isinstance(value := observed.parameters.get(name), (int, float)) and value >= much
    }
    if not found:
        return None
    named = ", ".join(f"{name}={observed.parameters[name]:g}" for name in found)
    return Remedy(
        "less-regularisation", f"Take back {named}: it keeps the network from learning.", tuple(found.items())
    )


#: What regularises: its usual value, and from where on it is much.
USUAL = {"dropout": (0.0, 0.6), "alpha": (1e-4, 0.1), "l1": (0.0, 0.01), "l2": (0.0, 0.1), "weight_decay": (0.0, 1.0)}


def scale_target(observed: Observed) -> Remedy | None:
    """For numbers alone."""
    if observed.survey is None or observed.survey.shares:
        return None
    said = "Standardise the target: scikit-learn's TransformedTargetRegressor does, and TableRegressor by itself."
    return Remedy("scale-target", said)


def curve(observed: Observed) -> Remedy:
    """Something curved between products: by the activation, or by hand where the layers were given."""
    if observed.parameters.get("layers") is not None:
        return Remedy("activation", "Put an activation between the products: Dense(64, 'gelu').")
    return Remedy(
        "gelu", "Use GELU as activation: a stack of linear layers is one linear layer.", (("activation", "gelu"),)
    )


def shallower(observed: Observed) -> Remedy:
    """Two layers, in place of whatever there are."""
    own = (("layers", None),) if "layers" in observed.parameters else ()
    said = "Use fewer layers: two do for most tables."
    return Remedy("shallower", said, (("hidden_layer_sizes", (64, 64)), *own))


#: Parameters that solver="lbfgs" refuses.
NOT_WITH_LBFGS = {"clip_norm", "dropout", "weight_decay", "early_stopping", "calibration", "batch_size"}


def prescribe(*cures: Cure) -> Callable[[Observed], tuple[Remedy, ...]]:
    """The cures that the estimator at hand can take and that change it, and those for the user, each once."""

    def remedies(observed: Observed) -> tuple[Remedy, ...]:
        found: dict[str, Remedy] = {}
        for cure in cures:
            remedy = cure(observed)
            if remedy is not None and _helps(remedy, observed.parameters):
                found.setdefault(remedy.name, remedy)
        return tuple(found.values())

    return remedies


def _helps(remedy: Remedy, parameters: Mapping[str, Any]) -> bool:
    """Whether a remedy is none that these parameters refuse or have already."""
    refused = parameters.get("solver") == "lbfgs" and any(name in NOT_WITH_LBFGS for name, _ in remedy.changes)
    same = not remedy.scale and remedy.changes and all(parameters.get(n) == v for n, v in remedy.changes)
    return remedy.suits(parameters) and not (refused or same)


ACTIVATION = fixed("relu", "Use ReLU: its slope is 1 where a unit is active.", activation="relu")
RELU = fixed(
    "relu-he",
    "Use ReLU with He initialisation: its slope is 1 where a unit is active, and the weights keep the variance.",
    activation="relu", init="auto",
)  # fmt: skip
STEADY = fixed(
    "init-residual",
    "Let the initialisation follow from the activation, and normalise every layer, with a skip connection around it: "
    "what goes through then keeps its size both ways.",
    init="auto", residual=True, norm="layer",
)  # fmt: skip
NORM = fixed(
    "batch-norm",
    "Normalise every layer's pre-activations over the batch: whatever the weights, they then keep their scale.",
    norm="batch", init="auto",
)  # fmt: skip
INIT = fixed("init-auto", "Let the initialisation follow from the activation: init='auto'.", init="auto")
RESIDUAL = fixed("residual", "Put a skip connection around every layer.", residual=True)
LEAKY_INIT = fixed(
    "leaky-relu",
    "Use leaky ReLU with He initialisation: units that are off still have a slope.",
    activation="leaky_relu", init="auto",
)  # fmt: skip
CLIP = fixed("clip", "Clip the gradient to norm 1.", clip_norm=1.0)
SCALE = fixed(
    "scale-inputs", "Standardise the inputs: each column minus its mean, over its deviation.", scale=True
)  # fmt: skip
SLOWER = rate("rate-lower", 0.1, "Lower the learning rate to a tenth: learning_rate_init={rate}.")
FASTER = rate("rate-higher", 10.0, "Raise the learning rate tenfold: learning_rate_init={rate}.")
RATE_DOWN = rate_for(
    "rate-lower", -2.5, "Lower the learning rate until a step is about 1/300 of the weights: learning_rate_init={rate}."
)
RATE_UP = rate_for(
    "rate-higher",
    -2.5,
    "Raise the learning rate until a step is about 1/300 of the weights: learning_rate_init={rate}.",
)
CONSTANT_RATE = fixed("constant-rate", "Leave the schedule out: learning_rate='constant'.", learning_rate="constant")
RIGHT_RATE = fixed("find-rate", "Run chainrule.find_learning_rate(estimator, X, y), and take what it suggests.")
EARLY = fixed(
    "early-stopping",
    "Hold rows out and stop where their score no longer rises; the best weights come back.",
    early_stopping=True,
)
DROPOUT = fixed("dropout", "Drop 30 % of the units in training.", dropout=0.3)
DECAY = fixed("weight-decay", "Let weights decay: weight_decay=0.05.", weight_decay=0.05)
MORE_ROWS = fixed("more-rows", "Train on more rows, or on fewer columns.")
SMALLER = times("narrower", "hidden_layer_sizes", 0.25, "Make every layer a quarter as wide.")
LARGER = times("wider", "hidden_layer_sizes", 4, "Make every layer four times as wide.")
LONGER = times("longer", "max_iter", 3, "Train three times as many epochs.")
PLAIN = fixed(
    "plain-network",
    "Use what does better: two layers of 64 ReLU units, without dropout and with hardly any regularisation.",
    hidden_layer_sizes=(64, 64), layers=None, activation="relu", alpha=1e-4, l1=0.0, l2=0.0, dropout=0.0,
)  # fmt: skip
LARGER_BATCH = fixed("larger-batch", "Use batches of 256 rows: their mean is less noisy.", batch_size=256)
BALANCE = fixed("balance", "Weigh classes by the inverse of their share.", class_weight="balanced")
CALIBRATE = fixed(
    "calibrate", "Hold rows out, and learn a temperature from them.", calibration=True, early_stopping=True
)
CALIBRATE_LATER = fixed("calibrate-later", "Call estimator.calibrate(X, y) with rows that training did not see.")
SMOOTH = fixed("label-smoothing", "Smooth the labels by 0.1.", label_smoothing=0.1)
DROP_COLUMNS = fixed("drop-columns", "Leave these columns out.")
BETTER_COLUMNS = fixed("better-columns", "Find columns that tell more of the target.")
CHECK_COLUMN = fixed("check-column", "Ask whether this column is known before the target is; if not, leave it out.")
NAME_MISSING = fixed(
    "name-missing",
    "Name the words that stand for a missing value, so that no others pass for one: missing=['unknown'].",
)
HOLD_TOGETHER = fixed(
    "hold-together",
    "Where several rows share a value, hold them out together: fit(..., groups=) with a validation_split by groups.",
)
LATER_ROWS = fixed("later-rows", "Train again, with rows of these dates.")
BY_TIME = fixed(
    "by-time", "Hold the last rows out, so that the score is of dates that were not learned: validation_split= by time."
)
MEND_LEVELS = fixed(
    "mend-levels", "See how these are written: a level is known by its exact text, spaces and capital letters included."
)
SUCH_ROWS = fixed("such-rows", "Train again, with rows that have them.")
CHECK_LABELS = fixed("check-labels", "Look at some rows and their labels: an order may have been lost in a join.")
NO_DROPOUT = fixed("no-dropout", "Leave dropout out: batch normalisation has noise of its own.", dropout=0.0)
SWAP = fixed("swap", "Put dropout behind the batch normalisation, best behind the last one.")
LAYER_NORM = fixed(
    "layer-norm", "Use layer normalisation, which does the same in training and prediction.", norm="layer"
)
NO_OUTPUT_LAYER = fixed(
    "no-output-layer", "Leave your output layer out of `layers`: the estimator adds its own, and the loss its link."
)
POISSON = fixed("poisson", "Use loss='poisson', whose errors grow with the mean.", loss="poisson")
