"""The gallery: each display with the lines that draw it, run and written down as pictures and one page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chainrule.files import whole, write_whole
from chainrule.plots import style
from chainrule.plots.display import Display

#: Dots per inch of the pictures.
DENSITY = 110

FITS = """\
import numpy as np
from chainrule import MLPClassifier, MLPRegressor, TableClassifier, datasets, plots
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

adult = datasets.load_adult()
X = {name: column[adult.train][:8000] for name, column in adult.columns.items()}
X_test = {name: column[adult.test] for name, column in adult.columns.items()}
y, y_test = adult.target[adult.train][:8000], adult.target[adult.test]
model = TableClassifier(preset="fast", random_state=0).fit(X, y)

rng = np.random.default_rng(0)
rows = rng.normal(size=(2000, 20))
classes = (rows[:, :3].prod(axis=1) > 0).astype(int)
deep = MLPClassifier((32,) * 30, "logistic", max_iter=100, n_iter_no_change=100, random_state=0)
deep.fit(rows, classes)"""


@dataclass(frozen=True)
class Picture:
    """An entry: the name of its file, its heading, what it shows, and the lines that end in `display`."""

    name: str
    heading: str
    about: str
    code: str


PICTURES = (
    Picture(
        "learning_curve", "LearningCurveDisplay",
        "Loss of the rows trained on and of rows held out, the score of the latter, the learning rate where a schedule "
        "moves it. The best epoch is the one whose weights were kept.",
        "display = plots.LearningCurveDisplay.from_estimator(model)",
    ),
    Picture(
        "gradient_flow", "GradientFlowDisplay",
        "Thirty layers of sigmoids. Each layer on the way back passes on a fraction of the gradient that it got, and "
        "almost nothing reaches the first ones: they stay as they were drawn. Epoch 0 is the first step.",
        "display = plots.GradientFlowDisplay.from_estimator(deep)",
    ),
    Picture(
        "gradient_flow_mended", "GradientFlowDisplay, mended",
        "As many layers of ReLUs, with layer normalisation and skip connections: the gradient reaches the first.",
        'mended = MLPClassifier((32,) * 30, norm="layer", residual=True, max_iter=100, random_state=0)\n'
        "mended.fit(rows, classes)\n"
        "display = plots.GradientFlowDisplay.from_estimator(mended)",
    ),
    Picture(
        "activation_health", "ActivationHealthDisplay",
        "Units that were 0 for every row, and activations at a flat end of their function; hatched where a function "
        "has no such end. Here the learning rate is far too high for ReLUs, and many die.",
        "dying = MLPClassifier(\n"
        '    (64,) * 6, ["relu"] * 3 + ["tanh"] * 3, learning_rate_init=0.02, max_iter=100, random_state=0\n'
        ").fit(rows, classes)\n"
        "display = plots.ActivationHealthDisplay.from_estimator(dying)",
    ),
    Picture(
        "update_ratio", "UpdateRatioDisplay",
        "How far a step moves the weights of a layer, in shares of their norm. Between 10⁻⁴ and 10⁻¹ is healthy.",
        "display = plots.UpdateRatioDisplay.from_estimator(model)",
    ),
    Picture(
        "weight_histogram", "WeightHistogramDisplay",
        "Magnitudes of the weights of each layer and of their gradients, from the first epoch to the last.",
        "display = plots.WeightHistogramDisplay.from_estimator(model)",
    ),
    Picture(
        "decision_boundary", "DecisionBoundaryDisplay",
        "What a classifier of two features says of the plane: the paler, the less sure.",
        "angle, arm = rng.uniform(0, 5, 600), rng.integers(0, 3, 600)\n"
        "turn = angle + arm * 2 * np.pi / 3\n"
        "spiral = (angle[:, None] + 1) * np.column_stack([np.cos(turn), np.sin(turn)])\n"
        "spiral += rng.normal(0, 0.25, spiral.shape)\n"
        'spirals = MLPClassifier((64, 64), "tanh", learning_rate_init=0.01, max_iter=300, random_state=0)\n'
        "spirals.fit(spiral, arm)\n"
        "display = plots.DecisionBoundaryDisplay.from_estimator(spirals, spiral, arm)",
    ),
    Picture(
        "regression_surface", "DecisionBoundaryDisplay of a regressor",
        "House values in California by place alone, and 800 of the districts that they were learned from.",
        "housing = datasets.load_california_housing()\n"
        'place = np.column_stack([housing.columns["Longitude"], housing.columns["Latitude"]])\n'
        "network = MLPRegressor(\n"
        '    hidden_layer_sizes=(64,) * 3, activation="tanh", learning_rate_init=0.003, max_iter=60, random_state=0\n'
        ")\n"
        "values = make_pipeline(StandardScaler(), network).fit(place, housing.target)\n"
        "some = rng.choice(len(place), 800, replace=False)\n"
        "display = plots.DecisionBoundaryDisplay.from_estimator(\n"
        '    values, place[some], housing.target[some], features=("longitude", "latitude")\n'
        ")",
    ),
    Picture(
        "activation_functions", "ActivationFunctionsDisplay",
        "All activations with their derivatives. Of an estimator, from_estimator draws those in use.",
        "display = plots.ActivationFunctionsDisplay.from_names().plot()",
    ),
    Picture(
        "learning_rate_finder", "LearningRateFinderDisplay",
        "The learning-rate range test (Smith 2017): a tenth of the rate at which the loss was lowest is suggested.",
        "display = plots.LearningRateFinderDisplay.from_estimator(spirals, spiral, arm)",
    ),
    Picture(
        "calibration", "CalibrationDisplay",
        "Do things happen as often as predicted? On rows that training did not see.",
        "display = plots.CalibrationDisplay.from_estimator(model, X_test, y_test)",
    ),
    Picture(
        "importances", "ImportanceDisplay",
        "How far each column moves predictions: means of absolute Shapley values of rows that training did not see, "
        "against rows of the training, with 95 % intervals.",
        "some = {name: column[:300] for name, column in X_test.items()}\n"
        "explanation = model.explain(some, background=X)\n"
        "display = plots.ImportanceDisplay(explanation).plot()",
    ),
    Picture(
        "beeswarm", "BeeswarmDisplay",
        "The same values, a dot for each row, coloured by what the row has in the column. `read` and `from_estimator` "
        "explain rows, too; an explanation that is there can be drawn in several ways.",
        "display = plots.BeeswarmDisplay(explanation).plot()",
    ),
    Picture(
        "waterfall", "WaterfallDisplay",
        "One row: from the mean prediction of the background to its own. Whiskers and ± are 95 % intervals for the "
        "orders of columns that were drawn.",
        "display = plots.WaterfallDisplay(explanation, row=1).plot()",
    ),
    Picture(
        "shapley_scatter", "ShapleyScatterDisplay",
        "What a column adds, over the column's own values.",
        'display = plots.ShapleyScatterDisplay(explanation, "age").plot()',
    ),
    Picture(
        "dependence", "DependenceDisplay",
        "The mean prediction of rows, had they all this age, with its 95 % interval; faint are single rows.",
        'display = plots.DependenceDisplay.from_estimator(model, X, "age")',
    ),
    Picture(
        "dependence_levels", "DependenceDisplay of a category",
        "A dot for each of the commonest levels.",
        'display = plots.DependenceDisplay.from_estimator(model, X, "marital-status")',
    ),
    Picture(
        "dependence_pair", "DependenceDisplay of two columns",
        "A map, and Friedman and Popescu's H: 0 where the joint effect is the sum of an effect of each, 1 where "
        "nothing of it is.",
        'display = plots.DependenceDisplay.from_estimator(model, X, ("age", "hours-per-week"))',
    ),
    Picture(
        "architecture", "ArchitectureDisplay",
        "The network after the encoding of the table, with widths and counts of parameters.",
        "display = plots.ArchitectureDisplay.from_estimator(model)",
    ),
    Picture(
        "architecture_residual", "ArchitectureDisplay with skip connections",
        "A network can be drawn before it is trained.",
        "from chainrule import Dense, Dropout, LayerNorm, Network, Residual\n"
        "\n"
        'block = Residual([LayerNorm(), Dense(256, "gelu"), Dropout(0.1), Dense(128)])\n'
        'network = Network([Dense(128, "gelu"), block, block, block, LayerNorm(), Dense(10)], inputs=50)\n'
        'display = plots.ArchitectureDisplay(network, link="softmax").plot()',
    ),
    Picture(
        "architecture_neurons", "ArchitectureDisplay of a small network",
        "As neurons and edges: blue for positive, orange for negative weights, the stronger the larger.",
        'small = MLPClassifier((8, 5), "tanh", learning_rate_init=0.01, max_iter=300, random_state=0)\n'
        "small.fit(spiral, arm)\n"
        "display = plots.ArchitectureDisplay.from_estimator(small)",
    ),
)  # fmt: skip


def draw(folder: Path, pictures: Sequence[Picture] = PICTURES) -> Iterator[Path]:
    """Run the lines of each picture, in order, and write it; then the page. Gives the files as they are written."""
    style.require("gallery")
    from matplotlib import pyplot

    folder.mkdir(parents=True, exist_ok=True)
    names: dict[str, Any] = {}
    exec(FITS, names)
    for picture in pictures:
        exec(picture.code, names)
        display: Display = names["display"]
        figure = display.figure_.figure
        file = folder / f"{picture.name}.png"
        with whole(file) as raw:
            figure.savefig(raw, format="png", dpi=DENSITY, metadata={"Software": None})
        pyplot.close(figure)
        yield file
    file = folder / "README.md"
    write_whole(file, page(pictures).encode())
    yield file


def page(pictures: Sequence[Picture] = PICTURES) -> str:
    """The page: every picture below the lines that draw it."""
    parts = [
        "# Plots",
        "Pictures of a network and of its training, in the form of scikit-learn's displays: `from_estimator(...)` "
        "reads and draws, `.plot(ax)` draws again, `ax_`, `axes_` and `figure_` are what was drawn into. A display "
        "can be made from plain arrays too; `read(...)` makes one from an estimator without drawing it. They need "
        "matplotlib: `pip install 'chainrule[plots]'`.",
        "`plots.svg(display, title=..., description=...)` gives the text of an SVG for a web page: it takes the page's "
        "colour and font, on light and dark ground.",
        "`python -m chainrule.plots FOLDER` runs what follows and writes the pictures and this page.",
        f"```python\n{FITS}\n```",
    ]
    for one in pictures:
        parts += [f"## {one.heading}", one.about, f"```python\n{one.code}\n```", f"![{one.heading}]({one.name}.png)"]
    return "\n\n".join(parts) + "\n"
