"""
MNIST as plain vectors
======================

The official split: no augmentation, nothing known of which pixels are neighbours. ::

    python examples/mnist.py                      two hidden layers of 512 GELU units with noise
    python examples/mnist.py --recipe dropout     two hidden layers of 512 ReLU units with dropout
    python examples/mnist.py --recipe best        the average of four such networks

With --validate, the last 10,000 training rows are held out and scored in place of the test rows: so the recipes were
chosen. docs/decisions/recipes.md has a table of what was tried.

The page of this script on the site ran `--recipe dropout --epochs 5`, a third of that recipe.
"""

from __future__ import annotations

import argparse
import gzip
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from chainrule import (
    Activation,
    BatchNorm,
    Dense,
    Dropout,
    GaussianNoise,
    Network,
    Predictor,
    Rows,
    Trainer,
    losses,
    optimisers,
    schedules,
    train,
)
from chainrule.network.layers import Layer

DATA = Path(__file__).parent / "data" / "mnist"


def read_idx(name: str) -> np.ndarray:
    """An idx file as an array: 2 zero bytes, a type (8 is uint8), the number of axes, their sizes, the data."""
    with gzip.open(DATA / f"{name}-ubyte.gz") as file:
        axes = file.read(4)[3]
        shape = tuple(np.frombuffer(file.read(4 * axes), ">i4"))
        return np.frombuffer(file.read(), np.uint8).reshape(shape)


def load(part: str) -> tuple[np.ndarray, np.ndarray]:
    """Pixels in [0, 1] as float32 of shape (rows, 784), and digits, of "train" or "t10k"."""
    pixels = read_idx(f"{part}-images-idx3").reshape(-1, 784)
    return pixels.astype(np.float32) / 255, read_idx(f"{part}-labels-idx1").astype(int)


def noisy(*units: int, std: float = 0.3) -> tuple[Layer, ...]:
    """Normal noise on the input and behind every normalisation, the output's too (a baseline of Rasmus et al. 2015)."""
    hidden = [layer for n in units for layer in (Dense(n), BatchNorm(), GaussianNoise(std), Activation("gelu"))]
    return (GaussianNoise(std), *hidden, Dense(10), BatchNorm(), GaussianNoise(std))


def dropped(*units: int, inputs: float = 0.1, rate: float = 0.2) -> tuple[Layer, ...]:
    """Dropout on the input and behind every hidden layer."""
    hidden = [layer for n in units for layer in (Dense(n), BatchNorm(), Activation("relu"), Dropout(rate))]
    return (Dropout(inputs), *hidden, Dense(10))


@dataclass(frozen=True)
class Recipe:
    """Layers, and how they are trained: Adam, its rate in one cycle. The probabilities of members are averaged."""

    layers: tuple[Layer, ...]
    rate: float
    epochs: int
    smoothing: float = 0.0
    members: int = 1
    batch_size: int = 256

    def fit(self, X: np.ndarray, y: np.ndarray, seed: int) -> Iterator[Trainer]:
        """The trained members, one after another."""
        network = Network(list(self.layers), inputs=X.shape[1])
        steps = self.epochs * -(-len(X) // self.batch_size)
        for member in range(self.members):
            trainer = Trainer(
                network, losses.CrossEntropy(self.smoothing), optimisers.Adam(self.rate),
                seed=seed * self.members + member, schedule=schedules.OneCycle(steps=steps),
            )  # fmt: skip
            for record in train(trainer, Rows(X, y), self.batch_size, self.epochs):
                if record.epoch % 5 == 0:
                    print(f"member {member + 1}, epoch {record.epoch:3d}: loss {record.loss:.4f}", flush=True)
            yield trainer


RECIPES = {
    "dropout": Recipe(dropped(512, 512), rate=5e-3, epochs=15, smoothing=0.1),
    "noise": Recipe(noisy(512, 512), rate=1e-2, epochs=30),
    "best": Recipe(noisy(512, 512), rate=1e-2, epochs=30, members=4),
}


def error(members: Sequence[Trainer], X: np.ndarray, y: np.ndarray) -> float:
    """The share of rows where the average of the members' probabilities is highest at a wrong digit."""
    p = sum(Predictor(member.network, member.model, member.loss)(X) for member in members)
    return float(np.mean(p.argmax(axis=1) != y))


def main(recipe: str = "noise", seed: int = 0, validate: bool = False, epochs: int | None = None) -> None:
    """Train by a recipe, and print the error of the test rows or, to validate, of the last 10,000 training rows."""
    X, y = load("train")
    if validate:
        part, X_held, y_held, X, y = "validation", X[-10_000:], y[-10_000:], X[:-10_000], y[:-10_000]
    else:
        part, (X_held, y_held) = "test", load("t10k")
    started = time.perf_counter()
    chosen = RECIPES[recipe]
    members = list(replace(chosen, epochs=epochs or chosen.epochs).fit(X, y, seed))
    seconds = time.perf_counter() - started
    print(f"{recipe}: {part} error {100 * error(members, X_held, y_held):.2f} %   training {seconds:.0f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", choices=RECIPES, default="noise")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, help="other than the recipe's")
    parser.add_argument("--validate", action="store_true", help="score the last 10,000 training rows instead")
    main(**vars(parser.parse_args()))
