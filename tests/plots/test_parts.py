"""What the displays are made of: measures of calibration, planes, ticks, and what is imported when."""

import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.backend_bases import MouseEvent
from matplotlib.figure import Figure
from sklearn.calibration import calibration_curve
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import chainrule
from chainrule import GLU, MLPClassifier, MLPRegressor, TableClassifier
from chainrule.errors import InputError, InputTypeError
from chainrule.plots import (
    ActivationFunctionsDisplay,
    ArchitectureDisplay,
    CalibrationDisplay,
    DecisionBoundaryDisplay,
    GradientFlowDisplay,
    style,
    svg,
)
from chainrule.plots.outline import outline

FEW = {"max_iter": 4, "n_iter_no_change": 1, "tol": 1e9, "n_threads": 1, "random_state": 0}


def test_importing_the_package_does_not_import_matplotlib():
    code = "import sys; from chainrule.plots import *; print('matplotlib' in sys.modules, 'sklearn' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.split() == ["False", "False"]


# Calibration ------------------------------------------------------------------------------------------------


def test_bins_agree_with_scikit_learn():
    generator = np.random.default_rng(0)
    p = generator.uniform(size=500) ** 2
    happened = generator.uniform(size=500) < p
    found = CalibrationDisplay(p, happened).binned()
    observed, predicted = calibration_curve(happened, p, n_bins=10)
    np.testing.assert_allclose([found.observed, found.predicted], [observed, predicted])
    assert found.rows.sum() == 500 and found.error < 0.06


def test_expected_calibration_error_by_hand():
    found = CalibrationDisplay([0.2, 0.2, 0.2, 0.9], [1, 0, 0, 1], bins=2).binned()
    assert found.error == pytest.approx((3 * abs(0.2 - 1 / 3) + 1 * 0.1) / 4)


def test_wilsons_interval_by_hand():
    """Of 1 of 10, from Wilson's formula worked out on paper: 0.0179 to 0.4041."""
    found = CalibrationDisplay([0.05] * 10, [1] + [0] * 9).binned()
    np.testing.assert_allclose([found.low[0], found.high[0]], [0.0179, 0.4042], atol=1e-4)


def test_of_two_classes_the_second_is_drawn(rows):
    X, y = rows[0], np.where(rows[1] > 0, "yes", "no")
    model = MLPClassifier((4,), **FEW).fit(X, y)
    display = CalibrationDisplay.read(model, X, y)
    np.testing.assert_array_equal(display.probability, model.predict_proba(X)[:, 1])
    np.testing.assert_array_equal(display.happened, y == "yes")
    assert display.axis == "predicted probability of class yes"


@pytest.mark.parametrize(
    ("probability", "happened"),
    [([0.5, 1.5], [0, 1]), ([0.5], [0, 1]), ([], []), ([[0.5]], [[1]]), ([np.nan], [1])],
)
def test_what_is_no_probability(probability, happened):
    with pytest.raises(InputError, match="probability"):
        CalibrationDisplay(probability, happened)


def test_classes_that_the_model_does_not_know(model, rows):
    for y in (rows[1][:-1], rows[1] + 1):
        with pytest.raises(InputError, match="a class of"):
            CalibrationDisplay.read(model, rows[0], y)


def test_losses_without_probabilities(rows):
    model = MLPClassifier((4,), loss="multiclass_hinge", **FEW).fit(*rows)
    for kind in (CalibrationDisplay, DecisionBoundaryDisplay):
        with pytest.raises(InputError, match="predict_proba"):
            kind.read(model, *rows)


@pytest.mark.parametrize("bins", [0, 2.5, True])
def test_bins_are_counted(bins):
    with pytest.raises((InputError, InputTypeError), match="bins"):
        CalibrationDisplay([0.5], [1], bins=bins)


# Planes -----------------------------------------------------------------------------------------------------


def test_other_numbers_of_features(model, rows):
    X, y = rows
    three = np.column_stack([X, X[:, 0]])
    with pytest.raises(InputError, match="2 features"):
        DecisionBoundaryDisplay.read(MLPClassifier((4,), **FEW).fit(three, y), X, y)
    for wrong in (three, X[:, 0], X[:0], np.full_like(X, np.nan), [["a", "b"]]):
        with pytest.raises(InputError, match="numbers"):
            DecisionBoundaryDisplay.read(model, wrong)
    with pytest.raises(InputError, match="resolution"):
        DecisionBoundaryDisplay.read(model, X, resolution=1)


def test_frames_and_pipelines(rows):
    import pandas as pd
    import polars as pl

    for frame in (pd.DataFrame, pl.DataFrame):
        X = frame({"size": rows[0][:, 0], "weight": rows[0][:, 1]})
        model = make_pipeline(StandardScaler(), MLPClassifier((4,), **FEW)).fit(X, rows[1])
        display = DecisionBoundaryDisplay.from_estimator(model, X, rows[1], resolution=9)
        assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("size", "weight")
        row = frame({"size": [display.x[2]], "weight": [display.y[7]]})
        np.testing.assert_allclose(display.response[7, 2], model.predict_proba(row)[0], rtol=1e-5)


def test_surfaces(rows):
    X, y = rows
    model = MLPRegressor(hidden_layer_sizes=(4,), **FEW).fit(X, y)
    display = DecisionBoundaryDisplay.from_estimator(model, X, y, resolution=9, features=("a", "b"))
    image = display.ax_.images[0]
    at = np.array([[display.x[2], display.y[7]]])
    np.testing.assert_allclose(image.get_array()[7, 2], model.predict(at)[0], rtol=1e-5)
    pointer = MouseEvent("motion", display.figure_.canvas, *display.ax_.transData.transform(at[0]))
    assert image.get_cursor_data(pointer) == pytest.approx(model.predict(at)[0])
    assert image.get_clim() == (0, 2) and display.ax_.get_xlabel() == "a"
    left, right, bottom, top = image.get_extent()
    assert (right - left) / 9 == pytest.approx(display.x[1] - display.x[0])
    assert (top - bottom) / 9 == pytest.approx(display.y[1] - display.y[0])


def test_without_points(model, rows):
    ax = DecisionBoundaryDisplay.from_estimator(model, rows[0]).ax_
    assert not any(len(dots.get_offsets()) for dots in ax.collections if dots.get_label() in ("0", "1", "2"))


def test_a_prediction_that_is_the_same_everywhere():
    x = np.linspace(0, 1, 5)
    p = np.broadcast_to([0.9, 0.1], (5, 5, 2))
    display = DecisionBoundaryDisplay(x, x, p, classes=["a", "b"]).plot()
    display.figure_.canvas.draw()
    assert len(np.unique(display.ax_.images[0].get_array().reshape(-1, 4), axis=0)) == 1


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("$x^$", "$x^$"),
        ("$5 & $6", "$5 & $6"),
        ("_hidden", "_hidden"),
        ("</text><script>", "</text><script>"),
        ("a\x00b\n\ud800", "a�b��"),
        ("x" * 300, "x" * 39 + "…"),
        ("日本", "日本"),
    ],
    ids=["math", "dollars", "underscore", "markup", "unprintable", "long", "script"],
)
@pytest.mark.one_in(3)
def test_words_of_data_are_written_as_they_are(name, shown):
    x = np.linspace(0, 1, 5)
    p = np.stack([np.broadcast_to(x, (5, 5)), 1 - np.broadcast_to(x, (5, 5))], axis=-1)
    plane = DecisionBoundaryDisplay(x, x, p, classes=[name, "other"], features=(name, name))
    assert texts(svg(plane, title=name, description=name)).count(shown) == 3
    assert shown in texts(svg(CalibrationDisplay([0.5], [1], axis=name), title="A"))


def texts(svg_text):
    return [element.text for element in ElementTree.fromstring(svg_text).iter("{http://www.w3.org/2000/svg}text")]


# Style ------------------------------------------------------------------------------------------------------


def contrast(colour, ground):
    """Ratio of luminances (WCAG 2)."""

    def luminance(c):
        c = np.array([int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        return np.where(c <= 0.03928, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]

    high, low = sorted((luminance(colour), luminance(ground)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colour", style.LINES)
def test_lines_stand_out_on_white_and_on_black(colour):
    assert contrast(colour, "#ffffff") > 2.9 and contrast(colour, "#121212") > 2.9


@pytest.mark.parametrize(
    "epochs", [range(1, 3000), range(1, 400, 3), [*range(1, 9), *range(10, 200, 6)], [4**k for k in range(12)]],
    ids=["all", "even", "early ones more", "powers"],
)  # fmt: skip
def test_ticks_stand_where_their_numbers_are(epochs):
    at, names = style.round_numbers(epochs)
    assert 3 < len(at) < 9
    np.testing.assert_allclose(np.interp(at, range(len(epochs)), epochs), [float(name) for name in names])
    assert np.diff(at).min() > 0.07 * len(epochs)


@pytest.mark.parametrize(
    ("span", "first"), [((1e-6, 1.0), "10"), ((0.1, 0.9), "0."), ((3.0, 4.0), "")], ids=["powers", "between", "narrow"]
)
def test_logarithmic_ticks(span, first):
    figure = Figure()
    ax = figure.subplots()
    ax.set_yscale("log")
    ax.set_ylim(*span)
    style.powers(ax.yaxis)
    figure.canvas.draw()
    names = [label.get_text() for label in ax.get_yticklabels()]
    low, high = span
    shown = [name for name, at in zip(names, ax.get_yticks(), strict=True) if low <= at <= high]
    assert shown and all(name.startswith(first) for name in shown if name != "1")


@pytest.mark.parametrize(
    ("values", "pointed"),
    [([0, 1], "neither"), ([-1, 1], "min"), ([0, 2], "max"), ([-1, 2], "both"), ([np.nan, 2], "max")],
    ids=["none", "below", "above", "both", "unknown"],
)
def test_a_scale_of_colours_is_pointed_where_values_lie_beyond_it(values, pointed):
    ax = Figure().subplots()
    image = ax.imshow([values], vmin=0, vmax=1)
    style.colour_bar(image, [ax], "share")
    assert image.colorbar.extend == pointed


@pytest.mark.parametrize("count", [1, 2, 4, 7, 12])
def test_classes_have_colours_of_their_own(count):
    assert len(set(style.of_classes(count))) == count


# What is given -------------------------------------------------------------------------------------------------


def test_of_a_table_s_estimator_y_may_be_a_column(rows, tmp_path):
    import pandas as pd

    X = pd.DataFrame(rows[0], columns=["size", "weight"])
    whole = X.assign(label=np.where(rows[1] > 0, "yes", "no"))
    model = TableClassifier(preset="fast", max_iter=2, random_state=0).fit(whole, "label")
    whole.to_csv(tmp_path / "rows.csv", index=False)
    for kind, seen in ((CalibrationDisplay, "happened"), (DecisionBoundaryDisplay, "target")):
        expected = kind.read(model, X, whole["label"])
        for given in (whole, tmp_path / "rows.csv"):
            found = kind.read(model, given, "label")
            np.testing.assert_array_equal(getattr(found, seen), getattr(expected, seen))
    np.testing.assert_allclose(found.response, expected.response, atol=1e-6)
    assert found.features == ("size", "weight")
    with pytest.raises(InputError, match="'lable'.*Did you mean 'label'"):
        CalibrationDisplay.read(model, whole, "lable")
    words = TableClassifier(preset="fast", max_iter=2).fit(whole[["size", "label"]], rows[1] > 0)
    with pytest.raises(InputError, match="number"):
        DecisionBoundaryDisplay.read(words, whole.assign(y=rows[1] > 0)[["size", "label", "y"]], "y")


def test_of_a_pipeline_the_last_step_is_asked_for(rows, tmp_path):
    pipeline = make_pipeline(StandardScaler(), MLPClassifier((4,), **FEW)).fit(*rows)
    for ask in (
        lambda: chainrule.report(pipeline, tmp_path / "report.html"),
        lambda: chainrule.find_learning_rate(pipeline, *rows),
        lambda: ArchitectureDisplay.read(pipeline),
    ):
        with pytest.raises(InputTypeError, match=r"pipeline\[-1\]"):
            ask()


# Gated layers -----------------------------------------------------------------------------------------------


def test_gated_layers_are_drawn_as_layers_of_weights(rows, tmp_path):
    model = MLPClassifier(layers=[GLU(4, "tanh"), GLU(4)], **FEW).fit(*rows)
    ArchitectureDisplay.from_estimator(model)
    assert np.shape(GradientFlowDisplay.read(model).flow)[1] == 2
    assert ActivationFunctionsDisplay.read(model).names == ["tanh", "sigmoid", "identity"]
    assert [box.kind for box in outline(model.network_.layers, 2)[0]] == ["input", "gated", "gated", "dense"]
    chainrule.report(model, tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<dt>layers of weights</dt><dd>3</dd>" in text and "GLU, tanh 4, GLU, sigmoid 4, dense 3" in text
