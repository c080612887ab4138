"""Tasks: work without a state of its own, that may be done in this process or by the machines of a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol


class Tasks(Protocol):
    """Who does tasks. A handle stands for a value that is made somewhere; a task that is given one gets the value."""

    def put(self, value: Any) -> Any:
        """A handle of a value that many tasks take."""

    def submit(self, function: Callable[..., Any], *given: Any, threads: int = 1, returns: int = 1) -> Any:
        """The handle of what a function gives for what is given, values or handles; of several `returns`, a list.

        Parameters
        ----------
        function : of a module; the same arguments give the same result, whenever and wherever it is called
        threads : that it takes
        returns : how many things it returns
        """

    def get(self, handles: Sequence[Any]) -> list[Any]:
        """The values of handles, when all are there. What a task raised is raised."""

    def each(self, function: Callable[[Any, int], Any], given: Any, count: int, threads: int = 1) -> Iterator[Any]:
        """What a function gives for what is given and each number below `count`, as it comes: in any order.

        For work on very many places, of which results are small.
        """


class Here:
    """Tasks that this process does, one after the other, as they are submitted.

    Examples
    --------
    >>> from chainrule.tasks import Here
    >>> here = Here()
    >>> here.get([here.submit(pow, here.put(2), 3)])
    [8]
    """

    def put(self, value: Any) -> Any:
        return value

    def submit(self, function: Callable[..., Any], *given: Any, threads: int = 1, returns: int = 1) -> Any:
        found = function(*given)
        return found if returns == 1 else list(found)

    def get(self, handles: Sequence[Any]) -> list[Any]:
        return list(handles)

    def each(self, function: Callable[[Any, int], Any], given: Any, count: int, threads: int = 1) -> Iterator[Any]:
        return (function(given, number) for number in range(count))
