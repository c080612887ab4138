"""A kernel by name, whichever set it is of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Scalar = Callable[..., Any]


@dataclass(frozen=True)
class Kernel:
    """A kernel by name, with the scalar functions that stand in for its placeholders.

    `value` and `slope` are an activation and its derivative; of a loss, `value` gives both value and gradient; `rule`
    is an optimiser's, with the proximal step of its penalty as `value`, which around optimisers is what follows from
    norms; `slope_reads` is what the derivative takes, "a" or "z"; `draw` is what is drawn, of `draws.KINDS`; `scalar`
    that the functions know no arrays; `label` names them in listings.
    """

    name: str
    value: Scalar | None = None
    slope: Scalar | None = None
    rule: Scalar | None = None
    slope_reads: Literal["a", "z"] = "a"
    draw: str = ""
    scalar: bool = False
    label: str = ""
