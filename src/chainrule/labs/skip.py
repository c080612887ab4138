"""Skip connections: x + f(x) gives the gradient a way back that no layer stands in."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from chainrule.engine.network import Network
from chainrule.labs import data, paper
from chainrule.labs.lab import Condition, Lab
from chainrule.labs.learning import learn
from chainrule.labs.result import Cell, Result
from chainrule.labs.signals import gradient_flow, slope
from chainrule.network.layers import Dense, Layer, Residual
from chainrule.network.layers.norms import LayerNorm

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: (activation, layers) -> a number per layer, or per depth
Curves = dict[tuple[str, str], list[float]]

WIDTH, CLASSES, DEPTH, EPOCHS = 32, 4, 50, 30


def _blocks(activation: str) -> dict[str, Layer]:
    dense = Dense(WIDTH, activation)
    return {"plain": dense, "residual": Residual([dense]), "residual, normed": Residual([LayerNorm(), dense])}


def experiment(short: bool, seed: int) -> Result:
    """The same layers with and without a way around each."""
    depths = (2, DEPTH) if short else (2, 5, 10, 20, 30, DEPTH)
    activations = ("sigmoid",) if short else ("sigmoid", "tanh", "relu")
    split = data.clusters(seed)
    flows: Curves = {}
    reached: Curves = {}
    figures: dict[str, float] = {}
    rows: list[tuple[Cell, ...]] = []
    for activation in activations:
        for name, block in _blocks(activation).items():
            networks = [_network(activation, block, depth, split.X.shape[1]) for depth in depths]
            accuracies = [learn(one, split, EPOCHS, seed).accuracy(split.X_test, split.y_test) for one in networks]
            flow = gradient_flow(networks[-1], networks[-1].init(seed, np.float64), split.X, split.y)
            flows[activation, name], reached[activation, name] = flow, accuracies
            back = slope(flow[::-1])
            rows.append((activation, name, back, *accuracies))
            figures |= {f"slope of {activation}, {name}": back, f"accuracy of {activation}, {name}": accuracies[-1]}
    seen = (
        f"At depth {DEPTH} the plain sigmoid network reaches an accuracy of "
        f"{figures['accuracy of sigmoid, plain']:.2f}, which guessing gives too ({1 / CLASSES:.2f}), with skips "
        f"{figures['accuracy of sigmoid, residual']:.2f}. Its gradient changes by a factor of "
        f"{10 ** figures['slope of sigmoid, residual']:.2f} per layer with them, of "
        f"{10 ** figures['slope of sigmoid, plain']:.2f} without."
    )
    columns = ("activation", "layers", "slope back", *paper.by_depth("accuracy", depths))
    return Result(columns, tuple(rows), seen, figures, partial(_draw, flows, depths, reached))


def _network(activation: str, block: Layer, depth: int, inputs: int) -> Network:
    """A layer that sets the width, the blocks, and the logits."""
    return Network([Dense(WIDTH, activation), *[block] * (depth - 1), Dense(CLASSES)], inputs)


def _draw(flows: Curves, depths: Sequence[int], reached: Curves, figure: Figure) -> None:
    gradients, accuracies = paper.panels(figure, 2)
    lines = dict(zip(_blocks("relu"), (":", "--", "-"), strict=True))
    colours = dict(zip(dict.fromkeys(activation for activation, _ in flows), paper.COLOURS, strict=False))
    for activation, name in flows:
        colour, line = colours[activation], lines[name]
        gradients.plot(range(1, DEPTH + 1), flows[activation, name], color=colour, linestyle=line)
        accuracies.plot(
            depths, reached[activation, name], color=colour, linestyle=line, marker=".", label=f"{activation}, {name}"
        )
    paper.label(gradients, f"layer of {DEPTH}, from the input", "log$_{10}$ RMS(dLoss/d(what comes out))")
    paper.guessing(accuracies, 1 / CLASSES)
    paper.label(accuracies, "layers (dotted: guessing)", "accuracy on test rows")
    figure.legend(loc="outside right center", fontsize="small")


LAB = Lab(
    "skip",
    "With a skip around each, 50 sigmoid layers learn, which do not learn without.",
    experiment,
    (
        Condition("slope of sigmoid, plain", high=-0.4),
        Condition("slope of sigmoid, residual", low=-0.05, high=0.05),
        Condition("accuracy of sigmoid, plain", high=0.4),  # guessing gives 0.25
        Condition("accuracy of sigmoid, residual", low=0.6),  # seeds: 0.82 to 0.96
    ),
)
