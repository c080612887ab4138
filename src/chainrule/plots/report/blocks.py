"""What sections are built of: figures with a drawing and a table behind it, tables, lists of facts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from chainrule.plots.report.markup import Markup, el, join


@dataclass(frozen=True)
class Cell:
    """A value of a table with a style of its own."""

    value: Any
    style: str


def table(caption: str, heads: Sequence[Any], rows: Iterable[Sequence[Any]], numeric: Iterable[int] = ()) -> Markup:
    """A table that is read aloud well: a caption, a head for each column, and each row's first cell as its head.

    Parameters
    ----------
    caption : what the table holds
    heads, rows : texts, markup or `Cell`s
    numeric : places of the columns that are numbers
    """
    right = set(numeric)

    def cell(name: str, place: int, value: Any, scope: str | None = None) -> Markup:
        styles = ["n"] * (place in right)
        if isinstance(value, Cell):
            styles, value = [*styles, value.style], value.value
        return el(name, value, scope=scope, class_=" ".join(styles) or None)

    top = el("tr", *(cell("th", place, head, "col") for place, head in enumerate(heads)))
    body = [
        el("tr", cell("th", 0, first, "row"), *(cell("td", place, one) for place, one in enumerate(others, start=1)))
        for first, *others in rows
    ]
    made = el("table", el("caption", caption), el("thead", top), el("tbody", *body))
    return el("div", made, class_="scroll", tabindex="0", role="region", aria_label=caption)


def behind(summary: str, *content: Any) -> Markup:
    """What is opened by those who want it."""
    return el("details", el("summary", summary), *content)


def figure(caption: Any, *content: Any, wide: bool = False) -> Markup:
    """What belongs to one drawing: legend, drawing, numbers."""
    return el("figure", el("figcaption", caption), *content, class_="wide" if wide else None)


def figures(*content: Any) -> Markup:
    """Figures beside each other where there is room."""
    return el("div", *content, class_="figures")


def legend(entries: Iterable[tuple[str, str]]) -> Markup:
    """Lines by their style and name, each with a sample of the line."""

    def sample(style: str) -> Markup:
        line = el("line", x1="0", y1="5", x2="24", y2="5", class_=f"line {style}")
        return el("svg", line, class_="sample", viewBox="0 0 24 10", aria_hidden="true")

    return el("ul", *(el("li", sample(style), name) for style, name in entries), class_="legend")


def facts(pairs: Iterable[tuple[Any, Any]], style: str = "facts") -> Markup:
    """Names and values."""
    return el("dl", *(el("div", el("dt", name), el("dd", value)) for name, value in pairs), class_=style)


def note(*content: Any) -> Markup:
    return el("p", join(*content), class_="note")
