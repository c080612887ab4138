"""Universal approximation: what one hidden layer of a given width can come to, and what depth adds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

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
#: How often the tent is put into itself.
DOUBLINGS = 6


class Errors(NamedTuple):
    """Root mean squares over the grid."""

    set: float
    trained: float


def experiment(short: bool, seed: int) -> Result:
    """Error against width for each target; then a saw of 2^(k-1) teeth, by k layers and by one as large."""
    widths = (1, 4, 16, 64) if short else (1, 2, 4, 8, 16, 32, 64, 128)
    tries = np.random.SeedSequence(seed).spawn(1 if short else RESTARTS)
    errors: dict[str, list[Errors]] = {}
    rows: list[tuple[Cell, ...]] = []
    for name, target in TARGETS.items():
        errors[name] = [_errors(*_hinges(target(X), width), target(X), tries) for width in widths]
        rows += [(name, 1, width, 3 * width + 1, *found) for width, found in zip(widths, errors[name], strict=True)]
    saw, (deep, exact) = _saw(DOUBLINGS), _folds(DOUBLINGS)
    count = exact.layout.size
    width = (count - 1) // 3
    by_depth, by_width = _errors(deep, exact, saw, tries), _errors(*_hinges(saw, width), saw, tries)
    rows += [("saw", DOUBLINGS, 2, count, *by_depth), ("saw", 1, width, 3 * width + 1, *by_width)]
    left = max(found[-1].set / found[0].set for found in errors.values())
    figures = {
        "error left at the largest width, of that of one unit": left,
        "error of the saw, deep": by_depth.set,
        "error of the saw, one layer": min(by_width),
    }
    seen = (
        f"From 1 to {widths[-1]} units the error falls to {100 * left:.0f} % of what it was or less. {DOUBLINGS} "
        f"layers of two units draw a saw of {2 ** (DOUBLINGS - 1)} teeth (error {number(by_depth.set)}), where one "
        f"layer with as many parameters errs by {min(by_width):.2f}; training does not find the deep saw, but ends at "
        f"{by_depth.trained:.2f}."
    )
    columns = ("target", "layers", "units", "parameters", "error, weights set", "error, trained")
    return Result(columns, tuple(rows), seen, figures, partial(_draw, widths, errors, width))


def _draw(widths: Sequence[int], errors: dict[str, list[Errors]], width: int, figure: Figure) -> None:
    by_width, saws = paper.panels(figure, 2)
    for (name, found), colour, marker in zip(errors.items(), paper.COLOURS, paper.MARKERS, strict=False):
        by_width.loglog(widths, [one.set for one in found], color=colour, marker=marker, label=f"{name}, weights set")
        trained = [one.trained for one in found]
        by_width.loglog(widths, trained, color=colour, marker=marker, linestyle=":", label=f"{name}, trained")
    by_width.set_xticks(widths, [str(one) for one in widths])
    by_width.minorticks_off()
    paper.label(by_width, "units of one hidden layer", "error (RMS)", "")
    saw, (deep, exact) = _saw(DOUBLINGS), _folds(DOUBLINGS)
    shallow, straight = _hinges(saw, width)
    saws.plot(X, saw, color="#bbbbbb", linewidth=3, label="saw")
    saws.plot(X, deep.forward(exact, X).output, color=paper.COLOURS[0], linewidth=1, label=f"{DOUBLINGS} layers of 2")
    saws.plot(X, shallow.forward(straight, X).output, color=paper.COLOURS[1], label=f"1 layer of {width}")
    paper.label(saws, "x", "output, weights set")
    paper.legend_above(saws, columns=3)


def _errors(network: Network, parameters: Parameters, y: Array, tries: Sequence[np.random.SeedSequence]) -> Errors:
    """With these parameters, and behind training from fresh ones."""
    return Errors(_rms(network, parameters, y), _trained(network, y, tries))


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


def _trained(network: Network, y: Array, tries: Sequence[np.random.SeedSequence]) -> float:
    """The least error that L-BFGS reaches from several starts, with bends anywhere on [0, 1]."""
    found = []
    for one in tries:
        generator = np.random.default_rng(one)
        parameters = network.init(int(generator.integers(1 << 32)), np.float64)
        W, b = parameters["0.W"], parameters["0.b"]
        b[...] = -W[:, 0] * generator.uniform(size=len(b))  # as zeros, all would bend at 0
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
    "One hidden layer, wide enough, comes as near to a function as one likes; depth saves units.",
    experiment,
    (
        Condition("error left at the largest width, of that of one unit", high=0.3),
        Condition("error of the saw, deep", high=1e-9),
        Condition("error of the saw, one layer", low=0.1),
    ),
)
