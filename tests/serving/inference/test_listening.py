"""The door at the end: who has come is let in, who comes now is not heard."""

import select
import socket
import sys

import pytest

from chainrule.errors import InputError
from chainrule.serving.inference.listening import bound, let_nobody_in


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can be told")
def test_who_has_come_is_let_in_and_who_comes_now_is_not_heard():
    with bound("127.0.0.1", 0) as sock:
        sock.listen(8)
        with socket.create_connection(sock.getsockname(), timeout=60) as first:
            first.sendall(b"x")
            let_nobody_in(sock)
            with socket.socket() as second:
                second.setblocking(False)
                second.connect_ex(sock.getsockname())
                heard = select.select([], [second], [], 0.3)[1]
                assert not heard
            accepted, _ = sock.accept()
            with accepted:
                assert accepted.recv(1) == b"x"


def test_what_is_sent_waits_for_nothing():
    with bound("localhost", 0) as sock:
        assert sock.proto == socket.IPPROTO_TCP  # asyncio turns off Nagle's algorithm for such alone


def test_an_address_that_cannot_be_had():
    with bound("127.0.0.1", 0) as sock:
        sock.listen(1)
        with pytest.raises(InputError, match="Choose others"):
            bound("127.0.0.1", sock.getsockname()[1])
    with pytest.raises(InputError, match="--host"):
        bound("256.0.0.1", 0)
