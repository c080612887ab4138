"""Initialisation: a variance of 2/fan_in, or of 2/(fan_in + fan_out), holds the signal through any depth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chainrule.labs import paper
from chainrule.labs.lab import Condition, Lab
from chainrule.labs.result import Result
from chainrule.labs.signals import log_rms, slope
from chainrule.engine.network import Network
from chainrule.network.initialisers import Initialiser, Normal
from chainrule.network.layers import Dense

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH, DEPTH = 100, 50
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
    """log10 RMS of z by layer, the mean over draws of the weights; only the first layer sees data."""
    draws = np.random.SeedSequence(seed).spawn(5 if short else 20)
    X = np.random.default_rng(seed).normal(size=(100, WIDTH))
    found: dict[tuple[str, str], list[float]] = {}
    for activation in ACTIVATIONS:
        for drawn, init in INITIALISERS.items():
            network = Network([Dense(WIDTH, activation, init=init)] * DEPTH, WIDTH)
            found[activation, drawn] = _mean_sizes(network, draws, X)
    rows = tuple(
        (activation, drawn, sizes[0], sizes[9], sizes[-1], slope(sizes)) for (activation, drawn), sizes in found.items()
    )
    figures = {f"slope of {activation}, {drawn}": slope(sizes) for (activation, drawn), sizes in found.items()}
    figures["range of z, tanh, Xavier"] = found["tanh", "Xavier"][0] - found["tanh", "Xavier"][-1]
    across = 10 ** (figures["slope of relu, He"] * DEPTH)
    seen = (
        f"Over {DEPTH} layers of ReLU the RMS of z is multiplied by {across:.2g} under He, by "
        f"{10 ** (figures['slope of relu, Xavier'] * DEPTH):.0e} under Xavier and by "
        f"{10 ** (figures['slope of relu, N(0, 0.01)'] * DEPTH):.0e} under N(0, 0.01); Xavier holds it where the "
        f"layers are linear, {10 ** (figures['slope of identity, Xavier'] * DEPTH):.2g}."
    )

    def draw(figure: Figure) -> None:
        for ax, activation in zip(paper.panels(figure, len(ACTIVATIONS)), ACTIVATIONS, strict=True):
            for place, (drawn, colour, marker) in enumerate(zip(INITIALISERS, paper.COLOURS, paper.MARKERS, strict=False)):
                ax.plot(
                    range(1, DEPTH + 1), found[activation, drawn], color=colour, marker=marker, markevery=(2 * place, 12),
                    label=drawn if activation == ACTIVATIONS[0] else None,
                )  # fmt: skip
            ax.set_ylim(-12, 12)
            ax.set_title(activation)
            paper.label(ax, "layer", "log$_{10}$ RMS(z)" if activation == ACTIVATIONS[0] else "")
        figure.legend(loc="outside right center", fontsize=8)

    columns = ("activation", "initialiser", "log10 RMS(z), layer 1", "layer 10", f"layer {DEPTH}", "slope")
    return Result(columns, rows, seen, figures, draw)


def _mean_sizes(network: Network, draws: list[np.random.SeedSequence], X: np.ndarray) -> list[float]:
    sizes = [
        [log_rms(z) for z in network.forward(network.init(draw, np.float64), X).pre_activations] for draw in draws
    ]  # fmt: skip
    return [float(one) for one in np.mean(sizes, axis=0)]


LAB = Lab(
    "initialisation",
    "He's initialisation holds the variance of the signal through depth under ReLU, Xavier's in linear and tanh layers; "
    "fixed deviations do not.",
    experiment,
    (
        Condition("slope of relu, He", low=-0.02, high=0.02),
        Condition("slope of identity, Xavier", low=-0.02, high=0.02),
        Condition("range of z, tanh, Xavier", low=0, high=1.5),
        Condition("slope of relu, Xavier", high=-0.1),
        Condition("slope of relu, N(0, 0.01)", high=-0.5),
        Condition("slope of relu, N(0, 1)", low=0.5),
    ),
)
