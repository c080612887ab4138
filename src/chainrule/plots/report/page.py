"""A page from sections: landmarks, the list of what is on it, style and script inside.

Its policy forbids all else. It names the digests of the page's own style and script: a browser loads nothing from
anywhere, and runs nothing that came in with data, whatever it was escaped to.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from chainrule import __version__
from chainrule.plots.report.markup import Markup, el, join

_ASKS = {
    False: "This page asks no network for anything.",
    True: "This page asks nobody but the training on this machine.",
}


@dataclass(frozen=True)
class Part:
    """A section that has something to show."""

    id: str
    title: str
    body: Markup

    def markup(self) -> Markup:
        head = f"{self.id}-title"
        body = el("div", self.body, class_="body")
        empty = None if self.body else ""
        return el("section", el("h2", self.title, id=head), body, id=self.id, aria_labelledby=head, hidden=empty)


def page(title: Any, lead: Any, parts: Iterable[Part], *, plain_title: str, live: bool = False) -> str:
    """The whole document.

    Parameters
    ----------
    title, lead : heading and what stands under it, text or markup
    parts : sections in their order
    plain_title : of the window
    live : whether its script asks for events
    """
    parts = list(parts)
    style, script = _own("style.css"), _own("script.js")
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        f"connect-src '{'self' if live else 'none'}'; base-uri 'none'; form-action 'none'"
    )
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=policy),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("meta", name="generator", content=f"chainrule {__version__}"),
        el("title", plain_title),
        el("style", style),
    )
    links = [el("li", el("a", part.title, href=f"#{part.id}"), hidden=None if part.body else "") for part in parts]
    toggle = el("button", "Light or dark", type="button", id="theme", aria_pressed="false", class_="js")
    body = el(
        "body",
        el("a", "To the content", href="#content", class_="skip"),
        el("header", el("div", el("h1", title), lead, class_="lead"), toggle),
        el("nav", el("ul", *links), aria_label="Sections"),
        el("main", *(part.markup() for part in parts), id="content", tabindex="-1"),
        el("footer", el("p", f"Written by chainrule {__version__}. {_ASKS[live]}")),
        el("script", script),
        data_events="/events" if live else None,
    )
    return f"<!DOCTYPE html>\n{el('html', head, body, lang='en')}\n"


@cache
def _own(name: str) -> Markup:
    """Style or script, which lie beside this file."""
    return Markup((files("chainrule.plots.report") / name).read_text(encoding="utf-8"))


def _digest(source: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}"


def status(said: Any) -> Markup:
    """What a live page says of where it is; read aloud where it changes."""
    return el("p", join(said), id="status", role="status")
