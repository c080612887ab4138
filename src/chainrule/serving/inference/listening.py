"""The socket at which a server listens: bound, and closed without losing who has come."""

from __future__ import annotations

import ctypes
import socket
import struct
import sys
from contextlib import suppress

from chainrule.errors import InputError
from chainrule.serving import sockets

#: Linux's option that looks at packets before a socket does, and a program that drops those which open a connection:
#: load the byte of TCP's flags, and if it has SYN, keep nothing of the packet, else all.
_ATTACH_FILTER = 26
_DROP_SYN = b"".join(
    struct.pack("=HBBI", *step)
    for step in ((0x30, 0, 0, 13), (0x45, 0, 1, 0x02), (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFFFFFF))
)


def bound(host: str, port: int) -> socket.socket:
    """A socket that is bound.

    Raises
    ------
    InputError
        Where the address cannot be had.
    """
    try:
        family = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        sock = sockets.opened(family)
        try:
            sock.bind((host, port))
        except OSError:
            sock.close()
            raise
    except OSError as error:
        raise InputError(
            "--host and --port", "an address that is free", f"{host}, port {port}", f"{error.strerror}. Choose others."
        ) from error
    return sock


def let_nobody_in(sock: socket.socket) -> None:
    """From now on who comes is not heard, and comes again; who is in the door can be accepted still.

    A socket that is closed with connections in its queue breaks them off, and some have sent their request. Only Linux
    can be told; elsewhere that moment remains.
    """
    if sys.platform != "linux":
        return
    program = ctypes.create_string_buffer(_DROP_SYN, len(_DROP_SYN))
    about = struct.pack("HP", len(_DROP_SYN) // 8, ctypes.addressof(program))
    try:
        sock.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, about)
    except OSError:  # a system that calls itself Linux
        return


def many_files() -> None:
    """Let this process have as many connections as the system allows."""
    try:
        import resource
    except ImportError:  # no such system
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):  # macOS calls its limit infinite, and has one
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
