"""The cost of backpropagation: about two forward passes, where finite differences take one per parameter."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from chainrule.engine import threads
from chainrule.engine.network import Network
from chainrule.engine.plan import Run
from chainrule.labs import paper
from chainrule.labs.lab import Condition, Lab
from chainrule.labs.result import Result
from chainrule.network.layers import Dense, widths

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INPUTS, OUTPUTS = 50, 10
#: Times that a pass is timed; the least counts, which other processes disturb the least.
TIMES = 15
#: Names of figures.
FLOPS, TIME = "largest backward over forward, multiplications", "median of backward over forward, time"
FINITE = "finite differences over backward, multiplications, largest network"


@dataclass(frozen=True)
class Cost:
    """Of one network and batch.

    Attributes
    ----------
    forward, backward : seconds
    flops : multiplications of the backward over those of the forward pass
    """

    parameters: int
    rows: int
    forward: float
    backward: float
    flops: float

    @property
    def ratio(self) -> float:
        return self.backward / self.forward

    @property
    def finite(self) -> float:
        """Finite differences over the backward pass, in multiplications: a forward pass per parameter, and one more."""
        return (self.parameters + 1) / self.flops


def experiment(short: bool, seed: int) -> Result:
    """Times and multiplications of both passes, by width of the layers and by rows of a batch."""
    units = (16, 64) if short else (16, 32, 64, 128, 256, 512)
    batches = (32, 256) if short else (32, 256, 2048)
    costs = [_cost(width, batch, seed) for width in units for batch in batches]
    largest = costs[-1]
    figures = {
        FLOPS: max(cost.flops for cost in costs),
        TIME: median(cost.ratio for cost in costs),
        FINITE: largest.finite,
    }
    seen = (
        f"Going back takes {figures[TIME]:.1f} times a forward pass (median; {figures[FLOPS]:.2f} times the "
        f"multiplications at most), whether there are {costs[0].parameters:,} parameters or {largest.parameters:,}, "
        f"for which finite differences take {largest.finite:,.0f} times the multiplications of the backward pass."
    )
    columns = (
        "parameters", "rows", "forward (us)", "backward (us)", "ratio", "ratio of flops", "finite differences, ratio",
    )  # fmt: skip
    rows = tuple(
        (one.parameters, one.rows, 1e6 * one.forward, 1e6 * one.backward, one.ratio, one.flops, one.finite)
        for one in costs
    )
    return Result(columns, rows, seen, figures, partial(_draw, costs))


def _draw(costs: Sequence[Cost], figure: Figure) -> None:
    times, ratios = paper.panels(figure, 2)
    by_rows = {rows: [one for one in costs if one.rows == rows] for rows in dict.fromkeys(one.rows for one in costs)}
    most, shown = list(by_rows.items())[-1]
    parameters = [one.parameters for one in shown]
    for name, seconds, colour, marker in (
        (
            "finite differences, computed",
            [one.forward * one.parameters for one in shown],
            paper.COLOURS[1],
            "s",
        ),
        ("backward", [one.backward for one in shown], paper.COLOURS[0], "o"),
        ("forward", [one.forward for one in shown], paper.COLOURS[2], "^"),
    ):
        times.loglog(parameters, seconds, color=colour, marker=marker, label=name)
    paper.label(times, "parameters", f"time for {most:,} rows (s)", "", place="upper left")
    for (rows, found), colour, marker in zip(by_rows.items(), paper.COLOURS, paper.MARKERS, strict=False):
        ratios.semilogx(parameters, [one.ratio for one in found], color=colour, marker=marker, label=f"{rows:,}")
    ratios.set_ylim(0, 4)
    paper.label(ratios, "parameters", "time of backward over forward", "rows")


def _cost(width: int, batch: int, seed: int) -> Cost:
    network = Network([*[Dense(width, "relu")] * 3, Dense(OUTPUTS)], INPUTS)
    run = _run(network, batch, seed)
    with threads.limited(1):
        forward, backward = _seconds(run.forward, run.backward)
    flops = _backward_flops(network) / _forward_flops(network)
    return Cost(network.layout.size, batch, forward, backward, flops)


def _forward_flops(network: Network) -> int:
    """Per row; what is added by biases and activations is left out."""
    incoming = widths(network.layers, network.inputs)
    return sum(layer.flops(inputs) for layer, inputs in zip(network.layers, incoming, strict=False))


def _backward_flops(network: Network) -> int:
    """A product for dW of each layer, and one for da of each but the first, whose input needs no gradient."""
    return 2 * _forward_flops(network) - network.layers[0].flops(network.inputs)


def _run(network: Network, batch: int, seed: int) -> Run:
    """A training step of this network without the update, on one thread."""
    generator = np.random.default_rng(seed)
    run = network.plan(network.init(seed), batch, loss="cross_entropy").run(batch)
    run.arrays["x"][...] = generator.normal(size=(batch, network.inputs))
    run.arrays["y"][...] = generator.integers(0, OUTPUTS, run.arrays["y"].shape)
    run.arrays["w"][...] = 1
    run.forward()
    run.backward()
    return run


def _seconds(*passes: Callable[[], None]) -> list[float]:
    """Least time of each; they are timed in turns, so that a busy machine slows them alike."""
    turns = [[_timed(one) for one in passes] for _ in range(TIMES)]
    return [min(times) for times in zip(*turns, strict=True)]


def _timed(work: Callable[[], None]) -> float:
    """Time of one of so many calls as fill a millisecond: the thread's own, in which nothing else runs."""
    calls, started = 0, time.thread_time()
    while (gone := time.thread_time() - started) < 1e-3 or not calls:
        work()
        calls += 1
    return gone / calls


LAB = Lab(
    "backprop-cost",
    "A backward pass costs about two forward passes; finite differences cost one per parameter.",
    experiment,
    (
        Condition(FLOPS, low=1, high=2),
        Condition(TIME, low=0.5, high=6),
        Condition(FINITE, low=1000),
    ),
    clocked=("forward (us)", "backward (us)", "ratio", TIME),
)
