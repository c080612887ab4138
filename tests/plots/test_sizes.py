"""Pictures stay readable from two layers to fifty and from one epoch to thousands; bad values leave gaps."""

import numpy as np
import pytest

from chainrule import Activation, Dense, Dropout, Embedding, LayerNorm, Network, Residual
from chainrule.errors import InputError
from chainrule.plots import (
    ActivationFunctionsDisplay,
    ActivationHealthDisplay,
    ArchitectureDisplay,
    GradientFlowDisplay,
    LearningCurveDisplay,
    LearningRateFinderDisplay,
    UpdateRatioDisplay,
    WeightHistogramDisplay,
    svg,
)
from chainrule.plots.heat_map import COLUMNS

OF_PROBES = (GradientFlowDisplay, ActivationHealthDisplay, UpdateRatioDisplay, WeightHistogramDisplay)


def overlapping(labels):
    """Pairs of neighbouring labels that cover each other."""
    seen = [label.get_window_extent() for label in labels if label.get_text() and label.get_visible()]
    return [(a, b) for a, b in zip(seen, seen[1:], strict=False) if a.overlaps(b)]


@pytest.mark.parametrize(("layers", "probes"), [(2, 1), (2, 3000), (9, 2), (51, 1), (51, 3000)])
@pytest.mark.parametrize("kind", OF_PROBES)
def test_labels_keep_their_distance(kind, layers, probes, made):
    display = kind.from_probes(made(layers, probes)).plot()
    display.figure_.canvas.draw()
    for ax in display.figure_.axes:
        assert not overlapping(ax.get_xticklabels()), "along x"
        assert not overlapping(ax.get_yticklabels()), "along y"
        assert len(ax.get_xticks()) < 12 and len(ax.get_yticks()) < 14
    assert max(display.size) <= 8


@pytest.mark.parametrize("kind", OF_PROBES)
def test_a_page_is_not_filled_by_one_picture(kind, made):
    assert len(svg(kind.from_probes(made(51, 3000)), title="A")) < 200_000


@pytest.mark.parametrize("probes", [COLUMNS, COLUMNS + 1, 3000])
def test_columns_are_thinned_evenly(probes, made):
    display = GradientFlowDisplay.from_probes(made(4, probes)).plot()
    drawn = display.ax_.images[0].get_array()
    assert drawn.shape == (3, COLUMNS)
    np.testing.assert_array_equal(drawn[:, [0, -1]], display.flow[[0, -1]].T)


def test_layers_without_a_gradient_are_hatched():
    flow = np.array([[-np.inf, -3.0], [-np.inf, -2.0], [-4.0, np.nan]])
    display = GradientFlowDisplay([1, 2, 3], ["0", "1"], flow).plot()
    hatched = [area for area in display.ax_.collections if area.get_hatch()]
    spans = [path.get_extents().extents.tolist() for area in hatched for path in area.get_paths()]
    assert spans == [[-0.5, -0.5, 1.5, 0.5], [1.5, 0.5, 2.5, 1.5]]


def test_the_scale_of_gradients():
    even = GradientFlowDisplay([1], ["0", "1"], [[-2.0, -2.1]]).plot().ax_.images[0]
    assert even.get_clim() == pytest.approx((-4.05, -0.05))
    vanished = GradientFlowDisplay([1], ["0", "1"], [[-40.0, -2.0]]).plot().ax_.images[0]
    assert vanished.get_clim() == (-18.0, -2.0)


def test_networks_without_hidden_layers(made):
    probes = made(1, 3)
    for kind in (GradientFlowDisplay, ActivationHealthDisplay):
        with pytest.raises(InputError, match="hidden layers"):
            kind.from_probes(probes)
    assert len(UpdateRatioDisplay.from_probes(probes).plot().ax_.lines) == 1


def test_histograms_without_a_snapshot(made):
    with pytest.raises(InputError, match="snapshot"):
        WeightHistogramDisplay.from_probes(made(3, 3, snapshots=0))


def test_steps_of_nothing_do_not_stretch_the_axis():
    ax = UpdateRatioDisplay([1, 2], ["0", "1"], [[-30.0, -3.0], [-np.inf, np.nan]]).plot().ax_
    assert ax.get_ylim()[0] > -10


@pytest.mark.parametrize("epochs", [1, 2, 5000])
def test_learning_curves(epochs):
    t = np.arange(1, epochs + 1)
    display = LearningCurveDisplay(t, 1 / t, validation_loss=2 / t, score=-1 / t, rate=1e-3 / t, best=epochs).plot()
    display.figure_.canvas.draw()
    assert all(not overlapping(ax.get_xticklabels()) for ax in display.axes_)
    assert len(display.axes_) == 3 - (epochs == 1)  # a rate that does not move is not drawn


def test_learning_curves_that_end_in_nothing():
    display = LearningCurveDisplay([1, 2, 3], [0.5, np.inf, np.nan]).plot()
    display.figure_.canvas.draw()
    assert display.ax_.get_yscale() == "linear"


def test_a_score_that_is_the_loss_turned_around_is_not_drawn_twice():
    display = LearningCurveDisplay([1, 2], [1, 0.9], validation_loss=[2.0, 1.5], score=[-2.0, -1.5])
    assert display.panels == ("loss",)


def test_a_finder_whose_loss_never_fell():
    display = LearningRateFinderDisplay([1e-3, 1e-2], [np.nan, np.inf], [], np.nan).plot()
    display.figure_.canvas.draw()
    assert len(display.ax_.lines) == 2


def test_one_function_and_your_own():
    from chainrule import activations

    own = activations.custom("softsign", lambda z: z / (1.0 + abs(z)), lambda z: 1.0 / (1.0 + abs(z)) ** 2)
    display = ActivationFunctionsDisplay.from_names([own]).plot()
    assert len(display.axes_) == 1
    np.testing.assert_allclose(np.gradient(display.values[0], display.z), display.derivatives[0], atol=0.05)
    with pytest.raises(InputError, match="Did you mean 'relu'"):
        ActivationFunctionsDisplay.from_names(["rleu"])


BLOCK = Residual([LayerNorm(), Dense(256, "gelu"), Dropout(0.1), Residual([Dense(64), Activation("relu"), Dense(256)])])
NETWORKS = {
    "small": Network([Dense(3, "tanh"), Dense(1)], inputs=2),
    "deep": Network([*[Dense(64, "sigmoid")] * 49, Dense(2)], inputs=30),
    "nested": Network([Embedding([50], [4]), Dense(128, "gelu"), BLOCK, BLOCK, Dense(10)], inputs=8),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_architectures(name):
    network = NETWORKS[name]
    display = ArchitectureDisplay(network, as_neurons=False).plot()
    display.figure_.canvas.draw()
    written = [text for text in display.ax_.texts if text.get_text()]
    boxes = [text.get_window_extent() for text in written]
    assert not [1 for i, a in enumerate(boxes) for b in boxes[i + 1 :] if a.overlaps(b)]
    whole = display.figure_.bbox
    assert all(whole.x0 <= box.x0 and box.x1 <= whole.x1 for box in boxes)
    counted = sum(box.parameters for box in display.boxes) + sum(skip.parameters for skip in display.skips)
    assert counted == display.total == network.layout.size
    arcs = [patch for patch in display.ax_.patches if "Arrow" in type(patch).__name__]
    assert len(arcs) == len(display.skips) and len(display.ax_.patches) == len(arcs) + len(display.boxes)


def test_skips_that_go_around_others_lie_further_out():
    skips = ArchitectureDisplay(NETWORKS["nested"]).skips
    assert [(skip.start, skip.end, skip.lane) for skip in skips] == [(4, 6, 0), (2, 6, 1), (8, 10, 0), (6, 10, 1)]
    assert [skip.parameters for skip in skips] == [0, 128 * 256, 0, 0]


def test_neurons_only_where_they_can_be_read():
    assert ArchitectureDisplay(NETWORKS["small"]).plot().ax_.collections
    assert not ArchitectureDisplay(NETWORKS["deep"]).plot().ax_.collections
    with pytest.raises(InputError, match="as_neurons"):
        ArchitectureDisplay(NETWORKS["deep"], as_neurons=True)


def test_members_and_link():
    display = ArchitectureDisplay(NETWORKS["deep"], link="softmax", members=8).plot()
    words = [text.get_text() for text in display.ax_.texts]
    assert "dense 2 · softmax" in words and words[-1].endswith("parameters in each of 8 members")
