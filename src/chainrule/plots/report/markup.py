"""HTML and SVG as nested elements: text is escaped where it enters one, so there is no place to forget it."""

from __future__ import annotations

from html import escape
from typing import Any

#: Elements without an end tag.
_VOID = {"br", "col", "input", "meta"}


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


def text(value: Any) -> Markup:
    """A value as markup: what is none yet is escaped, and characters that HTML has no place for are replaced.

    Examples
    --------
    >>> from chainrule.plots.report.markup import Markup, text
    >>> text("a < b")
    'a &lt; b'
    >>> text(Markup("<b>a</b>"))
    '<b>a</b>'
    """
    if isinstance(value, Markup):
        return value
    sound = str(value)
    if not sound.isprintable():
        sound = "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in sound)
    return Markup(escape(sound))


def el(name: str, /, *children: Any, **attributes: Any) -> Markup:
    """An element. A child or an attribute that is None is left out; `class_` and `aria_label` lose their bars.

    Examples
    --------
    >>> from chainrule.plots.report.markup import el
    >>> el("p", "a < b", el("b", "c"), class_="note", id=None)
    '<p class="note">a &lt; b<b>c</b></p>'
    """
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{said}>")
    return Markup(f"<{name}{said}>{join(*children)}</{name}>")


def join(*children: Any) -> Markup:
    """Children beside each other."""
    return Markup("".join(text(child) for child in children if child is not None))


def word(value: Any) -> Markup:
    """An untrusted text, such as the name of a column: its direction of writing is kept to itself."""
    return el("bdi", value)


def number(value: Any, digits: int = 4) -> str:
    """A number for a reader.

    Examples
    --------
    >>> from chainrule.plots.report.markup import number
    >>> number(12345), number(-0.123456), number(1.2e-7), number(None), number(float("nan"))
    ('12,345', '−0.1235', '1.2e−07', '–', '–')
    """
    if value is None or value != value:
        return "–"
    plain = isinstance(value, int) or abs(value) >= 10**digits
    return (f"{value:,.0f}" if plain else f"{value:,.{digits}g}").replace("-", "−")
