"""The NumPy kernels: whole-array expressions, twins of `numba_set` by name and by argument.

They read like the formulas and serve as their check; they run where Numba cannot.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.engine.kernels.kernel import Kernel
from chainrule.engine.kernels.numpy_set import (
    draws,
    embeddings,
    expansion,
    gathering,
    losses,
    matrices,
    mixing,
    norms,
    optimisers,
    pointwise,
    pools,
    terms,
    updates,
    waves,
)
from chainrule.engine.kernels.specialise import rebound


def load(kernel: Kernel) -> Callable[..., None]:
    """The kernel with its functions in place; scalar functions of a user's own are mapped over arrays."""
    if kernel.name == "dot":
        return np.matmul  # (x, y, out); unlike np.dot it takes an out that is a part of a matrix
    names: dict[str, Any] = dict(draws.KINDS[kernel.draw])
    names["drawn"] = rebound(draws.drawn, names, "drawn")
    if kernel.value is not None:
        names["value"] = _over_arrays(kernel.value, kernel.name) if kernel.scalar else kernel.value
    if kernel.rule is not None:
        names["rule"] = kernel.rule
    if kernel.slope is not None:
        slope = _over_arrays(kernel.slope, kernel.name) if kernel.scalar else kernel.slope
        names["slope"] = slope
        pick = draws.slope_of_a if kernel.slope_reads == "a" else draws.slope_of_z
        names["slope_at"] = rebound(pick, {"slope": slope}, "slope_at")
    return _quiet(rebound(_TEMPLATES[kernel.name], names, kernel.name))


def _quiet(function: Callable[..., None]) -> Callable[..., None]:
    """Overflow and 0 * inf show in the result, as in the compiled set, not in warnings."""

    def kernel(*arguments: Any) -> None:
        with np.errstate(all="ignore"):
            function(*arguments)

    return kernel


def _over_arrays(function: Callable[..., Any], kernel: str) -> Callable[..., Any]:
    """A scalar function mapped over arrays: an activation of z, or a loss's function of z and y."""
    if kernel in losses.KERNELS:
        pair = np.vectorize(function, otypes="dd", excluded={2})

        def over_both(z: Any, y: Any, c: Any) -> Any:
            return tuple(found.astype(z.dtype) for found in pair(z, y, c))

        return over_both
    mapped = np.vectorize(function)

    def over(x: Any) -> Any:
        return mapped(x).astype(x.dtype)

    return over


_MODULES = (
    pointwise, norms, losses, pools, optimisers, matrices, updates, mixing, expansion, terms, embeddings, gathering,
    waves,
)  # fmt: skip
_TEMPLATES: dict[str, Callable[..., None]] = {
    name: getattr(module, name) for module in _MODULES for name in module.KERNELS
}
