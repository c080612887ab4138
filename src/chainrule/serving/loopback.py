"""A server for this machine alone: on its loopback address, in a thread of its own, under its own name only."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from chainrule.errors import InputError, MissingExtraError
from chainrule.serving import sockets

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

HOST = "127.0.0.1"
#: Names under which a browser on this machine may call it.
NAMES = ("localhost", HOST, "[::1]")
#: Seconds that open answers are given at the end.
GRACE = 2


def host_of(scope: Scope) -> str | None:
    """By which name and port a request calls its server; None where it says none, or several."""
    said = [value for name, value in scope["headers"] if name == b"host"]
    return said[0].decode("latin-1").lower() if len(said) == 1 else None


class OwnHostOnly:
    """Refuses whoever calls it by another name and port than its own.

    A page from elsewhere whose name was made to lead to this machine (DNS rebinding) comes with that name.
    """

    def __init__(self, app: ASGIApp, hosts: Sequence[str]) -> None:
        self.app, self.hosts = app, frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        from starlette.responses import PlainTextResponse

        if scope["type"] == "http" and host_of(scope) not in self.hosts:
            await PlainTextResponse("This server answers to its own name only.\n", 421)(scope, receive, send)
            return
        await self.app(scope, receive, send)


class Loopback:
    """An app on a port of this machine, from `with` to its end.

    Parameters
    ----------
    app : to serve
    port : 0 lets the system choose one

    Attributes
    ----------
    port : that it has
    address : to open in a browser

    Raises
    ------
    InputError
        Where the port cannot be had.
    MissingExtraError
        Without the package uvicorn.
    """

    def __init__(self, app: Any, port: int = 0) -> None:
        try:
            import starlette  # noqa: F401
            import uvicorn
        except ImportError as error:
            raise MissingExtraError(
                "a live page", "the packages starlette and uvicorn", "an environment without them",
                "pip install 'chainrule[watch]'.",
            ) from error  # fmt: skip
        self._socket = sockets.opened()
        try:
            self._socket.bind((HOST, port))
        except OSError as error:
            self._socket.close()
            raise InputError("port", "a free port", port, f"{error.strerror}. Choose another, or 0.") from error
        self.port = self._socket.getsockname()[1]
        self.address = f"http://localhost:{self.port}/"
        config = uvicorn.Config(
            OwnHostOnly(app, [f"{name}:{self.port}" for name in NAMES]),
            log_config=None, log_level="critical", access_log=False,
            lifespan="off", loop="asyncio", http="h11", ws="none",
            server_header=False, date_header=False, timeout_graceful_shutdown=GRACE,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name=self.address, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            time.sleep(0.005)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()
