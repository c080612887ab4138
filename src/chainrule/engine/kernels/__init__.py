"""The kernels: one set in Numba, one in NumPy, the same names and the same arguments.

`CHAINRULE_KERNELS=numpy|numba` picks the set when the process starts; Numba is the default.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np

from chainrule.engine.kernels.access import Access
from chainrule.errors import unknown_name

Scalar = Callable[..., Any]
SetName = Literal["numba", "numpy"]


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


def chosen_set() -> SetName:
    """The kernel set in force, from the environment."""
    name = os.environ.get("CHAINRULE_KERNELS", "numba")
    if name == "numba":
        return "numba"
    if name == "numpy":
        return "numpy"
    raise unknown_name("CHAINRULE_KERNELS", name, ("numba", "numpy"))


@cache
def load(kernel: Kernel, dtype: np.dtype[Any], which: SetName) -> Callable[..., None]:
    """The callable of a kernel for one float type; Numba compiles it at its first call."""
    if which == "numpy":
        from chainrule.engine.kernels import numpy_set

        return numpy_set.load(kernel)
    from chainrule.engine.kernels import numba_set

    return numba_set.load(kernel, dtype)


def access(kernel: Kernel) -> Access:
    """What a kernel of the compiled set does with its arguments."""
    from chainrule.engine.kernels import numba_set

    return numba_set.access(kernel.name)


def arguments_of(kernel: Kernel) -> tuple[str, ...]:
    """The names of its arguments, in order."""
    from chainrule.engine.kernels import numba_set

    return numba_set.arguments_of(kernel.name)
