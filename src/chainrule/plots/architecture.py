"""`ArchitectureDisplay`: a drawing of the network, as boxes, or, of a small one, as neurons and edges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import log
from typing import TYPE_CHECKING, Any, Self

from chainrule.engine.network import Network
from chainrule.errors import InputError
from chainrule.plots import neurons, reading, style
from chainrule.plots.display import Display
from chainrule.plots.outline import Box, Skip, outline

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: The colour of each kind of box.
COLOURS = {
    "input": style.GREY,
    "dense": style.LINES[0],
    "gated": style.LINES[0],
    "embedding": style.LINES[2],
    "pool": style.LINES[3],
    "other": style.GREY,
}
#: Half the width of the widest and of the narrowest box; where text and numbers stand; what a skip takes on the left.
WIDEST, NARROWEST = 1.5, 0.45
TEXT, NUMBERS, LANE = 2.0, 7.6, 0.45
#: Letters beside a box that fit in the usual size.
LONG = 36


@dataclass(eq=False)
class ArchitectureDisplay(Display):
    """A network from its input at the top to its output at the foot: boxes with widths and counts of parameters.

    A box is as wide as the logarithm of its units; what follows a product (norm, activation, dropout) is written
    beside it; skip connections are arcs. A plain chain of a few narrow layers is drawn as neurons instead, its edges
    blue for positive and orange for negative weights, the stronger the larger.

    Parameters
    ----------
    network : the layers and the width of what comes in
    weights : arrays by name, "0.W", for the edges; or None
    link : what stands after the last layer, "softmax"
    members : how many such networks there are
    as_neurons : True, False, or None for neurons where they are readable

    Examples
    --------
    >>> from chainrule import Dense, Network
    >>> from chainrule.plots import ArchitectureDisplay
    >>> display = ArchitectureDisplay(Network([Dense(64, "relu"), Dense(3)], inputs=20), link="softmax")
    >>> [box.text for box in display.boxes], display.total
    (['input', 'dense 64 · relu', 'dense 3 · softmax'], 1539)
    """

    network: Network
    weights: Mapping[str, Any] | None = None
    link: str = ""
    members: int = 1
    as_neurons: bool | None = None

    def __post_init__(self) -> None:
        if self.as_neurons and not neurons.readable(self.boxes, self.skips):
            raise InputError(
                f"{type(self).__name__}(as_neurons=)", f"a chain of at most {neurons.BOXES} boxes of at most "
                f"{neurons.UNITS} units", self.network.describe(), "Leave it away: boxes have no limit.",
            )  # fmt: skip

    @classmethod
    def read(cls, estimator: Any, as_neurons: bool | None = None) -> Self:
        """The network of a fitted estimator, of one for tables what follows the encoding, with its weights.

        Parameters
        ----------
        estimator : fitted estimator of chainrule
        as_neurons : whether every unit is drawn; None where the network is small enough

        Returns
        -------
        the display

        Raises
        ------
        InputError, InputTypeError
            For what is no estimator of chainrule, not fitted, or too large for neurons where those were asked for.
        """
        model = reading.model(cls.__name__, estimator)
        network, members = model.network, model.predictor.members
        names = [p.name for p in network.layout.parameters if p.kind == "weight"]
        weights = {name: model.parameters[name] for name in names} if members == 1 else None
        link = model.loss.link
        return cls(network, weights, "" if link == "identity" else link, members, as_neurons)

    @cached_property
    def _outline(self) -> tuple[list[Box], list[Skip]]:
        return outline(self.network.layers, self.network.inputs)

    @property
    def boxes(self) -> Sequence[Box]:
        """The boxes from above, the input first."""
        *before, last = self._outline[0]
        return [*before, replace(last, parts=(*last.parts, self.link)) if self.link else last]

    @property
    def skips(self) -> Sequence[Skip]:
        """The skip connections that are drawn."""
        return self._outline[1]

    @property
    def total(self) -> int:
        """Numbers of one member, running statistics included."""
        return self.network.layout.size

    @property
    def _neurons(self) -> bool:
        return neurons.readable(self.boxes, self.skips) if self.as_neurons is None else self.as_neurons

    @property
    def size(self) -> tuple[float, float]:
        if self._neurons:
            return neurons.size(self.boxes)
        return 6.4, 0.7 + 0.3 * len(self.boxes)

    def _draw(self, ax: Axes) -> tuple[Axes, ...]:
        ax.set_axis_off()
        if self._neurons:
            neurons.draw(ax, self.boxes, self.weights)
            return (ax,)
        for row, box in enumerate(self.boxes):
            self._box(ax, row, box)
        for skip in self.skips:
            self._skip(ax, skip)
        several = f" in each of {self.members} members" if self.members > 1 else ""
        ax.text(NUMBERS, len(self.boxes) - 0.3, f"{self.total:,} parameters{several}", ha="right", va="center")
        outmost = max((skip.lane for skip in self.skips), default=-1)
        written = 1.6 if any(skip.parameters for skip in self.skips) else 0.0
        ax.set_xlim(-WIDEST - LANE * (outmost + 1.5) - written, NUMBERS + 0.1)
        ax.set_ylim(len(self.boxes) + 0.1, -0.6)
        return (ax,)

    def _half(self, box: Box) -> float:
        """Half the width of a box."""
        most = max(one.units for one in self.boxes)
        return NARROWEST + (WIDEST - NARROWEST) * (log(box.units) / log(most) if most > 1 else 0)

    def _box(self, ax: Axes, row: int, box: Box) -> None:
        from matplotlib.patches import FancyBboxPatch

        half, colour = self._half(box), COLOURS[box.kind]
        corners = "round,pad=0,rounding_size=0.12"
        ax.add_patch(
            FancyBboxPatch((-half, row - 0.31), 2 * half, 0.62, corners, facecolor=f"{colour}38", edgecolor=colour)
        )
        ax.text(0, row, f"{box.units:,}", ha="center", va="center", fontsize="small")
        long = max(len(one.text) for one in self.boxes) > LONG
        ax.text(
            TEXT, row, " · ".join(map(style.literal, box.parts)), va="center", fontsize="small" if long else "medium"
        )
        if box.parameters:
            ax.text(NUMBERS, row, f"{box.parameters:,}", ha="right", va="center", color=style.GREY)
        if row:
            ax.plot([0, 0], [row - 0.69, row - 0.31], color=style.GREY, linewidth=1, label="_flow")

    def _skip(self, ax: Axes, skip: Skip) -> None:
        """An arc on the left, from under a box to under another, where it is added."""
        from matplotlib.patches import FancyArrowPatch
        from matplotlib.path import Path

        start, end, out = skip.start + 0.57, skip.end + 0.43, -WIDEST - LANE * (skip.lane + 1)
        bend = -WIDEST + (out + WIDEST) / 0.75  # a cubic with both handles there reaches `out`
        points = [(0, start), (-WIDEST, start), (bend, start), (bend, end), (-WIDEST, end), (0, end)]
        path = Path(points, [Path.MOVETO, Path.LINETO, *[Path.CURVE4] * 3, Path.LINETO])
        head = "-|>,head_width=2,head_length=3.5"
        ax.add_patch(FancyArrowPatch(path=path, arrowstyle=head, color=style.LINES[1], linewidth=1.2, zorder=0.5))
        if skip.parameters:
            said = f"projection\n{skip.parameters:,}"
            ax.text(out - 0.1, (start + end) / 2, said, ha="right", va="center", fontsize="small")
