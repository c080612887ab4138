"""The classic sets of two variables, functions of one, and clouds in ten; each from a seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Random = np.random.Generator
#: Of rows that are drawn, as many again are held out.
Drawn = tuple[Array, Array]


@dataclass(frozen=True)
class Set:
    """Data that is drawn.

    Attributes
    ----------
    draw : from a generator, a number of rows and the noise to X, (rows, features), and y
    classes : how many, 0 of a function
    title : for people
    """

    draw: Callable[[Random, int, float], Drawn]
    classes: int
    title: str


def _circles(random: Random, rows: int, noise: float) -> Drawn:
    y = np.arange(rows) % 2
    radius, angle = (
        np.where(y, 4.0, 1.5) + random.normal(size=rows) * (0.4 + 2 * noise),
        random.uniform(0, 6.2832, rows),
    )
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]), y


def _xor(random: Random, rows: int, noise: float) -> Drawn:
    X = random.uniform(-5, 5, (rows, 2))
    y = (X[:, 0] * X[:, 1] > 0).astype(int)
    return X + random.normal(size=X.shape) * 3 * noise, y


def _clouds(random: Random, rows: int, noise: float) -> Drawn:
    y = np.arange(rows) % 2
    return np.where(y[:, None], 2.0, -2.0) + random.normal(size=(rows, 2)) * (0.8 + 3 * noise), y


def _moons(random: Random, rows: int, noise: float) -> Drawn:
    y, angle = np.arange(rows) % 2, random.uniform(0, 3.1416, rows)
    x1 = np.where(y, 1 - np.cos(angle), np.cos(angle))
    x2 = np.where(y, 0.5 - np.sin(angle), np.sin(angle))
    return 3 * np.column_stack([x1, x2]) + random.normal(size=(rows, 2)) * (0.2 + 3 * noise), y


def _spirals(random: Random, rows: int, noise: float) -> Drawn:
    y, t = np.arange(rows) % 2, np.sqrt(random.uniform(0.02, 1, rows))
    angle = 1.75 * 2 * np.pi * t + np.pi * y
    X = 5 * t[:, None] * np.column_stack([np.sin(angle), np.cos(angle)])
    return X + random.normal(size=X.shape) * 2 * noise, y


def _clusters(random: Random, rows: int, noise: float) -> Drawn:
    centres = np.random.default_rng(5).normal(size=(12, 10))
    place = random.integers(0, 12, rows)
    return centres[place] + random.normal(size=(rows, 10)) * (0.4 + noise), place % 4


def _of_one(f: Callable[[Array], Array]) -> Callable[[Random, int, float], Drawn]:
    def draw(random: Random, rows: int, noise: float) -> Drawn:
        x = random.uniform(-3, 3, rows)
        return x[:, None], f(x) + random.normal(size=rows) * noise

    return draw


SETS: dict[str, Set] = {
    "circles": Set(_circles, 2, "a ring around a disc"),
    "xor": Set(_xor, 2, "exclusive or"),
    "clouds": Set(_clouds, 2, "two clouds"),
    "moons": Set(_moons, 2, "two moons"),
    "spirals": Set(_spirals, 2, "two spirals"),
    "clusters": Set(_clusters, 4, "12 clouds in 10 dimensions, 4 classes"),
    "sine": Set(_of_one(lambda x: np.sin(2 * x)), 0, "y = sin(2x)"),
    "step": Set(_of_one(lambda x: (x > 0.5) * 1.0), 0, "a step"),
    "bumps": Set(_of_one(lambda x: np.exp(-8 * (x + 1.5) ** 2) + np.exp(-8 * (x - 1) ** 2)), 0, "two bumps"),
    "absolute": Set(_of_one(np.abs), 0, "y = |x|"),
    "line": Set(_of_one(lambda x: 0.5 * x + 0.2), 0, "a line"),
}
