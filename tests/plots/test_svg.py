"""SVG texts stand in a page together: whole, alike in every run, with ids of their own, on any ground."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure

from chainrule import plots
from chainrule.errors import MissingExtraError
from chainrule.plots import LearningCurveDisplay, svg

SVG = "{http://www.w3.org/2000/svg}"


DISPLAYS = [name for name in plots.__all__ if name.endswith("Display") and name != "Display"]
OF_ROWS = ("CalibrationDisplay", "DecisionBoundaryDisplay", "LearningRateFinderDisplay")


@pytest.fixture(params=DISPLAYS)
def display(request, model, rows):
    """A display of each kind, not drawn yet."""
    return getattr(plots, request.param).read(model, *(rows if request.param in OF_ROWS else ()))


def test_one_element_with_a_name(display):
    text = svg(display, title="Loss & <score>", description="It falls.", prefix="first")
    root = ElementTree.fromstring(text)
    assert text.startswith("<svg ") and root.tag == f"{SVG}svg"
    assert root.attrib["role"] == "img" and root.attrib["aria-labelledby"] == "first-title first-desc"
    assert [root[0].tag, root[0].text] == [f"{SVG}title", "Loss & <score>"]
    assert [root[1].tag, root[1].text] == [f"{SVG}desc", "It falls."]
    assert float(root.attrib["width"]) == pytest.approx(96 * display.size[0], abs=1)


def test_nothing_reaches_out_of_it(display):
    text = svg(display, title="A")
    root = ElementTree.fromstring(text)
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert not tags & {"style", "metadata", "script"}
    assert not any(name in element.attrib for element in root.iter() for name in ("style", "class"))
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "", 1)


def test_ids(display):
    text = svg(display, title="A", prefix="first")
    ids = re.findall(r'id="([^"]*)"', text)
    assert len(ids) == len(set(ids)) and all(one.startswith("first-") for one in ids)
    referred = set(re.findall(r"url\(#([^)]*)\)", text)) | set(re.findall(r'href="#([^"]*)"', text))
    assert referred == set(ids) - {"first-title"}
    assert not set(ids) & set(re.findall(r'id="([^"]*)"', svg(display, title="A")))  # a prefix of its own


def test_colours_of_the_page(display):
    text = svg(display, title="A")
    assert "currentColor" in text and "#000000" not in text
    root = ElementTree.fromstring(text)
    words = {element.text for element in root.iter(f"{SVG}text")}
    assert words and not any("font-family" in element.attrib for element in root.iter(f"{SVG}text"))


def test_the_same_picture_gives_the_same_text(display):
    again = type(display)(**{name: vars(display)[name] for name in display.__dataclass_fields__})
    assert svg(display, title="A") == svg(again, title="A")


def test_pyplot_hears_of_nothing(display):
    svg(display, title="A")
    assert not pyplot.get_fignums()


def test_a_picture_that_was_drawn_keeps_its_figure():
    display = LearningCurveDisplay([1, 2], loss=[2.0, 1.0]).plot()
    figure = display.figure_
    display.ax_.set_title("mine")
    assert ">mine<" in svg(display, title="A")
    assert display.figure_ is figure and pyplot.get_fignums() == [figure.number]


def test_any_figure():
    figure = Figure(figsize=(2, 1))
    figure.subplots().plot([0, 1], [0, 1], color="#ff0000")
    assert "#ff0000" in svg(figure, title="Mine")


def test_numbers_are_short(model):
    text = svg(plots.UpdateRatioDisplay.read(model), title="A")
    assert not re.findall(r"\d\.\d{3,}", text.replace(" ", "\n"))


def test_small(model):
    long = LearningCurveDisplay(np.arange(1, 3001), loss=np.exp(-np.arange(3000) / 500))
    assert len(svg(long, title="A")) < 40_000


def test_matplotlib_missing(model, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"svg\(\)"):
        svg(plots.UpdateRatioDisplay.read(model), title="A")
