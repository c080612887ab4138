"""Vanishing gradients: each sigmoid layer lets less than a quarter of the gradient through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from chainrule.labs import data, paper
from chainrule.labs.lab import Condition, Lab
from chainrule.labs.learning import learn
from chainrule.labs.result import Cell, Result
from chainrule.labs.signals import gradient_flow, slope, stack
from chainrule.network.initialisers import Initialiser, Normal
from chainrule.network.layers import Dense

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Curves = dict[str, list[float]]

WIDTH, CLASSES = 64, 4
#: Depth at which slopes are measured, rows that go through, and draws of the weights that a slope is the mean of.
DEPTH, ROWS, DRAWS = 20, 200, 5
EPOCHS = 30
#: Depth whose accuracies the claim is about.
JUDGED = 30


@dataclass(frozen=True)
class Start:
    """A hidden layer and how its weights begin."""

    activation: str
    init: str | Initialiser
    drawn: str

    @property
    def name(self) -> str:
        return f"{self.activation}, {self.drawn}"

    def layer(self) -> Dense:
        return Dense(WIDTH, self.activation, init=self.init)


STARTS = (
    Start("sigmoid", "xavier_normal", "Xavier"),
    Start("sigmoid", "he_normal", "He"),
    Start("tanh", "xavier_normal", "Xavier"),
    Start("tanh", Normal(1.0), "N(0, 1)"),
    Start("relu", "he_normal", "He"),
    Start("relu", "xavier_normal", "Xavier"),
    Start("relu", Normal(0.01), "N(0, 0.01)"),
)  # fmt: skip


def experiment(short: bool, seed: int) -> Result:
    """Slopes of the gradient at initialisation, and the accuracy that the same networks reach."""
    depths = (2, JUDGED) if short else (2, 5, 10, 20, JUDGED, 50)
    epochs = EPOCHS // 2 if short else EPOCHS
    split = data.clusters(seed)
    flows = {start.name: _mean_flow(start, split, seed) for start in STARTS}
    reached = {start.name: [_accuracy(start, depth, split, seed, epochs) for depth in depths] for start in STARTS}
    figures: dict[str, float] = {}
    rows: list[tuple[Cell, ...]] = []
    for start in STARTS:
        flow, accuracies = flows[start.name], reached[start.name]
        back = slope(flow[::-1])
        rows.append((start.activation, start.drawn, back, flow[0] - flow[-1], *accuracies))
        figures |= {f"slope of {start.name}": back, f"accuracy of {start.name}": accuracies[depths.index(JUDGED)]}
    seen = (
        f"On its way back the gradient is multiplied by {10 ** figures['slope of sigmoid, Xavier']:.2f} per layer "
        f"under sigmoid with Xavier, by {10 ** figures['slope of relu, He']:.2f} under ReLU with He. At depth {JUDGED} "
        f"the first reaches an accuracy of {figures['accuracy of sigmoid, Xavier']:.2f}, the second of "
        f"{figures['accuracy of relu, He']:.2f}; guessing gives {1 / CLASSES:.2f}."
    )
    columns = ("activation", "initialiser", "slope back", "span", *paper.by_depth("accuracy", depths))
    return Result(columns, tuple(rows), seen, figures, partial(_draw, flows, depths, reached))


def _draw(flows: Curves, depths: Sequence[int], reached: Curves, figure: Figure) -> None:
    gradients, accuracies = paper.panels(figure, 2)
    for name, colour, marker in zip(flows, paper.COLOURS, paper.MARKERS, strict=True):
        gradients.plot(range(1, DEPTH + 1), flows[name], color=colour, marker=marker, markevery=3)
        accuracies.plot(depths, reached[name], color=colour, marker=marker, label=name)
    paper.label(gradients, f"layer of {DEPTH}, from the input", "log$_{10}$ RMS(dLoss/dz)")
    paper.guessing(accuracies, 1 / CLASSES)
    paper.label(accuracies, "hidden layers (dotted: guessing)", "accuracy on test rows")
    figure.legend(loc="outside right center", fontsize="small")


def _mean_flow(start: Start, split: data.Split, seed: int) -> list[float]:
    """log10 RMS(dLoss/dz) by layer, in float64, whose range the smallest gradients need."""
    network = stack(start.layer(), DEPTH, CLASSES, split.X.shape[1])
    draws = np.random.SeedSequence(seed).spawn(DRAWS)
    X, y = split.X[:ROWS], split.y[:ROWS]
    flows = [gradient_flow(network, network.init(draw, np.float64), X, y) for draw in draws]
    return [float(one) for one in np.mean(flows, axis=0)]


def _accuracy(start: Start, depth: int, split: data.Split, seed: int, epochs: int) -> float:
    network = stack(start.layer(), depth, CLASSES, split.X.shape[1])
    return learn(network, split, epochs, seed).accuracy(split.X_test, split.y_test)


LAB = Lab(
    "vanishing",
    "Gradients vanish through depth under sigmoid, and hold under ReLU with He's initialisation.",
    experiment,
    (
        Condition("slope of sigmoid, Xavier", high=-0.4),
        Condition("slope of relu, He", low=-0.05, high=0.05),
        Condition("accuracy of sigmoid, Xavier", high=0.5),
        Condition("accuracy of relu, He", low=0.8),
    ),
)
