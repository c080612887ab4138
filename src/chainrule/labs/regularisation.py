"""Regularisation: L2 shrinks weights, L1 makes them exactly 0, dropout averages an ensemble."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.network import Network
from chainrule.engine.predictor import Predictor
from chainrule.labs import data, paper
from chainrule.labs.lab import Condition, Lab
from chainrule.labs.learning import Trained, learn
from chainrule.labs.result import Cell, Result, number
from chainrule.network import losses
from chainrule.network.layers import Dense, Dropout
from chainrule.training.penalty import Penalty

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH = 64


@dataclass(frozen=True)
class Way:
    """A way to regularise, and how strongly."""

    name: str
    strength: float = 0.0

    def __str__(self) -> str:
        return f"{self.name} {self.strength:g}" if self.strength else self.name

    def network(self, inputs: int) -> Network:
        dropped = [Dropout(self.strength)] if self.name == "dropout" else []
        return Network([Dense(WIDTH, "relu"), *dropped, Dense(2)], inputs)

    @property
    def penalty(self) -> Penalty:
        return Penalty(**{self.name: self.strength}) if self.name in ("l1", "l2") else Penalty()


NONE = Way("none")
L2 = tuple(Way("l2", strength) for strength in (0.001, 0.01, 0.03, 0.1))
L1 = tuple(Way("l1", strength) for strength in (0.001, 0.003, 0.01, 0.03))
DROPOUT = tuple(Way("dropout", rate) for rate in (0.2, 0.5, 0.8))
#: The way whose thinned networks are averaged.
THINNED = DROPOUT[1]


class Effect(NamedTuple):
    """What a way made of the network: the norm of all weights, the share that is 0, accuracies."""

    norm: float
    zeros: float
    training: float
    test: float

    @property
    def gap(self) -> float:
        return self.training - self.test


class Distance(NamedTuple):
    """RMS difference from the scaled network."""

    logits: float
    probabilities: float


def experiment(short: bool, seed: int) -> Result:
    """Few rows, many features, wrong labels: what each way does to the weights and to the gap."""
    ways = (NONE, *L2[1::2], *L1[1::2], THINNED) if short else (NONE, *L2, *L1, *DROPOUT)
    passes = (1, 10, 100) if short else (1, 10, 100, 1000)
    split = data.few_rows(seed)
    inputs, epochs = split.X.shape[1], 100 if short else 200
    trained = {way: learn(way.network(inputs), split, epochs, seed, penalty=way.penalty) for way in ways}
    effects = {way: _effect(one, split) for way, one in trained.items()}
    distances = {count: _distance(trained[THINNED], split.X_test, count, seed) for count in passes}
    none, l2, l1 = (effects[way] for way in (NONE, L2[-1], L1[-1]))
    single, mean, last = distances[1], distances[100], distances[passes[-1]]
    figures = {
        "norm, strongest l2 over none": l2.norm / none.norm,
        "share of 0, none": none.zeros,
        "share of 0, strongest l2": l2.zeros,
        "share of 0, strongest l1": l1.zeros,
        "gap, strongest l2 over none": l2.gap / none.gap,
        "gap, strongest l1 over none": l1.gap / none.gap,
        "mean of 100 passes over a single one, logits": mean.logits / single.logits,
        "mean of 100 passes over a single one, probabilities": mean.probabilities / single.probabilities,
    }
    seen = (
        f"L2 shrinks the norm of the weights to {100 * l2.norm / none.norm:.0f} % and makes none of them 0, L1 makes "
        f"{100 * l1.zeros:.0f} % exactly 0; the gap falls from {none.gap:.2f} to {l2.gap:.2f} and {l1.gap:.2f}. The "
        f"logits of one pass with dropout are {number(single.logits)} (RMS) from the scaled network's, those of the "
        f"mean of {passes[-1]:,} passes {number(last.logits)}; probabilities stay {number(last.probabilities)} apart, "
        "as the softmax is not linear."
    )
    columns = (
        "way", "strength", "norm of W", "share of 0", "training", "test", "gap", "from scaled: logits", "probabilities",
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = [(way.name, way.strength, *one, one.gap, "-", "-") for way, one in effects.items()]
    rows += [(f"mean of {count:,}", THINNED.strength, *"-----", *one) for count, one in distances.items()]
    return Result(columns, tuple(rows), seen, figures, partial(_draw, effects, distances))


def _draw(effects: dict[Way, Effect], distances: dict[int, Distance], figure: Figure) -> None:
    weights, gaps, ensemble = paper.panels(figure, 3)
    for ways, colour, marker in ((L2, paper.COLOURS[0], "o"), (L1, paper.COLOURS[1], "s")):
        shown = [way for way in ways if way in effects]
        strengths = [way.strength for way in shown]
        zeros = [effects[way].zeros for way in shown]
        norms = [effects[way].norm / effects[NONE].norm for way in shown]
        weights.semilogx(strengths, zeros, color=colour, marker=marker, label=f"{ways[0].name}: share of 0")
        weights.semilogx(strengths, norms, color=colour, marker=marker, linestyle=":", label=f"{ways[0].name}: norm")
    weights.set_ylim(-0.02, 1.02)
    paper.label(weights, "strength of the penalty", "share of the weights; norm, of that without")
    paper.legend_above(weights, columns=2)
    places = np.arange(len(effects))
    test, training = ([one.test for one in effects.values()], [one.training for one in effects.values()])
    gaps.hlines(places, test, training, color="#bbbbbb")
    gaps.plot(test, places, "o", color=paper.COLOURS[0], label="test")
    gaps.plot(training, places, "s", color=paper.COLOURS[1], label="training")
    gaps.set_yticks(places, [str(way) for way in effects])
    gaps.invert_yaxis()
    paper.label(gaps, "accuracy", "")
    paper.legend_above(gaps, columns=2)
    passes, logits, probabilities = zip(*((count, *one) for count, one in distances.items()), strict=True)
    ensemble.loglog(passes, logits, color=paper.COLOURS[0], marker="o", label="logits")
    ensemble.loglog(passes, probabilities, color=paper.COLOURS[1], marker="s", label="probabilities")
    paper.label(ensemble, "passes with dropout, averaged", "difference from the scaled network (RMS)")
    paper.legend_above(ensemble, columns=2)


def _effect(trained: Trained, split: data.Split) -> Effect:
    weights = np.concatenate([trained.parameters[name].ravel() for name in trained.parameters.layout.weights])
    return Effect(
        float(np.linalg.norm(weights.astype(np.float64))), float(np.mean(weights == 0)),
        trained.accuracy(split.X, split.y), trained.accuracy(split.X_test, split.y_test),
    )  # fmt: skip


def _distance(trained: Trained, X: NDArray[Any], passes: int, seed: int) -> Distance:
    """Of the mean of so many thinned networks."""

    def under(loss: str) -> float:
        predict = Predictor(trained.network, trained.parameters, losses.get(loss))
        mean, _ = predict.sample(X, passes, seed, n_threads=1)
        return float(np.sqrt(np.mean((mean - predict(X, n_threads=1)) ** 2)))

    return Distance(logits=under("squared_error"), probabilities=under("cross_entropy"))  # by the link of each


LAB = Lab(
    "regularisation",
    "L2 shrinks weights, L1 makes them exactly 0, dropout averages an ensemble; the gap narrows.",
    experiment,
    (
        Condition("norm, strongest l2 over none", high=0.5),
        Condition("share of 0, strongest l2", low=0, high=0),
        Condition("share of 0, strongest l1", low=0.5),
        Condition("share of 0, none", low=0, high=0),
        Condition("gap, strongest l1 over none", high=0.6),
        Condition("gap, strongest l2 over none", high=0.9),
        Condition("mean of 100 passes over a single one, logits", high=0.2),
        Condition("mean of 100 passes over a single one, probabilities", high=0.5),
    ),
)
