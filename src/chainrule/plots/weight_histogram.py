"""`WeightHistogramDisplay`: how large the weights of each layer are, and their gradients, from early to late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from chainrule.diagnosis.probes import EDGES, Probes
from chainrule.errors import InputError
from chainrule.plots import heat_map, style
from chainrule.plots.probed import ProbesDisplay

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: More layers, or snapshots, than these are thinned out evenly; the first and the last are among those drawn.
LAYERS, SNAPSHOTS = 6, 5


@dataclass(eq=False)
class WeightHistogramDisplay(ProbesDisplay):
    """Histograms over log10 of magnitudes: a row per layer, the first at the top, a line per snapshot.

    A layer whose line does not move does not learn. At the left end stands what is smaller than the axis shows,
    zeros too; at the right end what is larger.

    Parameters
    ----------
    epochs : array of shape (snapshots,)
    layers : names
    weights, gradients : arrays of shape (snapshots, layers, bins), shares; the first and the last bin are open
    edges : array of shape (bins - 1,), log10 of magnitudes

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.plots import WeightHistogramDisplay
    >>> shares = np.full((2, 1, 5), 0.2)
    >>> display = WeightHistogramDisplay([1, 9], ["0"], shares, shares, edges=[-3, -2, -1, 0]).plot()
    >>> [panel.get_xlabel() for panel in display.axes_]
    ['|W|', '|dLoss/dW|']
    >>> from matplotlib import pyplot
    >>> pyplot.close(display.figure_)
    """

    epochs: Any
    layers: Sequence[str]
    weights: Any
    gradients: Any
    edges: Any

    @classmethod
    def from_probes(cls, probes: Probes) -> Self:
        """From probes with at least one snapshot, of all layers.

        Parameters
        ----------
        probes : Probes, an estimator's `probes_`

        Returns
        -------
        the display

        Raises
        ------
        InputError
            Without a snapshot.
        """
        if not len(probes.drawn):
            raise InputError(f"{cls.__name__}(probes)", "at least one snapshot", "none", "Probe histograms too.")
        return cls(probes.drawn, heat_map.names(probes.layers), probes.weights, probes.gradients, EDGES)

    @property
    def size(self) -> tuple[float, float]:
        return 6.8, 1.2 + 0.8 * min(len(self.layers), LAYERS)

    def _draw(self, ax: Axes) -> tuple[Axes, ...]:
        rows, times = style.evenly(len(self.layers), LAYERS), style.evenly(len(self.epochs), SNAPSHOTS)
        panels = style.split(ax, len(rows), 2, hspace=0.08, wspace=0.05)
        shades = style.by_depth(len(times))
        for column, (label, shares) in enumerate((("|W|", self.weights), ("|dLoss/dW|", self.gradients))):
            values = np.asarray(shares, float)[times][:, rows]
            for row, panel in enumerate(panels[:, column]):
                for time, shade, line in zip(times, shades.colors, values[:, row], strict=True):
                    panel.plot(
                        self._centres(), line, color=shade, linewidth=1.3, label=f"{np.asarray(self.epochs)[time]}"
                    )
                panel.set_yticks([])
                panel.spines[["left", "top", "right"]].set_visible(False)
                panel.tick_params(labelsize="small")
            self._magnitudes(panels[-1, column], values, label)
        for row, panel in zip(rows, panels[:, 0], strict=True):
            panel.set_ylabel(self.layers[row], rotation=0, ha="right", va="center")
        style.depth_bar(shades, list(panels.ravel()), "epoch", [str(epoch) for epoch in np.asarray(self.epochs)[times]])
        return tuple(panels.ravel())

    def _centres(self) -> NDArray[np.float64]:
        """Of the bins; the open ones are drawn as wide as their neighbours."""
        edges = np.asarray(self.edges, float)
        return np.append(edges - np.diff(edges[:2]) / 2, edges[-1] + np.diff(edges[-2:]) / 2)

    def _magnitudes(self, ax: Axes, values: NDArray[np.float64], label: str) -> None:
        """The x axis below a column: powers of ten, as far as there is something."""
        from matplotlib.ticker import FuncFormatter, MaxNLocator

        seen = self._centres()[(np.nan_to_num(values) > 0).any(axis=(0, 1))]
        if len(seen):
            ax.set_xlim(seen[0] - 0.2, seen[-1] + 0.2)
        ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: style.power(value)))
        ax.set_xlabel(label)
