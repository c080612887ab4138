"""The page at /: a form for each model, made in the browser from the server's own document."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

from chainrule.serving.watching import HEADERS as COMMON


def _digest(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def _part(name: str) -> str:
    return (files(__package__) / "web" / name).read_text(encoding="utf-8")


_STYLE, _SCRIPT = _part("page.css"), _part("page.js")

#: The whole page: it loads nothing but what it asks this server for.
HTML = _part("page.html").replace("/*STYLE*/", _STYLE).replace("/*SCRIPT*/", _SCRIPT)

#: Only this style and this script may run, and nobody may frame the page.
HEADERS = {
    **COMMON,
    "Content-Security-Policy": (
        f"default-src 'none'; style-src {_digest(_STYLE)}; script-src {_digest(_SCRIPT)}; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}
