"""`GradientFlowDisplay`: how much of the loss's gradient reaches each layer, epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from chainrule.diagnosis.probes import Probes
from chainrule.plots import heat_map, style
from chainrule.plots.probed import ProbesDisplay

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: The colours span at least so many powers of ten, so that a network with even gradients looks even.
DECADES = 4.0
#: And at most so many, up to the largest gradient: what is below has no effect, and would take all colours for itself.
MOST = 16.0


@dataclass(eq=False)
class GradientFlowDisplay(ProbesDisplay):
    """RMS of dLoss/dz by hidden layer and epoch, as colours over its log10, the first layer at the top.

    Even colours from top to bottom are a network whose layers all learn; where it darkens towards the top, gradients
    vanish on their way back. Hatched: no gradient at all.

    Parameters
    ----------
    epochs : array of shape (probes,)
    layers : names of the hidden layers
    flow : array of shape (probes, hidden layers), log10 of RMS dLoss/dz; -inf where there was none

    Examples
    --------
    >>> from chainrule.plots import GradientFlowDisplay
    >>> display = GradientFlowDisplay([1, 2, 3], ["0", "1"], [[-3.0, -2.0]] * 3).plot()
    >>> display.ax_.images[0].get_array().shape
    (2, 3)
    >>> from matplotlib import pyplot
    >>> pyplot.close(display.figure_)
    """

    epochs: Any
    layers: Sequence[str]
    flow: Any

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
        return cls(probes.epochs, heat_map.names(heat_map.hidden(cls.__name__, probes)), probes.flow())

    @property
    def size(self) -> tuple[float, float]:
        return 6.4, 2.0 + min(2.6, 0.22 * len(self.layers))

    def _draw(self, ax: Axes) -> tuple[Axes, ...]:
        flow = np.asarray(self.flow, float)
        low, high = spanned(flow, DECADES, MOST)
        image = heat_map.draw(ax, flow, np.asarray(self.epochs), self.layers, colours="viridis", low=low, high=high)
        style.colour_bar(image, [ax], "RMS of dLoss/dz", heat_map.decades(low, high))
        return (ax,)


def spanned(values: NDArray[Any], least: float, most: float) -> tuple[float, float]:
    """The ends of a scale from the least to the greatest finite value, which spans at least and at most so much.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.plots.gradient_flow import spanned
    >>> spanned(np.array([-1.0, -2.0]), 4.0, 16.0), spanned(np.array([-40.0, -1.0]), 4.0, 16.0)
    ((-3.5, 0.5), (-17.0, -1.0))
    """
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (-least, 0.0)
    rest = max(0.0, least - (high - low)) / 2
    return max(low - rest, high - most), high + rest
