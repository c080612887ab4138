"""The kernels: one set in Numba, one in NumPy, the same names and the same arguments.

`CHAINRULE_KERNELS=numpy|numba` picks the set; Numba is the default where it can run.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from functools import cache
from typing import Any, Literal

import numpy as np

from chainrule.engine import forks, interrupts
from chainrule.engine.kernels.access import Access
from chainrule.engine.kernels.kernel import Kernel
from chainrule.errors import MissingExtraError, unknown_name

__all__ = ["Kernel", "SetName", "access", "arguments_of", "chosen_set", "load"]

_log = logging.getLogger("chainrule")

SetName = Literal["numba", "numpy"]


def chosen_set() -> SetName:
    """The kernel set in force: from the environment, else Numba's, or NumPy's where Numba's cannot run.

    Raises
    ------
    InputError
        For a name that is none.
    MissingExtraError
        Where CHAINRULE_KERNELS=numba asks for what cannot run.
    """
    name = os.environ.get("CHAINRULE_KERNELS") or None  # set to nothing, it is unset
    if name == "numpy":
        return "numpy"
    if name not in (None, "numba"):
        raise unknown_name("CHAINRULE_KERNELS", name, ("numba", "numpy"))
    lacking = _lacking()
    if not lacking:
        return "numba"
    if name is None:
        _say_numpy(lacking)
        return "numpy"
    raise MissingExtraError(
        "CHAINRULE_KERNELS=numba", "Numba and SciPy", lacking,
        f"{_mend(lacking)}, or leave CHAINRULE_KERNELS unset for NumPy's kernels.",
    )  # fmt: skip


@cache
@forks.holding_off
@interrupts.held_back
def _lacking() -> str:
    """What keeps Numba's kernels from running here; nothing where they do."""
    try:
        import numba
        import scipy.linalg.cython_blas  # noqa: F401  (their products)

        settings: Any = numba.config
        if settings.DISABLE_JIT:
            return "NUMBA_DISABLE_JIT is set"
        from chainrule.engine.kernels.numba_set import machine  # noqa: F401
    except Exception as error:  # whatever a package raises that was not made for this Python, NumPy or processor
        return f"{type(error).__name__}: {error}".rstrip(".")
    return ""


@cache
def _say_numpy(lacking: str) -> None:
    _log.warning(
        "chainrule runs on NumPy's kernels, which take up to ten times as long as Numba's: %s. "
        "%s, or set CHAINRULE_KERNELS=numpy to read this no more.",
        lacking, _mend(lacking),
    )  # fmt: skip


def _mend(lacking: str) -> str:
    absent = lacking.startswith(("ImportError", "ModuleNotFoundError"))
    return "Mend that (pip install numba scipy)" if absent else "Mend that"


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
