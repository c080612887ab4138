"""Pictures of explanations: of any size and any words, with gaps, and what they refuse."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from chainrule import MLPClassifier, SequenceRegressor, TableClassifier, plots
from chainrule.errors import InputError, InputTypeError
from chainrule.explanations import Explanation
from chainrule.plots.explained import between, summed
from chainrule.plots.swarm import swarm

OF_EXPLANATIONS = ("BeeswarmDisplay", "WaterfallDisplay", "ImportanceDisplay", "ShapleyScatterDisplay")
LONG = "a very long name of a column with $ and < and more $"


def explanation(rows=40, columns=4, *, name="column {}", error=0.0, ordered=True, output="prediction", missing=0.0):
    rng = np.random.default_rng(0)
    values, data = rng.normal(size=(2, rows, columns))
    data[rng.random(data.shape) < missing] = np.nan
    words = rng.choice(["a$b$c", "<script>", "x" * 90, "missing"], data.shape)
    return Explanation(
        values, np.full(rows, 0.5), data, data.astype(object) if ordered else words.astype(object),
        tuple(name.format(place) for place in range(columns)), (output,), np.full(values.shape, error),
        "permutation" if error else "exact", "identity", 9, (ordered,) * columns,
    )  # fmt: skip


CASES = {
    "one number": explanation(1, 1),
    "one row": explanation(1, 5, error=0.2),
    "constant": replace(explanation(), values=np.zeros((40, 4)), data=np.ones((40, 4))),
    "missing": explanation(missing=0.4),
    "nothing known": explanation(missing=1.1),
    "fifty long names": explanation(60, 50, name=LONG + " {}", error=0.3, output="y" * 90),
    "words": explanation(ordered=False, name="<b>${}$", output="$a$"),
}


def texts_of(figure):
    """What is written, with its place; ticks beyond the ends of their axis are not drawn."""
    hidden = set()
    for ax in figure.axes:
        for axis, ends in ((ax.xaxis, sorted(ax.get_xlim())), (ax.yaxis, sorted(ax.get_ylim()))):
            ticks = [tick for tick in axis.get_major_ticks() if not ends[0] - 1e-9 <= tick.get_loc() <= ends[1] + 1e-9]
            hidden |= {label for tick in ticks for label in (tick.label1, tick.label2)}
    found = figure.findobj(lambda one: type(one).__name__ in ("Text", "Annotation"))
    return [one for one in found if one.get_text().strip() and one.get_visible() and one not in hidden]


def assert_readable(figure):
    figure.canvas.draw()
    width, height = figure.canvas.get_width_height()
    boxes = [(one.get_text(), one.get_window_extent()) for one in texts_of(figure)]
    outside = [said for said, b in boxes if b.x0 < -1 or b.y0 < -1 or b.x1 > width + 1 or b.y1 > height + 1]
    assert not outside
    inner = [(said, box.shrunk(0.98, 0.9)) for said, box in boxes]
    assert not [(a, b) for place, (a, x) in enumerate(inner) for b, y in inner[place + 1 :] if x.overlaps(y)]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("kind", OF_EXPLANATIONS)
def test_words_do_not_cover_each_other(kind, case):
    display = getattr(plots, kind)(CASES[case]).plot()
    assert_readable(display.figure_)
    assert len(plots.svg(display, title="A")) < 300_000


@pytest.fixture(scope="module")
def table():
    """A table of numbers, times, words and truth values, some of them missing, and an estimator of it."""
    rng, rows = np.random.default_rng(0), 120
    X = pd.DataFrame({
        "num$": rng.normal(size=rows), "when": pd.date_range("2020-01-01", periods=rows, freq="7h"),
        "c" * 60: rng.choice(["x" * 70, "y$z$", "<b>", None], rows), "truth": rng.random(rows) > 0.5,
    })  # fmt: skip
    y = np.where(X["truth"], "yes$", "<no>")
    X.loc[::5, "num$"], X.loc[::7, "when"] = np.nan, pd.NaT
    return TableClassifier(preset="fast", max_iter=3, random_state=0, n_threads=1).fit(X, y), X


COLUMNS = [
    "num$",
    "when",
    "c" * 60,
    "truth",
    ("num$", "when"),
    ("when", "truth"),
    ("c" * 60, "truth"),
    ("truth", "num$"),
]


@pytest.mark.parametrize("columns", COLUMNS, ids=str)
@pytest.mark.parametrize("rows", [1, 120])
def test_dependence_on_columns_of_all_kinds(columns, rows, table):
    model, X = table
    display = plots.DependenceDisplay.from_estimator(model, X[1 : 1 + rows], columns)
    assert_readable(display.figure_)
    if isinstance(columns, tuple):
        (grid,) = (one for one in display.ax_.collections if hasattr(one, "get_coordinates"))
        turned = display.dependence.ordered == (False, True)
        np.testing.assert_allclose(grid.get_array(), display.dependence.mean if turned else display.dependence.mean.T)
        assert f"interaction {display.dependence.interaction:.2f}" in display.ax_.get_title(loc="left")


@pytest.mark.parametrize("column", COLUMNS[:4])
def test_values_over_columns_of_all_kinds(column, table):
    model, X = table
    display = plots.ShapleyScatterDisplay.from_estimator(model, X[:30], column=column)
    assert_readable(display.figure_)
    dots = sum(len(one.get_offsets()) for one in display.ax_.collections)
    assert dots == 30
    rings = [one for one in display.ax_.collections if one.get_label() == "missing"]
    assert sum(len(one.get_offsets()) for one in rings) == (
        X[column][:30].isna().sum() if column in X.columns[:2] else 0
    )


def test_levels_beyond_the_commonest_share_a_line():
    found = explanation(60, 1, ordered=False)
    found.display_data[:, 0] = [f"level {place % 20}" for place in range(60)]
    display = plots.ShapleyScatterDisplay(found).plot()
    assert [text.get_text() for text in display.ax_.get_yticklabels()][-1] == "8 other levels"
    assert_readable(display.figure_)


def test_columns_beyond_the_first_are_added_up():
    found = explanation(30, 20, error=0.1)
    short = summed(found, 12)
    assert short.feature_names[-1] == "8 other columns" and len(short.feature_names) == 13
    np.testing.assert_allclose(short.predictions, found.predictions)
    assert [one.name for one in found.importances()][:12] == list(short.feature_names[:12])
    assert np.isnan(short.error_std[:, -1]).all() and short.display_data[0, -1] is None
    assert summed(found, 19).feature_names == summed(found, 30).feature_names  # one alone stays what it is
    bars = plots.WaterfallDisplay(found, row=-1, most=3).plot().ax_.patches
    assert sum(bar.get_width() for bar in bars) == pytest.approx(found.values[-1].sum())


def test_errors_are_whiskers_and_exact_values_have_none():
    ends = plots.WaterfallDisplay(explanation(error=0.1)).plot().ax_.containers[-1].lines[2][0].get_segments()
    np.testing.assert_allclose(np.diff(np.array(ends)[:, :, 0], axis=1), 2 * 1.959964 * 0.1, rtol=1e-5)
    assert not any("±" in text.get_text() for text in plots.WaterfallDisplay(explanation()).plot().ax_.texts)


def test_missing_numbers_are_rings_and_what_has_no_order_is_grey():
    found = explanation(missing=0.4)
    ax = plots.BeeswarmDisplay(found).plot().ax_
    rings = [one for one in ax.collections if not len(one.get_facecolors()) and len(one.get_offsets())]
    assert sum(len(one.get_offsets()) for one in rings) == np.isnan(found.data).sum()
    assert {"missing"} == {text.get_text() for text in ax.get_legend().get_texts()}
    ax = plots.BeeswarmDisplay(explanation(ordered=False)).plot().ax_
    assert {"without an order"} == {text.get_text() for text in ax.get_legend().get_texts()}


def test_shades_leave_the_ends_out():
    data = np.concatenate([np.arange(100.0), [1e9, np.nan]])
    shades = between(data)
    assert 0.4 < shades[50] < 0.6 and shades[100] == 1 and np.isnan(shades[101])
    assert between(np.array([0.0] * 99 + [5.0]))[-1] == 1
    assert (between(np.ones(3)) == 0.5).all()


def test_dots_of_a_swarm_do_not_hide_each_other():
    values = np.repeat([0.0, 1.0], [30, 1])
    away = swarm(values, 0, 1)
    assert len(set(away[:30].tolist())) == 30 and np.abs(away).max() == 1 and away[30] == 0
    assert swarm([np.nan, 1.0], 1, 1).shape == (2,)


@pytest.mark.parametrize("kind", [name for name in OF_EXPLANATIONS if name != "ImportanceDisplay"])
def test_one_of_several_outputs_has_to_be_chosen(kind, model, rows):
    found = model.explain(rows[0][:5], rows[0])
    with pytest.raises(InputError, match=r"output=.*one of 3 outputs.*'0', '1', '2'"):
        getattr(plots, kind)(found)
    with pytest.raises(InputError, match=r"output=.*one of 3 outputs"):
        getattr(plots, kind).from_estimator(model, rows[0][:5])
    with pytest.raises(InputError, match="'9'"):
        getattr(plots, kind)(found, output="9")


def test_dependence_of_one_of_several_outputs(model, rows):
    with pytest.raises(InputError, match="output="):
        plots.DependenceDisplay.from_estimator(model, rows[0], "x0")
    found = model.partial_dependence(rows[0], ("x0", "x1"), points=3)
    assert found.of("1").mean.shape == (3, 3) and found.of(1).interaction == found.interaction[1]
    with pytest.raises(InputError, match="'9'"):
        found.of("9")


@pytest.mark.parametrize("kind", OF_EXPLANATIONS)
def test_what_is_no_explanation_is_refused(kind):
    with pytest.raises(InputTypeError, match=r"model.explain\(X\)"):
        getattr(plots, kind)([[1.0]])


def test_bad_input():
    found = explanation()
    for made in (
        lambda: plots.WaterfallDisplay(found, row=40), lambda: plots.BeeswarmDisplay(found, most=0),
        lambda: plots.ShapleyScatterDisplay(found, 4), lambda: plots.ShapleyScatterDisplay(found, "colum 1"),
    ):  # fmt: skip
        with pytest.raises(InputError, match="expected"):
            made()
    with pytest.raises(InputTypeError, match="whole number"):
        plots.WaterfallDisplay(found, row="first")
    with pytest.raises(InputTypeError, match="partial_dependence"):
        plots.DependenceDisplay(found)


def test_sequences_are_refused():
    X = np.zeros((6, 3, 2))
    model = SequenceRegressor(
        hidden_layer_sizes=(4,), head_layer_sizes=(4,), max_iter=4, n_iter_no_change=1, tol=1e9, n_threads=1
    )
    with pytest.raises(InputError, match="Sequences have no columns"):
        plots.BeeswarmDisplay.from_estimator(model.fit(X, np.zeros(6)), X)


def test_unfitted_models_are_refused_before_anything_is_computed(rows):
    with pytest.raises(InputError, match="fitted"):
        plots.WaterfallDisplay.from_estimator(MLPClassifier(), rows[0])
