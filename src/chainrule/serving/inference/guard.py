"""What stands in front of the application: who may ask, how much of a request is read, and what is told of it."""

from __future__ import annotations

import asyncio
import hmac
import logging
import re
import sys
import time
import traceback
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chainrule.serving.inference.bodies.json_text import dump
from chainrule.serving.inference.limits import Limits
from chainrule.serving.inference.metrics import Metrics
from chainrule.serving.inference.problems import Problem, busy, malformed, problem
from chainrule.serving.loopback import host_of

_log = logging.getLogger("chainrule.serving")

#: What is open to whoever asks: whether the server is there, and a page that tells nothing of its models.
OPEN = frozenset({"/", "/favicon.ico", "/v2/health/live", "/v2/health/ready", "/ping", "/health"})
#: A name with a port behind it; an address of version 6 stands in brackets.
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^:]*)(?::\d+)?")


class Guard:
    """An application behind checks of who asks; whatever goes wrong is told as JSON, in one form.

    Parameters
    ----------
    app : to ask where all is well
    draining : whether connections end with their answers
    hosts : names under which it may be called, of which `*` is any
    token : that a client has to bear; None for none
    metrics : of requests
    """

    def __init__(
        self, app: ASGIApp, draining: Callable[[], bool], hosts: Sequence[str], token: bytes | None, metrics: Metrics
    ) -> None:
        self.app, self.token, self._draining = app, token, draining
        self._any, self._hosts = "*" in hosts, frozenset(host.lower() for host in hosts)
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        scope["app"] = self  # so that the router raises what it cannot answer
        started, status = time.perf_counter(), 0

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message["headers"], (b"x-content-type-options", b"nosniff")]
                if self._draining():
                    headers.append((b"connection", b"close"))
                message = {**message, "headers": headers}
            await send(message)

        try:
            self._check(scope)
            await self.app(scope, receive, told)
        except Exception as error:
            if status:
                raise
            await refusal(error)(scope, receive, told)
        finally:
            route = getattr(scope.get("endpoint"), "__name__", "none")
            self._metrics.answered(route, status, time.perf_counter() - started)

    def _check(self, scope: Scope) -> None:
        """Refuse who asks by another name, from another page, or without the token."""
        host = host_of(scope)
        if not self._any and (host is None or self._name(host) not in self._hosts):
            names = ", ".join(sorted(self._hosts))
            said = f"Host: expected one of {names}; received {(host or '')[:100]!r}. Add it by --allow-host."
            raise Problem(421, said)
        headers = dict(scope["headers"])
        origin = headers.get(b"origin")
        if origin is not None and origin.decode("latin-1").lower().partition("://")[2] != host:
            raise Problem(403, "Origin: a page of another server may not ask this one.")
        if self.token is None or scope["path"] in OPEN:
            return
        scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
        if scheme.lower() != b"bearer" or not hmac.compare_digest(token.strip(), self.token):
            mend = "expected 'Bearer' and the token of this server; received another, or none."
            raise Problem(401, f"Authorization: {mend}", {"WWW-Authenticate": "Bearer"})

    @staticmethod
    def _name(host: str) -> str | None:
        found = _HOST.fullmatch(host)
        return found[1] if found else None


def refusal(error: BaseException) -> Response:
    """What is answered for an error; a defect of ours is logged without what rows it came from."""
    found = problem(error)
    if isinstance(error, ClientDisconnect):
        found = malformed("body: the client went away.")
    if found is None and isinstance(error, HTTPException):
        methods = (error.headers or {}).get("Allow", "")
        said = f"method: expected {methods} here." if methods else "address: expected one that /openapi.json tells."
        found = Problem(error.status_code, said, error.headers)
    if found is None:
        where = "".join(traceback.format_tb(error.__traceback__))
        _log.error("%s in\n%s", type(error).__name__, where)
        found = Problem(500, f"{type(error).__name__}: a defect of the server, which its log tells of.")
    return Response(dump(found.content()), found.status, found.headers, "application/json")


class Bodies:
    """Reads the bodies of requests, each up to a limit, and all that are held up to another."""

    def __init__(self, limits: Limits) -> None:
        self._limits, self.held = limits, 0

    async def read(self, request: Request) -> bytes:
        """The body, unpacked.

        Raises
        ------
        Problem
            408 where it does not come in, 413 where it is too large, 503 where too many are held; 415 for a packing
            that is not known.
        """
        limit, length = self._limits.body, request.headers.get("content-length", "")
        if length.isdigit() and int(length) > limit:
            raise _too_large(limit)
        body = bytearray()
        with self._holding(body):
            try:
                async with asyncio.timeout(self._limits.reading):
                    async for part in request.stream():
                        body += part
                        self._check(part, body)
            except TimeoutError:
                said = f"body: expected all of it within {self._limits.reading:g} seconds."
                raise Problem(408, said, {"Connection": "close"}) from None
        return unpacked(bytes(body), request.headers.get("content-encoding", "identity").lower(), limit)

    @contextmanager
    def _holding(self, body: bytearray) -> Iterator[None]:
        try:
            yield
        finally:
            self.held -= len(body)

    def _check(self, part: bytes, body: bytearray) -> None:
        self.held += len(part)
        if len(body) > self._limits.body:
            raise _too_large(self._limits.body)
        if self.held > self._limits.held:
            raise busy("too much is coming in.")


def _too_large(limit: int) -> Problem:
    return Problem(413, f"body: expected at most {limit:,} bytes; received more.", {"Connection": "close"})


def unpacked(body: bytes, packing: str, limit: int) -> bytes:
    """A body as it was before it was packed, up to a limit.

    Examples
    --------
    >>> import gzip
    >>> from chainrule.serving.inference.guard import unpacked
    >>> unpacked(gzip.compress(b"[1]"), "gzip", 100)
    b'[1]'
    """
    if packing == "identity":
        return body
    if packing not in ("gzip", "deflate"):
        raise Problem(415, f"Content-Encoding: expected gzip, deflate or none; received {packing[:40]!r}.")
    found = b""
    while body:  # of several parts, as files that were put behind one another have them
        machine = zlib.decompressobj(47)  # gzip or deflate, by its first bytes
        try:
            found += machine.decompress(body, limit + 1 - len(found))
        except zlib.error:
            raise malformed(f"body: expected {packing}; received what is none.") from None
        if len(found) > limit:
            raise _too_large(limit)
        if not machine.eof:
            raise malformed(f"body: expected {packing}; it is broken off.")
        body = machine.unused_data
    return found


def log_to_stderr(requests: bool) -> None:
    """Send what the server has to say there: defects, reloads and, where asked for, a line for each request.

    What uvicorn says of a request that is none of HTTP is not heard: whoever sends such could fill the log.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    for name, heard in (("chainrule.serving", True), ("uvicorn.access", requests), ("uvicorn.error", False)):
        logger = logging.getLogger(name)
        logger.propagate = False
        logger.setLevel(logging.INFO)
        logger.addHandler(handler if heard else logging.NullHandler())
