"""Vanishing gradients: each sigmoid layer lets less than a quarter of the gradient through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from chainrule.labs import data, paper
from chainrule.labs.lab import Condition, Lab
from chainrule.labs.learning import learn
from chainrule.labs.result import Result
from chainrule.labs.signals import gradient_flow, slope, stack
from chainrule.network.initialisers import Initialiser, Normal
from chainrule.network.layers import Dense

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH, CLASSES = 64, 4
#: Depth at which slopes are measured, and draws that they are the mean of.
DEPTH, DRAWS = 20, 5
EPOCHS = 30


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
    depths = (2, 10, 30) if short else (2, 5, 10, 20, 30, 50)
    split = data.clusters(seed)
    flows, rows = {}, []
    figures: dict[str, float] = {}
    for start in STARTS:
        flows[start.name] = flow = _mean_flow(start, split, seed)
        back = slope(flow[::-1])
        reached = [_accuracy(start, depth, split, seed, EPOCHS // 2 if short else EPOCHS) for depth in depths]
        rows.append((start.activation, start.drawn, back, flow[0] - flow[-1], *reached))
        figures |= {f"slope of {start.name}": back, f"accuracy of {start.name}, deepest": reached[-1]}
    sigmoid, relu = (figures[f"slope of {one}"] for one in ("sigmoid, Xavier", "relu, He"))
    seen = (
        f"Layer by layer on the way back, the gradient is multiplied by {10**sigmoid:.2f} under sigmoid with Xavier and "
        f"by {10**relu:.2f} under ReLU with He; at depth {depths[-1]} the first reaches an accuracy of "
        f"{figures['accuracy of sigmoid, Xavier, deepest']:.2f}, the second of "
        f"{figures['accuracy of relu, He, deepest']:.2f}, where guessing gives {1 / CLASSES:.2f}."
    )

    def draw(figure: Figure) -> None:
        gradients, accuracies = paper.panels(figure, 2)
        for (name, flow), row, colour, marker in zip(flows.items(), rows, paper.COLOURS, paper.MARKERS, strict=True):
            gradients.plot(range(1, DEPTH + 1), flow, color=colour, marker=marker, markevery=3)
            accuracies.plot(depths, row[4:], color=colour, marker=marker, label=name)
        paper.label(gradients, f"layer of {DEPTH}, from the input", "log$_{10}$ RMS(dLoss/dz)")
        accuracies.axhline(1 / CLASSES, color="#777777", linewidth=1, linestyle=":")
        accuracies.set_ylim(0, 1.02)
        paper.label(accuracies, "hidden layers (dotted: guessing)", "accuracy on test rows")
        figure.legend(loc="outside right center", fontsize=8)

    columns = ("activation", "initialiser", "slope back", "span", *(f"{'accuracy: ' * (depth == depths[0])}depth {depth}" for depth in depths))
    return Result(columns, tuple(rows), seen, figures, draw)


def _mean_flow(start: Start, split: data.Split, seed: int) -> list[float]:
    """log10 RMS(dLoss/dz) by layer, in float64, whose range the smallest gradients need."""
    network = stack(start.layer(), DEPTH, CLASSES, split.X.shape[1])
    draws = np.random.SeedSequence(seed).spawn(DRAWS)
    flows = [gradient_flow(network, network.init(draw, np.float64), split.X, split.y) for draw in draws]
    return [float(one) for one in np.mean(flows, axis=0)]


def _accuracy(start: Start, depth: int, split: data.Split, seed: int, epochs: int) -> float:
    network = stack(start.layer(), depth, CLASSES, split.X.shape[1])
    return learn(network, split, epochs, seed).accuracy(split.X_test, split.y_test)


LAB = Lab(
    "vanishing",
    "Through depth, gradients vanish under sigmoid and hold under ReLU with He's initialisation; so the one network learns, "
    "the other does not.",
    experiment,
    (
        Condition("slope of sigmoid, Xavier", high=-0.4),
        Condition("slope of relu, He", low=-0.05, high=0.05),
        Condition("accuracy of sigmoid, Xavier, deepest", high=0.5),
        Condition("accuracy of relu, He, deepest", low=0.8),
    ),
)
