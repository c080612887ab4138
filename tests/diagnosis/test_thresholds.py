"""Every threshold of a rule has a case close to either side of it: what is just well enough, and what is not."""

from dataclasses import replace

import numpy as np
import pytest
from tests.diagnosis.cases import STUCK, cells, dated, falling, mixed, numbered, observed, probes, seen, table, towns

from chainrule import Dense, MLPClassifier, Network, losses
from chainrule.diagnosis.judge import judge
from chainrule.diagnosis.observed import Scores
from chainrule.training.records import Record

LEARNED, UNLEARNED = Scores(0.1, 0.95, 0.5, 500), Scores(0.5, 0.7, 0.5, 500)


def rows(score=0.93, chance=0.5, count=400, **more):
    return Scores(0.2, score, chance, count, **more)


def shuffled(leak, others, known, looked_at=500):
    """Rows trained on are known by `known` over chance, others by `others`; a column tells of the target by `leak`."""
    return observed(
        probes=seen(leak_correlation=leak, looked_at=looked_at), training=rows(0.5 + known), held_out=rows(0.5 + others)
    )


def going(agreement, by_chance=0.02, plain=None, relation=0.3, known=0.4):
    """Predictions of others go with their targets by `agreement`, and those of a plain network by `plain`."""
    others = Scores(0.7, 0.5, 0.5, 400, agreement=agreement, by_chance=by_chance)
    told = None if plain is None else Scores(0.7, 0.5, 0.5, 400, agreement=plain, by_chance=by_chance)
    about = seen(leak_correlation=0.05, relation=relation)
    return observed(probes=about, training=rows(0.5 + known), held_out=others, plain=told)


def unexplained(share, score=0.0, agreement=0.0, **changes):
    """Numbers of which a share of a constant's loss is left."""
    others = Scores(share, score, 0.0, 400, constant=1.0, agreement=agreement, by_chance=0.05)
    loss = losses.get("squared_error")
    return observed(**{"loss": loss, "probes": seen(shares=()), "training": None, "held_out": others, **changes})


def told_by_records(held_out, constant=1.0):
    """The same without rows: by the lowest loss of those held out in training."""
    records = [Record(k, 0.3, 1e-3, 0.1, validation_loss=one) for k, one in enumerate((1.2, held_out, 1.3, 1.4), 1)]
    about = seen(shares=(), held_out_constant=constant)
    return unexplained(0.0, held_out=None, history=records, probes=about, constant_loss=5.0)


def fading(at_first, late, **changes):
    """dz of two probes that falls by so many powers of ten over three hidden layers and the output."""
    steps = np.array([-at_first, -late])[:, None] / 3 * np.arange(4)[::-1] - 1.0
    return observed(probes=probes(dz_rms=10.0**steps, count=2), **changes)


def risen(by):
    curve = [0.5, 0.4, 0.4, 0.4 * by]
    records = [Record(k, 1 / k, 1e-3, 0.1, validation_loss=loss) for k, loss in enumerate(curve, start=1)]
    return observed(history=records, held_out=None)


def own(units):
    """Layers of one's own that end in so many units before the output layer of two classes."""
    layers = [Dense(16, "relu"), Dense(units, "relu")]
    parameters = MLPClassifier(layers=layers).get_params(deep=False)
    return observed(network=Network([*layers, Dense(1)], 16), parameters=parameters, probes=seen(shares=(0.5, 0.5)))


def counts(skew):
    return observed(
        loss=losses.get("squared_error"), probes=seen(shares=(), counts=True, target_skew=skew, variance=1.0)
    )


#: rule, well enough, not any more
CASES = {
    "size of a column": ("unscaled-inputs", observed(probes=seen(largest=14.0)), observed(probes=seen(largest=16.0))),
    "small columns": (
        "unscaled-inputs", observed(probes=seen(median=0.021)), observed(probes=seen(median=0.019)),
    ),
    "leak": ("label-leak", *(observed(probes=seen(leak_correlation=size)) for size in (0.985, 0.991))),
    "shuffled, correlation": ("shuffled-labels", shuffled(0.25, 0, 0.4), shuffled(0.15, 0, 0.4)),
    "shuffled, score of others": ("shuffled-labels", shuffled(0.1, 0.06, 0.4), shuffled(0.1, 0.04, 0.4)),
    "shuffled, of many rows a little is enough": ("shuffled-labels", shuffled(0.1, 0, 0.01), shuffled(0.1, 0, 0.03)),
    "shuffled, few rows must be known by heart": (
        "shuffled-labels", shuffled(0.1, 0, 0.28, looked_at=100), shuffled(0.1, 0, 0.32, looked_at=100),
    ),
    "shuffled, an order that is more than chance": (
        "shuffled-labels", going(0.25, by_chance=0.08, plain=0.1), going(0.23, by_chance=0.08, plain=0.1),
    ),
    "shuffled, an order that is hardly one": ("shuffled-labels", going(0.11, plain=0.0), going(0.09, plain=0.0)),
    "shuffled, what a plain network finds": ("shuffled-labels", going(0.0, plain=0.11), going(0.0, plain=0.09)),
    "shuffled, before it is learned by heart": (
        "shuffled-labels", going(0.0, known=0.0), going(0.0, known=0.0, plain=0.0),
    ),
    "shuffled, a column that tells": ("shuffled-labels", going(0.0, relation=0.21), going(0.0, relation=0.19)),
    "like a constant, loss": ("like-a-constant", unexplained(0.94), unexplained(0.96)),
    "like a constant, score": ("like-a-constant", unexplained(0.99, 0.06), unexplained(0.99, 0.04)),
    "like a constant, order": (
        "like-a-constant", unexplained(0.99, agreement=0.23), unexplained(0.99, agreement=0.22),
    ),
    "like a constant, without rows": ("like-a-constant", told_by_records(0.94), told_by_records(0.96)),
    "like a constant, held-out rows of their own": (
        "like-a-constant", told_by_records(0.96, 1.1), told_by_records(1.06, 1.1),
    ),
    "initial loss": (
        "initial-loss", observed(initial_loss=9.8 * np.log(2)), observed(initial_loss=10.2 * np.log(2)),
    ),
    "size of the target": (
        "initial-loss",
        *(
            observed(
                loss=losses.get("squared_error"), constant_loss=1.0, initial_loss=1.0,
                probes=seen(shares=(), target_rms=rms, variance=1.0),
            )
            for rms in (29.0, 31.0)
        ),
    ),
    "weights that keep little": ("unfit-initialisation", *(observed(probes=probes(W_rms=s)) for s in (0.19, 0.16))),
    "weights that make more": ("unfit-initialisation", *(observed(probes=probes(W_rms=s)) for s in (0.69, 0.73))),
    "units before the output": ("unfit-link", own(3), own(2)),
    "skewness of counts": ("unfit-link", counts(1.9), counts(2.1)),
    "vanishing, late, learned": (
        "vanishing-gradients", fading(2.4, 2.4, training=LEARNED), fading(2.6, 2.6, training=LEARNED),
    ),
    "vanishing, late, not learned": (
        "vanishing-gradients", fading(1.2, 1.2, training=UNLEARNED), fading(1.4, 1.4, training=UNLEARNED),
    ),
    "vanishing, late, what a plain network finds": (
        "vanishing-gradients",
        *(fading(1.4, 1.4, training=UNLEARNED, plain=Scores(0.7, 0.5, 0.5, 400, agreement=agrees, by_chance=0.02))
          for agrees in (0.09, 0.11)),
    ),
    "vanishing, at first, not learned": (
        "vanishing-gradients", fading(2.9, 0.0, training=UNLEARNED), fading(3.1, 0.0, training=UNLEARNED),
    ),
    "vanishing, before training": (
        "vanishing-gradients",
        *(fading(fall, 0.0, fitted=False, history=(), training=None) for fall in (3.9, 4.1)),
    ),
    "exploding": (
        "exploding-gradients",
        *(observed(probes=probes(dz_rms=10.0 ** np.array([rise, 0, 0, 0]))) for rise in (1.0, 2.2)),
    ),
    "exploding, evenly": (
        "exploding-gradients", *(observed(probes=probes(dz_rms=falling(-by))) for by in (0.5, 0.6)),
    ),
    "dead": ("dead-relu", observed(probes=probes(dead=0.45)), observed(probes=probes(dead=0.55))),
    "saturated": (
        "saturation", *(observed(probes=probes(activation="tanh", saturated=share)) for share in (0.45, 0.55)),
    ),
    "rate too high": ("rate-too-high", observed(probes=probes(update=-0.85)), observed(probes=probes(update=-0.75))),
    "rate too low": (
        "rate-too-low", *(observed(probes=probes(update=update), training=UNLEARNED) for update in (-3.2, -3.4)),
    ),
    "oscillation, how often": (
        "oscillation",
        observed(probes=probes(update=-1.1), curve=[0.6, 0.5, 0.7, 0.4, 0.3, 0.28, 0.25, 0.22, 0.2, 0.19, 0.18]),
        observed(probes=probes(update=-1.1), curve=[0.6, 0.5, 0.7, 0.4, 0.5, 0.28, 0.35, 0.22, 0.2, 0.19, 0.18]),
    ),
    "oscillation, how far": (
        "oscillation",
        *(
            observed(probes=probes(update=update), curve=[0.6, 0.5, 0.7, 0.4, 0.6, 0.3, 0.5, 0.3, 0.5, 0.3])
            for update in (-1.4, -1.3)
        ),
    ),
    "plateau, learned": (
        "plateau",
        *(observed(curve=STUCK, training=Scores(loss, 0.6, 0.5, 500)) for loss in (0.49 * np.log(2), 0.51 * np.log(2))),
    ),
    "plateau, moved": (
        "plateau",
        *(observed(curve=[0.7] * 6 + [0.7 / by] * 4, training=Scores(0.69, 0.5, 0.5, 500)) for by in (1.025, 1.015)),
    ),
    "overfitting, gap": (
        "overfitting", *(observed(training=rows(0.95), held_out=rows(0.95 - gap)) for gap in (0.09, 0.11)),
    ),
    "overfitting, rise": ("overfitting", risen(1.2), risen(1.3)),
    "batch statistics": (
        "batch-norm-mismatch", observed(batch_losses=(0.1, 0.12)), observed(batch_losses=(0.1, 0.13)),
    ),
    "rare": (
        "class-imbalance",
        *(
            observed(probes=seen(shares=(1 - rare, rare)), held_out=rows(recalls=(1.0, 0.1)))
            for rare in (0.055, 0.045)
        ),
    ),
    "found": (
        "class-imbalance",
        *(
            observed(probes=seen(shares=(0.97, 0.03)), held_out=rows(recalls=(1.0, recall)))
            for recall in (0.52, 0.48)
        ),
    ),
    "numbers that name rows, different": (
        "id-among-inputs", *(table(numbered(different=share)) for share in (0.97, 0.99)),
    ),
    "numbers called ids, different": (
        "id-among-inputs", *(table(numbered(different=share, called_id=True)) for share in (0.89, 0.91)),
    ),
    "numbers that name rows, how many": (
        "id-among-inputs", *(table(numbered(rows), rows=rows) for rows in (190, 210)),
    ),
    "numbers called ids, how many": (
        "id-among-inputs", *(table(numbered(rows, called_id=True), rows=rows) for rows in (49, 51)),
    ),
    "numbers that lie evenly": ("id-among-inputs", *(table(numbered(uneven=far)) for far in (0.1, 0.09))),
    "numbers of a name lie as they will": (
        "id-among-inputs", *(table(numbered(uneven=0.4, called_id=called)) for called in (False, True)),
    ),
    "numbers that tell of the target": ("id-among-inputs", *(table(numbered(told=told)) for told in (0.031, 0.029))),
    "numbers of which nobody knows what they tell": (
        "id-among-inputs", table(numbered(told=None)), table(numbered()),
    ),
    "numbers fewer than rows": ("id-among-inputs", *(table(numbered(span=span)) for span in (999.0, 1001.0))),
    "words of a row each": ("id-among-inputs", *(table(replace(towns(), levels=n), rows=100) for n in (50, 51))),
    "words of a row each, how many": (
        "id-among-inputs", *(table(replace(towns(), levels=40), rows=rows) for rows in (49, 50)),
    ),
    "words of hardly another row": ("id-among-inputs", *(table(towns(rare=share)) for share in (0.49, 0.51))),
    "dates beyond": ("dates-beyond-training", *(table(dated(share)) for share in (0.055, 0.057))),
    "dates beyond those of few rows": (
        "dates-beyond-training", *(table(dated(share), rows=100) for share in (0.1, 0.12)),
    ),
    "dates, where nobody knows of how many rows": (
        "dates-beyond-training", table(dated(0.9), rows=0), table(dated(0.9)),
    ),
    "unknown levels": (
        "unknown-levels", *(table(towns(unknown=cells(share, "Ulm"))) for share in (0.015, 0.017)),
    ),
    "unknown levels of few rows": (
        "unknown-levels", *(table(towns(unknown=cells(share, "Ulm")), rows=100) for share in (0.06, 0.08)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_either_side_of_a_threshold(name):
    rule, well, ill = CASES[name]
    assert rule not in judge(well)
    assert rule in judge(ill)


#: What makes the level of a finding another one: rule, the milder case, its level, the worse case, its level.
LEVELS = {
    "columns of a thousand": (
        "unscaled-inputs",
        observed(probes=seen(largest=990.0)), "warning", observed(probes=seen(largest=1010.0)), "error",
    ),
    "nearly all units dead": (
        "dead-relu", *(
            part for dead, level in ((0.88, "warning"), (0.92, "error"))
            for part in (observed(probes=probes(dead=dead), training=UNLEARNED), level)
        ),
    ),
    "dead, and learned all the same": (
        "dead-relu", observed(probes=probes(dead=0.92), training=LEARNED), "note",
        observed(probes=probes(dead=0.92), training=UNLEARNED), "error",
    ),
    "shuffled, but for a few rows": (
        "shuffled-labels", going(0.07, plain=0.0), "warning", going(0.05, plain=0.0), "error",
    ),
    "a high rate that learned nothing": (
        "rate-too-high",
        observed(probes=probes(update=-0.5), training=Scores(0.49 * np.log(2), 0.7, 0.5, 500)), "warning",
        observed(probes=probes(update=-0.5), training=Scores(0.51 * np.log(2), 0.7, 0.5, 500)), "error",
    ),
    "cells of another kind": ("mixed-column", table(mixed(0.009)), "note", table(mixed(0.011)), "warning"),
    "words that share a code": (
        "id-among-inputs", table(towns(rare=0.8)), "note", table(replace(towns(), levels=80), rows=100), "warning",
    ),
    "unknown levels in many cells": (
        "unknown-levels",
        table(towns(unknown=cells(0.09, "Ulm"))), "note", table(towns(unknown=cells(0.11, "Ulm"))), "warning",
    ),
    "what vanishing gradients explain": (
        "rate-too-low",
        fading(5.0, 5.0, training=UNLEARNED, curve=STUCK, network=observed().network), "note",
        observed(probes=probes(update=-3.5), training=UNLEARNED), "warning",
    ),
}  # fmt: skip
LEVELS["what vanishing gradients explain"][1].probes.values[..., 5] = -3.5


@pytest.mark.parametrize("name", LEVELS)
def test_how_bad_it_is(name):
    rule, mild, milder, worse, worst = LEVELS[name]
    assert (judge(mild)[rule].level, judge(worse)[rule].level) == (milder, worst)


def test_layers_are_named_by_when_their_gradient_vanishes():
    late = judge(fading(0.0, 6.0, training=UNLEARNED))["vanishing-gradients"]
    assert late.layers == ("0", "1")


def test_what_a_warning_explains_is_a_note_and_its_remedies_are_not_offered():
    """A rate that is too high, here no more than a warning, explains the oscillation."""
    findings = judge(
        observed(probes=probes(update=-0.5), curve=[0.6, 0.5, 0.7, 0.4, 0.6, 0.3, 0.5, 0.3, 0.5, 0.3], training=LEARNED)
    )
    assert findings["rate-too-high"].level == "warning"
    assert findings["oscillation"].level == "note"
    assert findings["oscillation"].follows == ("rate-too-high",)
    offered = {remedy.name for remedy in findings.remedies()}
    assert offered == {
        remedy.name for one in findings if one.rule != "oscillation" for remedy in one.remedies if remedy.can_be_applied
    }


def test_early_is_the_first_quarter_of_training():
    update = np.full((9, 4), -3.0)
    update[3] = -0.5  # of the epochs 0 to 8, the fourth
    assert "rate-too-high" not in judge(observed(probes=probes(count=9, update=update)))
    update[2] = -0.5
    assert "rate-too-high" in judge(observed(probes=probes(count=9, update=update)))


def test_the_remedy_of_unscaled_columns_scales_them():
    remedy = judge(observed(probes=seen(largest=400.0)))["unscaled-inputs"].remedies[0]
    assert remedy.scale and remedy.can_be_applied


def test_a_loss_that_rises_on_all_rows_is_no_overfitting():
    curve = [(1.0, 0.5), (0.5, 0.4), (0.6, 0.5), (0.7, 0.6)]
    records = [Record(k, loss, 1e-3, 0.1, validation_loss=others) for k, (loss, others) in enumerate(curve, start=1)]
    assert "overfitting" not in judge(observed(history=records, held_out=None))


def test_a_column_that_was_mixed_in_fit_is_told_of_without_rows():
    finding = judge(table(mixed(0.0)))["mixed-column"]
    assert (finding.level, len(finding.evidence)) == ("note", 1)
    assert "'age' (70 different numbers, 9 other cells missing)" in finding.evidence[0].expected


def test_cells_are_shown_and_long_ones_cut():
    town = towns(unknown=cells(0.2, "Ulm", "Llanfairpwllgwyngyllgogerychwyrndrobwll"))
    said = judge(table(town))["unknown-levels"].evidence[0].name
    assert said.endswith(", such as 'Ulm', 'Llanfairpwllgwyngyllgogerychwy...'")


def test_what_is_said_of_columns_stands_beside_what_was_said_of_others():
    finding = judge(table(numbered(), dated(0.4)))["id-among-inputs"]
    assert dict(finding.remedies[0].changes) == {"columns": {"other": "category", "ref": "leave out"}}
    offered = [remedy.name for remedy in judge(table(numbered(), dated(0.4))).remedies()]
    assert {"leave-id-out", "leave-date-out"} <= set(offered)
