"""An explanation as a value: parts of it, importances, shap's class and its plots; and partial dependence."""

import sys

import numpy as np
import pytest
from sklearn.inspection import partial_dependence

from chainrule import MLPClassifier, MLPRegressor, TableClassifier
from chainrule.errors import InputError, InputTypeError, MissingExtraError

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

rng = np.random.default_rng(0)
X = rng.uniform(-1, 1, (200, 4))
ROWS = {
    "x": X[:, 0],
    "colour": rng.choice(["red", "green", "blue"], 200),
    "when": np.datetime64("2024-01-01") + np.arange(200),
}
NAMES = np.where((X[:, 0] > 0) & (ROWS["colour"] != "red"), "up", "down")


@pytest.fixture(scope="module")
def classes():
    y = np.digitize(X[:, 0] + X[:, 1], [-0.5, 0.5])
    return MLPClassifier(solver="lbfgs", max_iter=60, random_state=0).fit(X, y).explain(X[:30], X)


@pytest.fixture(scope="module")
def words():
    return TableClassifier(preset="fast", max_iter=15, random_state=0).fit(ROWS, NAMES)


def test_parts_of_it(classes):
    assert classes.values.shape == (30, 4, 3)
    assert len(classes[3]) == 1
    assert len(classes[-1:]) == 1
    np.testing.assert_array_equal(classes[-1].values[0], classes.values[-1])
    np.testing.assert_array_equal(classes[np.arange(30) > 27].data, classes.data[28:])
    np.testing.assert_array_equal(classes.of("1").values, classes.values[..., 1])
    np.testing.assert_array_equal(classes.of(1).predictions, classes.predictions[:, 1])
    assert classes.of("1").output_names == ("1",)
    assert classes.of("1").of(0).values.shape == (30, 4)
    with pytest.raises(IndexError):
        classes[30]
    with pytest.raises(InputError, match="one of '0', '1', '2'"):
        classes.of("3")
    with pytest.raises(InputError, match="one of 3 outputs"):
        classes.of(3)


def test_importances_are_means_of_sizes_with_intervals(classes):
    found = classes.importances()
    assert [one.mean for one in found] == sorted((one.mean for one in found), reverse=True)
    assert {found[0].name, found[1].name} == {"x0", "x1"}
    by_name = {one.name: one for one in found}
    for place, name in enumerate(classes.feature_names):
        sizes = np.abs(classes.values[:, place]).mean(axis=1)
        one = by_name[name]
        assert one.mean == pytest.approx(sizes.mean())
        assert one.high - one.mean == pytest.approx(1.96 * sizes.std(ddof=1) / np.sqrt(30), rel=1e-3)
        assert 0 <= one.low <= one.mean
    narrow = {one.name: one for one in classes.importances(coverage=0.5)}
    assert all(narrow[name].high < by_name[name].high for name in by_name)
    assert np.isnan(classes[0].importances()[0].high)
    assert np.isnan(classes[:0].importances()[0].mean)
    assert "0 rows" in str(classes[:0])
    with pytest.raises(InputError, match="coverage"):
        classes.importances(coverage=1)


def test_it_says_what_it_is(classes, words):
    assert repr(classes) == "<Explanation of 30 rows: 4 columns, 3 outputs, exact>"
    assert "log-odds of up" in str(words.explain(ROWS, link="logit"))
    assert "30 rows against 100 of the background, exact" in str(classes)
    assert "all outputs together" in str(classes)
    one = str(words.explain(ROWS)[3]).splitlines()
    assert one[0].startswith("Shapley values of the prediction of up against 100 rows")
    assert one[1].split()[0] == "base"
    assert float(one[-1]) == pytest.approx(sum(float(line.split()[1]) for line in one[1:-1]), abs=2e-3)
    assert "nan" not in str(classes[0])
    assert str(classes[0]).startswith("Shapley values of 1 row against")
    with pytest.raises(InputError, match="the other sign"):
        words.explain(ROWS).of("down")
    assert "errors of at most" in str(words.explain(ROWS, method="permutation"))


def test_cells_stand_beside_the_values(words):
    gaps = {**ROWS, "x": np.where(np.arange(200) == 1, np.nan, ROWS["x"])}
    model = TableClassifier(preset="fast", max_iter=2, random_state=0).fit(gaps, NAMES)
    found = model.explain({name: values[:3] for name, values in gaps.items()}, gaps)
    assert found.feature_names == ("x", "colour", "when")
    assert found.display_data[:, 1].tolist() == ROWS["colour"][:3].tolist()
    assert found.display_data[0].tolist()[2] == "2024-01-01"
    assert np.isnan(found.data[1, 0])
    assert found.data[2, 0] == ROWS["x"][2]
    strange = model.explain({"x": [0.0], "colour": ["purple"], "when": ["2024-03-01"]}, gaps)
    assert strange.display_data[0, 1] == "purple"
    np.testing.assert_allclose(
        strange.predictions,
        model.predict_proba({"x": [0.0], "colour": ["purple"], "when": ["2024-03-01"]})[:, 1],
        atol=1e-6,
    )


# shap ----------------------------------------------------------------------------------------------------------


def test_shap_draws_it(classes, words):
    shap = pytest.importorskip("shap")
    plt = pytest.importorskip("matplotlib.pyplot")
    one, tables = classes.of("2").to_shap(), words.explain(ROWS).to_shap()
    assert isinstance(one, shap.Explanation)
    assert classes.to_shap().shape == (30, 4, 3)
    for draw in (
        lambda: shap.plots.beeswarm(one, show=False),
        lambda: shap.plots.bar(one, show=False),
        lambda: shap.plots.waterfall(one[0], show=False),
        lambda: shap.plots.scatter(one[:, "x0"], show=False),
        lambda: shap.plots.heatmap(one, show=False),
        lambda: shap.plots.bar(tables, show=False),
        lambda: shap.plots.waterfall(tables[0], show=False),
        lambda: shap.plots.beeswarm(tables, show=False),
    ):
        draw()
        texts = {
            text.get_text() for ax in plt.gcf().axes for text in [*ax.get_yticklabels(), ax.xaxis.label, ax.yaxis.label]
        }
        assert any("x0" in text or "colour" in text for text in texts)
        plt.close("all")


def test_without_shap_that_is_said(classes, monkeypatch):
    monkeypatch.setitem(sys.modules, "shap", None)
    with pytest.raises(MissingExtraError, match="pip install shap"):
        classes.to_shap()


# Partial dependence --------------------------------------------------------------------------------------------


def test_it_is_that_of_scikit_learn():
    model = MLPRegressor(max_iter=5, random_state=0).fit(X, X[:, 0] ** 2 + X[:, 1])
    found = model.partial_dependence(X, "x0", points=7)
    theirs = partial_dependence(model, X, [0], kind="both", method="brute", custom_values={0: found.grids[0]})
    np.testing.assert_allclose(found.mean, theirs["average"][0], atol=1e-6)
    np.testing.assert_allclose(found.individual, theirs["individual"][0], atol=1e-6)
    np.testing.assert_allclose(
        (found.high - found.low) / 2, 1.96 * found.individual.std(axis=0, ddof=1) / np.sqrt(200), rtol=1e-4
    )
    assert found.interaction is None
    pair = model.partial_dependence(X, ("x0", "x1"), points=4)
    for place, first in enumerate(pair.grids[0]):
        with_it = np.hstack([np.full((200, 1), first), X[:, 1:]])
        theirs = partial_dependence(model, with_it, [1], method="brute", custom_values={1: pair.grids[1]})
        np.testing.assert_allclose(pair.mean[place], theirs["average"][0], atol=1e-6)
    assert pair.individual is None


def test_grids_are_quantiles_of_numbers_and_the_commonest_levels(words):
    found = words.partial_dependence(ROWS, "x", points=5)
    np.testing.assert_allclose(
        found.grids[0], np.quantile(np.sort(ROWS["x"]), [0, 0.25, 0.5, 0.75, 1], method="nearest")
    )
    levels = words.partial_dependence(ROWS, "colour", points=2)
    counted = sorted(["red", "green", "blue"], key=lambda level: -(ROWS["colour"] == level).sum())
    assert levels.grids[0].tolist() == counted[:2]
    assert levels.ordered == (False,)
    up = dict(
        zip(
            *(
                one.tolist()
                for one in (
                    words.partial_dependence(ROWS, "colour").grids[0],
                    words.partial_dependence(ROWS, "colour").mean,
                )
            ),
            strict=True,
        )
    )
    assert up["red"] < min(up["green"], up["blue"])
    assert words.partial_dependence(ROWS, "when").ordered == (True,)


def test_an_interaction_is_none_of_a_sum_and_all_of_a_product():
    both = X[:, 0] * X[:, 1] + X[:, 2]
    model = MLPRegressor(solver="lbfgs", max_iter=300, random_state=0).fit(X, both)
    assert model.partial_dependence(X, ("x0", "x1")).interaction > 0.9
    assert model.partial_dependence(X, ("x0", "x2")).interaction < 0.2
    several = MLPRegressor(solver="lbfgs", max_iter=300, random_state=0).fit(X, np.stack([both, X[:, 2]], axis=1))
    found = several.partial_dependence(X, ("x0", "x1"), points=3)
    assert found.mean.shape == (3, 3, 2)
    assert found.interaction.shape == (2,)
    assert "interaction" in repr(found)


def test_a_column_that_is_the_same_everywhere():
    model = MLPRegressor(max_iter=2, random_state=0).fit(np.hstack([X, np.ones((200, 1))]), X[:, 0])
    found = model.partial_dependence(np.hstack([X, np.ones((200, 1))]), ("x4", "x0"))
    assert found.mean.shape == (1, 20)
    assert found.interaction < 1e-3


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ("x9", "x0"),
        (("x0", "x0"), "two that differ"),
        (("x0", "x1", "x2"), "a column, or two"),
        (4, "from 0 to 3"),
        (-5, "from 0 to 3"),
        (0.5, "name of a column"),
        ([], "a column, or two"),
    ],
)
def test_columns_that_cannot_be(columns, expected):
    model = MLPRegressor(max_iter=2, random_state=0).fit(X, X[:, 0])
    with pytest.raises((InputError, InputTypeError), match=expected):
        model.partial_dependence(X, columns)
