"""One kernel text, many kernels: copies of a function in which names stand for other things.

Numba caches closures badly (two of one name and line share an entry), and types a literal 0.5 as float64,
which turns a float32 loop into double arithmetic at half the vector width. Copies avoid both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import CellType, FunctionType
from typing import Any

import numpy as np

Function = Callable[..., Any]


def rebound(function: Function, names: Mapping[str, Any], label: str) -> FunctionType:
    """A copy of `function`, named `label`, whose globals of these names are replaced."""
    if not isinstance(function, FunctionType):
        raise TypeError(f"{function!r} is not a Python function")
    copy = FunctionType(
        function.__code__,
        {**function.__globals__, **names},
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    copy.__qualname__ = label
    return copy


def in_dtype(
    function: Function,
    dtype: np.dtype[Any],
    twins: Mapping[Function, Function],
    compile_: Callable[[Function], Function],
) -> Function:
    """A compiled copy of a scalar function that stays in `dtype`.

    Its float constants, globals and closure cells become `dtype`; functions that are in `twins` are replaced;
    other Python functions that it calls are treated alike. What remains, such as `math.exp`, is left to Numba.
    """
    if function in twins:
        return twins[function]
    if not isinstance(function, FunctionType):
        return function

    def settle(value: Any) -> Any:
        if isinstance(value, float):
            return dtype.type(value)
        if callable(value) and (isinstance(value, FunctionType) or _is_key(value, twins)):
            return in_dtype(value, dtype, twins, compile_)
        return value

    code = function.__code__
    used = {name: function.__globals__[name] for name in code.co_names if name in function.__globals__}
    copy = FunctionType(
        code.replace(co_consts=tuple(dtype.type(c) if isinstance(c, float) else c for c in code.co_consts)),
        {**function.__globals__, **{name: settle(value) for name, value in used.items()}},
        function.__name__,
        function.__defaults__,
        tuple(CellType(settle(cell.cell_contents)) for cell in function.__closure__ or ()),
    )
    return compile_(copy)


def _is_key(value: Any, twins: Mapping[Function, Function]) -> bool:
    try:
        return value in twins
    except TypeError:  # not hashable, so no key
        return False
