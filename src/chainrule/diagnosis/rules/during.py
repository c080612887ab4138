"""Rules about training itself: how gradients, units and the loss behave."""

from __future__ import annotations

import math

import numpy as np

from chainrule.diagnosis import cures
from chainrule.diagnosis.cures import prescribe
from chainrule.diagnosis.findings import Evidence, Level
from chainrule.diagnosis.observed import Observed
from chainrule.diagnosis.probes import Probes
from chainrule.diagnosis.rules.base import LEARNED, Rule, Verdict, confidence, unlearned

#: Thresholds, found on the half of the data sets that benchmarks/faults keeps for it (docs/diagnosis.md).
FALL, STAYS_UNLEARNED, FALL_AT_FIRST, FALL_UNLEARNED = 2.5, 1.3, 4.0, 3.0
RISE, RISE_EVENLY, STEEP = 2.0, 1.1, 0.15
SHRINKS, ENDS = -0.05, 38
DEAD = 0.5
SATURATED = 0.5
FAST, FASTISH, SLOW = -0.8, -1.35, -3.3
RISES = 0.2
NOT_LEARNED = 0.5
STANDS = 0.02

A_LAYER = "powers of ten that RMS(dLoss/dz) gains a layer on the way back, at first"

#: Update over weight that trains well, as log10.
HEALTHY_UPDATE = "-4 to -1, best about -3"


def vanishing(observed: Observed) -> Verdict | None:
    """Powers of ten that dLoss/dz loses from the output to the first layer.

    At the start some are lost by networks that learn, too: then Adam, which divides them out, and steps that grow the
    weights bring them back. What is lost in the later half stays lost; what was lost at first has cost its time where
    little was learned.
    """
    probes, left = observed.probes, unlearned(observed)
    if not probes or len(probes.hidden) < 2:
        return None
    slopes, lost = probes.slope(), -probes.reach()
    first, late = float(lost[0]), observed.later(lost)
    at_first = FALL_AT_FIRST if left is None or left < LEARNED else FALL_UNLEARNED
    stays = STAYS_UNLEARNED if left is not None and left >= NOT_LEARNED and not _noisy(observed, probes) else FALL
    shrinks = min(float(slopes[0]), observed.later(slopes)) < SHRINKS
    dies = first < at_first and np.nanmax(observed.late("dead")[:-1], initial=0.0) > DEAD  # then nothing comes back
    if observed.fitted and late > stays and not dies and (shrinks or late > FALL):
        fall, threshold, when = late, stays, "in the later half"
    elif observed.begins and first > at_first and not (observed.fitted and at_first == FALL_AT_FIRST):
        fall, threshold, when = first, at_first, "at first"
    else:
        return None
    end = "; float32 ends there" if fall > ENDS else ""
    evidence = (
        Evidence(A_LAYER, float(slopes[0]), "about 0"),
        Evidence(f"powers of ten lost from the output to the first layer, {when}", fall, f"below {threshold:g}{end}"),
    )
    flow = probes.flow()[-1 if when != "at first" else 0]
    small = tuple(p.name for p, low in zip(probes.hidden, flow < flow[-1] - threshold / 2, strict=True) if low)
    level: Level = "warning" if observed.fitted and when == "at first" else "error"
    return Verdict(level, confidence(fall, threshold, 2 * threshold), evidence, small)


def _noisy(observed: Observed, probes: Probes) -> bool:
    """Whether a high loss, and a small fall with it, need not be the network's: it is not deep, or a plain one finds
    nothing either."""
    plain = observed.plain
    return len(probes.hidden) < 3 or (plain is not None and plain.related is False)


def exploding(observed: Observed) -> Verdict | None:
    """Powers of ten that dLoss/dz gains from the output to the first layer, or evenly over the hidden ones at first."""
    probes = observed.probes
    if not probes or len(probes.hidden) < 2:
        return None
    steep, reach = float(probes.slope()[0]), probes.reach()
    evenly = steep * (len(probes.hidden) - 1) if observed.begins and steep > STEEP else 0.0
    rise, threshold = max(float(reach[0]), observed.later(reach)), RISE
    if evenly > RISE_EVENLY:
        rise, threshold = max(rise, evenly), RISE_EVENLY
    if not rise > threshold:
        return None
    evidence = (
        Evidence(A_LAYER, steep, "about 0"),
        Evidence("powers of ten gained on the way back to the first layer", rise, f"below {threshold:g}"),
    )
    return Verdict("error", confidence(rise, threshold, 2 * RISE), evidence, tuple(p.name for p in probes.hidden))


def dead_relu(observed: Observed) -> Verdict | None:
    probes = observed.probes
    if not probes or not probes.hidden:
        return None
    dead = np.nan_to_num(observed.late("dead")[:-1])
    if not dead.max() > DEAD:
        return None
    found = tuple(layer.name for layer, share in zip(probes.hidden, dead, strict=True) if share > DEAD)
    evidence = Evidence(
        "largest share of a layer's units that were 0 for every row seen", float(dead.max()), f"< {DEAD:g}"
    )
    left = unlearned(observed)
    level: Level = "error" if dead.max() > 0.9 else "warning"
    if left is not None and left < LEARNED:
        level = "note"  # those that live do
    return Verdict(level, confidence(dead.max(), DEAD, 1), (evidence,), found)


def saturation(observed: Observed) -> Verdict | None:
    probes = observed.probes
    if not probes or not probes.hidden:
        return None
    share = np.nan_to_num(observed.late("saturated")[:-1])
    if not share.max() > SATURATED:
        return None
    found = tuple(layer.name for layer, one in zip(probes.hidden, share, strict=True) if one > SATURATED)
    name = "largest share of a layer's activations at a flat end"
    evidence = Evidence(name, float(share.max()), f"below {SATURATED:g}")
    return Verdict("warning", confidence(share.max(), SATURATED, 0.9), (evidence,), found)


def rate_too_high(observed: Observed) -> Verdict | None:
    probes = observed.probes
    if not probes:
        return None
    early = observed.early_update
    if not early > FAST:
        return None
    evidence = (
        Evidence("largest log10 of update over weight, early", early, HEALTHY_UPDATE),
        Evidence("learning rate", observed.rate, "the largest at which the loss still falls"),
    )
    left = unlearned(observed)
    level: Level = "error" if left is not None and left > NOT_LEARNED else "warning"
    return Verdict(level, confidence(early, FAST, 1), evidence)


def rate_too_low(observed: Observed) -> Verdict | None:
    """Steps that hardly move anything, while the loss is high."""
    probes = observed.probes
    if not probes or not observed.fitted:
        return None
    most = float(np.median(np.fmax.reduce(probes.of("update"), axis=1)))
    left = unlearned(observed)
    if not most < SLOW or (left is not None and left < LEARNED):
        return None
    evidence = [
        Evidence("log10 of update over weight, the largest of a layer, median of all epochs", most, HEALTHY_UPDATE),
        Evidence("learning rate", observed.rate, "the largest at which the loss still falls"),
    ]
    if left is not None:
        evidence.append(Evidence("training loss over that of a constant prediction", left, f"below {LEARNED:g}"))
    return Verdict("warning", confidence(-most, -SLOW, 5), tuple(evidence))


def oscillation(observed: Observed) -> Verdict | None:
    """A loss that often rises, with large steps: near its lowest any loss rises now and then."""
    losses, probes = observed.losses, observed.probes
    if len(losses) < 8 or not np.isfinite(losses).all() or not probes:
        return None
    share, early = float((losses[1:] > 1.02 * losses[:-1]).mean()), observed.early_update
    if not (share > RISES and early > FASTISH):
        return None
    evidence = (
        Evidence("share of the epochs in which the training loss rose by over 2 %", share, f"below {RISES:g}"),
        Evidence("largest log10 of update over weight, early", early, HEALTHY_UPDATE),
    )
    return Verdict("warning", confidence(share, RISES, 0.5), evidence)


def plateau(observed: Observed) -> Verdict | None:
    losses, left = observed.losses, unlearned(observed)
    if len(losses) < 4 or left is None or left < NOT_LEARNED or not np.isfinite(losses).all():
        return None
    moved = float(losses[len(losses) // 2] - losses[-1]) / float(losses[-1])
    if not abs(moved) < STANDS:
        return None
    evidence = (
        Evidence("training loss over that of a constant prediction", left, f"below {NOT_LEARNED:g}"),
        Evidence("share of the loss lost in the later half of training", moved, f"above {STANDS:g}"),
    )
    return Verdict("warning", confidence(left, NOT_LEARNED, 1), evidence)


def not_finite(observed: Observed) -> Verdict | None:
    if not observed.history or math.isfinite(observed.losses[-1]):
        return None
    evidence = Evidence("epoch in which the loss left the finite numbers", float(len(observed.history)), "none")
    return Verdict("error", 1.0, (evidence,))


DURING = (
    Rule(
        "not-finite", "Training left the finite numbers", "during",
        "A step that overshoots makes a larger gradient, and that a larger step, until numbers overflow. Weights do "
        "not come back from there.",
        "Goodfellow et al. 2016, Deep Learning, 8.2.4", not_finite, prescribe(cures.SLOWER, cures.CLIP, cures.SCALE),
    ),
    Rule(
        "vanishing-gradients", "Gradients vanish on their way back", "during",
        "Backpropagation multiplies the gradient by weights and by the activation's slope at every layer, and a "
        "sigmoid's slope is at most 1/4. Behind many layers hardly anything is left, and the first ones stay as they "
        "were drawn.",
        "Hochreiter 1991; Glorot and Bengio 2010",
        vanishing, prescribe(cures.open_way, cures.RELU, cures.NORM, cures.RESIDUAL, cures.ACTIVATION, cures.shallower),
        behind=("rate-too-high",),
    ),
    Rule(
        "exploding-gradients", "Gradients explode on their way back", "during",
        "Where weights are large, each layer multiplies the gradient by more than 1, and the first layers are torn "
        "about by what the last ones barely notice. No single learning rate then suits all layers.",
        "Pascanu et al. 2013, On the difficulty of training recurrent neural networks",
        exploding, prescribe(cures.STEADY, cures.INIT, cures.NORM, cures.CLIP, cures.SLOWER),
    ),
    Rule(
        "dead-relu", "Units are dead", "during",
        "A ReLU that is off for every row has slope 0 and gets no gradient: it never comes back. Steps that are too "
        "large, or biases far below zero, push units there.",
        "Maas et al. 2013; Lu et al. 2019, Dying ReLU and Initialization",
        dead_relu, prescribe(cures.revive, cures.LEAKY_INIT, cures.SLOWER, cures.NORM),
        behind=("rate-too-high",),
    ),
    Rule(
        "saturation", "Activations stand at the flat ends of their function", "during",
        "Where a sigmoid or a tanh is flat its slope is near 0, and so is the gradient that passes it. Large inputs "
        "or weights drive it there, and it is slow to leave.",
        "Glorot and Bengio 2010", saturation, prescribe(cures.NORM, cures.INIT, cures.SCALE, cures.RELU),
    ),
    Rule(
        "rate-too-high", "The learning rate is too high", "during",
        "A step as large as the weights themselves throws away what they knew. The loss then jumps instead of falling, "
        "and units may die.",
        "Bengio 2012, Practical recommendations for gradient-based training",
        rate_too_high, prescribe(cures.RATE_DOWN, cures.RIGHT_RATE, cures.CLIP),
    ),
    Rule(
        "rate-too-low", "The learning rate is too low", "during",
        "Steps of less than a ten-thousandth of the weights need tens of thousands of them to get anywhere. The loss "
        "falls all the time, and hardly.",
        "Bengio 2012, Practical recommendations for gradient-based training",
        rate_too_low, prescribe(cures.RATE_UP, cures.RIGHT_RATE, cures.LONGER),
        behind=("vanishing-gradients", "exploding-gradients"),
    ),
    Rule(
        "oscillation", "The loss goes up and down", "during",
        "Steps larger than the valley is wide jump from one slope to the other. Small batches do the same, as each has "
        "a gradient of its own.",
        "LeCun et al. 1998, Efficient BackProp",
        oscillation, prescribe(cures.SLOWER, cures.LARGER_BATCH, cures.RIGHT_RATE), behind=("rate-too-high",),
    ),
    Rule(
        "plateau", "The loss stands still", "during",
        "The gradient is near zero though little has been learned: units that are all alike, a learning rate that has "
        "run out, or a network that cannot express more. More epochs will not help.",
        "Dauphin et al. 2014, Identifying and attacking the saddle point problem",
        plateau, prescribe(cures.move_on, cures.FASTER, cures.LARGER, cures.relieve),
        behind=("vanishing-gradients", "exploding-gradients", "dead-relu", "saturation", "rate-too-high",
                "rate-too-low", "underfitting", "unscaled-inputs", "shuffled-labels", "like-a-constant"),
    ),
)  # fmt: skip
