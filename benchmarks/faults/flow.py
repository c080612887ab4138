"""What thresholds of gradient flow rest on: slopes at initialisation, and which networks learn in spite of them.

python -m benchmarks.faults.flow            # two tables, about eight minutes on two cores
python -m benchmarks.faults.flow --first    # the first alone, a minute
"""

from __future__ import annotations

import argparse
import itertools
import math
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from benchmarks.faults import data
from benchmarks.faults.proofs import train
from chainrule import Dense, MLPClassifier, MLPRegressor, Network, Rows, Trainer, optimisers
from chainrule.diagnosis.recorder import Recorder
from chainrule.network.activations import ACTIVATIONS
from chainrule.network.initialisers import Normal

INITIALISERS: dict[str, Any] = {
    "He": "he_normal", "Xavier": "xavier_normal", "LeCun": "lecun_normal", "orthogonal": "orthogonal",
    "N(0, 0.01)": Normal(0.01), "N(0, 1)": Normal(1.0),
}  # fmt: skip
DEPTHS, WIDTHS, SEEDS = (2, 5, 10, 20, 30), (16, 64, 512), 4
TRAINED_DEPTHS, TRAINED_WIDTHS, SETS = (2, 8, 20), (64,), ("digits", "friedman")

#: A network has learned where its held-out score is this near to the best of its data set.
NEAR = 0.1

#: Between these powers of ten stand the rows of the second table.
BINS = (-math.inf, -4, -2, -1, 0, 1, 1.3, 2.5, 4, 8, math.inf)


class Outcome(NamedTuple):
    """A trained network: what dLoss/dz loses from the output to the first layer, at first and late, and its score."""

    at_first: float
    late: float
    data: str
    score: float


def slopes(activation: str, initialiser: str) -> list[float]:
    """Powers of ten a layer on the way back, at initialisation, over depths, widths and seeds."""
    found = []
    for depth, width, seed in itertools.product(DEPTHS, WIDTHS, range(SEEDS)):
        random = np.random.default_rng(seed)
        rows = Rows(random.normal(size=(128, 20)).astype(np.float32), random.integers(0, 4, 128))
        layers = [*[Dense(width, activation, init=INITIALISERS[initialiser])] * depth, Dense(4)]
        trainer = Trainer(Network(layers, 20), "cross_entropy", optimisers.SGD(1e-12), seed=seed, n_threads=1)
        trainer.observer = recorder = Recorder(trainer.network)
        trainer.epoch(rows, 128)
        probes = recorder.probes()
        if np.isfinite(probes.flow()).all():  # else it has overflowed
            found.append(float(probes.slope()[0]))
    return found


def outcome(name: str, activation: str, initialiser: str, depth: int, width: int) -> Outcome | None:
    """A network trained with Adam for about 1,200 steps; None where it leaves the finite numbers."""
    split = data.load(name)
    kind = MLPClassifier if split.task == "classes" else MLPRegressor
    model = kind(
        hidden_layer_sizes=(width,) * depth, activation=activation, init=INITIALISERS[initialiser], batch_size=32,
        max_iter=max(1, 1200 * 32 // len(split.X)), n_iter_no_change=math.inf, random_state=0, n_threads=1,
    )  # fmt: skip
    trained = train(model, split)
    if not trained.finite:
        return None
    lost = -model.probes_.reach()
    return Outcome(float(lost[0]), float(np.median(lost[len(lost) // 2 :])), name, trained.score)


def first_table() -> Iterator[str]:
    """Slopes at initialisation: the median over depths, widths and seeds, and the range; overflows are left out."""
    yield "| activation | " + " | ".join(INITIALISERS) + " |"
    yield "|---|" + "---:|" * len(INITIALISERS)
    for activation in ACTIVATIONS:
        cells = []
        for initialiser in INITIALISERS:
            found = slopes(activation, initialiser)
            cells.append(f"{np.median(found):.2f} ({min(found):.2f} to {max(found):.2f})")
        yield f"| {activation} | {' | '.join(cells)} |"


def second_table(processes: int) -> Iterator[str]:
    """How many networks learn, by the powers of ten that dLoss/dz loses late in their training, and at first."""
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
    todo = list(itertools.product(SETS, ACTIVATIONS, INITIALISERS, TRAINED_DEPTHS, TRAINED_WIDTHS))
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        came = [one for one in pool.map(outcome, *zip(*todo, strict=True), chunksize=8) if one is not None]
    best = {name: max(one.score for one in came if one.data == name) for name in SETS}
    yield "| powers of ten lost | networks, late | of these learn | networks, at first | of these learn |"
    yield "|---|---:|---:|---:|---:|"
    for low, high in itertools.pairwise(BINS):
        cells = []
        for which in ("late", "at_first"):
            some = [one for one in came if low < getattr(one, which) <= high]
            learn = sum(one.score > best[one.data] - NEAR for one in some)
            cells += [f"{len(some)}", f"{100 * learn / len(some):.0f} %" if some else ""]
        yield f"| {low:g} to {high:g} | {' | '.join(cells)} |"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults.flow", description=__doc__.splitlines()[0])
    parser.add_argument("--first", action="store_true", help="the first table alone")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    chosen = parser.parse_args(arguments)
    for line in first_table():
        print(line, flush=True)
    if not chosen.first:
        print()
        for line in second_table(chosen.jobs):
            print(line, flush=True)


if __name__ == "__main__":
    main()
