"""The socket of a server, before it is bound."""

from __future__ import annotations

import socket


def opened(family: int = socket.AF_INET) -> socket.socket:
    """A socket that only this process can bind to its address.

    A server that starts again may have the port at once, though connections of the one before still end. That is
    SO_REUSEADDR, which on Windows means something else: any process may take the port beside another and its
    connections. There SO_EXCLUSIVEADDRUSE forbids it, and a port is free at once anyway.
    """
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # which asyncio sends without delay
    sock.setsockopt(socket.SOL_SOCKET, getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR), 1)
    return sock
