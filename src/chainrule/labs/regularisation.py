"""Regularisation: L2 shrinks weights, L1 makes them exactly 0, dropout averages an ensemble."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

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

    def network(self, inputs: int) -> Network:
        hidden = Dense(WIDTH, "relu")
        return Network([hidden, Dropout(self.strength), Dense(2)] if self.name == "dropout" else [hidden, Dense(2)], inputs)

    @property
    def penalty(self) -> Penalty:
        return Penalty(**{self.name: self.strength}) if self.name in ("l1", "l2") else Penalty()


NONE = Way("none")
L2 = tuple(Way("l2", strength) for strength in (0.001, 0.01, 0.03, 0.1))
L1 = tuple(Way("l1", strength) for strength in (0.001, 0.003, 0.01, 0.03))
DROPOUT = tuple(Way("dropout", rate) for rate in (0.2, 0.5, 0.8))


def experiment(short: bool, seed: int) -> Result:
    """Few rows, many features, wrong labels: what each way does to the weights and to the gap."""
    ways = (NONE, *L2[1::2], *L1[1::2], DROPOUT[1]) if short else (NONE, *L2, *L1, *DROPOUT)
    passes = (1, 10, 100) if short else (1, 10, 100, 1000)
    split = data.few_rows(seed)
    rows: list[tuple[Cell, ...]] = []
    figures: dict[str, float] = {}
    for way in ways:
        trained = learn(way.network(split.X.shape[1]), split, 100 if short else 200, seed, penalty=way.penalty)
        weights = np.concatenate([trained.parameters[name].ravel() for name in trained.parameters.layout.weights])
        norm, zero = float(np.linalg.norm(weights.astype(np.float64))), float(np.mean(weights == 0))
        on_train, on_test = trained.accuracy(split.X, split.y), trained.accuracy(split.X_test, split.y_test)
        rows.append((way.name, way.strength, norm, zero, on_train, on_test, on_train - on_test))
        name = f"{way.name} {way.strength:g}".removesuffix(" 0")
        figures |= {f"norm, {name}": norm, f"zeros, {name}": zero, f"gap, {name}": on_train - on_test}
        if way == DROPOUT[1]:
            logits, probabilities = _ensemble(trained, split.X_test, passes, seed)
    figures |= {
        "norm, strongest l2 over none": figures["norm, l2 0.1"] / figures["norm, none"],
        "zeros, strongest l1": figures["zeros, l1 0.03"],
        "gap, strongest l1 over none": figures["gap, l1 0.03"] / figures["gap, none"],
        "gap, strongest l2 over none": figures["gap, l2 0.1"] / figures["gap, none"],
        "mean of 100 passes over a single one, logits": logits[2] / logits[0],
        "mean of 100 passes over a single one, probabilities": probabilities[2] / probabilities[0],
    }
    seen = (
        f"L2 shrinks the norm of the weights to {100 * figures['norm, strongest l2 over none']:.0f} % and makes none of them 0, "
        f"L1 makes {100 * figures['zeros, strongest l1']:.0f} % exactly 0; the gap falls from {figures['gap, none']:.2f} to "
        f"{figures['gap, l2 0.1']:.2f} and {figures['gap, l1 0.03']:.2f}. The logits of one pass with dropout are "
        f"{number(logits[0])} (RMS) from the scaled network's, of the mean of {passes[-1]:,} passes {number(logits[-1])}; "
        f"probabilities stay {number(probabilities[-1])} apart, as the softmax is not linear."
    )

    def draw(figure: Figure) -> None:
        weights, gaps, ensemble = paper.panels(figure, 3)
        for name, colour, marker in (("l2", paper.COLOURS[0], "o"), ("l1", paper.COLOURS[1], "s")):
            chosen = [row for row in rows if row[0] == name]
            strengths = [row[1] for row in chosen]
            weights.semilogx(strengths, [row[3] for row in chosen], color=colour, marker=marker, label=f"{name}: share of 0")
            relative = [row[2] / rows[0][2] for row in chosen]  # type: ignore[operator]
            weights.semilogx(strengths, relative, color=colour, marker=marker, linestyle=":", label=f"{name}: norm")
        weights.set_ylim(-0.02, 1.02)
        paper.label(weights, "strength of the penalty", "share of the weights; norm, of that without", "")
        names = [f"{row[0]} {row[1]:g}".removesuffix(" 0") for row in rows]
        places = np.arange(len(rows))
        gaps.hlines(places, [row[5] for row in rows], [row[4] for row in rows], color="#bbbbbb")
        gaps.plot([row[5] for row in rows], places, "o", color=paper.COLOURS[0], label="test")
        gaps.plot([row[4] for row in rows], places, "s", color=paper.COLOURS[1], label="training")
        gaps.set_yticks(places, names)
        gaps.invert_yaxis()
        paper.label(gaps, "accuracy", "", "")
        ensemble.loglog(passes, logits, color=paper.COLOURS[0], marker="o", label="logits")
        ensemble.loglog(passes, probabilities, color=paper.COLOURS[1], marker="s", label="probabilities")
        paper.label(ensemble, "passes with dropout, averaged", "difference from the scaled network (RMS)", "")

    averages = tuple(
        (f"mean of {count:,}", DROPOUT[1].strength, "-", "-", "-", "-", "-", *differences)
        for count, *differences in zip(passes, logits, probabilities, strict=True)
    )
    columns = (
        "way", "strength", "norm of W", "share of 0", "training", "test", "gap", "from scaled: logits", "probabilities",
    )  # fmt: skip
    return Result(columns, (*((*row, "-", "-") for row in rows), *averages), seen, figures, draw)


def _ensemble(trained: Trained, X: np.ndarray, passes: tuple[int, ...], seed: int) -> list[list[float]]:
    """RMS difference of the mean of so many thinned networks from the scaled one: of logits, of probabilities."""
    found = []
    for link in ("squared_error", "cross_entropy"):  # the link of the first is the identity
        predict = Predictor(trained.network, trained.parameters, losses.get(link))
        scaled = predict(X, n_threads=1)
        means = [predict.sample(X, count, seed, n_threads=1)[0] for count in passes]
        found.append([float(np.sqrt(np.mean((mean - scaled) ** 2))) for mean in means])
    return found


LAB = Lab(
    "regularisation",
    "L2 shrinks all weights and zeroes none, L1 makes most exactly 0, dropout's scaled network stands for the mean of the "
    "thinned ones; the gap between training and test narrows.",
    experiment,
    (
        Condition("norm, strongest l2 over none", high=0.5),
        Condition("zeros, l2 0.1", low=0, high=0.01),
        Condition("zeros, strongest l1", low=0.5),
        Condition("zeros, none", low=0, high=0),
        Condition("gap, strongest l1 over none", high=0.6),
        Condition("gap, strongest l2 over none", high=0.9),
        Condition("mean of 100 passes over a single one, logits", high=0.2),
        Condition("mean of 100 passes over a single one, probabilities", high=0.5),
    ),
)
