"""Tasks on a cluster of Ray. No other file imports Ray.

A task has no state, so that Ray may do it again: after a worker or a machine was lost, the same bits come from another.
"""

from __future__ import annotations

import math
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from chainrule.errors import ClusterError, MissingExtraError

#: How often a task is done again whose worker or machine was lost.
RETRIES = 20
#: Seconds in which a machine has to accept a connection, and in which each has to say what it has installed.
TO_CONNECT, TO_ANSWER = 5.0, 120.0
#: Seconds after which one looks whether there still is a machine for what is waited for.
TO_LOOK = 10.0
#: Tasks of `each` that are submitted at a time, for each processor: more would only lie in memory.
UNDER_WAY = 4

#: Seconds that it is taken for granted which machines are there.
FRESH = 2.0

#: Packages whose versions have to be alike on all machines: they decide over bits, or read what others wrote.
ALIKE = ("chainrule", "numpy")


class OnRay:
    """Tasks that Ray does, on whichever machine is free.

    Parameters
    ----------
    where : how errors call it
    """

    def __init__(self, where: str) -> None:
        self._where = where
        self._known: dict[Callable[..., Any], Any] = {}
        self._asked = 0.0

    def __repr__(self) -> str:
        return f"<{self._where}: {len(machines())} machines with {sum(machines())} processors>"

    def put(self, value: Any) -> Any:
        import ray

        with self._told():
            return ray.put(value)

    def submit(self, function: Callable[..., Any], *given: Any, threads: int = 1, returns: int = 1) -> Any:
        import ray

        if function not in self._known:
            self._known[function] = ray.remote(function)
        self._asked = min(threads, most_cpus())
        options = {"num_cpus": self._asked, "num_returns": returns, "max_retries": RETRIES}
        with self._told():
            return self._known[function].options(name=function.__name__, **options).remote(*given)

    def get(self, handles: Sequence[Any]) -> list[Any]:
        import ray

        handles = list(handles)
        with self._told(), _cancelled_behind(left := [*handles]):
            while left:
                _, left[:] = ray.wait([*left], num_returns=len(left), timeout=TO_LOOK)
                if left and most_cpus() < self._asked:
                    raise self._error(
                        f"a machine with {self._asked:g} processors, as when tasks were submitted",
                        f"at most {most_cpus():g}", "Add one, or go on with fit(..., resume_from=) and fewer threads.",
                    )  # fmt: skip
            return list(ray.get(handles))

    def each(self, function: Callable[[Any, int], Any], given: Any, count: int, threads: int = 1) -> Iterator[Any]:
        import ray

        with _cancelled_behind(under_way := list[Any]()):
            for number in range(count):
                under_way.append(self.submit(function, given, number, threads=threads))
                last = number + 1 == count
                while under_way and (last or len(under_way) >= UNDER_WAY * sum(machines())):
                    with self._told():
                        done, under_way[:] = ray.wait([*under_way])
                    yield from self.get(done)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What Ray raises, in our form; what a task of ours raised, as it was raised there."""
        from ray import exceptions

        try:
            yield
        except exceptions.RayTaskError as error:
            cause = error.cause
            if isinstance(cause, ModuleNotFoundError) and not isinstance(cause, MissingExtraError):
                raise self._error("the same packages on all machines", str(cause), "Install it there.") from error
            raise cause.with_traceback(None) from error
        except (exceptions.OutOfDiskError, exceptions.ObjectStoreFullError) as error:
            raise self._error(
                "room for coded rows and for states of networks in the object store, or on the disk behind it",
                _first_line(error), "Add machines, start Ray with a larger object_store_memory, or free its disk.",
            ) from error  # fmt: skip
        except exceptions.OutOfMemoryError as error:
            raise self._error(
                "memory for each task", _first_line(error), "Give more memory, or fewer tasks to a machine: threads=."
            ) from error
        except (exceptions.RayError, ConnectionError) as error:
            raise self._error(
                f"tasks that end, each within {RETRIES} attempts", f"{type(error).__name__}: {_first_line(error)}",
                "Look into Ray's logs. What checkpoints were written is kept: go on with fit(..., resume_from=).",
            ) from error  # fmt: skip

    def _error(self, expected: str, received: str, mend: str) -> ClusterError:
        return ClusterError(self._where, expected, received, mend)


@contextmanager
def _cancelled_behind(handles: list[Any]) -> Iterator[None]:
    """Whatever ends the block by an error, or by Ctrl-C, ends the tasks that are still waited for."""
    import ray

    try:
        yield
    except BaseException:
        for handle in handles:
            ray.cancel(handle)
        raise


def _first_line(error: BaseException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)[:300]


def most_cpus() -> float:
    """Of a machine, of those that are there: a task that asks for more would wait for ever."""
    return max((node["Resources"].get("CPU", 0) for node in _nodes()), default=1) or 1


def _nodes() -> list[dict[str, Any]]:
    """Those that are there, asked for anew every few seconds."""
    import ray

    now = time.monotonic()
    if now - _NODES.asked > FRESH:
        _NODES.asked, _NODES.alive = now, [node for node in ray.nodes() if node["Alive"]]
    return _NODES.alive


@dataclass
class _Nodes:
    """Nodes of the cluster, as they were when they were asked for."""

    asked: float = -math.inf
    alive: list[dict[str, Any]] = field(default_factory=list)


_NODES = _Nodes()


def machines() -> list[int]:
    """CPUs of each machine that takes tasks."""
    return [int(node["Resources"]["CPU"]) for node in _nodes() if node["Resources"].get("CPU", 0) >= 1]


@contextmanager
def connected(address: str | None) -> Iterator[OnRay]:
    """The cluster at an address; of None one of this machine alone, which ends with the block.

    A connection that this process has already is taken, and left as it is.
    """
    where = "cluster('ray')" if address is None else f"cluster('ray', address={address!r})"
    try:
        import ray
    except ImportError as error:
        raise MissingExtraError(where, "the package ray", "none", "pip install 'chainrule[ray]'") from error
    mine = not ray.is_initialized()
    if mine:
        _connect(where, address)
    elif not _same(address, there := ray.get_runtime_context().gcs_address):
        raise ClusterError(
            where, f"no connection to another cluster, {there}", "one",
            "Leave the block, or the code, that is connected to it; else call ray.shutdown().",
        )  # fmt: skip
    _NODES.asked = -math.inf  # it may be another cluster
    try:
        tasks = OnRay(where)
        _check_alike(tasks, where)
        yield tasks
    finally:
        if mine:
            ray.shutdown()


def _same(address: str | None, there: str) -> bool:
    """Whether what a user says of a cluster may be the one that this process is connected to."""
    if address in (None, "auto", there):
        return True
    (host, _, port), (other, _, its) = str(address).rpartition(":"), there.rpartition(":")
    try:
        return port == its and socket.gethostbyname(host) in (other, "127.0.0.1")
    except OSError:
        return False


def _connect(where: str, address: str | None) -> None:
    import ray

    _check_answers(where, _found(address))
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR", "configure_logging": True}
    try:
        if address is None and not os.environ.get("RAY_ADDRESS"):  # of None, Ray takes what was last started here
            ray.init(address="local", include_dashboard=False, **quiet)
        else:
            ray.init(address=address, **quiet)
    except Exception as error:  # of no cluster, of a token that is refused, of other versions
        mend = (
            "Start one with `ray start --head`, or name its address."
            if address in (None, "auto")
            else "If it runs, look at the token (RAY_AUTH_MODE=token, and RAY_AUTH_TOKEN or ~/.ray/auth_token as on "
            "the head) and at the versions of Ray and Python, which have to be those of the cluster."
        )
        received = "none that this machine is part of" if address == "auto" else _first_line(error)
        raise ClusterError(where, "a cluster of Ray that lets us in", received, mend) from error


def _found(address: str | None) -> str | None:
    """The address that 'auto' or the environment stand for, if Ray tells: it may be of a cluster that was killed."""
    named = os.environ.get("RAY_ADDRESS")
    if address not in (None, "auto") or (address is None and not named):
        return address
    try:
        from ray._private.services import get_ray_address_from_environment

        return str(get_ray_address_from_environment("auto", None))
    except (ImportError, TypeError, ConnectionError):  # not published, so it may move; no cluster
        return named or address


def _check_answers(where: str, address: str | None) -> None:
    """Refuse an address at which nobody answers, for which Ray would wait for minutes."""
    host, colon, port = (address or "").rpartition(":")
    if not colon or "/" in host or not port.isdigit():  # "auto", "local", a Ray client's URL
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), TO_CONNECT).close()
    except OSError as error:
        raise ClusterError(
            where, "a cluster of Ray at this address", f"{address}: {error}",
            "Start one with `ray start --head --port=6379`, or look at the address and at the firewall.",
        ) from error  # fmt: skip


def _about() -> tuple[str, ...]:
    """What is installed where this runs."""
    return ("python {}.{}".format(*sys.version_info), *(f"{name} {version(name)}" for name in ALIKE))


def _check_alike(tasks: OnRay, where: str) -> None:
    """Refuse machines that have other versions than this one."""
    import ray
    from ray import exceptions
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy as On

    ask = ray.remote(_about)
    nodes = [node["NodeID"] for node in _nodes() if node["Resources"].get("CPU", 0)]
    if not nodes:
        raise ClusterError(where, "machines with processors", "none", "Add one with `ray start --address=...`.")
    asked = [ask.options(num_cpus=0, scheduling_strategy=On(node, soft=False)).remote() for node in nodes]
    try:
        found = ray.get(asked, timeout=TO_ANSWER)
    except exceptions.GetTimeoutError as error:
        raise ClusterError(
            where, f"machines that answer within {TO_ANSWER:g} seconds", "one that does not", "Look into Ray's logs."
        ) from error
    except exceptions.RayTaskError as error:
        raise ClusterError(
            where, "chainrule on every machine", _first_line(error.cause), "pip install 'chainrule[ray]' there."
        ) from error
    for theirs in found:
        if theirs != _about():
            raise ClusterError(
                where, f"{', '.join(_about())} on every machine, as here", ", ".join(theirs), "Install the same."
            )


@contextmanager
def searches(processors: int) -> Iterator[None]:
    """scikit-learn's searches and cross-validation by tasks of the cluster, through joblib."""
    import joblib
    from ray.util.joblib import register_ray

    register_ray()
    with joblib.parallel_config(backend="ray", n_jobs=processors):
        yield
