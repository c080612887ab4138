"""What a server is started with."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from chainrule.errors import InputError
from chainrule.serving.inference.limits import Limits
from chainrule.serving.inference.repository import Place
from chainrule.serving.loopback import HOST, NAMES

#: Addresses that stand for every one of a machine, by none of which a client calls it.
ANY = ("", "0.0.0.0", "::")


@dataclass(frozen=True)
class Settings:
    """What a server is started with.

    Parameters
    ----------
    places : of its models
    host, port : where it listens; port 0 lets the system choose one
    workers : processes
    allowed : further names under which it may be called, `*` for any
    token_file : of the token that clients bear; None for none
    limits : of requests
    drain : seconds in which requests are still taken after it was told to end, though it is not ready any more
    grace : seconds that open requests are then given
    log_requests : whether a line is written for each request
    """

    places: tuple[Place, ...]
    host: str = HOST
    port: int = 8000
    workers: int = 1
    allowed: tuple[str, ...] = ()
    token_file: Path | None = None
    limits: Limits = field(default_factory=Limits)
    drain: float = 0.0
    grace: float = 30.0
    log_requests: bool = False

    @property
    def hosts(self) -> tuple[str, ...]:
        """Names under which it may be called."""
        own = () if self.host in ANY else (f"[{self.host}]" if ":" in self.host else self.host,)
        return tuple(dict.fromkeys((*NAMES, *own, *self.allowed)))

    def token(self) -> bytes | None:
        """The token in the file.

        Raises
        ------
        InputError
            Where there is no such file, or nothing in it.
        """
        if self.token_file is None:
            return None
        try:
            found = self.token_file.read_bytes().strip()
        except OSError as error:
            raise InputError(
                "--token-file", "a file with a token", str(self.token_file), f"{error.strerror}."
            ) from error
        if not found or len(found.split()) > 1:
            raise InputError(
                "--token-file", "a file with one word, the token", str(self.token_file),
                "python -c 'import secrets; print(secrets.token_urlsafe())' > FILE",
            )  # fmt: skip
        return found
