"""HTTP of a connection, whose headers have a bound; uvicorn's parser in C has none of its own."""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: Bytes of a request's line and headers, and of what stands behind its body.
HEAD = 1 << 16


class Bounded(HttpToolsProtocol):
    """A connection that ends where a request's head does not."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._in_head, self._head, self._ended = True, 0, False

    def data_received(self, data: bytes) -> None:
        self._ended = False
        super().data_received(data)
        if self._in_head and not self._ended:  # a part in which a head or a body has ended is no longer one head
            self._head += len(data)
        if self._head > HEAD:
            self.transport.abort()

    def on_message_begin(self) -> None:
        self._in_head, self._head = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head, self._head, self._ended = False, 0, True
        super().on_headers_complete()

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._in_head:  # behind the body
            self._head += len(name) + len(value)
            return
        super().on_header(name, value)

    def on_message_complete(self) -> None:
        self._in_head, self._ended = True, True
        super().on_message_complete()
