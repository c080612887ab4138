"""Rules about what training has led to: the scores, the classes, the probabilities."""

from __future__ import annotations

import numpy as np

from chainrule.diagnosis import cures
from chainrule.diagnosis.cures import prescribe
from chainrule.diagnosis.findings import Evidence
from chainrule.diagnosis.observed import Observed, Scores
from chainrule.diagnosis.rules.base import EXPLAINED, Rule, Verdict, confidence, noise

#: Thresholds, found on the half of the data sets that benchmarks/faults keeps for it (docs/diagnosis.md).
GAP, RISE = 0.1, 1.25
SHORT = 0.05
MISMATCH = 1.25
RARE, FOUND = 0.05, 0.5
UNSURE = 0.1


def overfitting(observed: Observed) -> Verdict | None:
    """A gap of scores where both are known, else a validation loss that rises from its best."""
    known, others = observed.training, observed.held_out
    gap = 0.0 if known is None or others is None else max(known.score, -1.0) - max(others.score, -1.0)
    if others is not None and gap > GAP:
        name = "score of the rows trained on minus that of others"
        evidence = [
            Evidence(name, gap, f"below {GAP:g}"),
            Evidence("score of others", others.score, "that of the former"),
        ]
        return Verdict("warning", confidence(gap, GAP, 0.3), tuple(evidence))
    records = [record for record in observed.history if record.validation_loss is not None]
    seen = np.array([record.validation_loss for record in records])
    if len(seen) < 4 or not np.isfinite(seen).all() or seen.min() <= 0:
        return None
    rise = float(seen[-1] / seen.min())
    best = records[int(seen.argmin())]
    if not rise > RISE or records[-1].loss > best.loss:
        return None
    kept = "; its weights were put back" if observed.restores else ""
    evidence = [
        Evidence("validation loss at the end over its lowest", rise, f"below {RISE:g}"),
        Evidence("epoch of the lowest", float(best.epoch), f"near {records[-1].epoch}, the last{kept}"),
    ]
    return Verdict("note" if observed.restores else "warning", confidence(rise, RISE, 2), tuple(evidence))


def like_a_constant(observed: Observed) -> Verdict | None:
    """Neither loss nor score nor order of the predictions is better than that of a constant by more than a little."""
    scores = observed.held_out or observed.training
    if not observed.fitted:
        return None
    if scores is None:
        left, evidence = observed.unexplained, []
    else:
        if scores.agreement is not None and scores.agreement**2 > EXPLAINED:
            return None
        room = 1 - scores.chance
        if scores.rows < 2 or not room > 0 or (scores.score - scores.chance) / room > EXPLAINED:
            return None
        known = scores.constant if observed.ends_at_zero else None
        left = scores.loss / known if known and known > 0 else 1 - scores.score
        evidence = [Evidence(f"score, where a constant has {scores.chance:.3g}", scores.score, "well above that")]
    if left is None or left < 1 - EXPLAINED:
        return None
    evidence.insert(0, Evidence("loss over that of the best constant prediction", left, f"below {1 - EXPLAINED:g}"))
    return Verdict("warning", confidence(left, 1 - EXPLAINED, 1), tuple(evidence))


def underfitting(observed: Observed) -> Verdict | None:
    """A plain network predicts rows that it has not seen better than this one those that it was trained on."""
    known, plain = observed.training, observed.plain
    if known is None or plain is None or observed.parameters.get("class_weight") is not None:
        return None  # weighed classes are not there for the accuracy
    short = plain.score - max(known.score, -1.0)
    by_luck = 2 * noise(min(max(plain.score, 0.0), 1.0), plain.rows, bool(known.recalls))
    if not short > SHORT + by_luck:
        return None
    evidence = (
        Evidence("score of the rows trained on", known.score, f"near {plain.score:.3g}"),
        Evidence(
            "how far that is below a plain network of two layers of 64, on rows it has not seen",
            short,
            f"below {SHORT:g}",
        ),
    )
    return Verdict("warning", confidence(short, SHORT, 0.3), evidence)


def batch_norm_mismatch(observed: Observed) -> Verdict | None:
    """The same rows have another loss in prediction than they had in training."""
    if observed.batch_losses is None or not min(observed.batch_losses) > 0:
        return None
    ratio = observed.batch_losses[1] / observed.batch_losses[0]
    if not ratio > MISMATCH:
        return None
    evidence = (
        Evidence("loss by running statistics over loss by those of the batch, same rows", ratio, f"below {MISMATCH:g}"),
    )
    return Verdict("warning", confidence(ratio, MISMATCH, 4), evidence)


def class_imbalance(observed: Observed) -> Verdict | None:
    seen, scores = observed.survey, observed.held_out or observed.training
    if seen is None or len(seen.shares) < 2 or scores is None or len(scores.recalls) != len(seen.shares):
        return None
    rarest = int(np.argmin(seen.shares))
    share, recall = seen.shares[rarest], scores.recalls[rarest]
    if not (share < RARE / (len(seen.shares) / 2) and recall < FOUND):
        return None
    evidence = (
        Evidence("share of the rarest class", share, f"near {1 / len(seen.shares):.2g}"),
        Evidence("share of its rows that are found", recall, f"above {FOUND:g}"),
    )
    return Verdict("warning", confidence(-recall, -FOUND, 0), evidence)


def miscalibration(observed: Observed) -> Verdict | None:
    others = observed.held_out
    if others is None or others.calibration is None or not others.calibration > UNSURE + _by_chance(others):
        return None
    if not others.sure > 0:
        return None  # too modest: it has learned too little
    evidence = (
        Evidence("expected calibration error of rows not trained on", others.calibration, f"below {UNSURE:g}"),
        Evidence("mean certainty minus accuracy", others.sure, "near 0"),
    )
    return Verdict("warning", confidence(others.calibration, UNSURE, 0.3), evidence)


def _by_chance(scores: Scores) -> float:
    """What so few rows add to the error of a network that is well calibrated: about the noise of a bin's share."""
    return 0.5 * float(np.sqrt(10 / scores.rows)) * 0.25


AFTER = (
    Rule(
        "overfitting", "The network has learned its rows by heart", "after",
        "A network with many parameters fits the noise of its rows as well as what they have in common. On other rows "
        "the noise is another one, and the score falls.",
        "Goodfellow et al. 2016, Deep Learning, 5.2",
        overfitting, prescribe(cures.penalise, cures.EARLY, cures.DROPOUT, cures.DECAY, cures.SMALLER, cures.MORE_ROWS),
        behind=("shuffled-labels",),
    ),
    Rule(
        "like-a-constant", "The network predicts hardly better than a constant", "after",
        "The least that a network can learn is the mean of the target, or the share of each class. One that has "
        "learned no more has found nothing in the columns: they do not tell of the target, rows and targets are out "
        "of order, or training did not get there.",
        "Karpathy 2019, A Recipe for Training Neural Networks",
        like_a_constant, prescribe(cures.CHECK_LABELS, cures.BETTER_COLUMNS, cures.relieve, cures.LONGER),
        behind=("shuffled-labels", "vanishing-gradients", "exploding-gradients", "dead-relu", "saturation",
                "rate-too-high", "rate-too-low", "not-finite", "unscaled-inputs", "batch-norm-mismatch",
                "underfitting", "one-batch", "overfitting", "class-imbalance"),
    ),
    Rule(
        "underfitting", "The network has learned less than its rows teach", "after",
        "Too few units, too much regularisation or too few steps keep a network from what the rows would teach it. It "
        "then does equally badly on all rows, and more of them do not help.",
        "Goodfellow et al. 2016, Deep Learning, 5.2",
        underfitting, prescribe(cures.relieve, cures.PLAIN, cures.LARGER, cures.LONGER, cures.FASTER),
        behind=("vanishing-gradients", "exploding-gradients", "dead-relu", "saturation", "rate-too-high",
                "rate-too-low", "not-finite", "unscaled-inputs", "batch-norm-mismatch", "linear-stack"),
    ),
    Rule(
        "batch-norm-mismatch", "Batch normalisation predicts with other statistics than it was trained with", "after",
        "In training a batch is normalised by its own mean and variance, in prediction by their running averages. "
        "Where these have not arrived, or batches are too small, the network predicts from values it has never seen.",
        "Ioffe 2017, Batch Renormalization",
        batch_norm_mismatch, prescribe(cures.statistics, cures.LAYER_NORM, cures.LARGER_BATCH, cures.LONGER),
    ),
    Rule(
        "class-imbalance", "A rare class is hardly ever predicted", "after",
        "The mean loss over rows is nearly that of the frequent classes alone. A network can bring it low and never "
        "name the rare one.",
        "He and Garcia 2009, Learning from Imbalanced Data",
        class_imbalance, prescribe(cures.BALANCE, cures.MORE_ROWS),
    ),
    Rule(
        "miscalibration", "Probabilities are not to be believed", "after",
        "Cross-entropy goes on to fall when right answers are made surer, long after their number has stopped "
        "growing. Networks trained far are surer than they are right.",
        "Guo et al. 2017, On Calibration of Modern Neural Networks",
        miscalibration, prescribe(cures.CALIBRATE, cures.CALIBRATE_LATER, cures.SMOOTH, cures.EARLY),
    ),
)  # fmt: skip
