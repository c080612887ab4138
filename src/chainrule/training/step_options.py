"""What may stand around an optimiser's step, whatever the optimiser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, get_args

from chainrule.checks import NOT_NEGATIVE, POSITIVE, Checked, Number, not_made
from chainrule.engine.parameters import Layout
from chainrule.errors import InputTypeError, unknown_name
from chainrule.network.layers import Kind
from chainrule.training.averaging import Averaging

_KINDS = tuple(kind for kind in get_args(Kind) if kind not in ("mean", "variance"))
_PLACES = "first", "last"


@dataclass(frozen=True)
class StepOptions(Checked):
    """Clipped gradients, bounded weights, learning rates per parameter, averaged weights. Everything is off at first.

    Parameters
    ----------
    clip_norm : the gradient of all parameters together is scaled down to this L2 norm where it is longer (Pascanu et
        al. 2013). A gradient that is not finite makes every parameter NaN, so that it shows
    clip_value : entries of the gradient are cut at this size, before the norm is taken. Both touch the gradient of
        the loss only, not that of L2
    max_norm : bound of the L2 norm of the weights into every unit but those of the last weighted layer, restored
        after each step (Srivastava et al. 2014)
    rate_factors : what multiplies the learning rate, at least 0, 0 for parameters that stay as they are. By the name
        of a parameter ("0.W"), by its kind ("weight", "bias", "gain", "offset"), or for the "first" or the "last"
        weighted layer; all that fit are multiplied
    averaging : EMA or SWA, see `Update.average`

    Examples
    --------
    >>> from chainrule import StepOptions
    >>> from chainrule import Dense, Network
    >>> layout = Network([Dense(3, "tanh"), Dense(1)], inputs=2).layout
    >>> StepOptions(rate_factors={"bias": 2, "last": 0.5}).factors(layout)
    {'0.W': 1.0, '0.b': 2.0, '1.W': 0.5, '1.b': 1.0}
    """

    clip_norm: float | None = None
    clip_value: float | None = None
    max_norm: float | None = None
    rate_factors: Mapping[str, float] | None = field(default=None, hash=False)
    averaging: Averaging | None = None

    bounds: ClassVar[dict[str, Number]] = dict.fromkeys(("clip_norm", "clip_value", "max_norm"), POSITIVE)

    def __post_init__(self) -> None:
        super().__post_init__()
        where = "StepOptions(averaging=)"
        if not (self.averaging is None or isinstance(self.averaging, Averaging)):
            raise not_made(where, self.averaging, Averaging, "EMA() is a good start.", "EMA(...), SWA(...) or None")
        if not (self.rate_factors is None or isinstance(self.rate_factors, Mapping)):
            raise InputTypeError(
                "StepOptions(rate_factors=)", "a dict from names to factors, or None", repr(self.rate_factors),
                'Such as {"bias": 2.0, "last": 0.1}.',
            )  # fmt: skip
        for name, factor in (self.rate_factors or {}).items():
            NOT_NEGATIVE(f"StepOptions(rate_factors={{{name!r}: ...}})", factor)

    def factors(self, layout: Layout) -> dict[str, float]:
        """What multiplies the learning rate of each trained parameter.

        Parameters
        ----------
        layout : of the network's parameters

        Returns
        -------
        dict from their names to factors

        Raises
        ------
        InputError
            For a name in `rate_factors` that no parameter, kind or place has.
        """
        given = self.rate_factors or {}
        layers = [name.rpartition(".")[0] for name in layout.weights]
        places = dict(zip(_PLACES, (layers[0], layers[-1]), strict=True)) if layers else {}
        for name in given:
            if name not in (known := (*layout.trained_names, *_KINDS, *_PLACES)):
                raise unknown_name("StepOptions(rate_factors=)", name, known)
        found = {}
        for p in layout.in_order:
            if p.trained:
                layer = p.name.rpartition(".")[0]
                found[p.name] = 1.0
                for name in (p.name, p.kind, *(place for place, of in places.items() if of == layer)):
                    found[p.name] *= float(given.get(name, 1))
        return found


#: the optimiser's step and nothing else
PLAIN = StepOptions()
