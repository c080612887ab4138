"""The Numba kernels: loops over rows and columns that LLVM vectorises; twins of `numpy_set` by name.

Each kernel is written once. `value`, `slope_at`, `drawn` and their kin are placeholders, put in place here
for every activation or loss, for whatever is drawn, in float32 and in float64.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Sequence
from functools import cache
from types import FunctionType
from typing import Any

import numba
import numpy as np
from numba.core.compiler_lock import global_compiler_lock
from numba.core.errors import NumbaError

from chainrule.engine import forks
from chainrule.engine.kernels import functions, normal, rules
from chainrule.engine.kernels.access import Access
from chainrule.engine.kernels.kernel import Kernel
from chainrule.engine.kernels.numba_set import (
    draws,
    embeddings,
    expansion,
    gathering,
    gemm,
    losses,
    matrices,
    mixing,
    norms,
    on_disk,
    optimisers,
    pointwise,
    pools,
    products,
    tasks,
    terms,
    updates,
    waves,
)
from chainrule.engine.kernels.specialise import in_dtype, rebound
from chainrule.errors import InputError

#: All that fastmath allows but nnan and ninf: those would hide a divergence.
FLAGS = {"contract", "reassoc", "nsz", "arcp", "afn"}


# Else a child of a fork would wait for ever until another thread of its parent has compiled.
forks.around(global_compiler_lock.acquire, global_compiler_lock.release, global_compiler_lock.release)

_OPTIONS: dict[str, Any] = dict(error_model="numpy", fastmath=FLAGS, nogil=True)


def _inline(function: Callable[..., Any]) -> Callable[..., Any]:
    """A scalar function for use inside a kernel. Left to itself LLVM calls the long ones, and vectorises nothing."""
    compiled: Callable[..., Any] = numba.njit(forceinline=True, **_OPTIONS)(function)
    return compiled


def load(kernel: Kernel, dtype: np.dtype[Any]) -> Callable[..., None]:
    """The kernel as a function of arrays; Numba compiles it at its first call."""
    result: Callable[..., None] = on_disk.njit(cache=_is_ours(kernel), **_OPTIONS)(_template(kernel, dtype))
    return result


@cache
def task(kernel: Kernel, dtype: np.dtype[Any], kinds: tuple[Any, ...]) -> Any:
    """Compile (or take from the cache on disk) the kernel as a task for records of arguments of these kinds."""
    template = _template(kernel, dtype)
    names = {"kernel": _inline(template), "unpack": tasks.unpacker(kinds)}
    label = f"{template.__qualname__}.{hashlib.sha256(str(kinds).encode()).hexdigest()[:8]}"
    text = rebound(tasks.run_record, names, label)
    try:
        return on_disk.cfunc(tasks.SIGNATURE, cache=_is_ours(kernel))(text)
    except NumbaError as error:
        if _is_ours(kernel):
            raise
        raise _cannot_be_compiled(kernel, error) from None  # its pages tell of files of ours


def _cannot_be_compiled(kernel: Kernel, error: NumbaError) -> InputError:
    """The error for a user's own function that Numba refuses, with the first of its lines that says why."""
    name = " and ".join(function.__qualname__ for function in _put_in(kernel) if not _is_of_us(function))
    why = next((line for line in str(error).splitlines() if line and not line.startswith("Failed in ")), "no reason")
    return InputError(
        f"{name} of {kernel.label!r}", "a function of floats that Numba can compile", why,
        "Write it with floats and NumPy's or math's functions; CHAINRULE_KERNELS=numpy runs it uncompiled.",
    )  # fmt: skip


def instruction(kernel: Kernel, dtype: np.dtype[Any], arguments: Sequence[Any], room: tasks.Room) -> list[int]:
    """The words of one instruction of a table: task, length of its record, record."""
    if kernel.name != "dot":
        done, record = task(kernel, dtype, tuple(map(tasks.kind, arguments))), tasks.words(arguments)
    elif gemm.suits(*arguments):
        done, record = gemm.task(dtype, on_disk.sources()), gemm.words(room, *arguments)
    else:
        done, record = products.task(dtype, on_disk.sources()), products.words(*arguments)
    return [done.address, len(record), *record]


def _template(kernel: Kernel, dtype: np.dtype[Any]) -> FunctionType:
    """The kernel with its functions in place, not yet compiled."""
    twins = functions.TWINS[dtype.type]
    names: dict[str, Any] = {**_draws(kernel.draw, dtype), "capped": in_dtype(rules.capped, dtype, twins, _inline)}
    if kernel.value is not None:
        names["value"] = in_dtype(kernel.value, dtype, twins, _inline)
    if kernel.rule is not None:
        names["rule"] = in_dtype(kernel.rule, dtype, twins, _inline)
    if kernel.slope is not None:
        slope = in_dtype(kernel.slope, dtype, twins, _inline)
        names["slope"] = slope
        pick = draws.slope_of_a if kernel.slope_reads == "a" else draws.slope_of_z
        names["slope_at"] = _inline(rebound(pick, {"slope": slope}, "slope_at"))
    if kernel.name in losses.KERNELS:
        names["exp"] = twins[np.exp]
        names["per_weight"] = _inline(losses.per_weight_of)
        names["clear"] = _inline(losses.clear_row)
        names["shift"] = _inline(losses.shift_rows)
        names["exponential"] = _inline(rebound(losses.exponentiate, {"exp": twins[np.exp]}, "exponentiate"))
    if kernel.name in waves.KERNELS:
        names |= {"cos": twins[np.cos], "sin": twins[np.sin]}
    # The name carries all that the cache's own key cannot see: functions put in place, and their sources.
    functions_in = [f.__name__ if _is_ours(kernel) else id(f) for f in _put_in(kernel)]
    inside = hashlib.sha256(str([*functions_in, kernel.slope_reads]).encode()).hexdigest()[:8]
    label = f"{kernel.name}.{kernel.label}.{kernel.draw}.{dtype.name}.{inside}.{on_disk.sources()}"
    return rebound(_TEMPLATES[kernel.name], names, label)


def _draws(kind: str, dtype: np.dtype[Any]) -> dict[str, Any]:
    """The functions that draw, in this precision."""
    quantile = in_dtype(normal.upper_quantile, dtype, functions.TWINS[dtype.type], _inline)
    inside = {"real": dtype.type, "upper_quantile": quantile}
    found = {name: _inline(rebound(f, inside, f.__name__)) for name, f in draws.KINDS[kind].items()}
    return found | {"drawn": _inline(rebound(draws.drawn, found, "drawn"))}


def _put_in(kernel: Kernel) -> list[Any]:
    return [function for function in (kernel.value, kernel.slope, kernel.rule) if function is not None]


def _is_ours(kernel: Kernel) -> bool:
    """Whether the kernel consists of what `on_disk.sources` covers; with a user's own functions it is not kept."""
    return all(map(_is_of_us, _put_in(kernel)))


def _is_of_us(function: Any) -> bool:
    ours = ("chainrule.network.", "chainrule.engine.kernels.")
    return isinstance(function, np.ufunc) or (function.__module__.startswith(ours) and "<" not in function.__qualname__)


_MODULES = (
    pointwise, norms, losses, pools, optimisers, matrices, updates, mixing, expansion, terms, embeddings, gathering,
    waves,
)  # fmt: skip
_TEMPLATES: dict[str, Callable[..., None]] = {
    name: getattr(module, name) for module in _MODULES for name in module.KERNELS
}
_ACCESS: dict[str, Access] = {name: way for module in _MODULES for name, way in module.KERNELS.items()}


def access(name: str) -> Access:
    """What the kernel of this name does with its arguments."""
    return products.ACCESS if name == "dot" else _ACCESS[name]


@cache
def arguments_of(name: str) -> tuple[str, ...]:
    """The names of its arguments, in order."""
    return tuple(inspect.signature(products.words if name == "dot" else _TEMPLATES[name]).parameters)
