"""How well an estimator predicts rows, as rules read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.diagnosis.observed import Scores
from chainrule.diagnosis.relations import agreement
from chainrule.diagnosis.survey import loss_of_constant
from chainrule.engine.network import Network
from chainrule.engine.parameters import Parameters
from chainrule.models.answers import Answer, Classes, Numbers
from chainrule.models.model import Model
from chainrule.network.layers import AlphaDropout, Dropout, GaussianNoise, Layer, Residual, leaves
from chainrule.network.layers.norms import BatchNorm
from chainrule.network.losses import Loss
from chainrule.training.batches import Data, Rows
from chainrule.training.validation import Evaluator, loss_of

Array = NDArray[Any]

#: Bins of the expected calibration error.
BINS = 10


def scores(model: Model, data: Data, n_threads: int | None = None) -> Scores:
    """Scores of rows in the form of the loss."""
    predictor, answer = model.predictor, model.answer
    loss = loss_of(predictor, data, n_threads)
    y, weight = data.counted()
    with np.errstate(all="ignore"):
        prediction = predictor(data.X, n_threads, data.subset)
    if not np.isfinite(prediction).all():
        prediction = np.zeros_like(prediction)
    with np.errstate(all="ignore"):
        score = answer.score(prediction, y, weight) if len(y) > 1 else 0.0  # an R2 of one row is none
    together, by_chance = agreement(*_sides(answer, prediction, y))
    against: dict[str, Any] = {"constant": loss_of_constant(y, _told_apart(answer), weight, None, answer.loss)}
    against |= {"agreement": together, "by_chance": by_chance}
    if not isinstance(answer, Classes):
        return Scores(loss, score, 0.0, len(y), **against)
    codes, decided, classes = answer.codes(y), answer.decide(prediction), len(answer.labels)
    counts = np.bincount(codes, minlength=classes)
    with np.errstate(invalid="ignore"):
        recalls = np.bincount(codes[decided == codes], minlength=classes) / counts
    sure = _certainty(prediction, predictor.loss)
    found = Scores(loss, score, float(counts.max() / len(y)), len(y), tuple(recalls.tolist()), **against)
    if sure is None:
        return found
    right = decided == codes
    return replace(found, calibration=calibration_error(sure, right), sure=float(sure.mean() - right.mean()))


def _told_apart(answer: Answer) -> int:
    """The classes that a loss of codes tells apart, 0 of others."""
    return answer.outputs if answer.loss.target == "classes" else 0


def _sides(answer: Answer, prediction: Array, y: Array) -> tuple[Array, Array]:
    """What is predicted and what is true, (rows, outputs) each; of classes, indicators."""
    if isinstance(answer, Numbers):
        return answer.point(prediction), y.reshape(len(y), -1)
    if isinstance(answer, Classes) and prediction.shape[1] > 1:
        return prediction, np.eye(prediction.shape[1])[answer.codes(y)]
    return prediction, y.reshape(len(y), -1)


def _certainty(p: Array, loss: Loss) -> Array | None:
    """The probability of the class that is predicted, where the loss gives probabilities."""
    if loss.link == "softmax":
        return np.asarray(p.max(axis=1))
    return np.maximum(p[:, 0], 1 - p[:, 0]) if loss.link == "sigmoid" else None


def calibration_error(sure: Array, right: Array) -> float:
    """Expected calibration error: |certainty - accuracy|, its mean over bins of equal width (Guo et al. 2017)."""
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    gaps = np.bincount(bins, weights=sure - right, minlength=BINS)
    return float(np.abs(gaps).sum() / len(sure))


def initial_loss(network: Network, loss: Loss, data: Data) -> float | None:
    """Loss of the rows under fresh weights; None with batch normalisation, which has no statistics yet."""
    if _has_batch_norm(network.layers):
        return None
    return Evaluator(network, network.init(0, data.X.dtype), loss)(data)


def batch_loss(model: Model, data: Data, rows: int = 256) -> tuple[float, float] | None:
    """Loss of some rows by statistics of their own, and by running ones; None without batch normalisation."""
    predictor = model.predictor
    network, parameters = predictor.network, predictor.parameters
    if not _has_batch_norm(network.layers) or not isinstance(data, Rows):
        return None
    first = parameters.members[0]
    still = Network(_undrawn(network.layers), network.inputs)
    own = Parameters(first.layout, first.vector.copy())  # whose running statistics move
    places = np.arange(len(data)) if data.subset is None else data.subset
    some = data.part(places[:: max(1, len(places) // rows)][:rows])
    plan = still.plan(own, len(some), mode="train", loss=predictor.loss)
    (chosen,) = some.batches(len(some), None)
    run = some.run(plan, chosen)
    some.start(run.arrays)
    some.gather(chosen, run.arrays)
    with np.errstate(all="ignore"):
        run.forward()
        total = run.arrays["total"]
        by_own = float(total[0] / total[1])
    return by_own, Evaluator(network, first, predictor.loss)(some)


def _has_batch_norm(layers: Sequence[Layer]) -> bool:
    return any(isinstance(layer, BatchNorm) for layer in leaves(layers))


def _undrawn(layers: Sequence[Layer]) -> tuple[Layer, ...]:
    """The same layers, none of which draws."""
    found: list[Layer] = []
    for layer in layers:
        match layer:
            case Residual(inner):
                found.append(Residual(_undrawn(inner)))
            case Dropout() | AlphaDropout():
                found.append(replace(layer, rate=0.0))
            case GaussianNoise():
                found.append(replace(layer, std=0.0))
            case _:
                found.append(layer)
    return tuple(found)
