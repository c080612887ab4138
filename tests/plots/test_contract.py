"""What every display keeps, member by member of the table below."""

from collections.abc import Callable, Iterator
from inspect import signature
from typing import Any, NamedTuple

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.colors import to_rgba_array
from matplotlib.figure import Figure

from chainrule import MLPClassifier, MLPRegressor, SequenceClassifier, TableClassifier, plots
from chainrule.errors import InputError, InputTypeError, MissingExtraError
from chainrule.plots import style
from chainrule.plots.decision_boundary import PALEST, STRONGEST
from chainrule.plots.display import Display

Pairs = Iterator[tuple[Any, Any]]


def line(ax: Any, label: str) -> Any:
    """What a line of axes goes through."""
    return next(one for one in ax.lines if one.get_label() == label).get_ydata()


def learning_curve(display: Any) -> Pairs:
    loss, score = display.axes_
    yield line(loss, "training"), display.loss
    yield line(loss, "validation"), display.validation_loss
    yield line(score, "validation"), display.score
    yield line(score, "training"), display.training_score
    yield line(loss, "_best"), display.validation_loss[display.best - 1]


def gradient_flow(display: Any) -> Pairs:
    yield display.ax_.images[0].get_array(), display.flow.T


def activation_health(display: Any) -> Pairs:
    for panel, shares in zip(display.axes_, (display.dead, display.saturated), strict=True):
        yield panel.images[0].get_array(), np.ma.masked_invalid(shares.T)


def update_ratio(display: Any) -> Pairs:
    for place, name in enumerate(display.layers):
        yield line(display.ax_, name), display.ratio[:, place]


def weight_histogram(display: Any) -> Pairs:
    panels = np.array(display.axes_).reshape(-1, 2)
    for column, shares in enumerate((display.weights, display.gradients)):
        for layer, panel in enumerate(panels[:, column]):
            for snapshot, epoch in enumerate(display.epochs):
                yield line(panel, str(epoch)), shares[snapshot, layer]


def decision_boundary(display: Any) -> Pairs:
    image = display.ax_.images[0].get_array()
    yield image[..., :3], to_rgba_array(style.of_classes(3))[display.response.argmax(axis=-1), :3]
    yield image[..., 3], np.interp(display.response.max(axis=-1), [1 / 3, 1], [PALEST, STRONGEST])
    points = [dots.get_offsets() for dots in display.ax_.collections if dots.get_label() in "012"]
    yield np.concatenate(points), display.points[np.argsort(display.target, kind="stable")]


def activation_functions(display: Any) -> Pairs:
    for panel, f, slope in zip(display.axes_, display.values, display.derivatives, strict=True):
        yield line(panel, "f(z)"), f
        yield line(panel, "f′(z)"), slope


def learning_rate_finder(display: Any) -> Pairs:
    yield line(display.ax_, "a batch"), display.losses
    yield line(display.ax_, "smoothed"), display.smoothed


def calibration(display: Any) -> Pairs:
    upper, lower = display.axes_
    yield upper.containers[0].lines[0].get_ydata(), display.binned().observed
    yield [bar.get_height() for bar in lower.patches if bar.get_height()], display.binned().rows


def architecture(display: Any) -> Pairs:
    dots = [one for one in display.ax_.collections if len(one.get_offsets()) > 1 or one.get_offsets().any()]
    edges = [one for one in display.ax_.collections if one not in dots]
    yield [len(one.get_offsets()) for one in dots], [box.units for box in display.boxes]
    yield [len(one.get_segments()) for one in edges], [W.size for W in display.weights.values()]
    for one, W in zip(edges, display.weights.values(), strict=True):
        ends = np.array(one.get_segments())[:, :, 1] + (np.array(W.shape[::-1]) - 1) / 2  # from which unit to which
        of_edges = W[tuple(ends.round().astype(int).T[::-1])]
        colours = one.get_colors()
        yield colours[:, :3], to_rgba_array([style.LINES[0 if w > 0 else 1] for w in of_edges])[:, :3]
        yield colours[:, 3], 0.06 + 0.9 * np.abs(of_edges) / np.abs(W).max()


def beeswarm(display: Any) -> Pairs:
    found = display.explanation.of("2")
    order = [one.name for one in found.importances()]
    for row, name in enumerate(order):
        dots = display.ax_.collections[row]
        column = found.feature_names.index(name)
        yield dots.get_offsets()[:, 0], found.values[:, column]
        yield dots.get_offsets()[:, 1].round(), np.full(len(found), row)
        low, high = np.quantile(found.data[:, column], [0.05, 0.95])
        yield dots.get_array(), np.clip((found.data[:, column] - low) / (high - low), 0, 1)


def waterfall(display: Any) -> Pairs:
    found = display.explanation.of("2")[7]
    order = np.argsort(-np.abs(found.values[0]))
    bars = display.ax_.patches
    yield [bar.get_width() for bar in bars], found.values[0, order]
    yield bars[0].get_x(), found.base_values[0]
    ends = next(one for one in display.ax_.lines if one.get_label() == "_ends").get_xdata()
    yield ends, [found.base_values[0], found.predictions[0]]


def importance(display: Any) -> Pairs:
    found = display.explanation.importances()
    yield [bar.get_width() for bar in display.ax_.patches], [one.mean for one in found]
    whiskers = display.ax_.containers[1].lines[2][0].get_segments()
    yield np.array(whiskers)[:, :, 0], [(one.low, one.high) for one in found]


def dependence(display: Any) -> Pairs:
    found = display.dependence
    yield line(display.ax_, "mean"), found.mean[:, 2]
    yield next(one for one in display.ax_.lines if one.get_label() == "mean").get_xdata(), found.grids[0]
    band = display.ax_.collections[0].get_paths()[0].vertices[:, 1]
    yield [band.min(), band.max()], [found.low[:, 2].min(), found.high[:, 2].max()]
    yield line(display.ax_, "_rows"), found.individual[0, :, 2]


def shapley_scatter(display: Any) -> Pairs:
    found = display.explanation.of("2")
    yield display.ax_.collections[0].get_offsets(), np.stack([found.data[:, 1], found.values[:, 1]], axis=1)


class Case(NamedTuple):
    """Words that stand in the picture, and what must agree."""

    says: set[str]
    pairs: Callable[[Any], Pairs]


CASES = {
    "LearningCurveDisplay": Case({"epoch", "loss", "score"}, learning_curve),
    "GradientFlowDisplay": Case({"epoch", "layer", "RMS of dLoss/dz"}, gradient_flow),
    "ActivationHealthDisplay": Case({"epoch", "layer", "share", "dead units"}, activation_health),
    "UpdateRatioDisplay": Case({"epoch", "norm of step / norm of weights", "healthy"}, update_ratio),
    "WeightHistogramDisplay": Case({"|W|", "|dLoss/dW|", "0 relu", "epoch"}, weight_histogram),
    "DecisionBoundaryDisplay": Case({"feature 0", "feature 1", "2"}, decision_boundary),
    "ActivationFunctionsDisplay": Case({"relu", "max(0, z)", "z"}, activation_functions),
    "LearningRateFinderDisplay": Case({"learning rate", "loss"}, learning_rate_finder),
    "CalibrationDisplay": Case({"observed share", "rows", "probability of the predicted class"}, calibration),
    "BeeswarmDisplay": Case({"x0", "x1", "moves the prediction of 2 by", "low", "high"}, beeswarm),
    "WaterfallDisplay": Case({"mean prediction", "prediction", "prediction of 2"}, waterfall),
    "ImportanceDisplay": Case({"x0", "x1"}, importance),
    "DependenceDisplay": Case({"x0", "mean prediction of 2"}, dependence),
    "ShapleyScatterDisplay": Case({"x1", "moves the prediction of 2 by"}, shapley_scatter),
    "ArchitectureDisplay": Case({"input 2", "dense 3\nsoftmax\n27 parameters"}, architecture),
}
WITHOUT_ROWS = [name for name in CASES if "X" not in signature(getattr(plots, name).read).parameters]
OF_PROBES = ("GradientFlowDisplay", "ActivationHealthDisplay", "UpdateRatioDisplay", "WeightHistogramDisplay")

member = pytest.mark.parametrize("name", CASES)


def of(name: str) -> type[Display]:
    return getattr(plots, name)


def words(figure: Any) -> set[str]:
    """All that is written in a figure."""
    return {text.get_text() for text in figure.findobj(lambda one: type(one).__name__ in ("Text", "Annotation"))}


def test_every_display_is_in_the_table():
    assert set(CASES) == {name for name in plots.__all__ if name not in ("Display", "svg")}
    assert all(issubclass(of(name), Display) for name in CASES)


@member
@pytest.mark.one_in(3)
def test_a_new_figure(name, model, given):
    display = of(name).from_estimator(model, *given(name)[0], **given(name)[1])
    display.figure_.canvas.draw()
    assert pyplot.get_fignums() == [display.figure_.number]
    assert display.ax_.figure is display.figure_
    assert display.axes_ and all(ax.figure is display.figure_ for ax in display.axes_)
    assert tuple(display.figure_.get_size_inches()) == pytest.approx(display.size)
    assert CASES[name].says <= words(display.figure_)


@member
def test_axes_of_a_figure(name, model, given):
    figure = Figure(figsize=(12, 5), layout="constrained")
    left, right = figure.subplots(1, 2)
    display = of(name).from_estimator(model, *given(name)[0], **given(name)[1], ax=right)
    figure.canvas.draw()
    assert display.ax_ is right and display.figure_ is figure
    assert not left.lines and not left.images and not pyplot.get_fignums()
    edge = left.get_position().x1
    assert all(ax.get_position().x0 > edge for ax in display.axes_)


@member
def test_axes_without_a_place_in_a_grid(name, model, given):
    ax = Figure(figsize=(9, 6)).add_axes((0.2, 0.2, 0.6, 0.6))
    display = of(name).from_estimator(model, *given(name)[0], **given(name)[1], ax=ax)
    display.figure_.canvas.draw()
    assert all(0.1 < one.get_position().x0 < 0.81 for one in display.axes_)


@member
def test_what_is_drawn_is_what_was_measured(name, model, given):
    display = of(name).from_estimator(model, *given(name)[0], **given(name)[1])
    pairs = list(CASES[name].pairs(display))
    assert pairs
    for drawn, source in pairs:
        np.testing.assert_allclose(drawn, source)


@member
@pytest.mark.one_in(3)
def test_drawing_twice(name, model, given):
    display = of(name).read(model, *given(name)[0], **given(name)[1])
    assert "figure_" not in vars(display)
    first = display.plot().figure_
    assert display.plot() is display and display.figure_ is not first
    assert words(first) == words(display.figure_)


@member
def test_strangers_are_refused(name, given):
    with pytest.raises((InputError, InputTypeError), match="expected"):
        of(name).from_estimator("a name", *given(name)[0], **given(name)[1])
    assert not pyplot.get_fignums()


@pytest.mark.parametrize("name", [name for name in CASES if name != "LearningRateFinderDisplay"])
def test_unfitted_estimators_are_refused(name, given):
    with pytest.raises(InputError, match=r"fitted .*fit\(X, y\)"):
        of(name).from_estimator(MLPClassifier(), *given(name)[0], **given(name)[1])


@pytest.mark.parametrize("name", OF_PROBES)
def test_an_estimator_that_was_not_probed(name, rows):
    model = MLPRegressor(hidden_layer_sizes=(4,), solver="lbfgs", tol=10.0).fit(*rows)
    with pytest.raises(InputError, match="probes=True"):
        of(name).from_estimator(model)


@member
def test_strange_axes_are_refused(name, model, given):
    with pytest.raises(InputTypeError, match="axes of matplotlib"):
        of(name).from_estimator(model, *given(name)[0], **given(name)[1], ax=Figure())


@member
def test_matplotlib_missing(name, model, given, monkeypatch):
    display = of(name).read(model, *given(name)[0], **given(name)[1])
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'chainrule\[plots\]'"):
        display.plot()


def sequences(X: Any, y: Any) -> Any:
    return SequenceClassifier((4,), head_layer_sizes=(4,), max_iter=9, n_iter_no_change=1, tol=1.0, n_threads=1).fit(
        X[:, None], y
    )


def tables(X: Any, y: Any) -> Any:
    return TableClassifier(preset="fast", n_members=2, max_iter=3, hidden_layer_sizes=(8,), n_threads=1).fit(X, y)


def numbers(X: Any, y: Any) -> Any:
    options = {"norm": "batch", "residual": True, "dropout": 0.1, "n_iter_no_change": 1, "tol": 1e9, "n_threads": 1}
    return MLPRegressor(hidden_layer_sizes=(8, 8), **options).fit(X, y)


@pytest.fixture(scope="module", params=[sequences, tables, numbers], ids=lambda one: one.__name__)
def another(request, rows):
    return request.param(*rows)


@pytest.mark.parametrize("name", WITHOUT_ROWS)
@pytest.mark.one_in(4)
def test_other_estimators(name, another):
    of(name).from_estimator(another).figure_.canvas.draw()
