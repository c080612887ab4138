"""The playground on loopback: the page's files, and a session for each page that is open."""

from __future__ import annotations

import hmac
import json
import re
import secrets
import threading
from collections import OrderedDict
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from chainrule.playground.own import CHARACTERS, Own
from chainrule.playground.session import Session
from chainrule.serving.watching import HEADERS

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

#: Pages whose runs are kept; the one that was asked longest ago goes first.
PAGES = 8
#: Bytes of a message: a table's file, each of whose characters JSON may write as six.
LARGEST = 6 * CHARACTERS
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
#: Names of the page's files: none leads out of its folder.
FILE = re.compile(r"(?:\w[\w-]*/)*\w[\w-]*\.(?:html|css|js|svg)", re.ASCII)
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
#: What the page as a file says of its engine, and a page of this server in its place.
ENGINE = '<meta name="engine" content="worker">'


class Playground:
    """The app: `/` is a page with a session of its own, `/message` answers what that page asks.

    Only who has read the page knows its session: a page from elsewhere can neither read it nor send the header.

    Parameters
    ----------
    own : a table to begin with, or None
    """

    def __init__(self, own: Own | None = None) -> None:
        self.own = own
        self._sessions: OrderedDict[str, tuple[Session, threading.Lock]] = OrderedDict()
        self._over: set[str] = set()
        self._secret = secrets.token_bytes(32)
        self._page = files("chainrule.playground") / "page"

    def app(self) -> Starlette:
        """What a server serves."""
        from starlette.applications import Starlette
        from starlette.routing import Route

        return Starlette(
            routes=[
                Route("/", self._index),
                Route("/message", self._message, methods=["POST"]),
                Route("/{name:path}", self._file),
            ]
        )

    async def _index(self, request: Request) -> Response:
        name = secrets.token_urlsafe(18)
        token = f"{name}.{self._signed(name)}"
        page = self._page.joinpath("index.html").read_text(encoding="utf-8")
        return _answer(page.replace(ENGINE, f'<meta name="engine" content="server" data-session="{token}">'), ".html")

    def _signed(self, name: str) -> str:
        """By which a token shows that a page of this server has it: a session begins with its first message."""
        return hmac.new(self._secret, name.encode(), "sha256").hexdigest()

    async def _file(self, request: Request) -> Response:
        """One of the page's files."""
        name = request.path_params["name"]
        place = self._page.joinpath(*name.split("/")) if FILE.fullmatch(name) else None
        if place is None or not place.is_file():
            return _answer("There is no such file.\n", ".txt", 404)
        return _answer(place.read_text(encoding="utf-8"), place.name[place.name.rindex(".") :])

    async def _message(self, request: Request) -> Response:
        from starlette.concurrency import run_in_threadpool

        token = request.headers.get("x-session", "")
        name, _, sign = token.partition(".")
        if not secrets.compare_digest(sign.encode(), self._signed(name).encode()) or token in self._over:
            return _json({"error": "This page's session is over: load the page anew."}, 403)
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return _json({"error": "A message is application/json."}, 415)
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > LARGEST:
                return _json({"error": f"A message has at most {LARGEST:,} bytes."}, 413)
        session, lock = self._sessions.setdefault(token, (Session(self.own), threading.Lock()))
        self._sessions.move_to_end(token)
        while len(self._sessions) > PAGES:
            self._over.add(self._sessions.popitem(last=False)[0])

        def answer() -> Any:
            try:
                message = json.loads(bytes(body))
            except (ValueError, RecursionError) as error:
                return {"error": f"message: expected JSON; received {error}."}
            if not lock.acquire(blocking=False):  # else who waits would take the threads of all pages
                return {"error": "This page is still at its last message."}
            try:
                return session.answer(message)
            finally:
                lock.release()

        return _json(await run_in_threadpool(answer))


def _json(data: Any, status: int = 200) -> Response:
    return _answer(json.dumps(data), ".json", status)


def _answer(content: str, ending: str, status: int = 200) -> Response:
    from starlette.responses import Response

    kind = {**TYPES, ".json": "application/json"}.get(ending, "text/plain")
    headers = {**HEADERS, "Content-Security-Policy": POLICY}
    return Response(content, status, headers, f"{kind}; charset=utf-8")
