"""What the parameters of an estimator stand for: layers, a loss, a recipe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sklearn.metrics import check_scoring

from chainrule.errors import InputError
from chainrule.estimators.inputs import one_form
from chainrule.estimators.kinds import hidden_sizes
from chainrule.estimators.rules import STEP_OPTIONS
from chainrule.models.document import OF_LABELS
from chainrule.models.model import Model
from chainrule.models.recipe import Recipe, Scorer
from chainrule.network.layers import (
    NORMS,
    Activation,
    Dense,
    Dropout,
    GaussianNoise,
    Layer,
    Pool,
    Residual,
)
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
from chainrule.training import optimisers, schedules
from chainrule.training.optimisers import SGD, Adam, Optimiser
from chainrule.training.penalty import Penalty
from chainrule.training.schedules import Schedule
from chainrule.training.step_options import StepOptions

#: name, or name of an object -> loss of two classes or of labels, loss of several classes
CLASS_LOSSES: dict[str, tuple[type[Loss], type[Loss] | None]] = {
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
_OURS = {kind for pair in CLASS_LOSSES.values() for kind in pair}


def recipe_of(estimator: Any) -> Recipe:
    """How an `MLPClassifier` or an `MLPRegressor` learns."""
    rate: Any = estimator.learning_rate if estimator.solver == "sgd" else "constant"
    return Recipe(
        name=type(estimator).__name__,
        optimiser=None if estimator.solver == "lbfgs" else optimiser_of(estimator),
        penalty=Penalty(estimator.l1, estimator.l2, estimator.alpha),
        options=StepOptions(**{name: getattr(estimator, name) for name in STEP_OPTIONS}),
        schedule=schedule_of(estimator),
        rate_rule=rate if rate in ("invscaling", "adaptive") else "constant",
        power=estimator.power_t,
        mixup=estimator.mixup,
        shuffle=estimator.shuffle,
        batch_size=estimator.batch_size,
        epochs=estimator.max_iter,
        evaluations=estimator.max_fun,
        tol=estimator.tol,
        patience=estimator.n_iter_no_change,
        n_members=int(estimator.n_members),
        n_threads=estimator.n_threads,
        scoring=scoring_of(estimator),
        score_training=estimator.score_training,
        probes=estimator.probes,
    )


def optimiser_of(estimator: Any) -> Optimiser:
    """What its solver stands for: 'adam' and 'sgd' for one by its parameters, another name for one by its defaults."""
    rate, decay = estimator.learning_rate_init, estimator.weight_decay
    if estimator.solver == "sgd":
        return SGD(rate, decay, momentum=estimator.momentum, nesterov=estimator.nesterovs_momentum)
    if estimator.solver == "adam":
        return Adam(rate, decay, estimator.beta_1, estimator.beta_2, estimator.epsilon)
    return optimisers.get(estimator.solver)


def schedule_of(estimator: Any) -> Schedule | None:
    """The schedule that its learning_rate is, or names; None where the rate is scikit-learn's affair."""
    rate = estimator.learning_rate
    return schedules.get(rate) if schedules.is_one(rate) else None


def scoring_of(estimator: Any) -> Any:
    """None, "loss", or a scorer of scikit-learn as a function of a model, rows, y and weights."""
    if estimator.scoring in (None, "loss"):
        return estimator.scoring
    where = f"{type(estimator).__name__}(scoring=)"
    with one_form(where, "None, 'loss', or a scorer of scikit-learn", estimator.scoring):
        scorer = check_scoring(estimator, scoring=estimator.scoring)

    def score(model: Model, X: Any, y: Any, weight: Any) -> Any:
        # These rows have lost their columns' names.
        nameless = replace(model, input=model.input.nameless()) if model.input.names else model
        bare = estimator._of(nameless)
        given = {} if weight is None else {"sample_weight": weight}
        return scorer(bare, X, y, **given)

    scored: Scorer = score
    return scored


def class_loss(estimator: Any, several: bool) -> Loss:
    """The loss for several classes, or for two classes or labels.

    Raises
    ------
    InputError
        For a loss of numbers, or one that cannot be smoothed or mixed as asked.
    """
    name, given = type(estimator).__name__, estimator.loss
    loss = _for_classes(given, several)
    if loss is None:
        kind = "several classes" if several else "two classes or labels"
        known = sorted(known for known, pair in CLASS_LOSSES.items() if pair[several])
        mend = "'auto' is the cross-entropy." + " A loss of your own is for two classes, or labels." * several
        raise InputError(f"{name}(loss=)", f"a loss for {kind}, such as one of {known}", repr(given), mend)
    if isinstance(given, str) and isinstance(loss, SMOOTH):
        loss = replace(loss, smoothing=estimator.label_smoothing)
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


def _for_classes(given: str | Loss, several: bool) -> Loss | None:
    """The loss of its family that so many classes need, with its numbers; None where there is none."""
    if isinstance(given, Loss) and type(given) not in _OURS:
        own = isinstance(given, Custom) and not several
        return given if own or given.domain in ((domains.CODES,) if several else OF_LABELS) else None
    kind = CLASS_LOSSES.get(given if isinstance(given, str) else given.name, (None, None))[several]
    return None if kind is None else kind(**({} if isinstance(given, str) else vars(given)))


def layers_of(estimator: Any, outputs: int) -> tuple[Layer, ...]:
    """The layers of an estimator with this many outputs; the last is a linear `Dense`.

    Each hidden layer is Dense, norm, activation, dropout; with `residual`, a skip goes around each.
    `layers` takes the place of all that and gets only the output layer added. Noise on the inputs stands before all.
    """
    noise = [GaussianNoise(estimator.input_noise)] if estimator.input_noise else []
    return (*noise, *_hidden(estimator), Dense(outputs, init=estimator.init))


def pooled_layers_of(estimator: Any, outputs: int) -> tuple[Layer, ...]:
    """The layers of an estimator of sequences: for each step, the pool, those behind it, the output layer."""
    noise = [GaussianNoise(estimator.input_noise)] if estimator.input_noise else []
    before: Sequence[Layer]
    head = hidden_sizes(estimator.head_layer_sizes)
    if estimator.layers is not None:
        before, behind = estimator.layers, _blocks(estimator, head)
    else:
        steps = hidden_sizes(estimator.hidden_layer_sizes)
        blocks = _blocks(estimator, [*steps, *head])
        before, behind = _flat(blocks[: len(steps)]), blocks[len(steps) :]
    return (*noise, *before, Pool(estimator.pool), *_flat(behind), Dense(outputs, init=estimator.init))


def _hidden(estimator: Any) -> Sequence[Layer]:
    if estimator.layers is not None:
        return tuple(estimator.layers)
    return _flat(_blocks(estimator, hidden_sizes(estimator.hidden_layer_sizes)))


def _blocks(estimator: Any, widths: Sequence[Any]) -> Sequence[Sequence[Layer]]:
    """The layers of each hidden layer; with `residual`, a single one."""
    given = estimator.activation
    functions = list(given) if isinstance(given, (list, tuple)) else [given] * len(widths)
    if len(functions) != len(widths):
        raise InputError(
            f"{type(estimator).__name__}(activation=)",
            f"one name, or {len(widths)}, one per hidden layer",
            f"{len(functions)} names",
            "Match hidden_layer_sizes.",
        )
    blocks = [_block(estimator, int(width), f) for width, f in zip(widths, functions, strict=True)]
    return [[Residual(block)] for block in blocks] if estimator.residual else blocks


def _flat(blocks: Sequence[Sequence[Layer]]) -> list[Layer]:
    return [layer for block in blocks for layer in block]


def _block(estimator: Any, width: int, f: Any) -> list[Layer]:
    block: list[Layer] = [Dense(width, f, init=estimator.init)]
    if estimator.norm is not None:
        norm = NORMS[estimator.norm]()
        block = [Dense(width, init=estimator.init), norm, Activation(f)]
    return [*block, Dropout(estimator.dropout)] if estimator.dropout else block
