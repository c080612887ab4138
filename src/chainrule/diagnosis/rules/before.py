"""Rules about what is there before training: the columns, the target, and how the network is put together."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from chainrule.diagnosis import cures
from chainrule.diagnosis.cures import prescribe
from chainrule.diagnosis.findings import Evidence
from chainrule.diagnosis.observed import HARDLY, SURELY, Observed
from chainrule.diagnosis.rules.base import EXPLAINED, LEARNED, Rule, Verdict, confidence, noise, unlearned
from chainrule.diagnosis.survey import Survey
from chainrule.network import activations
from chainrule.network.layers import (
    GLU,
    PRODUCTS,
    Activation,
    Dense,
    Dropout,
    Embedding,
    Layer,
    Norm,
    Pool,
    Residual,
    leaves,
)
from chainrule.network.layers.norms import BatchNorm

#: Thresholds, found on the half of the data sets that benchmarks/faults keeps for it (docs/diagnosis.md).
LARGE_COLUMN, SMALL_COLUMNS = 15.0, 0.02
LEAK = 0.99
LOUD, LARGE_TARGET = 10.0, 30.0
KEEPS = 0.25, 4.0
TOLD_APART, BY_HEART, OTHERS = 0.3, (0.02, 0.3), 30
FADES = 2.0
STUCK = 0.5
SKEWED = 2.0


def _columns(observed: Observed) -> Survey | None:
    """The survey, where columns go into the network as they are."""
    first = next(leaves(observed.network.layers))
    return None if isinstance(first, Embedding | Norm) else observed.survey


def unscaled_inputs(observed: Observed) -> Verdict | None:
    seen = _columns(observed)
    if seen is None or not seen.largest:
        return None
    if seen.largest > LARGE_COLUMN:
        sure = confidence(math.log10(seen.largest), math.log10(LARGE_COLUMN), 2.5)
        evidence = Evidence("largest root mean square of a column", seen.largest, f"about 1, below {LARGE_COLUMN:g}")
        return Verdict("warning" if seen.largest < 1000 else "error", sure, (evidence,))
    if seen.median < SMALL_COLUMNS:
        sure = confidence(-math.log10(seen.median), -math.log10(SMALL_COLUMNS), 4)
        evidence = Evidence("median root mean square of a column", seen.median, f"about 1, above {SMALL_COLUMNS:g}")
        return Verdict("warning", sure, (evidence,))
    return None


def constant_columns(observed: Observed) -> Verdict | None:
    seen = _columns(observed)
    if seen is None or not seen.n_constant:
        return None
    which = f"0; the first are {', '.join(map(observed.column, seen.constant[:5]))}"
    return Verdict("note", 1.0, (Evidence("columns of a single value", seen.n_constant, which),))


def duplicate_columns(observed: Observed) -> Verdict | None:
    seen = _columns(observed)
    if seen is None or not seen.n_duplicate:
        return None
    which = f"0; the first are {', '.join(map(observed.column, seen.duplicate[:5]))}"
    return Verdict("note", 1.0, (Evidence("columns that tell what another one tells", seen.n_duplicate, which),))


def label_leak(observed: Observed) -> Verdict | None:
    seen = observed.survey
    if seen is None or seen.leak_correlation < LEAK:
        return None
    name = f"correlation of column {observed.column(seen.leak)} with the target"
    return Verdict(
        "warning", confidence(seen.leak_correlation, LEAK, 1.0), (Evidence(name, seen.leak_correlation, f"< {LEAK:g}"),)
    )


def shuffled_labels(observed: Observed) -> Verdict | None:
    """Rows that were trained on are known, others are not: what was learned is not about the columns."""
    seen, known, others = observed.survey, observed.training, observed.held_out
    if seen is None or known is None or _goes_with_others(observed):
        return None
    if seen.rows * (1 - max(seen.shares, default=0.0)) < OTHERS:
        return None  # too few rows of other classes than the frequent one to be learned at all
    plain, by_chance = observed.plain, 4.5 / math.sqrt(max(seen.looked_at, 1))
    # Of few rows correlations tell little: they must have been learned by heart.
    by_heart = known.score - known.chance > BY_HEART[by_chance > TOLD_APART]
    related = seen.leak_correlation if seen.relation is None else seen.relation
    evidence = [Evidence("largest correlation of a column with the target", related, f"above {by_chance:.2g}")]
    if plain is not None and plain.agreement is not None:
        if plain.related:
            return None
        name = "correlation of what a plain network predicts for rows it has not seen with their targets"
        evidence = [Evidence(name, plain.agreement, f"above {max(SURELY * plain.by_chance, HARDLY):.2g}")]
        sure = 1.0 if plain.agreement < HARDLY else 0.7
    elif others is None or related > by_chance or not (by_heart or observed.restores):
        return None
    else:
        sure = confidence(by_chance - related, 0, by_chance)
    if others is not None:
        name = f"score of rows not trained on, where a constant has {others.chance:.3g}"
        evidence.insert(0, Evidence(name, others.score, f"above {others.chance:.3g}"))
    surely = others is None or others.agreement is None or others.agreement < SURELY * others.by_chance
    return Verdict("error" if surely else "warning", sure, tuple(evidence))


def _goes_with_others(observed: Observed) -> bool:
    """Whether predictions of rows that were not trained on go with their targets, as far as such rows are known."""
    others, seen = observed.held_out, observed.survey
    if others is None:
        left = observed.unexplained
        return left is not None and left < 1 - EXPLAINED
    if others.agreement is not None:
        return bool(others.related)
    return others.score > others.chance + 2 * noise(others.chance, others.rows, bool(seen and seen.shares))


def initial_loss(observed: Observed) -> Verdict | None:
    """Of classes, held against the logarithm of their number; of numbers, against their variance, and their size."""
    seen, begin = observed.survey, observed.initial_loss
    if seen is None:
        return None
    knows_nothing = math.log(len(seen.shares)) if len(seen.shares) > 1 else observed.constant_loss
    if not knows_nothing or knows_nothing <= 0:
        return None
    evidence: list[Evidence] = []
    ratio = 0.0 if begin is None else begin / knows_nothing
    if ratio > LOUD:
        evidence.append(Evidence("loss of the untrained network over that of one that knows nothing", ratio, "1 to 2"))
    if seen.target_rms > LARGE_TARGET and observed.loss.link == "identity":
        ratio = max(ratio, LOUD * seen.target_rms / LARGE_TARGET)
        evidence.append(Evidence("root mean square of the target", seen.target_rms, f"about 1, below {LARGE_TARGET:g}"))
    if not evidence:
        return None
    left = unlearned(observed)
    mended = observed.fitted and left is not None and left < LEARNED
    sure = confidence(math.log(ratio), math.log(LOUD), math.log(100))
    return Verdict("note" if mended else "warning", sure, tuple(evidence))


def unfit_initialisation(observed: Observed) -> Verdict | None:
    """Weights of another size than the one that keeps the variance of what goes through the layers."""
    probes = observed.probes
    if not probes or not observed.begins or not probes.hidden:
        return None
    gains, found, sizes = [], [], observed.first("W_rms")[:-1]
    for layer, size in zip(probes.hidden, sizes, strict=True):
        if layer.norm or (size == 0 and sizes.any()):  # a branch that begins with nothing is meant
            continue
        units, inputs = observed.network.layout.place(f"{layer.name}.W")[1]
        halves = layer.activation not in activations.ACTIVATIONS or activations.get(layer.activation).family == "he"
        gain = inputs * size**2 / (2 if halves else 1)
        # Xavier's weights are smaller than the signal asks for where a layer is wider than its inputs.
        least = KEEPS[0] * min(1.0, 2 * inputs / (inputs + units))
        gains.append(gain)
        if not least <= gain <= KEEPS[1]:
            found.append(layer.name)
    if not gains:
        return None
    with np.errstate(divide="ignore"):
        total = float(np.abs(np.sum(np.log10(np.sqrt(np.maximum(gains, 1e-30))))))
    if len(found) < 0.5 * len(gains) and total < FADES:
        return None
    middle = float(np.median(gains))
    evidence = (
        Evidence(
            "variance of a weight over the one that suits the activation", middle, f"1, {KEEPS[0]:g} to {KEEPS[1]:g}"
        ),
        Evidence("powers of ten that the signal loses or gains through the layers", total, f"below {FADES:g}"),
    )
    off = abs(math.log10(max(middle, 1e-30)))
    return Verdict("warning", confidence(max(off, total / 2), 0.6, 2), evidence, tuple(found))


def linear_stack(observed: Observed) -> Verdict | None:
    """Products that follow each other with nothing curved between them."""
    found, _ = _linear(observed.network.layers, False)
    if not found:
        return None
    evidence = Evidence("products that follow another one without an activation between", found, "0")
    return Verdict("warning", 1.0, (evidence,))


def _linear(layers: Sequence[Layer], linear: bool) -> tuple[int, bool]:
    """How many such products there are, and whether a product stands last; `linear`: whether one stood in front."""
    found = 0
    for layer in layers:
        if isinstance(layer, Residual):
            inside, _ = _linear(layer.layers, linear)
            found += inside
            linear = linear and not _curved(layer.layers)
        elif isinstance(layer, PRODUCTS):
            found += linear
            linear = not _curved([layer])
        elif _curved([layer]):
            linear = False
    return found, linear


def _curved(layers: Sequence[Layer]) -> bool:
    """Whether something in these layers is no linear function."""
    return any(
        (isinstance(layer, Norm) and not isinstance(layer, BatchNorm))
        or isinstance(layer, GLU)
        or (isinstance(layer, Pool) and layer.how == "max")
        or (isinstance(layer, Activation) and activations.get(layer.name).name != "identity")
        or (isinstance(layer, Dense) and activations.get(layer.activation).name != "identity")
        for layer in leaves(layers)
    )


def dropout_before_batch_norm(observed: Observed) -> Verdict | None:
    near = far = 0
    dropped, product = False, False
    for layer in leaves(observed.network.layers):
        if isinstance(layer, Dropout) and layer.rate > 0:
            dropped, product = True, False
        elif isinstance(layer, PRODUCTS):
            product = True
        elif isinstance(layer, BatchNorm) and dropped:
            near, far = near + (not product), far + product
    if not near + far:
        return None
    evidence = Evidence("batch normalisations behind a dropout", near + far, "0")
    return Verdict("warning" if near else "note", 1.0 if near else 0.6, (evidence,))


def unfit_link(observed: Observed) -> Verdict | None:
    """An output layer in front of the output layer, or squares of counts with a long tail."""
    products = [layer for layer in leaves(observed.network.layers) if isinstance(layer, PRODUCTS)]
    own = observed.parameters.get("layers") is not None and len(products) > 1
    outputs = {observed.network.outputs, len(observed.survey.shares) if observed.survey else 0}
    if own and products[-2].units in outputs:
        name = "units of the last hidden layer, as many as outputs"
        return Verdict("warning", 0.9, (Evidence(name, products[-2].units, "more than outputs"),))
    seen = observed.survey
    if seen is None or seen.shares or not seen.counts or observed.loss.link != "identity":
        return None
    if seen.target_skew < SKEWED:
        return None
    evidence = Evidence("skewness of a target of counts, with squared error", seen.target_skew, f"below {SKEWED:g}")
    return Verdict("warning", confidence(seen.target_skew, SKEWED, 6), (evidence,))


#: What helps against an unfit link: of counts, and else.
_LINKS = {True: (cures.POISSON, cures.scale_target), False: (cures.NO_OUTPUT_LAYER,)}


def one_batch(observed: Observed) -> Verdict | None:
    left, hidden = observed.one_batch, sum(isinstance(one, PRODUCTS) for one in leaves(observed.network.layers)) > 1
    if left is None or left < STUCK or not hidden:
        return None  # without a hidden layer, 64 rows may be more than it can hold
    name = "loss that 64 rows could be brought to, over that of a constant prediction"
    return Verdict("error", confidence(left, STUCK, 0.95), (Evidence(name, left, f"near 0, below {STUCK:g}"),))


#: Where one of these is found the network has hardly trained, and its scores tell nothing of the data.
_NOT_TRAINED = (
    "vanishing-gradients", "exploding-gradients", "dead-relu", "saturation", "rate-too-high", "rate-too-low",
    "not-finite",
)  # fmt: skip

BEFORE = (
    Rule(
        "unscaled-inputs", "Columns are not scaled", "before",
        "A column of large numbers makes the loss steep in its weights and flat in all others, so that no single "
        "learning rate suits both. Activations behind it are driven to where they are flat or off.",
        "LeCun et al. 1998, Efficient BackProp", unscaled_inputs, prescribe(cures.SCALE, cures.NORM),
    ),
    Rule(
        "constant-columns", "Columns have a single value", "before",
        "A column that does not vary cannot tell rows apart. Its weights only repeat the bias.",
        "Guyon and Elisseeff 2003", constant_columns, prescribe(cures.DROP_COLUMNS),
    ),
    Rule(
        "duplicate-columns", "Columns repeat another one", "before",
        "Two columns that tell the same share their weight in any proportion. That adds parameters and no knowledge, "
        "and hides how much the column matters.",
        "Guyon and Elisseeff 2003", duplicate_columns, prescribe(cures.DROP_COLUMNS),
    ),
    Rule(
        "label-leak", "A column gives the target away", "before",
        "A column that goes almost exactly with the target is often made from it, or known only after it. The network "
        "learns that one column, and fails where it is not there.",
        "Kaufman et al. 2012, Leakage in Data Mining", label_leak, prescribe(cures.CHECK_COLUMN, cures.DROP_COLUMNS),
    ),
    Rule(
        "shuffled-labels", "Targets do not go with the rows", "before",
        "A large network can learn any labels by heart, random ones too. What it then knows says nothing about other "
        "rows, whose score stays that of a constant.",
        "Zhang et al. 2017, Understanding deep learning requires rethinking generalization",
        shuffled_labels, prescribe(cures.CHECK_LABELS), behind=_NOT_TRAINED,
    ),
    Rule(
        "initial-loss", "The untrained network is confidently wrong", "before",
        "Before training a network should know nothing: its loss is then about that of a constant, the logarithm of "
        "the number of classes. A larger one means large outputs, and the first epochs only shrink them.",
        "Karpathy 2019, A Recipe for Training Neural Networks",
        initial_loss, prescribe(cures.scale_target, cures.INIT, cures.SCALE), behind=("unscaled-inputs",),
    ),
    Rule(
        "unfit-initialisation", "Weights start with a size that does not suit the activation", "before",
        "The variance of what goes through a layer is multiplied by inputs times the variance of a weight. Where that "
        "is not about 1 (2 for ReLU, which halves it), signal and gradient shrink or grow by a factor per layer.",
        "Glorot and Bengio 2010; He et al. 2015", unfit_initialisation, prescribe(cures.INIT, cures.NORM),
    ),
    Rule(
        "linear-stack", "Linear layers follow each other", "before",
        "The product of matrices is one matrix: without something curved between them, two layers can do no more than "
        "one. Depth then costs time and brings nothing.",
        "Goodfellow et al. 2016, Deep Learning, 6.1", linear_stack, prescribe(cures.curve),
    ),
    Rule(
        "dropout-before-batch-norm", "Dropout stands in front of batch normalisation", "before",
        "Dropout changes the variance of what it lets through, in training only. Batch normalisation keeps the "
        "variance of training, which is the wrong one when all units are there.",
        "Li et al. 2019, Understanding the Disharmony between Dropout and Batch Normalization",
        dropout_before_batch_norm, prescribe(cures.NO_DROPOUT, cures.SWAP, cures.LAYER_NORM),
    ),
    Rule(
        "unfit-link", "The output does not suit the loss", "before",
        "The loss brings its link from the last layer to a prediction, and expects that layer to be linear and its "
        "errors to be of the loss's kind. An activation of your own in front of it, or squares of counts with a long "
        "tail, take gradient away where it is needed most.",
        "McCullagh and Nelder 1989, Generalized Linear Models",
        unfit_link, lambda observed: prescribe(*(_LINKS[bool(observed.survey and observed.survey.counts)]))(observed),
    ),
    Rule(
        "one-batch", "A small batch cannot be learned by heart", "before",
        "A network with more parameters than rows can bring their loss near zero. Where it cannot, the fault is in "
        "how it is put together or trained, and more data will not help.",
        "Karpathy 2019, A Recipe for Training Neural Networks",
        one_batch, prescribe(cures.relieve, cures.open_way, cures.FASTER, cures.LARGER), behind=_NOT_TRAINED,
    ),
)  # fmt: skip
