"""Flowcharts of Mermaid, which a repository's page draws, as SVG: boxes in rows, the deeper the lower."""

from __future__ import annotations

import re
from html import escape
from typing import Any

from docutils import nodes

#: Sizes in pixels: of a row and what is between two, of a line of text and a letter, of the widest box.
HEIGHT, GAP, LINE, LETTER, WIDEST = 58, 34, 17, 7.2, 210
TOTAL = 720


def draw(app: Any, doctree: nodes.document) -> None:
    """Put a drawing in the place of every flowchart of a page."""
    for block in list(doctree.findall(nodes.literal_block)):
        if block.get("language") == "mermaid":
            block.parent.replace(block, nodes.raw("", svg(block.astext()), format="html"))


def read(text: str) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Boxes, name -> text, and arrows between names."""
    labels: dict[str, str] = {}
    arrows = []
    for line in text.splitlines()[1:]:
        ends = []
        for part in filter(None, map(str.strip, line.split("-->"))):
            name, said = re.fullmatch(r'(\w+)(?:\["(.*)"\])?', part).groups()
            labels[name] = said or labels.get(name, name)
            ends.append(name)
        arrows += zip(ends, ends[1:], strict=False)
    return labels, arrows


def rows(labels: dict[str, str], arrows: list[tuple[str, str]]) -> list[list[str]]:
    """Names by the longest way down to them."""
    depth = dict.fromkeys(labels, 0)
    for _ in labels:
        for above, below in arrows:
            depth[below] = max(depth[below], depth[above] + 1)
    return [[name for name in labels if depth[name] == row] for row in range(max(depth.values()) + 1)]


def wrapped(text: str) -> list[str]:
    """Text in lines that a box can hold."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + len(word) + 1 > WIDEST / LETTER - 2:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def svg(text: str) -> str:
    """The drawing, in the colours of the page, and what it says in words for who does not see it."""
    labels, arrows = read(text)
    levels = rows(labels, arrows)
    place = {}
    for row, names in enumerate(levels):
        step = TOTAL / len(names)
        for number, name in enumerate(names):
            place[name] = (step * (number + 0.5), row * (HEIGHT + GAP) + HEIGHT / 2)
    parts = []
    for above, below in arrows:
        (x, y), (to, end) = place[above], place[below]
        parts.append(
            f'<path d="M{x:.0f} {y + HEIGHT / 2:.0f}L{to:.0f} {end - HEIGHT / 2 - 6:.0f}" marker-end="url(#tip)"/>'
        )
    for name, (x, y) in place.items():
        lines = wrapped(labels[name])
        parts.append(
            f'<rect x="{x - WIDEST / 2:.0f}" y="{y - HEIGHT / 2:.0f}" width="{WIDEST}" height="{HEIGHT}" rx="6"/>'
        )
        for number, line in enumerate(lines):
            down = y + 5 + (number - (len(lines) - 1) / 2) * LINE
            parts.append(f'<text x="{x:.0f}" y="{down:.0f}">{escape(line)}</text>')
    told = "; ".join(f"{above} stands on {below}" for above, below in arrows)
    high = len(levels) * (HEIGHT + GAP) - GAP
    tip = (
        '<marker id="tip" viewBox="0 0 6 6" refX="3" refY="3" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0L6 3L0 6z"/></marker>'
    )
    return (
        '<div class="flowchart" tabindex="0" role="region" aria-label="Diagram">'
        f'<svg viewBox="0 0 {TOTAL} {high}" width="{TOTAL}" role="img" aria-label="{escape(told)}">'
        f"<defs>{tip}</defs>{''.join(parts)}</svg></div>"
    )
