"""Ctrl-C while what must not be cut in two is under way."""

from __future__ import annotations

import functools
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Result = TypeVar("Result")


def held_back(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """The function, at the end of which a Ctrl-C takes effect that came while it ran.

    LLVM calls back into Python while it compiles or loads code: a KeyboardInterrupt raised there is lost, or ends the
    process. A package whose import it ends looks as if it could not run. The function should take seconds at most.
    """

    @functools.wraps(function)
    def called(*args: Given.args, **named: Given.kwargs) -> Result:
        handler = signal.getsignal(signal.SIGINT)
        if not callable(handler) or threading.current_thread() is not threading.main_thread():
            return function(*args, **named)  # no exception comes here
        came: list[FrameType | None] = []
        try:
            signal.signal(signal.SIGINT, lambda number, frame: came.append(frame))
        except ValueError:  # a subinterpreter: signals are the main one's
            return function(*args, **named)
        try:
            return function(*args, **named)
        finally:
            signal.signal(signal.SIGINT, handler)
            if came:
                handler(signal.SIGINT, came[-1])

    return called
