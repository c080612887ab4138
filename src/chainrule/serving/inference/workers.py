"""Several processes that serve one port: those that end are replaced, and signals go to all."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from chainrule.files import write_whole
from chainrule.serving.inference import metrics, server
from chainrule.serving.inference.guard import log_to_stderr
from chainrule.serving.inference.listening import bound, let_nobody_in, many_files
from chainrule.serving.inference.repository import REFUSED, Place, Repository
from chainrule.serving.inference.served import Served
from chainrule.serving.inference.settings import Settings

_log = logging.getLogger("chainrule.serving")

#: Seconds between looks at the processes, and after which one that cannot start is started again, at first and at most.
LOOK, AGAIN, LONGEST = 0.05, 0.5, 30.0
_SPAWN = multiprocessing.get_context("spawn")


def serve(settings: Settings, tell: Callable[[str], None]) -> None:
    """Serve until a signal ends it.

    Parameters
    ----------
    settings : of the server
    tell : says to the user where it is, once it is ready

    Raises
    ------
    InputError, InputTypeError
        Where the address cannot be had, or the token or a background not be read.
    ModelFileError
        Where a model cannot be loaded.
    """
    settings.token()
    many_files()
    with bound(settings.host, settings.port) as sock:

        def ready() -> None:
            tell(_said(settings, sock.getsockname()[1]))

        if settings.workers == 1:
            server.run(sock, settings, ready)
        else:
            _Workers(sock, settings, ready).run()


def checked(settings: Settings) -> tuple[Served, ...]:
    """The models, each of which has predicted a row.

    Raises
    ------
    InputError, ModelFileError
        As `serve`.
    """
    settings.token()
    repository = Repository(settings.places, metrics.Metrics())
    repository.load()
    return repository.every


def _said(settings: Settings, port: int) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host or "0.0.0.0"
    names = ", ".join(dict.fromkeys(f"{place.name} (version {place.version})" for place in settings.places))
    return f"serving {names} at http://{host}:{port}/ ({settings.workers} worker{'s' * (settings.workers > 1)})"


class _Worker:
    """One of the processes; `instead` of another that has ended it listens only once it can answer."""

    def __init__(self, sock: socket.socket, settings: Settings, instead: bool) -> None:
        self.heard, theirs = _SPAWN.Pipe(duplex=False)
        their_parent, self._alive = _SPAWN.Pipe(duplex=False)
        arguments = (sock, settings, theirs, their_parent, instead)
        self.process = _SPAWN.Process(target=_work, args=arguments, daemon=True)
        self.process.start()
        self.started = time.monotonic()
        theirs.close()
        their_parent.close()
        self.ready, self.failed = False, None

    def listen(self) -> None:
        """What it said: that it is ready, or why it cannot be."""
        try:
            while self.heard.poll():
                said = self.heard.recv()
                self.ready, self.failed = said is None, said
        except (EOFError, OSError):
            return

    def send(self, name: str) -> None:
        """A signal. Windows has none that lets a process end in its time: there it takes its parent for ended."""
        if sys.platform == "win32":
            self._alive.close()
        else:
            os.kill(self.process.pid or 0, getattr(signal, name))

    def close(self) -> None:
        for connection in (self.heard, self._alive):
            connection.close()


def _work(sock: socket.socket, settings: Settings, told: Connection, parent: Connection, instead: bool) -> None:
    """What such a process does."""
    many_files()
    try:
        server.run(sock, settings, lambda: told.send(None), parent, instead)
    except REFUSED as error:
        told.send(error)
    except KeyboardInterrupt:
        return


def _try(place: Place, told: Connection) -> None:
    """Whether a file that is to take the place of a model can be read: in a process of its own, which may be large."""
    counts = metrics.Metrics()
    try:
        Repository([place], counts).load()
        told.send(None)
    except REFUSED as error:
        counts.failures.labels(place.name, place.version).inc()
        told.send(error)


class _Copies:
    """The models as they were when they could be read last: every process reads these, whenever it starts."""

    def __init__(self, places: Sequence[Place], folder: Path) -> None:
        self._origins = {_copied(place, folder / str(k)): place for k, place in enumerate(places)}
        self.places = tuple(self._origins)
        self._marks = {place: origin.mark for place, origin in self._origins.items()}
        for place in self.places:
            for path, copy in _files(place):
                with contextlib.suppress(OSError):  # which a process tells that cannot read it
                    shutil.copyfile(path, copy)

    def renew(self) -> None:
        """Copy files that have changed and can be read."""
        for place in self.places:
            mark = self._origins[place].mark
            if mark == self._marks[place]:
                continue
            fresh = _copied(place, place.file.with_suffix(".new"))
            error = self._tried(fresh)
            if error is None:
                for (_, copy), (_, new) in zip(_files(place), _files(fresh), strict=True):
                    write_whole(copy, new.read_bytes())
                self._marks[place] = mark
            else:
                _log.error("%s, version %s stays as it is: %s", place.name, place.version, error)

    def _tried(self, fresh: Place) -> Exception | None:
        """What is wrong with files."""
        try:
            for path, copy in _files(fresh):
                shutil.copyfile(path, copy)
        except OSError as error:
            return error
        heard, theirs = _SPAWN.Pipe(duplex=False)
        process = _SPAWN.Process(target=_try, args=(fresh, theirs), daemon=True)
        process.start()
        theirs.close()
        try:
            found: Exception | None = heard.recv()
        except EOFError:
            found = RuntimeError("the process that read it has ended")
        process.join()
        heard.close()
        return found


def _copied(place: Place, copy: Path) -> Place:
    """The same model, whose files are read from copies."""
    background = None if place.background is None else place.background.copied(copy)
    return replace(place, copy=copy.with_name(f"{copy.name}.model"), background=background)


def _files(place: Place) -> list[tuple[Path, Path]]:
    """The files of a model, and their copies."""
    return [(one.path, one.file) for one in (place, place.background) if one is not None]


class _Workers:
    """The processes of a server, until a signal ends them."""

    def __init__(self, sock: socket.socket, settings: Settings, ready: Callable[[], None]) -> None:
        self._sock, self._settings, self._ready = sock, settings, ready
        self._workers: list[_Worker | None] = []
        self._again: dict[int, tuple[float, float]] = {}
        self._stopping = self._hung_up = self._started = False

    def run(self) -> None:
        log_to_stderr(False)
        folder = Path(tempfile.mkdtemp(prefix="chainrule-serve-"))
        os.environ[metrics.FOLDER] = str(folder)
        try:
            with self._signals():
                try:
                    self._copies = _Copies(self._settings.places, folder)
                    self._settings = replace(self._settings, places=self._copies.places)
                    self._workers = [self._new(instead=False) for _ in range(self._settings.workers)]
                    while not self._stopping:
                        self._look()
                finally:
                    self._end()
        finally:
            del os.environ[metrics.FOLDER]
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        def stop(number: int, frame: Any) -> None:
            self._stopping = True

        def hang_up(number: int, frame: Any) -> None:
            self._hung_up = True

        acts = {"SIGTERM": stop, "SIGBREAK": stop, "SIGINT": stop, "SIGHUP": hang_up}
        known = {getattr(signal, name): act for name, act in acts.items() if hasattr(signal, name)}
        for number, act in known.items():
            signal.signal(number, act)
        yield
        server.hear_no_more()

    def _new(self, instead: bool) -> _Worker:
        return _Worker(self._sock, self._settings, instead)

    def _look(self) -> None:
        """Wait for whatever happens, and see to it."""
        living = [worker for worker in self._workers if worker is not None]
        wait([worker.process.sentinel for worker in living], LOOK)
        for place, worker in enumerate(self._workers):
            if worker is not None:
                worker.listen()
                if not worker.process.is_alive():
                    worker.listen()
                    self._lost(place, worker)
            elif time.monotonic() >= self._again[place][0]:
                self._workers[place] = self._new(instead=True)
        if not self._started and all(worker is not None and worker.ready for worker in self._workers):
            self._started = True
            self._ready()
        if self._hung_up and self._started:
            self._hung_up = False
            self._copies.renew()
            self._send("SIGHUP", only_ready=True)  # others read the newest copies anyway

    def _lost(self, place: int, worker: _Worker) -> None:
        """A process has ended: another takes its place, later each time where that does not last."""
        worker.close()
        metrics.mark_dead(worker.process.pid or 0)
        self._workers[place] = None
        if not self._started and worker.failed is not None:
            raise worker.failed
        lasted = worker.ready and time.monotonic() - worker.started > LONGEST
        pause = 0.0 if lasted else min(LONGEST, max(AGAIN, 2 * self._again.get(place, (0.0, 0.0))[1]))
        self._again[place] = (time.monotonic() + pause, pause)
        if not self._stopping:
            why = f": {worker.failed}" if worker.failed is not None else ""
            _log.error("worker %s has ended%s; another is started in %.1f s", worker.process.pid, why, pause)

    def _send(self, name: str, only_ready: bool = False) -> None:
        for worker in self._workers:
            if worker is not None and worker.process.is_alive() and (worker.ready or not only_ready):
                worker.send(name)

    def _end(self) -> None:
        """Let all end in their time, and nobody in any more."""
        self._send("SIGTERM")
        time.sleep(self._settings.drain)
        let_nobody_in(self._sock)
        self._sock.close()
        end = time.monotonic() + self._settings.grace + 5
        for worker in self._workers:
            if worker is not None:
                worker.process.join(max(0.0, end - time.monotonic()))
                if worker.process.is_alive():
                    worker.process.kill()
                    worker.process.join()
                worker.close()
