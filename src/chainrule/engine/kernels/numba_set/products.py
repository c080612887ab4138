"""Matrix products by the BLAS that SciPy carries, as a task: out = x @ y for views of C-ordered arrays."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types

from chainrule.engine.kernels.access import by_rows
from chainrule.engine.kernels.numba_set import on_disk
from chainrule.engine.kernels.numba_set.tasks import SIGNATURE, WORD, low_level
from chainrule.engine.kernels.specialise import rebound

ACCESS = by_rows("out")
_NAMES = {np.dtype(np.float32): "sgemm", np.dtype(np.float64): "dgemm"}


def words(x: Any, y: Any, out: Any) -> list[int]:
    """The record of a product. Fortran sees every array transposed, so it is told out' = y' @ x'."""
    rows, columns = out.shape
    return [
        _address(_NAMES[out.dtype]), _order(y), _order(x), columns, rows, x.shape[1],
        y.ctypes.data, _pitch(y), x.ctypes.data, _pitch(x), out.ctypes.data, _pitch(out),
    ]  # fmt: skip


def _order(array: Any) -> int:
    return ord("N" if _by_rows(array) else "T")


def _by_rows(array: Any) -> bool:
    """Whether the entries of a row stand side by side."""
    return bool(array.flags.c_contiguous or array.strides[1] == array.itemsize)


def _pitch(array: Any) -> int:
    """Entries from a row to the next, or from a column to the next."""
    if array.flags.c_contiguous:
        return int(array.shape[1])
    apart = array.strides[0 if _by_rows(array) else 1] // array.itemsize
    return max(int(apart), array.shape[1 if _by_rows(array) else 0])


@cache
def _address(name: str) -> int:
    """Where SciPy's BLAS has this routine."""
    from scipy.linalg import cython_blas

    routines: dict[str, Any] = dict(cython_blas.__pyx_capi__)
    capsule = routines[name]
    api = ctypes.pythonapi
    api.PyCapsule_GetName.restype, api.PyCapsule_GetName.argtypes = ctypes.c_char_p, [ctypes.py_object]
    api.PyCapsule_GetPointer.restype = ctypes.c_void_p
    api.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    return int(api.PyCapsule_GetPointer(capsule, api.PyCapsule_GetName(capsule)))


def _caller(kind: Any) -> Any:
    """A compiled function that hands a record on to xGEMM with alpha = 1 and beta = 0."""

    @low_level
    def xgemm(typing: Any, record: Any) -> Any:
        def build(context: Any, builder: Any, signature: Any, given: Any) -> Any:
            held = context.get_data_type(kind)

            def word(place: int) -> Any:
                return builder.load(builder.gep(given[0], [ir.Constant(WORD, place)]))

            def by_reference(value: Any) -> Any:
                place = builder.alloca(value.type)
                builder.store(value, place)
                return place

            def integer(place: int) -> Any:
                return by_reference(builder.trunc(word(place), ir.IntType(32)))

            def matrix(place: int) -> tuple[Any, Any]:
                return builder.inttoptr(word(place), held.as_pointer()), integer(place + 1)

            orders = [by_reference(builder.trunc(word(place), ir.IntType(8))) for place in (1, 2)]
            one, zero = (by_reference(ir.Constant(held, float(value))) for value in (1, 0))
            arguments = [
                *orders, integer(3), integer(4), integer(5), one, *matrix(6), *matrix(8), zero, *matrix(10)
            ]  # fmt: skip
            routine = ir.FunctionType(ir.VoidType(), [argument.type for argument in arguments])
            builder.call(builder.inttoptr(word(0), routine.as_pointer()), arguments)
            return context.get_dummy_value()

        return types.void(record), build

    return xgemm


def hand_on(record: Any) -> None:
    """The text of a product's task; `gemm` is put in place."""
    gemm(record)


gemm: Any = None  # placeholder


@cache
def task(dtype: np.dtype[Any], sources: str) -> Any:
    """The task of products in this float type, kept on disk under the hash of its sources."""
    text = rebound(hand_on, {"gemm": _caller(numba.from_dtype(dtype))}, f"product.{dtype.name}.{sources}")
    return on_disk.cfunc(SIGNATURE, cache=True)(text)
