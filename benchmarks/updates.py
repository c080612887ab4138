"""What stands behind the gradient: AdamW bare and with all that is asked of it, and every optimiser."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from statistics import median

from benchmarks.cases import CASES, Case, data
from benchmarks.peers.chainrule_peer import network
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
from chainrule.training.schedules import Cosine, Schedule
from chainrule.training.step_options import PLAIN, StepOptions
from chainrule.training.trainer import Trainer

ROUNDS = 21
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
    trainer = Trainer(network(case, rich=False), "cross_entropy", optimiser, seed=0, schedule=schedule, options=options)
    trainer.planned = (ROUNDS + 1) * batches
    rows = Rows(*data(case, batches, seed=0))
    trainer.epoch(rows, case.batch)
    return lambda: trainer.epoch(rows, case.batch).seconds / batches


def interleaved(epochs: Mapping[str, Epoch]) -> tuple[dict[str, float], dict[str, float]]:
    """Median seconds per step of each, and the median over the rounds of their ratio to the first.

    They take turns, in another order each round: a machine that slows down slows them all, and what the one before
    leaves in the caches falls to each alike.
    """
    first, random = next(iter(epochs)), Random(0)
    rounds = []
    for _ in range(ROUNDS):
        order = random.sample(list(epochs), len(epochs))
        rounds.append({name: epochs[name]() for name in order})
    medians = {name: median(times[name] for times in rounds) for name in epochs}
    return medians, {name: median(times[name] / times[first] for times in rounds) for name in epochs}


def main() -> None:
    """Print two Markdown tables."""
    print("| network | AdamW, µs per step | with clipping, EMA and cosine | ratio |")
    print("|---|---:|---:|---:|")
    for name in BATCHES:
        case = CASES[name]
        found, ratios = interleaved({"plain": make(case, AdamW()), "rich": make(case, AdamW(), RICH, Cosine())})
        plain, rich = found["plain"] * 1e6, found["rich"] * 1e6
        print(f"| {name} | {plain:,.0f} | {rich:,.0f} | {ratios['rich']:.3f} |", flush=True)
    found, ratios = interleaved({_name(optimiser): make(CASES["medium"], optimiser) for optimiser in OPTIMISERS})
    print("\n| medium network | µs per step | of AdamW's |")
    print("|---|---:|---:|")
    for name, seconds in found.items():
        print(f"| {name} | {seconds * 1e6:,.0f} | {ratios[name]:.2f} |")


def _name(optimiser: Optimiser) -> str:
    momentum = isinstance(optimiser, SGD) and optimiser.momentum > 0
    return type(optimiser).__name__ + (" with momentum" if momentum else "")


if __name__ == "__main__":
    main()
