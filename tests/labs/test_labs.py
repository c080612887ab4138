"""Every lab in its short form keeps one contract; and a claim that is false is noticed."""

import math
from dataclasses import replace
from functools import cache
from xml.etree import ElementTree

import numpy as np
import pytest

from chainrule import labs
from chainrule.errors import InputError, InputTypeError

pytestmark = pytest.mark.usefixtures("numba_kernels")  # with which the labs take a fifth of the time
each = pytest.mark.parametrize("name", list(labs.LABS))


@cache
def short(name):
    """Run once for all tests that only look."""
    return labs.run(name, short=True)


@each
@pytest.mark.one_in(3)
def test_the_table_is_well_formed(name):
    result = short(name)
    assert len(set(result.columns)) == len(result.columns)
    assert len(result.rows) >= 2
    assert {len(row) for row in result.rows} == {len(result.columns)}
    assert {type(cell) for row in result.rows for cell in row} <= {str, int, float}
    assert {type(figure) for figure in result.figures.values()} == {float}
    first, rule, *lines = result.table().splitlines()
    assert len(lines) == len(result.rows)
    assert len(rule) >= len(first) and set(rule) == {"-", " "}
    assert "\n" not in result.seen and result.seen.endswith(".")
    assert str(result).endswith(result.seen)


@each
def test_the_claim_holds(name):
    lab, result = labs.LABS[name], short(name)
    assert lab.conditions
    assert lab.broken(result) == ()
    report = lab.report(result)
    assert report.startswith(lab.claim)
    assert "The claim holds." in report and "FAILS" not in report


@each
def test_a_false_claim_is_noticed(name):
    """Each condition, broken alone, breaks the claim; so does NaN."""
    lab, result = labs.LABS[name], short(name)
    for condition in lab.conditions:
        for value in (condition.low - 1, condition.high + 1, math.nan):
            if math.isinf(value):
                continue
            wrong = replace(result, figures={**result.figures, condition.figure: value})
            assert lab.broken(wrong) == (condition,)
            assert "The claim does NOT hold." in lab.report(wrong)
            assert f"FAILS  {condition.figure}: " in lab.report(wrong)


def test_an_experiment_that_finds_otherwise(monkeypatch):
    """Sigmoid does not vanish, and ReLU does not hold, where the weights are drawn that way."""
    from chainrule.labs import vanishing
    from chainrule.network.initialisers import Normal

    swapped = {"sigmoid, Xavier": Normal(0.5), "relu, He": Normal(0.01)}
    starts = tuple(replace(one, init=swapped.get(one.name, one.init)) for one in vanishing.STARTS)
    monkeypatch.setattr(vanishing, "STARTS", starts)
    lab = labs.LABS["vanishing"]
    broken = {condition.figure for condition in lab.broken(lab.run(short=True))}
    assert {"slope of sigmoid, Xavier", "slope of relu, He", "accuracy of relu, He"} <= broken


def test_gaps_that_regularisation_is_judged_by_are_those_of_its_table():
    result = short("regularisation")
    way, strength, gap = (result.columns.index(name) for name in ("way", "strength", "gap"))
    strongest = {row[way]: row[gap] for row in sorted(result.rows, key=lambda row: row[strength])}
    assert strongest["l1"] != strongest["l2"]
    for name in ("l1", "l2"):
        assert result.figures[f"gap, strongest {name} over none"] == strongest[name] / strongest["none"]


def test_products_of_backprop_counted_by_hand():
    """50 features, three layers of 16, 10 classes; nobody needs the gradient of the features."""
    forward = 50 * 16 + 16 * 16 + 16 * 16 + 16 * 10
    result = short("backprop-cost")
    ratios = result.columns.index("ratio of flops")
    assert result.rows[0][ratios] == pytest.approx((2 * forward - 50 * 16) / forward)


def test_accuracies_of_vanishing_are_told_at_the_depth_that_is_judged(monkeypatch):
    from chainrule.labs import vanishing

    monkeypatch.setattr(vanishing, "_accuracy", lambda start, depth, *others: depth / 100)
    monkeypatch.setattr(vanishing, "_mean_flow", lambda *given: [0.0] * vanishing.DEPTH)
    for brief in (False, True):
        result = vanishing.experiment(brief, 0)
        told = {result.figures[f"accuracy of {start.name}"] for start in vanishing.STARTS}
        assert told == {vanishing.JUDGED / 100}
        assert f"At depth {vanishing.JUDGED} the first reaches an accuracy of 0.30" in result.seen


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name != "vanishing")) for name in labs.LABS]
)
def test_the_same_seed_the_same_numbers(name):
    lab, first, second = labs.LABS[name], short(name), labs.run(name, short=True)
    assert set(lab.clocked) <= {*first.columns, *first.figures}
    kept = [place for place, column in enumerate(first.columns) if column not in lab.clocked]

    def steady(result):
        figures = {figure: value for figure, value in result.figures.items() if figure not in lab.clocked}
        return [[row[place] for place in kept] for row in result.rows], figures

    assert steady(first) == steady(second)
    if not lab.clocked:
        assert first == second


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] * (place % 3 > 0 or name == "initialisation"))
        for place, name in enumerate(labs.LABS)
        if name != "backprop-cost"
    ],
)
def test_another_seed_other_numbers_and_the_same_claim(name):
    """Other numbers in the table: a figure may be a rate of a grid, or a share of some rows, and come out the same."""
    lab = labs.LABS[name]
    other = lab.run(short=True, seed=1)
    assert other.rows != short(name).rows
    assert lab.broken(other) == ()


@each
@pytest.mark.one_in(3)
def test_its_picture(name, tmp_path):
    figure = short(name).picture()
    axes = [ax for ax in figure.get_axes() if ax.axison]  # a display hides the axes whose place it divides
    assert axes
    for ax in axes:
        assert ax.has_data()
        assert all(np.isfinite(ax.get_xlim() + ax.get_ylim()))
    assert any(ax.get_xlabel() for ax in axes) or figure.get_supxlabel()
    assert figure.legends or any(ax.get_legend() for ax in axes)
    short(name).save(tmp_path / "a.svg")
    root = ElementTree.parse(tmp_path / "a.svg").getroot()
    assert len(root.findall(".//{http://www.w3.org/2000/svg}path")) > 10
    short(name).save(tmp_path / "b.svg")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


@pytest.mark.parametrize(("ending", "begins"), [(".png", b"\x89PNG"), (".pdf", b"%PDF"), (".SVG", b"<?xml")])
def test_kinds_of_pictures(tmp_path, ending, begins):
    short("linear-collapse").save(tmp_path / f"a{ending}")
    content = (tmp_path / f"a{ending}").read_bytes()
    assert content.startswith(begins) and len(content) > 4000


def test_a_picture_of_no_known_kind(tmp_path):
    with pytest.raises(InputError, match=r"expected a name that ends in one of \.png, \.svg, \.pdf; received a\.jpg"):
        short("linear-collapse").save(tmp_path / "a.jpg")
    assert list(tmp_path.iterdir()) == []


def test_without_matplotlib_numbers_are_to_be_had(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"pip install 'chainrule\[plots\]'"):
        labs.run("linear-collapse", short=True).picture()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"name": "vanishin"}, "Did you mean 'vanishing'"),
        ({"name": "linear-collapse", "seed": -1}, r"seed=\): expected a whole number of at least 0; received -1"),
        ({"name": "linear-collapse", "seed": 0.5}, r"received 0\.5"),
    ],
)
def test_what_cannot_be_run(arguments, said):
    with pytest.raises((InputError, InputTypeError), match=said):
        labs.run(**arguments)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (labs.Condition("a", high=-0.4), "at most -0.4"),
        (labs.Condition("a", low=1000), "at least 1,000"),
        (labs.Condition("a", low=-0.05, high=0.05), "from -0.05 to 0.05"),
        (labs.Condition("a", low=0, high=0), "exactly 0"),
    ],
    ids=str,
)
def test_conditions_in_words(condition, said):
    assert condition.bounds == said
