"""The cost of backpropagation: about two forward passes, where finite differences take one per parameter."""

from __future__ import annotations

import time
from collections.abc import Callable
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
#: Runs that a time is the median of.
TIMES = 15
FLOPS, TIME = "largest backward over forward, multiplications", "median of backward over forward, time"
FINITE = "finite differences over backward, multiplications, largest network"


def experiment(short: bool, seed: int) -> Result:
    """Times and multiplications of both passes, by width of the layers and by rows of a batch."""
    units = (16, 64) if short else (16, 32, 64, 128, 256, 512)
    batches = (32, 256) if short else (32, 256, 2048)
    rows, ratios, flop_ratios = [], [], []
    shown: dict[int, list[tuple[int, float, float, float]]] = {batch: [] for batch in batches}
    for width in units:
        network = Network([Dense(width, "relu")] * 3 + [Dense(OUTPUTS)], INPUTS)
        count = network.layout.size
        flops = _backward_flops(network) / _forward_flops(network)
        finite = (count + 1) / flops  # a forward pass per parameter, and one to compare with
        flop_ratios.append(flops)
        for batch in batches:
            run = _run(network, batch, seed)
            with threads.limited(1):
                forward, backward = _seconds(run.forward), _seconds(run.backward)
            ratios.append(backward / forward)
            shown[batch].append((count, forward, backward, forward * (count + 1)))
            rows.append((count, batch, 1e6 * forward, 1e6 * backward, backward / forward, flops, finite))
    figures = {FLOPS: max(flop_ratios), TIME: median(ratios), FINITE: finite}
    seen = (
        f"Going back takes {figures[TIME]:.1f} times a forward pass (median; {max(flop_ratios):.2f} times the "
        f"multiplications at most), whether there are {rows[0][0]:,} parameters or {count:,}; for the largest network, finite "
        f"differences take {finite:,.0f} times the multiplications of the backward pass."
    )

    def draw(figure: Figure) -> None:
        times, over = paper.panels(figure, 2)
        largest = batches[-1]
        counts, forward, backward, finite_time = zip(*shown[largest], strict=True)
        for values, name, colour, marker in (
            (finite_time, "finite differences (parameters x forward)", paper.COLOURS[1], "s"),
            (backward, "backward", paper.COLOURS[0], "o"),
            (forward, "forward", paper.COLOURS[2], "^"),
        ):
            times.loglog(counts, values, color=colour, marker=marker, label=name)
        paper.label(times, "parameters", f"time for {largest:,} rows (s)", "")
        for (batch, found), colour, marker in zip(shown.items(), paper.COLOURS, paper.MARKERS, strict=False):
            over.semilogx(
                [one[0] for one in found], [one[2] / one[1] for one in found],
                color=colour, marker=marker, label=f"{batch:,}",
            )  # fmt: skip
        over.set_ylim(0, 4)
        paper.label(over, "parameters", "time of backward over forward", "rows")

    columns = ("parameters", "rows", "forward (us)", "backward (us)", "ratio", "ratio of flops", "finite differences, ratio")
    return Result(columns, tuple(rows), seen, figures, draw)


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


def _seconds(work: Callable[[], None]) -> float:
    """Median time of a call; calls shorter than a millisecond are timed together."""
    found = []
    started = time.perf_counter()
    work()
    together = max(1, int(1e-3 / max(time.perf_counter() - started, 1e-7)))
    for _ in range(TIMES):
        started = time.perf_counter()
        for _ in range(together):
            work()
        found.append((time.perf_counter() - started) / together)
    return median(found)


LAB = Lab(
    "backprop-cost",
    "A backward pass costs about two forward passes, however many parameters there are; finite differences cost a forward "
    "pass for each.",
    experiment,
    (
        Condition(FLOPS, low=1, high=2),
        Condition(TIME, low=0.5, high=6),
        Condition(FINITE, low=1000),
    ),
    clocked=("forward (us)", "backward (us)", "ratio", TIME),
)
