"""How much one request may ask for, and how many may be under way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from chainrule.checks import POSITIVE, Checked, Number, at_least
from chainrule.serving.inference import defaults


@dataclass(frozen=True)
class Limits(Checked):
    """What is refused before it costs anything.

    Parameters
    ----------
    body : bytes of a request
    rows : rows of a request
    columns : columns of a request, those included that no model reads
    text : characters of a cell
    depth : lists and objects inside one another
    requests : requests that are predicted or wait for it, in one process
    seconds : for an answer, once a request is there
    reading : seconds in which a request has to come in, and an answer to be taken
    held : bytes of all requests that are coming in or wait, in one process

    Examples
    --------
    >>> from chainrule.serving.inference.limits import Limits
    >>> Limits(rows=100).rows
    100
    """

    body: int = defaults.BODY
    rows: int = defaults.ROWS
    columns: int = defaults.COLUMNS
    text: int = defaults.TEXT
    depth: int = defaults.DEPTH
    requests: int = defaults.REQUESTS
    seconds: float = defaults.SECONDS
    reading: float = defaults.READING
    held: int = defaults.HELD

    bounds: ClassVar[Mapping[str, Number]] = {
        **dict.fromkeys(("body", "rows", "columns", "text", "depth", "requests", "held"), at_least(1)),
        **dict.fromkeys(("seconds", "reading"), POSITIVE),
    }


#: Those of a server that nobody told others.
LIMITS = Limits()
