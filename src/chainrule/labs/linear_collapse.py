"""Linear layers, however many, are one: the product of their matrices."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.network import Network
from chainrule.engine.parameters import Parameters
from chainrule.labs import paper
from chainrule.labs.lab import Condition, Lab
from chainrule.labs.result import Result
from chainrule.network.layers import Dense

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH, ROWS = 32, 500
ACTIVATIONS = ("identity", "tanh", "relu")
DEPTHS = (1, 2, 5, 10, 20, 50)


def experiment(short: bool, seed: int) -> Result:
    """Of each depth and activation, how far what the network computes is from one affine map."""
    depths = DEPTHS[:4] if short else DEPTHS
    X = np.random.default_rng(seed).normal(size=(ROWS, WIDTH))
    rest: dict[str, list[float]] = {activation: [] for activation in ACTIVATIONS}
    products = []
    for depth in depths:
        for activation in ACTIVATIONS:
            network = Network([Dense(WIDTH, activation, init="xavier_normal")] * depth, WIDTH)
            parameters = _shaken(network, seed)
            output = network.forward(parameters, X).output
            rest[activation].append(_relative(output, _nearest_affine(X, output)))
            if activation == "identity":
                products.append(_relative(output, _collapsed(parameters, X)))
    figures = {
        "largest difference from the product": max(products),
        "smallest part that is not affine, tanh": min(rest["tanh"]),
        "smallest part that is not affine, relu": min(rest["relu"]),
    }
    nearest = min(rest["tanh"] + rest["relu"])
    seen = (
        f"A stack of up to {depths[-1]} linear layers is the product of its matrices, to {max(products):.0e} of what "
        f"comes out; with tanh or ReLU between the layers, no affine map comes nearer than {100 * nearest:.0f} %."
    )
    columns = ("layers", "from the product", *(f"not affine, {activation}" for activation in ACTIVATIONS))
    rows = tuple(zip(depths, products, *rest.values(), strict=True))
    return Result(columns, rows, seen, figures, partial(_draw, depths, rest, products))


def _draw(depths: Sequence[int], rest: dict[str, list[float]], products: list[float], figure: Figure) -> None:
    (ax,) = paper.panels(figure, 1)
    for (activation, values), colour, marker in zip(rest.items(), paper.COLOURS, paper.MARKERS, strict=False):
        ax.loglog(depths, values, color=colour, marker=marker, label=f"{activation}, from the best affine map")
    beyond = depths[1:], products[1:]  # one layer is its own product, and 0 has no logarithm
    ax.loglog(*beyond, color="black", linestyle=":", label="identity, from the product of the matrices")
    ax.set_ylim(1e-17, 10)
    ax.set_xticks(depths, [str(depth) for depth in depths])
    ax.minorticks_off()
    paper.label(ax, "layers", "relative difference of the output (RMS)", "")


def _shaken(network: Network, seed: int) -> Parameters:
    """Fresh weights, and biases that are not 0."""
    parameters, generator = network.init(seed, np.float64), np.random.default_rng(seed)
    for p in parameters.layout.parameters:
        if p.kind == "bias":
            parameters[p.name][...] = generator.normal(scale=0.1, size=p.shape)
    return parameters


def _collapsed(parameters: Parameters, X: NDArray[Any]) -> NDArray[Any]:
    """Through one affine layer: W = W_L ... W_1, and the b that comes out of all biases."""
    W, b = np.eye(WIDTH), np.zeros(WIDTH)
    for layer in range(len(parameters.layout.weights)):
        W_l, b_l = parameters[f"{layer}.W"], parameters[f"{layer}.b"]
        W, b = W_l @ W, W_l @ b + b_l
    return X @ W.T + b


def _nearest_affine(X: NDArray[Any], output: NDArray[Any]) -> NDArray[Any]:
    """The least-squares fit."""
    with_one = np.column_stack([X, np.ones(len(X))])
    return with_one @ np.linalg.lstsq(with_one, output, rcond=None)[0]


def _relative(output: NDArray[Any], other: NDArray[Any]) -> float:
    """RMS of the difference over RMS of the output about its mean."""
    return float(np.sqrt(np.mean((output - other) ** 2) / np.mean((output - output.mean(axis=0)) ** 2)))


LAB = Lab(
    "linear-collapse",
    "Stacked linear layers are one, the product of their matrices; with an activation between they are not.",
    experiment,
    (
        Condition("largest difference from the product", high=1e-12),
        Condition("smallest part that is not affine, tanh", low=0.1),
        Condition("smallest part that is not affine, relu", low=0.1),
    ),
)
