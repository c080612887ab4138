"""A figure as the text of one SVG, to stand inside a page: no XML head, no style sheet, no date, ids of its own."""

from __future__ import annotations

import io
import re
import warnings
from hashlib import sha256
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from chainrule.plots import style
from chainrule.plots.display import Display

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_REFERENCE = re.compile(r"url\(#([^)]*)\)")
_FONT = re.compile(r"(?P<style>italic |oblique )?(?P<weight>bold |\d+ )?(?P<size>[\d.]+px) ")


def svg(picture: Display | Figure, *, title: str, description: str = "", prefix: str | None = None) -> str:
    """The picture as an `<svg>` element.

    Black becomes `currentColor`, and the ground is transparent: the picture takes the colour of the text around it, on
    light and on dark pages. Text stays text, in the page's font. All looks are attributes, so a page's style sheet may
    overrule them, and a strict content security policy has nothing to forbid. The same picture gives the same text.

    Parameters
    ----------
    picture : a Display, drawn or not, or a Figure of matplotlib
    title : what the picture is, for those who cannot see it
    description : what it shows, in a sentence or two
    prefix : in front of all ids, unique on the page; by default made of what is drawn

    Raises
    ------
    MissingExtraError
        An `ImportError`: matplotlib is not installed.

    Examples
    --------
    >>> from chainrule.plots.svg import svg
    >>> from chainrule.plots import LearningCurveDisplay
    >>> text = svg(LearningCurveDisplay([1, 2], loss=[0.9, 0.5]), title="Loss", description="It falls.", prefix="a")
    >>> text[:5], "<title" in text, "currentColor" in text, "<?xml" in text
    ('<svg ', True, True, False)
    """
    style.require("svg()")
    figure = _figure(picture) if isinstance(picture, Display) else picture
    root = ElementTree.fromstring(_drawn(figure))
    _strip(root)
    _rename(root, "")
    ElementTree.register_namespace("", _SVG)
    if prefix is None:  # from what is drawn alone: the ids that matplotlib gave are of this process
        prefix = "p" + sha256(ElementTree.tostring(root)).hexdigest()[:8]
    _rename(root, f"{prefix}-")
    _name(root, prefix, title, description)
    return ElementTree.tostring(root, encoding="unicode")


def _figure(display: Display) -> Figure | SubFigure:
    """The figure of a display; one that pyplot does not know of where it is not drawn yet."""
    if "figure_" not in vars(display):
        from matplotlib.figure import Figure

        display.plot(Figure(figsize=display.size, layout="constrained").subplots())
    return display.figure_


def _drawn(figure: Figure | SubFigure) -> str:
    """What matplotlib writes, with text as text."""
    from matplotlib import rc_context

    buffer, whole = io.StringIO(), figure.figure
    with (
        rc_context({"svg.fonttype": "none", "svg.hashsalt": "chainrule", "svg.image_inline": True}),
        warnings.catch_warnings(),
    ):
        warnings.filterwarnings(
            "ignore", "Glyph .* missing"
        )  # of matplotlib's font, which only measures the words here
        whole.draw_without_rendering()  # a layout settles in two passes: now a picture drawn before gives no other text
        whole.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def _strip(root: ElementTree.Element) -> None:
    """Leave out metadata and style sheet, round to a hundredth of a point, and write styles as attributes."""
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in (f"{{{_SVG}}}metadata", f"{{{_SVG}}}style"):
                parent.remove(child)
    for element in root.iter():
        if element.tag != f"{{{_SVG}}}text" and element.tag != f"{{{_SVG}}}tspan":
            element.text = None
        element.tail = None
        for key, value in _attributes(element).items():
            element.set(key, value)


def _attributes(element: ElementTree.Element) -> dict[str, str]:
    found = {}
    for part in element.attrib.pop("style", "").split(";"):
        key, _, value = (piece.strip() for piece in part.partition(":"))
        found[key] = value
    found.pop("", None)
    font = _FONT.match(found.pop("font", ""))
    if font:
        found |= {f"font-{key}": value.strip() for key, value in font.groupdict().items() if value}
    found.pop("font-family", None)
    if found.get("image-rendering"):
        found["image-rendering"] = "pixelated"
    found |= {key: "currentColor" for key in ("fill", "stroke") if found.get(key) == "#000000"}
    for key in ("d", "x", "y", "transform", "width", "height", "points"):
        if key in element.attrib:
            found[key] = _NUMBER.sub(lambda n: f"{float(n[0]):.2f}", " ".join(element.attrib[key].split()))
    link = element.attrib.pop(f"{{{_XLINK}}}href", None)
    if link is not None:
        found["href"] = "".join(link.split())
    return found


def _rename(root: ElementTree.Element, prefix: str) -> None:
    """Keep only ids that something refers to, numbered behind a prefix."""
    used = [name for element in root.iter() for value in element.attrib.values() for name in _REFERENCE.findall(value)]
    used += [e.attrib["href"][1:] for e in root.iter() if e.attrib.get("href", "").startswith("#")]
    names = {old: f"{prefix}{number}" for number, old in enumerate(dict.fromkeys(used))}
    for element in root.iter():
        for key, value in list(element.attrib.items()):
            if key == "id":
                del element.attrib["id"]
                if value in names:
                    element.set("id", names[value])
            elif key == "href" and value.startswith("#"):
                element.set(key, f"#{names[value[1:]]}")
            else:
                element.set(key, _REFERENCE.sub(lambda found: f"url(#{names[found[1]]})", value))


def _name(root: ElementTree.Element, prefix: str, title: str, description: str) -> None:
    """What the element says of itself; it grows with the page up to its own size."""
    width, height = (float(root.attrib.pop(side).removesuffix("pt")) * 4 / 3 for side in ("width", "height"))
    root.attrib.pop("version", None)
    said = [("title", title), *([("desc", description)] if description else [])]
    for key, value in {
        "width": f"{width:.0f}", "height": f"{height:.0f}", "role": "img", "fill": "currentColor",
        "font-family": "system-ui, sans-serif", "stroke-linejoin": "round", "stroke-linecap": "butt",
        "aria-labelledby": " ".join(f"{prefix}-{kind}" for kind, _ in said),
    }.items():  # fmt: skip
        root.set(key, value)
    for place, (kind, text) in enumerate(said):
        element = ElementTree.Element(f"{{{_SVG}}}{kind}", {"id": f"{prefix}-{kind}"})
        element.text = style.printable(text)
        root.insert(place, element)
