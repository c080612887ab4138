"""Work that does not depend on each other, side by side on several threads."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Lock, Thread


def side_by_side(work: Sequence[Callable[[], object]], lanes: int, stop: Callable[[], None]) -> None:
    """Do all of it, in its order as threads are free; the caller's is one of them.

    Where something is raised, the rest is not begun, what is under way is told to stop, and all is over before it is
    raised here: of several errors the one of what comes first.

    Parameters
    ----------
    work : what is to be done
    lanes : threads, 1 or more
    stop : ends what is under way soon; called from any of them

    Examples
    --------
    >>> from chainrule.models.lanes import side_by_side
    >>> found = {}
    >>> side_by_side([lambda: found.update(a=1), lambda: found.update(b=2)], 2, stop=lambda: None)
    >>> sorted(found)
    ['a', 'b']
    """
    waiting, lock = iter(enumerate(work)), Lock()
    raised: dict[int, BaseException] = {}

    def lane() -> None:
        while True:
            with lock:
                place, one = next(waiting, (-1, None))
            if one is None or raised:
                return
            try:
                one()
            except BaseException as error:
                raised[place] = error
                stop()

    others: list[Thread] = []
    try:
        for _ in range(lanes - 1):
            others.append(Thread(target=contextvars.copy_context().run, args=(lane,), daemon=True))
            others[-1].start()
        lane()
        for other in others:
            other.join()
    except BaseException:  # Ctrl-C comes to the first thread of a process, in whatever it is doing
        stop()
        _wait(others)
        raise
    if raised:
        raise raised[min(raised)]


def _wait(threads: Sequence[Thread]) -> None:
    """Until all are over, which were told to stop, however often Ctrl-C comes."""
    for thread in threads:
        while thread.is_alive():
            with suppress(KeyboardInterrupt):
                thread.join()
