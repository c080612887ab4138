"""The engine's side of a page without a server: one session, texts of JSON in and out, in a browser's own Python."""

from __future__ import annotations

import json

from chainrule.playground.session import Session

_SESSION = Session()


def answer(message: str) -> str:
    """What the session answers to a message.

    Parameters
    ----------
    message : JSON, as `Session.answer` takes it

    Returns
    -------
    JSON
    """
    return json.dumps(_SESSION.answer(json.loads(message)))
