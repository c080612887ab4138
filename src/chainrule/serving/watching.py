"""A training as a page that follows it.

The training's thread adds a record to a list, and asks for the probes a few times a second while somebody watches. The
server's thread looks at that list as often, draws what is new once for all who watch, only while somebody does, and in
at most a fiftieth of the time, as the interpreter is one for both. An event carries all that is to be seen, so one that
comes late or not at all is made good by the next: whoever reads slowly skips epochs, holds up nobody, and no queue
grows behind him.
"""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chainrule.training.callbacks.base import Callback, Outlook
from chainrule.training.records import Record

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

#: Seconds between two looks, and so between two events of one stream.
APART = 0.2
#: Share of the time that drawing may take: where a drawing takes long, the next one comes later.
SHARE = 0.02
#: Seconds without an event after which a word is sent all the same: a client that has gone is then found out.
SILENCE = 10.0

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True)
class Painter:
    """What is shown, told by those who can draw.

    Attributes
    ----------
    state : from what a fit set out with, its records and its probes so far to what a page takes in, as JSON has it
    page : from such a state to the page
    """

    state: Callable[[Outlook | None, Sequence[Record], Any], Mapping[str, Any]]
    page: Callable[[Mapping[str, Any]], str]


class Watching(Callback):
    """A callback that keeps what it is told, and an app that shows it: `/` is the page, `/events` what is new.

    `end` of a fit only stops the news; `finish` is the last word to all who watch.
    """

    def __init__(self, painter: Painter) -> None:
        self.painter = painter
        self.outlook: Outlook | None = None
        self.records: list[Record] = []
        self.probes: Any = None
        self.reason = ""
        self._look: Callable[[], Any] = lambda: None
        self._watchers, self._looked = 0, -math.inf
        self._last: Mapping[str, Any] | None = None
        self._drawn: tuple[int, str] = (-1, "")
        self._rested = -math.inf

    def probing(self, probes: Callable[[], Any]) -> None:
        self._look = probes

    def begin(self, outlook: Outlook) -> None:
        self.outlook = outlook

    def epoch(self, record: Record) -> None:
        now = time.monotonic()
        if self._watchers and now - self._looked >= APART:
            self.probes, self._looked = self._look(), now
        self.records.append(record)

    def end(self, reason: str) -> None:
        if self._watchers:
            self.probes = self._look()
        self.reason = reason

    def finish(self, report: str | None = None) -> None:
        """Tell that all is over, with the report that takes the page's place."""
        self._last = {"said": f"Training has ended: {self.reason or 'broken off'}.", "report": report}

    @property
    def over(self) -> bool:
        """Whether the last word is said."""
        return self._last is not None

    def app(self) -> Starlette:
        """What a server serves."""
        from starlette.applications import Starlette
        from starlette.responses import Response
        from starlette.routing import Route

        def no_icon(request: Request) -> Response:
            """Browsers ask for one by themselves."""
            return Response(status_code=204)

        return Starlette(
            routes=[Route("/", self._page), Route("/events", self._events), Route("/favicon.ico", no_icon)]
        )

    @property
    def _version(self) -> int:
        """Grows with all that is told."""
        return len(self.records) + (self.outlook is not None) + (self.reason != "")

    def _state(self) -> Mapping[str, Any]:
        return self.painter.state(self.outlook, tuple(self.records), self.probes)

    async def _page(self, request: Request) -> Response:
        from starlette.responses import HTMLResponse

        return HTMLResponse(self.painter.page(self._state()), headers=HEADERS)

    async def _events(self, request: Request) -> Response:
        from starlette.responses import StreamingResponse

        return StreamingResponse(self._stream(), media_type="text/event-stream", headers=HEADERS)

    async def _stream(self) -> AsyncIterator[str]:
        self._watchers += 1
        try:
            async for event in self._news():
                yield event
        finally:
            self._watchers -= 1

    async def _news(self) -> AsyncIterator[str]:
        """What there is to see, whenever there is more, and the last word."""
        seen, told = -1, time.monotonic()
        while self._last is None:
            newest, now = self._newest(), time.monotonic()
            if seen != newest:
                seen, told = newest, now
                yield self._event(newest)
            elif now - told >= SILENCE:
                told = now
                yield ": still training\n\n"
            await asyncio.sleep(APART)
        if seen != self._version:
            yield self._event(self._version)
        yield _event("end", self._version, self._last)

    def _newest(self) -> int:
        """The version to tell of: what was drawn last, until it is time to draw again."""
        return self._version if time.monotonic() >= self._rested else self._drawn[0]

    def _event(self, version: int) -> str:
        """The state as an event, drawn once for all who watch."""
        if self._drawn[0] != version:
            started = time.monotonic()
            self._drawn = version, _event("state", version, self._state())
            done = time.monotonic()
            self._rested = done + (done - started) / SHARE
        return self._drawn[1]


def _event(kind: str, version: int, content: Mapping[str, Any]) -> str:
    """As an event stream has it: JSON has no line breaks of its own."""
    return f"event: {kind}\nid: {version}\ndata: {json.dumps(content)}\n\n"
