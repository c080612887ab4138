"""SVG texts stand in a page together: whole, alike in every run, with ids of their own, on any ground."""

import os
import re
import subprocess
import sys
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


@pytest.fixture(scope="module", params=DISPLAYS)
def display(request, model, given):
    """A display of each kind, drawn by nobody but `svg`."""
    places, options = given(request.param)
    return getattr(plots, request.param).read(model, *places, **options)


@pytest.fixture(scope="module")
def text(display):
    return svg(display, title="Loss & <score>", description="It falls.", prefix="first")


@pytest.fixture(scope="module")
def root(text):
    return ElementTree.fromstring(text)


@pytest.mark.one_in(3)
def test_one_element_with_a_name(display, text, root):
    assert text.startswith("<svg ") and root.tag == f"{SVG}svg"
    assert root.attrib["role"] == "img" and root.attrib["aria-labelledby"] == "first-title first-desc"
    assert [root[0].tag, root[0].text] == [f"{SVG}title", "Loss & <score>"]
    assert [root[1].tag, root[1].text] == [f"{SVG}desc", "It falls."]
    assert float(root.attrib["width"]) == pytest.approx(96 * display.size[0], abs=1)


def test_nothing_reaches_out_of_it(text, root):
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert not tags & {"style", "metadata", "script"}
    assert not any(name in element.attrib for element in root.iter() for name in ("style", "class"))
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "", 1)


def test_ids(text):
    ids = re.findall(r'id="([^"]*)"', text)
    assert len(ids) == len(set(ids)) and all(one.startswith("first-") for one in ids)
    referred = set(re.findall(r"url\(#([^)]*)\)", text)) | set(re.findall(r'href="#([^"]*)"', text))
    assert referred == set(ids) - {"first-title", "first-desc"}


def test_colours_and_font_of_the_page(text, root):
    assert "currentColor" in text and "#000000" not in text
    words = list(root.iter(f"{SVG}text"))
    assert words and not any("font-family" in element.attrib for element in words)


def test_numbers_are_short(root):
    numbers = "".join(
        f" {e.attrib[key]}" for e in root.iter() for key in ("d", "x", "y", "transform") if key in e.attrib
    )
    assert not re.findall(r"\d\.\d{3,}", numbers)


@pytest.mark.one_in(3)
def test_the_same_picture_gives_the_same_text(display):
    again = type(display)(**{name: vars(display)[name] for name in display.__dataclass_fields__})
    first, second = svg(display, title="A"), svg(again, title="A")
    assert first == second
    assert "first-" not in first  # the prefix that it has where none is given
    assert not pyplot.get_fignums()


def test_the_same_text_in_every_process():
    code = (
        "from chainrule.plots import GradientFlowDisplay, svg\n"
        "print(svg(GradientFlowDisplay([1, 2], ['0', '1'], [[-3.0, float('-inf')]] * 2), title='A'))"
    )
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                       env={**os.environ, "PYTHONHASHSEED": seed}).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert runs[0] == runs[1] and runs[0].startswith("<svg")


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


def test_small(model):
    long = LearningCurveDisplay(np.arange(1, 3001), loss=np.exp(-np.arange(3000) / 500))
    assert len(svg(long, title="A")) < 40_000


def test_matplotlib_missing(model, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"svg\(\)"):
        svg(plots.UpdateRatioDisplay.read(model), title="A")
