"""What a run learns: rows as the network reads them, and the plane, or the line, on which it is drawn."""

from __future__ import annotations

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
    X, y, X_test, y_test : inputs as they are drawn or coded, float32, and codes of classes, or a column of numbers
    classes : their names; none of a function
    inputs : names of the network's inputs
    axes : which of the inputs are drawn, two, or one of a function
    mean, deviation : that inputs are standardised by
    title : for people
    """

    X: Array
    y: Array
    X_test: Array
    y_test: Array
    classes: tuple[str, ...]
    inputs: tuple[str, ...]
    axes: tuple[int, ...]
    mean: Array
    deviation: Array
    title: str

    @classmethod
    def drawn(cls, settings: Settings) -> Task:
        """A set of the settings; half of what is drawn is held out."""
        one = SETS[settings.data]
        X, y = one.draw(np.random.default_rng(settings.seed), 2 * settings.rows, settings.noise)
        classes = tuple(map(str, range(one.classes)))
        inputs = tuple(f"x{place + 1}" for place in range(X.shape[1]))
        axes = (0, 1) if one.classes else (0,)
        return cls.of(X, y, settings.rows, classes, inputs, axes, settings.scale, one.title)

    @classmethod
    def of(
        cls, X: Array, y: Array, rows: int, classes: tuple[str, ...], inputs: tuple[str, ...], axes: tuple[int, ...],
        scale: bool, title: str,
    ) -> Task:  # fmt: skip
        """The first rows to learn from, the others held out."""
        X = X.astype(np.float32)
        y = y.astype(np.intp) if classes else y.reshape(-1, 1).astype(np.float32)
        mean, deviation = X[:rows].mean(axis=0), X[:rows].std(axis=0)
        mean, deviation = (mean, np.where(deviation > 0, deviation, 1)) if scale else (0 * mean, 1 + 0 * deviation)
        return cls(X[:rows], y[:rows], X[rows:], y[rows:], classes, inputs, axes, mean, deviation, title)

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
        for axis in self.axes:
            low, high = float(self.X[:, axis].min()), float(self.X[:, axis].max())
            span = (high - low) or 1.0
            found.append((low - MARGIN * span, high + MARGIN * span))
        return found

    def plane(self, points: int) -> Array:
        """Inputs all over what is drawn, row by row from the top of the second axis; the others at their medians."""
        lines = [np.linspace(low, high, points) for low, high in self.bounds()]
        count = points ** len(lines)
        found = np.tile(np.median(self.X, axis=0), (count, 1))
        if len(lines) == 1:
            found[:, self.axes[0]] = lines[0]
        else:
            found[:, self.axes[0]] = np.tile(lines[0], points)
            found[:, self.axes[1]] = np.repeat(lines[1][::-1], points)
        return self.read(found)

    def shown(self) -> dict[str, Any]:
        """Points to draw, as JSON has it."""
        some = slice(0, SHOWN)
        return {
            "title": self.title, "classes": list(self.classes), "inputs": list(self.inputs), "axes": list(self.axes),
            "bounds": self.bounds(), "rows": len(self.X), "held_out": len(self.X_test),
            "points": np.round(self.X[some][:, list(self.axes)].astype(float), 4).tolist(),
            "targets": np.round(self.y[some].astype(float).ravel(), 4).tolist(),
        }  # fmt: skip
