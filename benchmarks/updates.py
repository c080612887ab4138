"""What stands behind the gradient: AdamW bare and with all that is asked of it, and every optimiser."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from statistics import median

from benchmarks.cases import CASES, Case, data
from benchmarks.peers.chainrule_peer import network
from chainrule.network.losses import CROSS_ENTROPY
from chainrule.training.averaging import EMA
from chainrule.training.batches import Rows
from chainrule.training.optimisers import (
    LAMB,
    SGD,
    AdaBelief,
    Adadelta,
    Adagrad,
    Adam,
    AdamW,
    Lion,
    Muon,
    Nadam,
    Optimiser,
    RAdam,
    RMSprop,
)
from chainrule.training.penalty import Penalty
from chainrule.training.schedules import Cosine, Schedule
from chainrule.training.step_options import PLAIN, StepOptions
from chainrule.training.streams import streams
from chainrule.training.trainer import Trainer
from chainrule.training.update import Update

ROUNDS = 15
BATCHES = {"medium": 100, "image": 40, "large": 4}
RICH = StepOptions(clip_norm=1.0, averaging=EMA())
OPTIMISERS: tuple[Optimiser, ...] = (
    AdamW(), SGD(), SGD(momentum=0.9), Adam(), Nadam(), RAdam(), AdaBelief(), RMSprop(), Adagrad(), Adadelta(), Lion(),
    LAMB(), Muon(),
)  # fmt: skip

Epoch = Callable[[], float]  # seconds per step


def make(case: Case, optimiser: Optimiser, options: StepOptions = PLAIN, schedule: Schedule | None = None) -> Epoch:
    """An epoch of a trainer, warmed up."""
    batches = BATCHES[case.name]
    net, drawn = network(case, rich=False), streams(0)
    parameters = net.init(drawn.init)
    trainer = Trainer(net, parameters, CROSS_ENTROPY, optimiser, Penalty(), drawn, schedule=schedule)
    trainer.update = Update(optimiser, Penalty(), parameters, options)
    trainer.planned = (ROUNDS + 1) * batches
    rows = Rows(*data(case, batches, seed=0))
    trainer.epoch(rows, case.batch)
    return lambda: trainer.epoch(rows, case.batch).seconds / batches


def interleaved(epochs: Mapping[str, Epoch]) -> dict[str, float]:
    """Median seconds per step of each. They take turns, in another order each time: who comes next to whom shows."""
    times: dict[str, list[float]] = {name: [] for name in epochs}
    order, random = list(epochs), Random(0)
    for _ in range(ROUNDS):
        random.shuffle(order)
        for name in order:
            times[name].append(epochs[name]())
    return {name: median(seconds) for name, seconds in times.items()}


def main() -> None:
    """Print two Markdown tables."""
    print("| network | AdamW, µs per step | with clipping, EMA and cosine | ratio |")
    print("|---|---:|---:|---:|")
    for name in BATCHES:
        case = CASES[name]
        found = interleaved({"plain": make(case, AdamW()), "rich": make(case, AdamW(), RICH, Cosine())})
        plain, rich = found["plain"], found["rich"]
        print(f"| {name} | {plain * 1e6:,.0f} | {rich * 1e6:,.0f} | {rich / plain:.3f} |", flush=True)
    found = interleaved({repr(optimiser): make(CASES["medium"], optimiser) for optimiser in OPTIMISERS})
    print("\n| medium network | µs per step | of AdamW's |")
    print("|---|---:|---:|")
    for optimiser in OPTIMISERS:
        seconds = found[repr(optimiser)]
        momentum = " with momentum" if isinstance(optimiser, SGD) and optimiser.momentum else ""
        name = type(optimiser).__name__ + momentum
        print(f"| {name} | {seconds * 1e6:,.0f} | {seconds / found[repr(OPTIMISERS[0])]:.2f} |")


if __name__ == "__main__":
    main()
