"""An iterator run ahead of whoever consumes it, by a thread of its own."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterator
from typing import TypeVar

T = TypeVar("T")


def ahead(make: Callable[[], Iterator[T]], depth: int = 2) -> Generator[T, None, None]:
    """What `make()` yields, in order, up to `depth` of them before they are asked for.

    What is raised there is raised here. The thread ends with this iterator, also where that is closed early. Where
    there is no thread to be had, nothing is done ahead.

    Examples
    --------
    >>> from chainrule.training.prefetch import ahead
    >>> list(ahead(lambda: iter("abc")))
    ['a', 'b', 'c']
    """
    waiting: queue.Queue[tuple[str, object]] = queue.Queue(depth)
    closed = threading.Event()

    def put(kind: str, value: object) -> bool:
        while not closed.is_set():
            try:
                waiting.put((kind, value), timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def run() -> None:
        try:
            for one in make():
                if not put("item", one):
                    return
            put("end", None)
        except BaseException as error:
            put("error", error)

    thread = threading.Thread(target=run, name="chainrule ahead", daemon=True)
    try:
        thread.start()
    except RuntimeError:  # no more threads to be had
        yield from make()
        return
    try:
        while True:
            kind, value = waiting.get()
            if kind == "end":
                return
            if kind == "error":
                raise value  # type: ignore[misc]
            yield value  # type: ignore[misc]
    finally:
        closed.set()
        thread.join()
