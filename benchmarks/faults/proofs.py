"""What proves that a planted fault is really there; none of it asks the diagnosis."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from benchmarks.faults.data import Split
from chainrule.errors import DivergenceError


@dataclass(frozen=True, eq=False)
class Trained:
    """An estimator after its fit, and how it did: accuracy, or R2 but no less than -1."""

    estimator: Any
    split: Split
    finite: bool

    @property
    def trained_score(self) -> float:
        return _score(self.estimator, self.split.X, self.split.y)

    @property
    def score(self) -> float:
        return _score(self.estimator, self.split.X_held, self.split.y_held)

    @property
    def curve(self) -> NDArray[np.float64]:
        """Training loss of every epoch."""
        return np.array(self.estimator.loss_curve_)


def _score(estimator: Any, X: NDArray[Any], y: NDArray[Any]) -> float:
    if not np.isfinite(estimator.predict(X)).all():
        return -1.0
    return max(-1.0, float(estimator.score(X, y)))


def train(estimator: Any, split: Split) -> Trained:
    """Fit on the rows to train on; a divergence is noted, not raised."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            estimator.fit(split.X, split.y)
        except DivergenceError:
            return Trained(estimator, split, finite=False)
    return Trained(estimator, split, finite=True)


@dataclass(frozen=True)
class Proof:
    """A reason to count a planted fault.

    Attributes
    ----------
    kind : "harm" where the score suffers, "measured" where the trained network shows it, "built in" where it cannot be
        otherwise
    text : what is asked, in words
    holds : a function of the faulty network and of its twin
    """

    kind: Literal["harm", "measured", "built in"]
    text: str
    holds: Callable[[Trained, Trained], bool]


def harm(margin: float) -> Proof:
    """The twin learns, and the faulty network's held-out score is below its by this margin."""
    return Proof(
        "harm",
        f"training stays finite, and the held-out score is at least {100 * margin:g} points below the twin's",
        lambda sick, twin: sick.finite and twin.score - sick.score >= margin,
    )


def both(first: Proof, second: Proof) -> Proof:
    """One and the other."""
    return Proof(
        first.kind, f"{first.text}; and {second.text}", lambda *pair: first.holds(*pair) and second.holds(*pair)
    )


BUILT_IN = Proof("built in", "the data or the layers have it by construction", lambda sick, twin: True)
DIVERGES = Proof("measured", "the loss or a weight leaves the finite numbers", lambda sick, twin: not sick.finite)


def _hidden(trained: Trained) -> list[NDArray[Any]]:
    """Activations of the training rows behind each hidden layer."""
    model = trained.estimator
    return model.network_.forward(model.parameters_, trained.split.X).activations[:-1]


def _dead(trained: Trained) -> float:
    """Largest share of units of a hidden layer that are 0 for every training row."""
    return max(float((a == 0).all(axis=0).mean()) for a in _hidden(trained))


def _flat(trained: Trained) -> float:
    """Largest share of activations of a hidden layer at a flat end: within 0.01 of the function's ends."""
    low = {"tanh": -1.0, "logistic": 0.0, "sigmoid": 0.0}[trained.estimator.activation]
    return max(float(((a < low + 0.01) | (a > 0.99)).mean()) for a in _hidden(trained))


def _untrained(trained: Trained) -> Trained:
    """The same network before its first step."""
    still = {"max_iter": 1, "learning_rate_init": 1e-30, "learning_rate": "constant", "solver": "sgd", "alpha": 0.0}
    return train(clone(trained.estimator).set_params(**still), trained.split)


def _initial_loss_ratio(trained: Trained) -> float:
    """Loss before training over that of a network that knows nothing: log(classes), or the variance of y."""
    split = trained.split
    first = _untrained(trained).estimator.loss_
    return float(first / (np.log(split.classes) if split.task == "classes" else np.var(split.y) / 2))


def _growth(trained: Trained) -> float:
    """log10 of RMS(dLoss/dz) of the first hidden layer over that of the last, before the first step.

    Of a random derivative by the output: what the layers do to it is asked, not what the loss makes of it.
    """
    model, X = _untrained(trained).estimator, trained.split.X[:256]
    network, parameters = model.network_, model.parameters_
    passed = network.forward(parameters, X)
    d_output = np.random.default_rng(0).normal(size=passed.output.shape)
    deltas = network.backward(parameters, passed, d_output).deltas
    first, last = (max(float(np.sqrt((dz.astype(float) ** 2).mean())), 1e-45) for dz in (deltas[0], deltas[-2]))
    return float(np.log10(first / last))


def _falls_late(trained: Trained) -> float:
    """Share of the training loss that the second half of the epochs takes away."""
    curve = trained.curve
    return float(1 - curve[-1] / curve[len(curve) // 2])


def _score_of_one_batch(trained: Trained) -> float:
    """Training score of the same network on 32 rows alone, after 300 steps."""
    few = trained.split.first(32)
    return train(clone(trained.estimator).set_params(max_iter=300, batch_size=32), few).trained_score


def _rises(trained: Trained) -> float:
    """Share of the epochs whose training loss is above the one before by more than 2 %."""
    curve = trained.curve
    return float((curve[1:] > 1.02 * curve[:-1]).mean())


def _recall_of_rarest(trained: Trained) -> float:
    """Share of the held-out rows of the rarest class that are told to be of it."""
    split = trained.split
    rarest = int(np.bincount(split.y).argmin())
    return float((trained.estimator.predict(split.X_held[split.y_held == rarest]) == rarest).mean())


def calibration_error(trained: Trained) -> float:
    """Expected calibration error of the highest probability, in ten bins (Guo et al. 2017)."""
    p = trained.estimator.predict_proba(trained.split.X_held)
    sure, right = p.max(axis=1), p.argmax(axis=1) == trained.split.y_held
    bins = np.minimum((sure * 10).astype(int), 9)
    gaps = [abs((sure[bins == b] - right[bins == b]).sum()) for b in range(10)]
    return float(sum(gaps) / len(sure))


def constant_score(trained: Trained) -> float:
    """Held-out accuracy of the most frequent class, or the R2 of the mean: 0."""
    split = trained.split
    return float(np.bincount(split.y_held).max() / len(split.y_held)) if split.task == "classes" else 0.0


def measured(what: Callable[[Trained], float], least: float, text: str) -> Proof:
    """The faulty network shows at least this much of something."""
    return Proof("measured", text, lambda sick, twin: sick.finite and what(sick) >= least)


DEAD = measured(_dead, 0.5, "half of the units of a hidden layer are 0 for every training row")
FLAT = measured(_flat, 0.3, "0.3 of the activations of a hidden layer are within 0.01 of a flat end")
LOUD = measured(
    _initial_loss_ratio, 3.0, "the loss before training is three times that of a network that knows nothing"
)
RISES = measured(_rises, 0.25, "the training loss rises by over 2 % in a quarter of the epochs")
OVERCONFIDENT = measured(calibration_error, 0.1, "the expected calibration error is above 0.1")
SHRUNK = measured(
    lambda trained: -_growth(trained), 2.0, "dLoss/dz shrinks a hundredfold from the last hidden layer to the first"
)
GROWN = measured(_growth, 2.0, "dLoss/dz grows a hundredfold from the last hidden layer to the first")
STANDS = measured(
    lambda trained: -abs(_falls_late(trained)), -0.05, "the training loss changes by under 5 % in the second half"
)
STUCK = Proof(
    "measured",
    "the training score on a single batch stays below 0.9",
    lambda sick, twin: _score_of_one_batch(sick) < 0.9,
)
IGNORED = Proof(
    "measured",
    "less than half of the rarest class is found, and of the twin's 20 points more",
    lambda sick, twin: _recall_of_rarest(sick) < 0.5 and _recall_of_rarest(twin) - _recall_of_rarest(sick) >= 0.2,
)
NOTHING = Proof(
    "measured",
    "the held-out score is at most 3 points above that of a constant, and the twin's 10 points above it",
    lambda sick, twin: sick.finite and sick.score - constant_score(sick) <= 0.03 and twin.score - sick.score >= 0.1,
)
GAP = Proof(
    "harm",
    "the training score is 10 points above the held-out one, and this is 2 points below the twin's",
    lambda sick, twin: sick.trained_score - sick.score >= 0.1 and twin.score - sick.score >= 0.02,
)
LOW = Proof(
    "harm",
    "the training score, too, is 5 points below the twin's held-out one",
    lambda sick, twin: twin.score - sick.trained_score >= 0.05,
)
