"""Kernels as tasks: machine code behind one C signature, and records of 64-bit words that hold its arguments.

A compiled loop can call any task with any record, without the interpreter and without its lock. An array, C-ordered, is
its address and its shape; a number is one word.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

SIGNATURE = types.void(types.CPointer(types.int64))
WORD = ir.IntType(64)
LINE = 64  # bytes


def low_level(function: Callable[..., Any]) -> Any:
    """A function for compiled code that is written in LLVM's own instructions."""
    return intrinsic(function)


@low_level
def word_at(typing: Any, address: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return builder.load(builder.inttoptr(given[0], WORD.as_pointer()))

    return types.int64(types.int64), build


class Room:
    """Memory that the tasks of a table use in turn. It grows while the table is written, not while it is followed."""

    def __init__(self) -> None:
        self._memory = np.empty(0, np.uint8)
        self._place = np.zeros(1, np.int64)

    def place(self, nbytes: int) -> int:
        """The address of the word that says where this many bytes are, at the start of a cache line."""
        if self._memory.size < nbytes + LINE:
            self._memory = np.empty(nbytes + LINE, np.uint8)
            self._place[0] = -(-self._memory.ctypes.data // LINE) * LINE
        return int(self._place.ctypes.data)


def kind(argument: Any) -> Any:
    """The Numba type of an argument of a kernel."""
    if isinstance(argument, np.ndarray):
        return _array_kind(argument.dtype, argument.ndim)
    return types.int64 if isinstance(argument, (int, np.integer)) else types.float64


@cache
def _array_kind(dtype: np.dtype[Any], axes: int) -> Any:
    return types.Array(numba.from_dtype(dtype), axes, "C")


def words(arguments: Sequence[Any]) -> list[int]:
    """A record of these arguments."""
    found: list[int] = []
    for argument in arguments:
        if isinstance(argument, np.ndarray):
            assert argument.flags.c_contiguous
            found += [argument.ctypes.data, *argument.shape]
        elif isinstance(argument, (int, np.integer)):
            found.append(int(argument))
        else:
            found.append(int(np.float64(argument).view(np.int64)))
    return found


def unpacker(kinds: Sequence[Any]) -> Callable[..., Any]:
    """A compiled function from a record to its arguments."""

    @low_level
    def unpack(typing: Any, record: Any) -> Any:
        def build(context: Any, builder: Any, signature: Any, given: Any) -> Any:
            places = iter(range(1 << 16))

            def word() -> Any:
                return builder.load(builder.gep(given[0], [ir.Constant(WORD, next(places))]))

            def made(one: Any) -> Any:
                if one == types.float64:
                    return builder.bitcast(word(), ir.DoubleType())
                return array(one) if isinstance(one, types.Array) else word()

            def array(one: Any) -> Any:
                from numba.np.arrayobj import populate_array  # a tenth of a second, for what is on disk by now

                held = context.get_data_type(one.dtype)
                entry = ir.Constant(WORD, context.get_abi_sizeof(held))
                data, shape = builder.inttoptr(word(), held.as_pointer()), [word() for _ in range(one.ndim)]
                strides = [builder.mul(shape[1], entry), entry] if one.ndim == 2 else [entry]
                result = context.make_array(one)(context, builder)
                populate_array(result, data, shape, strides, entry, None)
                return result._getvalue()

            return context.make_tuple(builder, signature.return_type, [made(one) for one in kinds])

        return types.BaseTuple.from_types(tuple(kinds))(record), build

    result: Callable[..., Any] = unpack
    return result


def run_record(record: Any) -> None:
    """The text of every task; `kernel` and `unpack` are put in place."""
    kernel(*unpack(record))


kernel: Any = None  # placeholders
unpack: Any = None
