"""Axes, charts and elements by themselves."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest

from chainrule.plots.report import axes, charts
from chainrule.plots.report.course import Course
from chainrule.plots.report.live import live_page, sections, seen, state
from chainrule.plots.report.markup import el, join, text
from chainrule.plots.report.sections import COURSE
from chainrule.training.callbacks import Outlook
from chainrule.training.records import Record
from chainrule.training.units import Units


@pytest.mark.parametrize("name", ["script", "end", "quotes", "entity", "override", "controls"])
def test_hostile_words_are_escaped(name, hand_made, read):
    word = hand_made.HOSTILE[name]
    page = read(el("p", word, title=word))
    assert len(page.tags) == 1
    said = "".join(c if c.isprintable() else "\ufffd" for c in word)
    assert page.text() == page.of("p")[0]["title"] == said
    join(word).encode()


def test_markup_is_left_alone():
    assert text(el("b", "<")) == "<b>&lt;</b>"
    assert el("input", type="range", max=3) == '<input type="range" max="3">'


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (-3.2, 8), (1e-9, 3e-9), (5, 5), (0, 0), (-1e12, 1e12), (0.999, 1.001)]
)
@pytest.mark.parametrize("kind", [axes.linear, axes.decades])
def test_axes_hold_their_values_and_few_ticks(kind, low, high):
    axis = kind("a", [low, high])
    assert axis.low <= low <= high <= axis.high
    assert axis.low < axis.high
    values = [value for value, _ in axis.ticks]
    assert 1 <= len(values) <= 9
    assert all(axis.low <= value <= axis.high for value in values)
    assert len({said for _, said in axis.ticks}) == len(values)


@pytest.mark.parametrize(("low", "high"), [(1, 1), (1, 2), (1, 14), (3, 1000), (0, 100_000)])
def test_whole_axes_have_whole_ticks(low, high):
    ticks = axes.whole("epoch", low, high).ticks
    assert 1 <= len(ticks) <= 15
    assert all(low <= value <= high and value == int(value) for value, _ in ticks)


def test_a_line_has_gaps_where_values_are_not_finite():
    x, y = axes.whole("x", 0, 5), axes.linear("y", [0, 1])
    path = charts.trace(x, y, range(6), [0, 1, math.nan, 1, -math.inf, 0])
    assert re.findall("[ML]", path) == ["M", "L", "M", "M"]
    assert charts.dots_of(path).count("h0") == 4
    assert charts.dots_of("") == ""


def test_a_long_line_is_thinned_and_keeps_its_spikes():
    values = np.zeros(100_000)
    values[77_777] = 9
    xs, ys = charts.thinned(np.arange(100_000.0), values)
    assert len(xs) <= charts.MOST_POINTS + 2
    assert (xs[0], xs[-1], ys.max()) == (0, 99_999, 9)
    assert xs[ys.argmax()] == 77_777


def test_cells_are_painted_once_each():
    values = np.random.default_rng(0).normal(size=(40, 30))
    values[3, 4] = np.nan
    drawn = charts.cells(
        "t", axes.whole("x", 0, 39, room=0.5), axes.named("y", ["a"] * 30), range(40), values, -3, 3, ("a", "b")
    )
    boxes = re.findall(r"M([\d.]+),[\d.]+H([\d.]+)v", drawn)
    area = sum(float(b) - float(a) for a, b in boxes)
    whole = (charts.WIDTH - charts.RIGHT - charts.LEFT) * (30 - 1 / 40)
    assert area == pytest.approx(whole, rel=1e-3)
    even = charts.cells(
        "t", axes.whole("x", 0, 9), axes.named("y", ["a"]), range(10), np.ones((10, 1)), 1, 1, ("a", "b")
    )
    assert len(re.findall(r"M[\d.]+,[\d.]+H", even)) == 1


def test_names_beside_a_map_of_cells_stand_at_their_rows():
    names = ["first", "second", "third"]
    values = np.array([[0.0, 1.0, 2.0]])  # of each row its own shade
    drawn = charts.cells("t", axes.whole("x", 0, 1), axes.named("y", names), [0], values, 0, 2, ("a", "b"))
    said = {name: float(y) for y, name in re.findall(r'y="([\d.]+)" class="tick y">(\w+)<', drawn)}
    boxes = re.findall(r'd="M[\d.]+,([\d.]+)H[\d.]+v([\d.]+)H[\d.]+z" class="h(\d+)"', drawn)
    middles = {int(shade): float(top) + float(depth) / 2 for top, depth, shade in boxes}
    assert list(said) == names
    assert [said[name] for name in names] == pytest.approx([middles[shade] for shade in sorted(middles)], abs=0.1)


@pytest.mark.parametrize(
    ("score", "loss", "curves"),
    [(-0.5, 0.5, ["Loss"]), (0.5, 0.5, ["Loss", "Score"]), (0.5, None, ["Loss", "Score"]), (None, 0.5, ["Loss"])],
)
def test_a_score_that_is_the_loss_by_another_sign_has_no_curve_of_its_own(score, loss, curves):
    course = Course([Record(epoch, 0.4, 0.01, 0.1, score, loss) for epoch in (1, 2)])
    drawn = sections(course)["learning"]
    assert re.findall(r'aria-label="(\w+) over 2 epochs', drawn) == curves


def test_the_error_of_a_target_has_a_curve_in_its_units(read):
    records = [Record(k, 0.4, 0.01, 0.1, 0.7, 0.5 / k) for k in (1, 2)]
    course = Course(records, None, Units(10.0, 0.5), "R2")
    drawn = sections(course)["learning"]
    assert re.findall(r'aria-label="(\w+) over 2 epochs', drawn) == ["Loss", "RMSE", "R2"]
    assert "held-out rows: 10 at first, 7.07" in drawn
    assert "R2 by the loss" in drawn and "R2 by the loss" not in sections(Course(records))["learning"]
    told = seen(replace(OUTLOOK, units=Units(10.0, 0.5), score="R2"), records, None)
    assert "best 1; RMSE 7.071; R2 0.7; 0.1 s an epoch" in told["where"]
    assert told["sections"]["learning"] == drawn


HISTORIES = {
    "none": [],
    "one": [Record(1, 0.5, 0.01, 0.1)],
    "nothing finite": [Record(k, math.nan, math.nan, 0.1, math.nan, math.inf) for k in (1, 2)],
    "validated": [Record(k, 1 / k, 0.01, 0.1, 0.8, 1.1 / k, 0.9) for k in range(1, 400)],
}
OUTLOOK = Outlook("MLPClassifier", 500, 0, 1000, 100, 64, 321)


@pytest.mark.parametrize("history", list(HISTORIES))
@pytest.mark.parametrize("probed", [0, 1, 2, 40])
@pytest.mark.parametrize("section", COURSE, ids=lambda section: section.id)
def test_sections_of_any_course(section, history, probed, hand_made, read):
    probes = hand_made.probes(probed - 1, epochs=3) if probed else None
    drawn = section.draw(Course(HISTORIES[history], probes))
    shown = bool(HISTORIES[history]) if section.id == "learning" else probed > (section.id == "flow")
    assert (drawn is not None) == shown
    if drawn is not None:
        page = read(drawn)
        assert page.of("svg")
        assert not re.search(r'"[^"]*\bnan\b[^"]*"', drawn)


def test_probes_without_a_finite_number(hand_made, read):
    probes = hand_made.probes()
    probes.values[:] = np.nan
    assert read(join(*sections(Course([], probes)).values())).of("svg")
    probes.values[:] = 0
    assert read(join(*sections(Course([], probes)).values())).of("svg")


def test_the_live_page(read, hand_made):
    before = state(None, Course([]))
    page = read(live_page("<b>", before))
    assert [("hidden" in one) for one in page.of("section")] == [True] * 4
    assert page.of("body") == [{"data-events": "/events"}]
    policy = next(one["content"] for one in page.of("meta") if "http-equiv" in one)
    assert "connect-src 'self'" in policy
    now = state(OUTLOOK, Course(HISTORIES["validated"]))
    assert (now["done"], now["epochs"]) == (399, 500)
    assert "Epoch 399 of at most 500" in now["where"]
    page = read(live_page("a", now))
    assert [one["id"] for one in page.of("section") if "hidden" not in one] == ["learning"]
