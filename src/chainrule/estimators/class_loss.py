"""Which loss a classifier trains with, for two classes or labels, and for several classes."""

from __future__ import annotations

from typing import Any

from chainrule.errors import InputError
from chainrule.models.document import OF_LABELS
from chainrule.network.losses import (
    BinaryCrossEntropy,
    BinaryFocal,
    CrossEntropy,
    Custom,
    Focal,
    Hinge,
    Loss,
    MulticlassHinge,
    SoftCrossEntropy,
    SquaredHinge,
    domains,
)

#: name -> loss of two classes or of labels, loss of several classes
LOSSES: dict[str, tuple[type[Loss], type[Loss] | None]] = {
    "auto": (BinaryCrossEntropy, CrossEntropy),
    "binary_cross_entropy": (BinaryCrossEntropy, None),
    "cross_entropy": (BinaryCrossEntropy, CrossEntropy),
    "binary_focal": (BinaryFocal, None),
    "focal": (BinaryFocal, Focal),
    "hinge": (Hinge, MulticlassHinge),
    "squared_hinge": (SquaredHinge, None),
    "multiclass_hinge": (Hinge, MulticlassHinge),
}
SMOOTH = (BinaryCrossEntropy, CrossEntropy)


def choose(estimator: Any, several: bool) -> Loss:
    """The loss for several classes, or for two classes or labels.

    Raises
    ------
    InputError
        For a loss of numbers, or one that cannot be smoothed or mixed as asked.
    """
    name, given = type(estimator).__name__, estimator.loss
    if isinstance(given, Loss):
        fits = given.domain in ((domains.CODES,) if several else OF_LABELS)
        if not fits and not (isinstance(given, Custom) and not several):
            kind = "several classes" if several else "two classes or labels"
            raise InputError(f"{name}(loss=)", f"a loss for {kind}", repr(given), f"By name: {sorted(LOSSES)}.")
        loss = given
    else:
        kind_of = LOSSES.get(given, (None, None))[several]
        if kind_of is None:
            known = sorted(known for known, pair in LOSSES.items() if pair[several])
            raise InputError(f"{name}(loss=)", f"one of {known}", repr(given), "'auto' is the cross-entropy.")
        smooth = {"smoothing": estimator.label_smoothing} if kind_of in SMOOTH else {}
        loss = kind_of(**smooth)
    if estimator.label_smoothing and (isinstance(given, Loss) or not isinstance(loss, SMOOTH)):
        raise InputError(
            f"{name}(label_smoothing=)", "0 beside another loss than the cross-entropy", estimator.label_smoothing,
            "Use loss='auto', or losses.CrossEntropy(smoothing=0.1).",
        )  # fmt: skip
    if estimator.mixup and not isinstance(loss, SMOOTH):
        raise InputError(
            f"{name}(mixup=)", "0 beside another loss than the cross-entropy", estimator.mixup, "Use loss='auto'."
        )
    return SoftCrossEntropy(loss.smoothing) if estimator.mixup and isinstance(loss, CrossEntropy) else loss


def gives_probabilities(estimator: Any) -> bool:
    """Whether there is a predict_proba; otherwise the attribute is missing."""
    link = estimator.loss.link if isinstance(estimator.loss, Loss) else "identity" * ("hinge" in str(estimator.loss))
    if link == "identity":
        raise AttributeError("A hinge gives no probabilities: use decision_function, or loss='auto'.")
    return True


def gives_decisions(estimator: Any) -> bool:
    """Whether there is a decision_function instead."""
    try:
        return not gives_probabilities(estimator)
    except AttributeError:
        return True
