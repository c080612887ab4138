"""One process that serves: it loads its models while it listens, reloads them, and ends without losing a request."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from multiprocessing.connection import Connection, wait
from typing import Any

import uvicorn

from chainrule.errors import InputError
from chainrule.serving.inference.app import Application
from chainrule.serving.inference.guard import Guard, log_to_stderr
from chainrule.serving.inference.listening import let_nobody_in
from chainrule.serving.inference.metrics import Metrics
from chainrule.serving.inference.repository import Repository
from chainrule.serving.inference.settings import Settings

_log = logging.getLogger("chainrule.serving")

#: Seconds that a connection is kept for a next request: longer than proxies keep theirs, so that they close it.
KEEP_ALIVE = 75
#: Seconds of silence after which a connection is closed at the end; one that asks again is answered before.
SILENCE = 1.0
#: Seconds after which a thread that predicts many rows lets the loop have the interpreter.
SWITCH = 0.001
#: Seconds in which who is in the door is let in at the end.
DOOR = 0.05
#: Connections that wait to be accepted.
BACKLOG = 2048


def run(
    sock: socket.socket, settings: Settings, ready: Callable[[], None], parent: Any = None, instead: bool = False
) -> None:
    """Serve until a signal ends it.

    Parameters
    ----------
    sock : that is bound
    settings : of the server
    ready : called once all models are loaded
    parent : a connection that breaks where the parent process ends; None for none
    instead : whether it takes the place of another, so that it listens only once it can answer

    Raises
    ------
    ModelFileError
        Where a model cannot be loaded at the start.
    InputError
        For a token that cannot be read.
    """
    log_to_stderr(settings.log_requests)
    sys.setswitchinterval(SWITCH)
    metrics = Metrics()
    repository = Repository(settings.places, metrics)
    application = Application(repository, settings.limits, metrics)
    guard = Guard(
        application.router(),
        lambda: application.draining,
        settings.hosts,
        settings.token(),
        metrics,
    )
    config = uvicorn.Config(
        guard,
        http=_protocol(),
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=settings.log_requests,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=1,  # behind the grace that `Server.shutdown` gives
    )
    server = Server(config, settings, application, guard, ready)
    application.work.start()
    asyncio.run(server.begin(sock, parent, instead))
    hear_no_more()
    application.work.stop()
    if server.failed is not None:
        raise server.failed


def hear_no_more() -> None:
    """Who tells a process to end that is ending anyway does not break it off."""
    for name in ("SIGTERM", "SIGBREAK", "SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def _hear(loop: asyncio.AbstractEventLoop, number: int, act: Callable[[], None]) -> None:
    """Do this in the loop when a signal comes."""
    try:
        loop.add_signal_handler(number, act)
    except NotImplementedError:  # Windows's loops leave signals to Python
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(act))


def _protocol() -> Any:
    """The parser in C with a bound on headers; without it uvicorn's other one, which has its own."""
    if not find_spec("httptools"):
        return "h11"
    from chainrule.serving.inference.protocol import Bounded

    return Bounded


class Server(uvicorn.Server):
    """A server of uvicorn that loads models beside, and lets go of who is slow.

    Parameters
    ----------
    config : of uvicorn
    settings, application, guard : what it serves
    ready : called once all models are loaded

    Attributes
    ----------
    failed : what kept a model from being loaded at the start
    """

    def __init__(
        self,
        config: uvicorn.Config,
        settings: Settings,
        application: Application,
        guard: Guard,
        ready: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self.failed: Exception | None = None
        self._settings, self._application, self._guard, self._ready = settings, application, guard, ready
        self._since: dict[Any, tuple[Any, float]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._reloading = asyncio.Lock()
        self._alone = True

    async def begin(self, sock: socket.socket, parent: Any, instead: bool) -> None:
        """Listen, load, and serve until the end."""
        loop = asyncio.get_running_loop()
        self._alone = parent is None
        interrupt = self._interrupt if self._alone else lambda: None  # a parent hears of it, too, and tells
        acts = {"SIGTERM": self._stop, "SIGBREAK": self._stop, "SIGINT": interrupt, "SIGHUP": self._hang_up}
        for number, act in ((getattr(signal, name), act) for name, act in acts.items() if hasattr(signal, name)):
            _hear(loop, number, act)
        if parent is not None:
            threading.Thread(target=self._watch, args=(loop, parent), name="parent", daemon=True).start()
        if instead:
            await self._load()
        else:
            self._do(self._load())
        if not self.should_exit:
            await self.serve(sockets=[sock])
        for task in self._tasks:
            task.cancel()

    def _watch(self, loop: asyncio.AbstractEventLoop, parent: Connection) -> None:
        """Stop once the parent has ended, or wants this process to end; it never sends anything."""
        wait([parent])

        def orphaned() -> None:
            self._alone = True
            self._stop()

        with contextlib.suppress(RuntimeError):  # the loop has ended before
            loop.call_soon_threadsafe(orphaned)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:  # which `begin` has done
        yield

    def _do(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _load(self) -> None:
        try:
            await asyncio.to_thread(self._application.repository.load)
        except Exception as error:
            self.failed, self.should_exit = error, True
            return
        self._ready()

    def _stop(self) -> None:
        self._application.draining = self.should_exit = True

    def _interrupt(self) -> None:
        """Ctrl-C; the second time, without waiting."""
        self.force_exit = self.should_exit
        self._stop()

    # Reload ------------------------------------------------------------------------------------------------

    def _hang_up(self) -> None:
        self._do(self._reload())

    async def _reload(self) -> None:
        """Files that have changed take their places, the token, too; who asks meanwhile is answered by the old ones."""
        async with self._reloading:
            try:
                self._guard.token = self._settings.token()
            except InputError as error:
                _log.error("the token stays: %s", error)
            for place, wrong in await asyncio.to_thread(self._application.repository.reload):
                what = f"{place.name}, version {place.version}"
                if wrong is not None:
                    _log.error("%s stays as it is: %s", what, wrong)
                else:
                    _log.info("%s is loaded anew from %s", what, place.path)

    # Who is slow -------------------------------------------------------------------------------------------

    async def on_tick(self, counter: int) -> bool:
        if counter % 10 == 0:
            self._let_go(self._settings.limits.reading, silent=False)
        return await super().on_tick(counter)

    def _let_go(self, seconds: float, silent: bool) -> None:
        """End connections that for so long have not sent a whole request, or not taken an answer.

        Those, too, that are `silent`, and may wait for a next request?
        """
        now, before, self._since = time.monotonic(), self._since, {}
        connections: list[Any] = list(self.server_state.connections)
        for connection in connections:
            what = _waits_for(connection)
            if what is None or (what == "next" and not silent):
                continue
            since = before.get(connection, (what, now))
            since = since if since[0] == what else (what, now)
            if now - since[1] < (self._settings.limits.reading if what == "taking" else seconds):
                self._since[connection] = since
            else:
                connection.transport.abort()

    # The end -----------------------------------------------------------------------------------------------

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting, answer what was accepted, then end: an answer ends its connection, as does silence.

        Where others listen at the same socket, closing it is not this process's: their parent does that.
        """
        self._application.draining = True
        await self._wait(self._settings.drain, lambda: True)
        if self._alone:
            for sock in sockets or []:
                let_nobody_in(sock)
        await asyncio.sleep(DOOR if self._alone else 3 * DOOR)
        for server in self.servers:
            server.close()
        self._since.clear()
        await self._wait(self._settings.grace, self._answering)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await super().shutdown(sockets)

    def _answering(self) -> bool:
        """Whether there are connections still, once those that are silent are let go."""
        self._let_go(SILENCE, silent=True)
        return bool(self.server_state.connections)

    async def _wait(self, seconds: float, more: Callable[[], bool]) -> None:
        end = time.monotonic() + seconds
        while more() and time.monotonic() < end and not self.force_exit:
            await asyncio.sleep(0.02)


def _waits_for(connection: Any) -> Any:
    """What a connection waits for, that may not come: its client "taking" an answer, a request, the "next" one.

    A request that has begun is known by the one before it. None where it waits for the server.
    """
    if connection.transport.get_write_buffer_size():
        return "taking"
    cycle = connection.cycle
    if cycle is not None and not cycle.response_complete:
        return None
    return id(cycle) if connection.timeout_keep_alive_task is None else "next"
