"""`UpdateRatioDisplay`: how far a step moves the weights of each layer, against how large they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from chainrule.diagnosis.probes import Probes
from chainrule.plots import heat_map, style
from chainrule.plots.probed import ProbesDisplay

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: log10 of the ratio: below, a layer hardly learns; above, a step overturns what was learned; about `BEST` is usual.
HEALTHY, BEST = (-4.0, -1.0), -3.0
#: What is below this is as good as no step at all, and not worth a longer axis.
LOWEST = -9.0
#: More layers than this are told apart by a colour bar instead of names.
NAMED = 8
#: As few probes are dotted.
DOTTED = 30
#: Points of all lines together, about; a layer has no fewer than `FEWEST`, the first and the last among them.
POINTS, FEWEST = 8000, 100


@dataclass(eq=False)
class UpdateRatioDisplay(ProbesDisplay):
    """Norm of a step over the norm of the weights, a line per layer, coloured by depth.

    The band from 10⁻⁴ to 10⁻¹ is healthy, about 10⁻³ usual: below it a layer hardly learns, above it a step overturns
    what was learned.

    Parameters
    ----------
    epochs : array of shape (probes,)
    layers : names of all layers, the output layer last
    ratio : array of shape (probes, layers), log10 of the ratio; not finite where nothing was measured

    Examples
    --------
    >>> from chainrule.plots import UpdateRatioDisplay
    >>> display = UpdateRatioDisplay([1, 2, 3], ["0", "1"], [[-3.0, -2.5]] * 3).plot()
    >>> len(display.ax_.lines), display.ax_.get_ylabel()
    (2, 'norm of step / norm of weights')
    >>> from matplotlib import pyplot
    >>> pyplot.close(display.figure_)
    """

    epochs: Any
    layers: Sequence[str]
    ratio: Any

    @classmethod
    def from_probes(cls, probes: Probes) -> Self:
        """From probes, of all layers.

        Parameters
        ----------
        probes : Probes, an estimator's `probes_`

        Returns
        -------
        the display
        """
        return cls(probes.epochs, heat_map.names(probes.layers), probes.of("update"))

    def _draw(self, ax: Axes) -> tuple[Axes, ...]:
        from matplotlib.ticker import FuncFormatter, MaxNLocator

        drawn = style.evenly(len(self.epochs), max(FEWEST, POINTS // len(self.layers)))
        epochs, ratio = np.asarray(self.epochs)[drawn], np.asarray(self.ratio, float)[drawn]
        ratio = np.where(np.isfinite(ratio), ratio, np.nan)
        shades = style.by_depth(len(self.layers))
        dots = "o" if len(epochs) <= DOTTED else ""
        style.dress(ax)
        ax.axhspan(*HEALTHY, color=style.GREY, alpha=0.14, linewidth=0, label="_healthy")
        for name, line, shade in zip(self.layers, ratio.T, shades.colors, strict=True):
            ax.plot(epochs, line, color=shade, linewidth=1.3, marker=dots, markersize=3, label=name)
        style.epochs_axis(ax, epochs)
        ax.set_xlabel("epoch")
        ax.set_ylabel("norm of step / norm of weights")
        low, high = (np.nanmin(ratio), np.nanmax(ratio)) if np.isfinite(ratio).any() else HEALTHY
        ax.set_ylim(max(LOWEST, min(low, HEALTHY[0])) - 0.3, max(high, HEALTHY[1]) + 0.3)
        ax.yaxis.set_major_locator(MaxNLocator(7, integer=True))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: style.power(value)))
        ax.annotate(
            "healthy", (1.0, HEALTHY[1]), (-4, -3), xycoords=ax.get_yaxis_transform(), textcoords="offset points",
            ha="right", va="top", fontsize="small",
        )  # fmt: skip
        if len(self.layers) <= NAMED:
            style.legend(ax, title="layer", loc="center left", bbox_to_anchor=(1.0, 0.5), title_fontsize="small")
            return (ax,)
        style.depth_bar(shades, [ax], "layer", self.layers)
        return (ax,)
