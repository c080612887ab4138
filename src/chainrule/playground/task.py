"""What a run learns: rows as inputs of a network, and the plane, or the line, on which it is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.playground.sets import SETS
from chainrule.playground.settings import Settings
from chainrule.training.batches import Rows

Array = NDArray[Any]

#: Rows that are drawn as points, and that losses are told of.
SHOWN, JUDGED = 600, 2000
#: How far beyond the rows the plane goes, of their span.
MARGIN = 0.1


@dataclass(frozen=True, eq=False)
class Task:
    """Rows to learn from and rows held out.

    Attributes
    ----------
    X, y, X_test, y_test : inputs before they are standardised, float32, and codes of classes, or a column of numbers
    classes : their names; none of a function
    inputs : names of the network's inputs
    axes : names of what is drawn, two of them, or one of a function
    places : (rows, axes), where each row of X is drawn
    inputs_at : from such places to inputs; what is not drawn is at its median, or its most common level
    mean, deviation : that inputs are standardised by
    title : for people
    """

    X: Array
    y: Array
    X_test: Array
    y_test: Array
    classes: tuple[str, ...]
    inputs: tuple[str, ...]
    axes: tuple[str, ...]
    places: Array
    inputs_at: Callable[[Array], Array]
    mean: Array
    deviation: Array
    title: str

    @classmethod
    def drawn(cls, settings: Settings) -> Task:
        """A set of the settings; half of what is drawn is held out."""
        one = SETS[settings.data]
        X, y = one.draw(np.random.default_rng(settings.seed), 2 * settings.rows, settings.noise)
        inputs = tuple(f"x{place + 1}" for place in range(X.shape[1]))
        axes = 2 if one.classes else 1
        middle = np.median(X[: settings.rows], axis=0)

        def inputs_at(places: Array) -> Array:
            return np.hstack([places, np.tile(middle[axes:], (len(places), 1))])

        classes = tuple(map(str, range(one.classes)))
        places = X[: settings.rows, :axes]
        return cls.of(X, y, settings.rows, classes, inputs, inputs[:axes], places, inputs_at, settings.scale, one.title)

    @classmethod
    def of(
        cls, X: Array, y: Array, rows: int, classes: tuple[str, ...], inputs: tuple[str, ...], axes: tuple[str, ...],
        places: Array, inputs_at: Callable[[Array], Array], scale: bool, title: str,
    ) -> Task:  # fmt: skip
        """The first rows to learn from, the others held out."""
        X = X.astype(np.float32)
        y = y.astype(np.intp) if classes else y.reshape(-1, 1).astype(np.float32)
        mean, deviation = X[:rows].mean(axis=0), X[:rows].std(axis=0)
        mean, deviation = (mean, np.where(deviation > 0, deviation, 1)) if scale else (0 * mean, 1 + 0 * deviation)
        return cls(
            X[:rows], y[:rows], X[rows:], y[rows:], classes, inputs, axes, places, inputs_at, mean, deviation, title
        )

    @property
    def outputs(self) -> int:
        """Units of the output layer."""
        return len(self.classes) or 1

    def read(self, X: Array) -> Array:
        """Inputs as the network takes them."""
        found: Array = ((X - self.mean) / self.deviation).astype(np.float32)
        return found

    def rows(self, held_out: bool = False) -> Rows:
        """The rows as a trainer takes them."""
        X, y = (self.X_test, self.y_test) if held_out else (self.X, self.y)
        return Rows(self.read(X), y)

    def bounds(self) -> list[tuple[float, float]]:
        """From where to where each axis goes."""
        found = []
        for low, high in zip(np.nanmin(self.places, axis=0), np.nanmax(self.places, axis=0), strict=True):
            span = float(high - low) or 1.0
            found.append((float(low) - MARGIN * span, float(high) + MARGIN * span))
        return found

    def plane(self, points: int) -> Array:
        """Inputs all over what is drawn, row by row from the top of the second axis."""
        lines = [np.linspace(low, high, points) for low, high in self.bounds()]
        if len(lines) == 1:
            return self.read(self.inputs_at(lines[0][:, None]))
        return self.read(
            self.inputs_at(np.column_stack([np.tile(lines[0], points), np.repeat(lines[1][::-1], points)]))
        )

    def shown(self) -> dict[str, Any]:
        """Points to draw, as JSON has it; a row without a place is none."""
        points = np.round(self.places[:SHOWN].astype(float), 4)
        return {
            "title": self.title, "classes": list(self.classes), "inputs": list(self.inputs), "axes": list(self.axes),
            "bounds": self.bounds(), "rows": len(self.X), "held_out": len(self.X_test),
            "points": [None if np.isnan(one).any() else one.tolist() for one in points],
            "targets": np.round(self.y[:SHOWN].astype(float).ravel(), 4).tolist(),
        }  # fmt: skip
