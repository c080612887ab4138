"""Skip connections: x + f(x) gives the gradient a way back that no layer stands in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chainrule.labs import data, paper
from chainrule.labs.lab import Condition, Lab
from chainrule.labs.learning import learn
from chainrule.labs.result import Result
from chainrule.labs.signals import gradient_flow, slope
from chainrule.engine.network import Network
from chainrule.network.layers import Dense, Layer, LayerNorm, Residual

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH, CLASSES, DEPTH, EPOCHS = 32, 4, 50, 30
PLAIN, SKIPPED = "plain", "residual"


def _blocks(activation: str) -> dict[str, Layer]:
    dense = Dense(WIDTH, activation)
    return {
        PLAIN: dense,
        SKIPPED: Residual([dense]),
        "residual, normed": Residual([LayerNorm(), dense]),
    }


def _network(activation: str, block: Layer, depth: int, inputs: int) -> Network:
    """A layer that sets the width, the blocks, and the logits."""
    return Network([Dense(WIDTH, activation), *[block] * (depth - 1), Dense(CLASSES)], inputs)


def experiment(short: bool, seed: int) -> Result:
    """The same layers with and without a way around each."""
    depths = (2, DEPTH) if short else (2, 5, 10, 20, 30, DEPTH)
    activations = ("sigmoid",) if short else ("sigmoid", "tanh", "relu")
    split = data.clusters(seed)
    inputs = split.X.shape[1]
    flows, rows = {}, []
    figures: dict[str, float] = {}
    for activation in activations:
        for name, block in _blocks(activation).items():
            deepest = _network(activation, block, DEPTH, inputs)
            flow = gradient_flow(deepest, deepest.init(seed, np.float64), split.X, split.y)
            reached = [
                learn(_network(activation, block, depth, inputs), split, EPOCHS, seed).accuracy(split.X_test, split.y_test)
                for depth in depths
            ]
            flows[activation, name] = flow
            rows.append((activation, name, slope(flow[::-1]), *reached))
            figures |= {
                f"slope of {activation}, {name}": slope(flow[::-1]),
                f"accuracy of {activation}, {name}": reached[-1],
            }
    seen = (
        f"At depth {DEPTH} the plain sigmoid network reaches an accuracy of {figures['accuracy of sigmoid, plain']:.2f} "
        f"(guessing gives {1 / CLASSES:.2f}), with skips {figures['accuracy of sigmoid, residual']:.2f}: its gradient "
        f"changes by a factor of {10 ** figures['slope of sigmoid, residual']:.2f} per layer, not of "
        f"{10 ** figures['slope of sigmoid, plain']:.2f}."
    )

    def draw(figure: Figure) -> None:
        gradients, accuracies = paper.panels(figure, 2)
        styles = dict(zip(_blocks("relu"), (":", "--", "-"), strict=True))
        colours = dict(zip(activations, paper.COLOURS, strict=False))
        for ((activation, name), flow), row in zip(flows.items(), rows, strict=True):
            look = {"color": colours[activation], "linestyle": styles[name]}
            gradients.plot(range(1, DEPTH + 1), flow, **look)
            accuracies.plot(depths, row[3:], label=f"{activation}, {name}", marker=".", **look)
        paper.label(gradients, f"layer of {DEPTH}, from the input", "log$_{10}$ RMS(dLoss/d(what comes out))")
        accuracies.set_ylim(0, 1.02)
        paper.label(accuracies, "layers", "accuracy on test rows")
        figure.legend(loc="outside right center", fontsize=8)

    columns = ("activation", "layers", "slope back", *(f"{'accuracy: ' * (depth == depths[0])}depth {depth}" for depth in depths))
    return Result(columns, tuple(rows), seen, figures, draw)


LAB = Lab(
    "skip",
    f"With a skip around each, {DEPTH} sigmoid layers learn, which do not learn without.",
    experiment,
    (
        Condition("slope of sigmoid, plain", high=-0.4),
        Condition("slope of sigmoid, residual", low=-0.05, high=0.05),
        Condition("accuracy of sigmoid, plain", high=0.5),
        Condition("accuracy of sigmoid, residual", low=0.8),
    ),
)
