"""Shapley values: against the definition, against shap, against formulas; one contract of every estimator of rows."""

from itertools import combinations
from math import comb

import numpy as np
import pytest

from chainrule import (
    MLPClassifier,
    MLPRegressor,
    SequenceRegressor,
    TableClassifier,
    TableRegressor,
    losses,
)
from chainrule.errors import InputError, InputTypeError

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

ROWS = 150
QUICK = {"max_iter": 3, "random_state": 0}


def numbers(columns=4):
    return np.random.default_rng(1).normal(size=(ROWS, columns))


def table():
    rng = np.random.default_rng(2)
    size, tall = rng.normal(size=ROWS), rng.normal(size=ROWS)
    size[::7] = np.nan
    colour = rng.choice(["red", "green", "blue", ""], ROWS)
    when = np.datetime64("2024-01-01") + rng.integers(0, 700, ROWS)
    return {"size": size, "colour": colour.astype(object), "when": when, "tall": tall}


X, T = numbers(), table()
THREE = np.digitize(X[:, 0] * X[:, 1], [-0.3, 0.3])
TWO = np.where(X[:, 0] > X[:, 1] ** 2 - 1, "yes", "no")
COLOURED = np.nan_to_num(T["size"]) * (T["colour"] == "red") + T["tall"]

#: Every kind of answer: estimator, rows, y.
CASES = {
    "two classes": (MLPClassifier(**QUICK), X, TWO),
    "three classes": (MLPClassifier(**QUICK), X, THREE),
    "labels": (MLPClassifier(**QUICK), X, np.stack([TWO == "yes", THREE > 0], axis=1).astype(int)),
    "hinge": (MLPClassifier(loss="hinge", **QUICK), X, TWO),
    "number": (MLPRegressor(**QUICK), X, X[:, 0]),
    "two numbers": (MLPRegressor(**QUICK), X, X[:, :2]),
    "gaussian": (MLPRegressor(loss="gaussian", **QUICK), X, X[:, 0]),
    "quantiles": (MLPRegressor(loss=losses.Quantile([0.1, 0.5, 0.9]), **QUICK), X, X[:, 0]),
    "ensemble": (MLPRegressor(n_members=3, **QUICK), X, X[:, 0]),
    "poisson": (MLPRegressor(loss="poisson", **QUICK), X, np.abs(X[:, 0]).round()),
    "table, classes": (TableClassifier(preset="fast", **QUICK), T, np.where(COLOURED > 0, "up", "down")),
    "table, number": (TableRegressor(n_members=2, preset="fast", **QUICK), T, 100 + 50 * COLOURED),
    "table, mixed": (TableRegressor(max_iter=2, random_state=0), T, COLOURED),
    "table, three": (TableClassifier(preset="fast", **QUICK), T, np.digitize(COLOURED, [-1, 1]).astype(str)),
}


@pytest.fixture(scope="module", params=CASES)
def case(request):
    model, rows, y = CASES[request.param]
    return model.fit(rows, y), rows


def some(rows, places):
    return {name: values[places] for name, values in rows.items()} if isinstance(rows, dict) else rows[places]


def explained(model, rows):
    """What is explained, from what the public methods predict: (rows, outputs)."""
    if (
        getattr(model, "classes_", None) is not None
        and hasattr(model, "predict_proba")
        and "hinge" not in str(model.loss)
    ):
        p = model.predict_proba(rows)
        return p[:, 1:] if p.shape[1] == 2 and model.model_.network.outputs == 1 else p
    if hasattr(model, "classes_"):
        return model.model_.raw(model.model_.read(rows))
    return model.predict(rows).reshape(len(next(iter(rows.values())) if isinstance(rows, dict) else rows), -1)


def replaced(row, other, taken):
    """A row of the background that has these columns of the row, in the form that `predict` takes."""
    if isinstance(row, dict):
        return {name: (row if name in taken else other)[name] for name in row}
    return np.where([place in taken for place in range(row.shape[1])], row, other)


def by_definition(model, rows, background, names):
    """Shapley's sum over subsets, one prediction after another."""
    keys = names if isinstance(rows, dict) else range(len(names))
    count = len(names)

    def worth(place, taken):
        total = 0.0
        for other in range(3):
            row = replaced(some(rows, [place]), some(background, [other]), taken)
            total = total + explained(model, row)[0].astype(float)
        return total / 3

    found = []
    for place in range(2):
        of_columns = []
        for column in keys:
            rest = [one for one in keys if one != column]
            value = 0.0
            for size in range(count):
                for subset in combinations(rest, size):
                    gain = worth(place, {*subset, column}) - worth(place, set(subset))
                    value = value + gain / (count * comb(count - 1, size))
            of_columns.append(value)
        found.append(of_columns)
    return np.array(found)


def test_exact_values_are_those_of_the_definition(case):
    model, rows = case
    X, background = some(rows, [3, 7]), some(rows, [0, 10, 14])
    found = model.explain(X, background)
    assert found.method == "exact"
    assert not found.error_std.any()
    expected = by_definition(model, X, background, found.feature_names)
    scale = np.abs(explained(model, rows)).max()
    np.testing.assert_allclose(found.values.reshape(expected.shape), expected, atol=2e-6 * scale)


@pytest.mark.parametrize("method", ["exact", "permutation"])
def test_values_and_base_add_up_to_the_prediction(case, method):
    model, rows = case
    X, background = some(rows, slice(20)), some(rows, slice(20, 60))
    found = model.explain(X, background, method=method)
    predicted = explained(model, X)
    assert len(found.output_names) == predicted.shape[1]
    scale = max(np.abs(predicted).max(), 1)
    np.testing.assert_allclose(found.predictions.reshape(predicted.shape), predicted, atol=1e-6 * scale)
    mean = explained(model, background).mean(axis=0)
    np.testing.assert_allclose(found.base_values.reshape(predicted.shape)[0], mean, atol=1e-6 * scale)
    assert found.values.shape == found.error_std.shape
    assert found.data.shape == found.display_data.shape == (20, 4)


def test_orders_come_near_the_exact_values_by_their_errors(case):
    model, rows = case
    X, background = some(rows, slice(20)), some(rows, slice(20, 60))
    exact, drawn = (model.explain(X, background, method=one, permutations=4) for one in ("exact", "permutation"))
    off = np.abs(drawn.values - exact.values)
    span = np.abs(exact.values).max()
    assert off.max() < 0.05 * span + 1e-12
    told = np.sqrt((drawn.error_std**2).mean())
    assert np.sqrt((off**2).mean()) < 2 * told + 1e-7 * span


def test_errors_shrink_with_the_root_of_the_orders():
    model = MLPRegressor(**QUICK).fit(X, X[:, 0] * X[:, 1] * X[:, 2])
    few, many = (model.explain(X[:20], X, method="permutation", permutations=n).error_std for n in (4, 36))
    assert np.sqrt((few**2).mean() / (many**2).mean()) == pytest.approx(3, rel=0.15)


def test_what_is_drawn_follows_the_seed_and_nothing_else():
    model = MLPRegressor(**QUICK).fit(X, X[:, 0] * X[:, 1])
    draw = {"method": "permutation", "background_rows": 30}
    first, again, other = (model.explain(X[:9], X, random_state=seed, **draw) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.values, again.values)
    assert (first.values != other.values).any()
    assert first.background == 30


def test_of_a_line_they_are_slopes_times_distances_from_the_mean():
    from chainrule import Dense

    slopes = np.array([2.0, -1.0, 0.5, 0.0])
    model = MLPRegressor(layers=[Dense(1)], solver="lbfgs", alpha=0, max_iter=500, random_state=0)
    model.fit(X, X @ slopes)
    found = model.explain(X[:5], X, background_rows=ROWS)
    np.testing.assert_allclose(found.values, (X[:5] - X.mean(axis=0)) * slopes, atol=2e-3)


@pytest.mark.parametrize("method", ["exact", "permutation"])
def test_columns_in_which_nothing_differs_have_no_value(method):
    model = MLPRegressor(**QUICK).fit(X, X[:, 0])
    background = np.where([True, False, True, True], X[:40], X[3])
    found = model.explain(X[[3]], background, method=method)
    assert found.values[0, 1] == 0.0
    assert found.values[0, 0] != 0.0
    same = model.explain(X[[3]], X[[3, 3]], method=method)
    np.testing.assert_allclose(same.values, 0, atol=1e-9)


def test_log_odds():
    model = MLPClassifier(**QUICK).fit(X, TWO)
    found = model.explain(X[:6], X, link="logit")
    p = model.predict_proba(X[:6])[:, 1]
    np.testing.assert_allclose(found.predictions, np.log(p / (1 - p)), atol=1e-4)
    sure = MLPClassifier(solver="lbfgs", alpha=0, random_state=0).fit(1e3 * X[:, :1], X[:, 0] > 0)
    assert np.isfinite(sure.explain(1e4 * X[:9, :1], X[:, :1], link="logit").values).all()


def test_shap_finds_the_same():
    shap = pytest.importorskip("shap")
    model = MLPClassifier(**QUICK).fit(X, THREE)
    theirs = shap.explainers.Exact(model.predict_proba, shap.maskers.Independent(X[:30], max_samples=30))(X[:8])
    np.testing.assert_allclose(model.explain(X[:8], X[:30]).values, theirs.values, atol=1e-6)


# What is refused ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"method": "exactly"}, "one of 'auto', 'exact', 'permutation'"),
        ({"permutations": 1}, "a whole number of at least 2"),
        ({"random_state": -1}, "a whole number of at least 0"),
        ({"random_state": 1.5}, "a whole number of at least 0"),
        ({"background_rows": 0}, "a whole number of at least 1"),
        ({"link": "log"}, "one of 'identity', 'logit'"),
        ({"link": "logit"}, "'identity'"),
        ({"background": X[:, :3]}, "rows of 4 features"),
        ({"background": np.full((2, 4), np.nan)}, "finite numbers"),
    ],
    ids=lambda one: "-".join(one) if isinstance(one, dict) else "",
)
def test_what_cannot_be_is_refused(options, expected):
    model = MLPRegressor(**QUICK).fit(X, X[:, 0])
    with pytest.raises((InputError, InputTypeError)) as caught:
        model.explain(X[:3], **options)
    assert expected in caught.value.args[1]


def test_a_row_alone_needs_a_background():
    model = MLPRegressor(**QUICK).fit(X, X[:, 0])
    with pytest.raises(InputError, match="background=X_train"):
        model.explain(X[:1])
    assert model.explain(X[:1], X[1:2]).values.shape == (1, 4)


def test_more_columns_than_subsets_can_be_of():
    wide = numbers(13)
    model = MLPRegressor(**QUICK).fit(wide, wide[:, 0])
    with pytest.raises(InputError, match="at most 12 columns"):
        model.explain(wide[:3], method="exact")
    assert model.explain(wide[:3]).method == "permutation"
    assert model.explain(wide[:3], wide, method="permutation").background == 100


def test_sequences_have_no_columns():
    sequences = [np.ones((3, 2)), np.zeros((2, 2))] * 10
    model = SequenceRegressor(max_iter=2, random_state=0).fit(sequences, [1.0, 0.0] * 10)
    with pytest.raises(InputError, match="a model of rows"):
        model.explain(sequences)
    with pytest.raises(InputError, match="a model of rows"):
        model.partial_dependence(sequences, "x0")


def test_a_sparse_row_is_explained_as_a_dense_one():
    from scipy import sparse

    kept = np.where(np.abs(X) > 0.7, X, 0.0)
    model = MLPRegressor(**QUICK).fit(sparse.csr_array(kept), X[:, 0])
    found = model.explain(sparse.csr_array(kept[:5]), sparse.csr_array(kept), method="permutation")
    np.testing.assert_allclose(found.predictions, model.predict(kept[:5]), atol=1e-6)


def test_progress_is_told_to_its_end():
    model, told = MLPRegressor(**QUICK).fit(X, X[:, 0]), []
    model.explain(X[:40], X, method="exact", background_rows=150, progress=told.append)
    assert told == sorted(told)
    assert len(told) > 1
    assert told[-1] == 1.0


def test_many_columns_are_played_in_parts(monkeypatch):
    from chainrule.explanations import game

    wide = numbers(40)
    model = MLPRegressor(**QUICK).fit(wide, wide[:, 0])
    whole = model.explain(wide[:3], wide, background_rows=5)
    asked = []
    plain = game.Game.play
    monkeypatch.setattr(game, "ROWS", 7)
    monkeypatch.setattr(game.Game, "play", lambda self, row, *more: asked.append(len(row)) or plain(self, row, *more))
    parts = model.explain(wide[:3], wide, background_rows=5)
    assert max(asked) == 7
    np.testing.assert_allclose(parts.values, whole.values, atol=1e-6)
