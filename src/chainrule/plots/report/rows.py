"""Drawings of rows with a name each, over one axis: bars, dots, steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import ArrayLike

from chainrule.plots.report import charts
from chainrule.plots.report.axes import Axis
from chainrule.plots.report.markup import Markup, el

#: Where the axis begins, what stands free above the rows, what is taken below them, and letters of a name.
START, ABOVE, BELOW, NAME = 156, 6, 40, 20


@dataclass(frozen=True)
class Rows:
    """Names from above to below, and the axis under them.

    Attributes
    ----------
    names : what stands at the left of each row
    x : the axis
    depth : of a row
    start : where the axis begins
    right : what stays free at the right
    """

    names: Sequence[str]
    x: Axis
    depth: int = 20
    start: int = START
    right: int = charts.RIGHT

    @property
    def bottom(self) -> float:
        return ABOVE + self.depth * len(self.names)

    def across(self, values: ArrayLike) -> list[float]:
        """Where values stand."""
        found: list[float] = self.x.places(values, self.start, charts.WIDTH - self.right).tolist()
        return found

    def middle(self, row: float) -> float:
        return ABOVE + self.depth * (row + 0.5)

    def draw(self, title: str, *marks: Any) -> Markup:
        """The whole drawing; the title stands for it where it is not seen."""
        parts = []
        for value, said in self.x.ticks:
            at = f"{self.across([value])[0]:.1f}"
            parts.append(el("line", x1=at, x2=at, y1=ABOVE, y2=self.bottom, class_="grid"))
            parts.append(el("text", said.replace("-", "−"), x=at, y=self.bottom + 15, class_="tick x"))
        for row, name in enumerate(self.names):
            said = charts.short(name, NAME * self.start // START)
            parts.append(el("text", said, x=self.start - 8, y=f"{self.middle(row) + 4:.1f}", class_="label end"))
        parts.append(el("text", self.x.label, x=charts.WIDTH - charts.RIGHT, y=self.bottom + 34, class_="label end"))
        return charts.drawing(title, self.bottom + BELOW, *parts, *marks)

    def zero(self) -> Markup:
        """A line at 0, which holds the axis's values on both sides."""
        at = f"{self.across([0.0])[0]:.1f}"
        return el("line", x1=at, x2=at, y1=ABOVE, y2=self.bottom, class_="axis")

    def bar(self, row: int, start: float, stop: float, style: str) -> Markup:
        """A bar between two values."""
        a, b = sorted(self.across([start, stop]))
        top = f"{self.middle(row) - 6:.1f}"
        return el("rect", x=f"{a:.1f}", y=top, width=f"{max(b - a, 0.5):.1f}", height=12, class_=style)

    def whisker(self, row: int, low: float, high: float) -> str:
        """The path of a line between two values; none where one is not finite."""
        a, b = self.across([low, high])
        if a != a or b != b:
            return ""
        y = self.middle(row)
        return f"M{a:.1f},{y - 3:.1f}v6m0,-3H{b:.1f}m0,-3v6"

    def dots(self, row: int, values: ArrayLike, away: Iterable[float]) -> list[tuple[float, float]]:
        """Places of dots that stand `away`, -1 to 1, from the middle of a row."""
        lines = [self.middle(row) + 0.42 * self.depth * one for one in away]
        return [(a, b) for a, b in zip(self.across(values), lines, strict=True) if a == a]
