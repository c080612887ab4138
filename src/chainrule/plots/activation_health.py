"""`ActivationHealthDisplay`: units that are never active, and activations at the flat ends of their function."""

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


@dataclass(eq=False)
class ActivationHealthDisplay(ProbesDisplay):
    """Shares of dead units and of saturated activations, by hidden layer and epoch; the first layer at the top.

    A dead unit gave 0 for every row: no gradient reaches its weights, and it stays dead. A saturated activation lies
    where its function is flat, and lets hardly any gradient through. Both panels have the scale from 0 to 100 %, so
    that a picture without colour is a healthy network. Hatched: not defined for the layer's function.

    Parameters
    ----------
    epochs : array of shape (probes,)
    layers : names of the hidden layers
    dead, saturated : arrays of shape (probes, hidden layers), 0 to 1, NaN where not defined

    Examples
    --------
    >>> from chainrule.plots import ActivationHealthDisplay
    >>> display = ActivationHealthDisplay([1, 2], ["0", "1"], dead=[[0, 0.5]] * 2, saturated=[[0, 0]] * 2).plot()
    >>> [panel.get_title() for panel in display.axes_]
    ['dead units', 'saturated activations']
    >>> from matplotlib import pyplot
    >>> pyplot.close(display.figure_)
    """

    epochs: Any
    layers: Sequence[str]
    dead: Any
    saturated: Any

    @classmethod
    def from_probes(cls, probes: Probes) -> Self:
        """From probes, of the layers in front of the output layer.

        Parameters
        ----------
        probes : Probes, an estimator's `probes_`

        Returns
        -------
        the display
        """
        dead, saturated = probes.of("dead")[:, :-1], probes.of("saturated")[:, :-1]
        return cls(probes.epochs, heat_map.names(heat_map.hidden(cls.__name__, probes)), dead, saturated)

    @property
    def size(self) -> tuple[float, float]:
        return 7.6, 2.0 + min(2.6, 0.22 * len(self.layers))

    def _draw(self, ax: Axes) -> tuple[Axes, ...]:
        panels = style.split(ax, 1, 2, sharey=True)[0]
        for panel, title, values in zip(
            panels, ("dead units", "saturated activations"), (self.dead, self.saturated), strict=True
        ):
            shares, epochs = np.asarray(values, float), np.asarray(self.epochs)
            image = heat_map.draw(panel, shares, epochs, self.layers, colours=style.alarm(), low=0, high=1)
            panel.set_title(title, fontsize="medium")
        panels[1].set_ylabel("")
        ticks = [(share, f"{share:.0%}") for share in (0, 0.25, 0.5, 0.75, 1)]
        style.colour_bar(image, list(panels), "share", ticks)
        return tuple(panels)
