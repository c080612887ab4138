"""Universal approximation: what one hidden layer of a given width can come to, and what depth adds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.network import Network
from chainrule.engine.parameters import Parameters
from chainrule.labs import paper
from chainrule.labs.lab import Condition, Lab
from chainrule.labs.result import Cell, Result, number
from chainrule.network import losses
from chainrule.network.layers import Dense
from chainrule.training import lbfgs
from chainrule.training.batches import Rows
from chainrule.training.penalty import Penalty

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

#: What is to be learnt on [0, 1]: smooth, with a kink, with a jump.
TARGETS: dict[str, Callable[[Any], Any]] = {
    "sine": lambda x: np.sin(6 * np.pi * x),
    "kink": lambda x: np.abs(x - 0.3),
    "jump": lambda x: np.sign(x - 0.3),
}
X = np.linspace(0, 1, 1025)[:, None]
RESTARTS = 3


def experiment(short: bool, seed: int) -> Result:
    """Error against width for each target; then a saw of 2^(k-1) teeth, by depth and by width."""
    widths = (1, 4, 16, 64) if short else (1, 2, 4, 8, 16, 32, 64, 128)
    doublings = 5 if short else 6
    tries = np.random.SeedSequence(seed).spawn(RESTARTS)
    errors: dict[str, list[tuple[float, float]]] = {}
    rows: list[tuple[Cell, ...]] = []
    for name, target in TARGETS.items():
        y, errors[name] = target(X), []
        for width in widths:
            network, parameters = _hinges(y, width)
            set_, trained = _rms(network, parameters, y), _trained(network, y, tries)
            errors[name].append((set_, trained))
            rows.append((name, 1, width, parameters.layout.size, set_, trained))
    saw = _saw(doublings)
    deep, exact = _folds(doublings)
    width = (exact.layout.size - 1) // 3  # as many parameters in one layer
    shallow, straight = _hinges(saw, width)
    depth_error, width_error = _rms(deep, exact, saw), _rms(shallow, straight, saw)
    best_shallow, best_deep = _trained(shallow, saw, tries), _trained(deep, saw, tries)
    rows += [
        ("saw", doublings, 2, exact.layout.size, depth_error, best_deep),
        ("saw", 1, width, straight.layout.size, width_error, best_shallow),
    ]
    set_first, set_last = (np.array([errors[name][k][0] for name in TARGETS]) for k in (0, -1))
    figures = {
        "error left at the largest width, of that of one unit": float((set_last / set_first).max()),
        "error of the saw, deep": depth_error,
        "error of the saw, one layer": min(width_error, best_shallow),
    }
    left = figures["error left at the largest width, of that of one unit"]
    seen = (
        f"From 1 to {widths[-1]} units the error falls to {100 * left:.0f} % of what it was or less; {doublings} layers of two "
        f"units draw a saw of {2 ** (doublings - 1)} teeth (error {number(depth_error)}), where one layer with as many "
        f"parameters errs by {figures['error of the saw, one layer']:.2f}. Training does not find the deep saw: it ends at "
        f"{best_deep:.2f}."
    )

    def draw(figure: Figure) -> None:
        by_width, saws = paper.panels(figure, 2)
        for (name, found), colour, marker in zip(errors.items(), paper.COLOURS, paper.MARKERS, strict=False):
            hand, learnt = zip(*found, strict=True)
            by_width.loglog(widths, hand, color=colour, marker=marker, label=f"{name}, weights set")
            by_width.loglog(widths, learnt, color=colour, marker=marker, linestyle=":", label=f"{name}, trained")
        by_width.set_xticks(widths, [str(one) for one in widths])
        by_width.minorticks_off()
        paper.label(by_width, "units of one hidden layer", "error (RMS)", "")
        saws.plot(X, saw, color="#bbbbbb", linewidth=3, label="saw")
        saws.plot(X, deep.forward(exact, X).output, color=paper.COLOURS[0], linewidth=1, label=f"{doublings} layers of 2")
        saws.plot(X, shallow.forward(straight, X).output, color=paper.COLOURS[1], label=f"1 layer of {width}")
        saws.set_ylim(-0.05, 1.45)
        paper.label(saws, "x", "output, weights set", "")

    columns = ("target", "layers", "units", "parameters", "error, weights set", "error, trained")
    return Result(columns, tuple(rows), seen, figures, draw)


def _hinges(y: Array, width: int) -> tuple[Network, Parameters]:
    """One layer of ReLU units that bend at even places, and the output weights of the least-squares fit."""
    network = Network([Dense(width, "relu"), Dense(1)], 1)
    parameters = network.init(0, np.float64)
    parameters["0.W"][...], parameters["0.b"][...] = 1, -np.arange(width) / width
    bent = network.forward(parameters, X).activations[0]
    *weights, offset = np.linalg.lstsq(np.column_stack([bent, np.ones(len(X))]), y[:, 0], rcond=None)[0]
    parameters["1.W"][...], parameters["1.b"][...] = weights, offset
    return network, parameters


def _saw(doublings: int) -> Array:
    """The tent 1 - |2x - 1| put into itself."""
    y = X
    for _ in range(doublings):
        y = 1 - np.abs(2 * y - 1)
    return y


def _folds(doublings: int) -> tuple[Network, Parameters]:
    """The same by layers of two ReLU units: tent(x) = 2 relu(x) - 4 relu(x - 1/2) on [0, 1] (Telgarsky 2016)."""
    network = Network([*[Dense(2, "relu")] * doublings, Dense(1)], 1)
    parameters = network.init(0, np.float64)
    tent = np.array([2.0, -4.0])
    for layer in range(doublings + 1):
        W, b = parameters[f"{layer}.W"], parameters[f"{layer}.b"]
        W[...] = 1 if layer == 0 else tent
        if layer < doublings:
            b[...] = 0, -0.5
    return network, parameters


def _trained(network: Network, y: Array, tries: list[np.random.SeedSequence]) -> float:
    """The least error that L-BFGS reaches from several starts, each with its bends drawn over [0, 1]."""
    found = []
    for one in tries:
        parameters = network.init(one, np.float64)
        units = len(parameters["0.b"])
        parameters["0.W"][...] = 2 * np.sqrt(2)
        parameters["0.b"][...] = -2 * np.sqrt(2) * np.random.default_rng(one).uniform(0, 1, units)
        lbfgs.minimise(
            network, parameters, Rows(X, y), losses.get("squared_error"), Penalty(),
            max_iter=1000, max_fun=2000, tol=1e-10, n_threads=1,
        )  # fmt: skip
        found.append(_rms(network, parameters, y))
    return min(found)


def _rms(network: Network, parameters: Parameters, y: Array) -> float:
    return float(np.sqrt(np.mean((network.forward(parameters, X).output - y) ** 2)))


LAB = Lab(
    "universal",
    "A wide enough hidden layer comes as near to a function as one likes; depth draws with few units what takes many side "
    "by side.",
    experiment,
    (
        Condition("error left at the largest width, of that of one unit", high=0.3),
        Condition("error of the saw, deep", high=1e-9),
        Condition("error of the saw, one layer", low=0.1),
    ),
)
