"""Initialisation: a variance of 2/fan_in, or of 2/(fan_in + fan_out), holds the signal through any depth."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.network import Network
from chainrule.labs import paper
from chainrule.labs.lab import Condition, Lab
from chainrule.labs.result import Result, number
from chainrule.labs.signals import log_rms, slope
from chainrule.network.initialisers import Initialiser, Normal
from chainrule.network.layers import Dense

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: (activation, initialiser) -> log10 RMS(z) of each layer
Sizes = dict[tuple[str, str], list[float]]

WIDTH = 100
#: drawn how -> initialiser
INITIALISERS: dict[str, str | Initialiser] = {
    "He": "he_normal",
    "Xavier": "xavier_normal",
    "LeCun": "lecun_normal",
    "orthogonal": "orthogonal",
    "N(0, 0.01)": Normal(0.01),
    "N(0, 1)": Normal(1.0),
}
ACTIVATIONS = ("relu", "tanh", "identity")


def experiment(short: bool, seed: int) -> Result:
    """log10 RMS of z by layer, the mean over draws of the weights."""
    depth = 20 if short else 50
    draws = np.random.SeedSequence(seed).spawn(6 if short else 10)
    X = np.random.default_rng(seed).normal(size=(100, WIDTH))
    sizes: Sizes = {
        (activation, drawn): _mean_sizes(Network([Dense(WIDTH, activation, init=init)] * depth, WIDTH), draws, X)
        for activation in ACTIVATIONS
        for drawn, init in INITIALISERS.items()
    }
    rows = tuple((*key, z[0], z[9], z[-1], slope(z)) for key, z in sizes.items())
    figures = {f"slope of {activation}, {drawn}": slope(z) for (activation, drawn), z in sizes.items()}
    figures["fall of z, tanh, Xavier"] = sizes["tanh", "Xavier"][0] - sizes["tanh", "Xavier"][-1]

    def across(name: str) -> str:
        return number(10 ** (depth * figures[f"slope of {name}"]))

    seen = (
        f"Over {depth} layers of ReLU the RMS of z is multiplied by {across('relu, He')} under He, by "
        f"{across('relu, Xavier')} under Xavier and by {across('relu, N(0, 0.01)')} under N(0, 0.01); Xavier holds it "
        f"where layers are linear, {across('identity, Xavier')}."
    )
    columns = ("activation", "initialiser", "log10 RMS(z): layer 1", "layer 10", f"layer {depth}", "slope")
    return Result(columns, rows, seen, figures, partial(_draw, sizes))


def _draw(sizes: Sizes, figure: Figure) -> None:
    axes = paper.panels(figure, len(ACTIVATIONS))
    for ax, activation in zip(axes, ACTIVATIONS, strict=True):
        for place, (drawn, colour, marker) in enumerate(zip(INITIALISERS, paper.COLOURS, paper.MARKERS, strict=False)):
            z, apart = sizes[activation, drawn], (2 * place, 12)  # so that markers of equal lines are all seen
            ax.plot(range(1, len(z) + 1), z, color=colour, marker=marker, markevery=apart, label=drawn)
        ax.set_ylim(-12, 12)
        ax.set_title(activation)
        paper.label(ax, "layer", "")
    axes[0].set_ylabel("log$_{10}$ RMS(z)")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside right center", fontsize="small")


def _mean_sizes(network: Network, draws: list[np.random.SeedSequence], X: NDArray[np.float64]) -> list[float]:
    """In float64, whose range the smallest signals need."""
    passes = [network.forward(network.init(draw, np.float64), X) for draw in draws]
    return [float(one) for one in np.mean([[log_rms(z) for z in one.pre_activations] for one in passes], axis=0)]


LAB = Lab(
    "initialisation",
    "The variances of He and Xavier hold the signal through depth; fixed ones do not.",
    experiment,
    (
        Condition("slope of relu, He", low=-0.03, high=0.03),
        Condition("slope of identity, Xavier", low=-0.03, high=0.03),
        Condition("fall of z, tanh, Xavier", low=0, high=1.5),
        Condition("slope of relu, Xavier", high=-0.1),
        Condition("slope of relu, N(0, 0.01)", high=-0.5),
        Condition("slope of relu, N(0, 1)", low=0.5),
    ),
)
