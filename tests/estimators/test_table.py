"""Raw tables in: what is learned, what is refused, and the company of scikit-learn."""

import pickle

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline

from chainrule import TableClassifier, TableRegressor, callbacks, datasets, losses
from chainrule.errors import InputError, InputTypeError
from chainrule.estimators.table.held_out import split

RANDOM = np.random.default_rng(0)
ROWS = 600
FRAME = pd.DataFrame(
    {
        "size": np.where(RANDOM.random(ROWS) < 0.1, np.nan, RANDOM.lognormal(size=ROWS)),
        "color": RANDOM.choice(["red", "green", None], ROWS),
        "day": pd.date_range("2026-01-01", periods=ROWS, freq="h"),
        "noise": RANDOM.normal(size=ROWS),
    }
)
CLASS = np.where((FRAME["size"].fillna(0) > 1) ^ (FRAME["color"] == "red"), "yes", "no")
NUMBER = 100 * (np.log1p(FRAME["size"].fillna(3)) + (FRAME["color"] == "red"))


def classifier(**parameters):
    return TableClassifier(**{"preset": "fast", "random_state": 0} | parameters)


def regressor(**parameters):
    return TableRegressor(**{"preset": "fast", "random_state": 0} | parameters)


@pytest.fixture(scope="module")
def model():
    return classifier().fit(FRAME[:400], CLASS[:400])


def test_classes_are_learned(model):
    assert model.score(FRAME[400:], CLASS[400:]) > 0.9
    p = model.predict_proba(FRAME[400:])
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-5)
    assert (model.classes_[p.argmax(axis=1)] == model.predict(FRAME[400:])).all()


@pytest.mark.parametrize("loss", ["squared_error", "huber"])
def test_numbers_are_learned(loss):
    found = regressor(loss=loss).fit(FRAME[:400], NUMBER[:400])
    assert found.score(FRAME[400:], NUMBER[400:]) > 0.9
    assert NUMBER[:400].min() <= found.predict(FRAME).min() and found.predict(FRAME).max() <= NUMBER[:400].max()


def test_several_numbers_are_learned_at_once():
    y = np.c_[NUMBER, -NUMBER]
    found = regressor().fit(FRAME, y).predict(FRAME)
    assert found.shape == y.shape
    assert np.corrcoef(found[:, 0], found[:, 1])[0, 1] < -0.95


def test_the_same_rows_in_any_form_are_the_same_model(tmp_path):
    whole = FRAME.assign(label=CLASS)
    whole.to_parquet(tmp_path / "t.parquet", index=False)
    whole.to_csv(tmp_path / "t.csv", index=False)
    expected = classifier(max_iter=2).fit(FRAME, CLASS).predict_proba(FRAME)
    for X, y in (
        (whole, "label"), (pl.DataFrame(FRAME), CLASS), (pl.DataFrame(whole), "label"),
        (tmp_path / "t.parquet", "label"), (str(tmp_path / "t.csv"), "label"),
    ):  # fmt: skip
        np.testing.assert_array_equal(classifier(max_iter=2).fit(X, y).predict_proba(FRAME), expected)


def test_a_file_is_read_by_name_and_a_frame_by_place(model, tmp_path):
    turned = FRAME[FRAME.columns[::-1]].assign(more=1)
    turned.to_csv(tmp_path / "t.csv", index=False)
    np.testing.assert_array_equal(model.predict(tmp_path / "t.csv"), model.predict(FRAME))
    with pytest.raises(ValueError, match="same order"):
        model.predict(FRAME[FRAME.columns[::-1]])
    with pytest.raises(ValueError, match="unseen at fit time"):
        model.predict(turned)


def test_the_target_column_may_stay_in_the_table():
    whole = FRAME.assign(label=CLASS)
    found = classifier(max_iter=2).fit(whole, "label")
    assert found.feature_names_in_.tolist() == FRAME.columns.tolist()
    np.testing.assert_array_equal(found.predict(whole), found.predict(FRAME))


def test_one_seed_gives_one_model(model):
    again = classifier().fit(FRAME[:400], CLASS[:400])
    np.testing.assert_array_equal(again.parameters_.vector, model.parameters_.vector)
    other = classifier(random_state=1).fit(FRAME[:400], CLASS[:400])
    assert (other.parameters_.vector != model.parameters_.vector).any()


def test_weights_of_rows_and_of_classes_count():
    weight = np.where(CLASS == "yes", 1.0, 0.0)
    assert (classifier(max_iter=3).fit(FRAME, CLASS, weight).predict(FRAME) == "yes").all()
    for class_weight in ({"yes": 100.0}, {"no": 0.01, "yes": 1}):
        assert (
            classifier(max_iter=3, class_weight=class_weight).fit(FRAME, CLASS).predict(FRAME) == "yes"
        ).mean() > 0.6


def test_rows_to_validate_on_may_be_given():
    found = classifier().fit(FRAME[:400], CLASS[:400], X_val=FRAME[400:], y_val=CLASS[400:])
    assert min(record.validation_loss for record in found.history_) < 0.3
    whole = FRAME.assign(label=CLASS)
    by_name = classifier().fit(whole[:400], "label", X_val=whole[400:])
    assert by_name.history_[-1].validation_loss == found.history_[-1].validation_loss


def test_presets_and_what_is_said_in_their_place():
    found = classifier(hidden_layer_sizes=(7,), n_members=3, max_iter=2).fit(FRAME, CLASS)
    assert [layer.units for layer in found.network_.layers if type(layer).__name__ == "Dense"] == [7, 1]
    assert (found.n_iter_, len(found.parameters_)) == (2, 3)


def test_callbacks_hear_of_the_epochs():
    heard = []
    classifier(max_iter=3, callbacks=[callbacks.OnEpoch(heard.append)]).fit(FRAME, CLASS)
    assert [record.epoch for record in heard] == [1, 2, 3]


def test_importances_name_the_columns(model):
    found = model.importances(FRAME[400:], CLASS[400:])
    assert {one.name for one in found[:2]} == {"size", "color"}
    assert found == sorted(found, key=lambda one: -one.mean)
    assert found == model.importances(FRAME[400:].assign(label=CLASS[400:]).drop(columns="label"), CLASS[400:])


def test_attributions_are_gradient_times_input():
    found = regressor(max_iter=3, numbers="standard").fit(FRAME, NUMBER)
    x, step = FRAME[["size", "noise"]].fillna(1.0).iloc[:5], 1e-2
    rows = FRAME.iloc[:5].assign(**x)
    shown = found.attributions(rows)
    assert shown.shape == (5, 4)
    at = list(found.encoder_.names).index("noise")
    up, down = (found.predict(rows.assign(noise=rows["noise"] + d)) for d in (step, -step))
    mean, deviation = FRAME["noise"].mean(), FRAME["noise"].std(ddof=0)
    slope = (up - down) / (2 * step) / found.target_.scale[0] * deviation
    np.testing.assert_allclose(shown[:, at], slope * (rows["noise"] - mean) / deviation, rtol=0.05, atol=2e-3)


@pytest.mark.parametrize("members", [1, 3])
def test_attributions_of_classes_have_a_value_per_column(members):
    found = classifier(max_iter=2, n_members=members).fit(FRAME, np.arange(ROWS) % 3)
    assert found.attributions(FRAME[:4]).shape == (4, 4)


def test_attributions_of_an_embedding_are_those_of_its_units():
    towns, noise = RANDOM.integers(0, 150, 3000), RANDOM.normal(size=3000)
    effect = RANDOM.normal(size=150)
    frame = pd.DataFrame({"town": [f"town {k}" for k in towns], "noise": noise})
    found = regressor(numbers="standard").fit(frame, effect[towns])
    shown = np.abs(found.attributions(frame[:200])).mean(axis=0)
    assert found.encoder_.names == ("town", "noise")
    assert shown[0] > 3 * shown[1]


# In the company of scikit-learn -----------------------------------------------------------------------------


def test_names_of_the_networks_inputs(model):
    names = model.get_feature_names_out()
    assert len(names) == model.encoder_.expansion.width
    assert {"size:missing", "size:quantile", "color=red", "color=(missing)"} <= set(names)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_search_and_cross_validation_in_two_processes():
    search = GridSearchCV(classifier(max_iter=6), {"dropout": [0.0, 0.2]}, cv=2, n_jobs=2).fit(FRAME, CLASS)
    assert search.best_score_ > 0.5
    assert len(cross_val_score(regressor(max_iter=3), FRAME, NUMBER, cv=3, n_jobs=2)) == 3


def test_pipelines_column_transformers_and_frames_as_output():
    filled = ColumnTransformer(
        [("numbers", SimpleImputer(), ["size", "noise"])], remainder="passthrough", verbose_feature_names_out=False
    )
    pipe = make_pipeline(filled, classifier(max_iter=16)).set_output(transform="pandas")
    assert pipe.fit(FRAME, CLASS).score(FRAME, CLASS) > 0.7
    assert pipe[-1].feature_names_in_.tolist() == ["size", "noise", "color", "day"]


def test_pickles_and_joblib(model, tmp_path):
    expected = model.predict_proba(FRAME)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict_proba(FRAME), expected)
    joblib.dump(model, tmp_path / "m")
    np.testing.assert_array_equal(joblib.load(tmp_path / "m").predict_proba(FRAME), expected)
    assert len(pickle.dumps(model)) < 1.5 * model.parameters_.vector.nbytes
    assert clone(model).get_params() == model.get_params()


def test_an_array_of_numbers():
    X, y = load_iris(return_X_y=True)
    assert classifier().fit(X, y).score(X, y) > 0.9


# What is refused --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"preset": "slow"}, InputError, "preset="),
        ({"preset": "fats"}, InputError, "Did you mean 'fast'"),
        ({"numbers": "piecewize"}, InputError, "Did you mean 'piecewise'"),
        ({"columns": {"sise": "number"}}, InputError, "Did you mean 'size'"),
        ({"columns": ["size"]}, InputTypeError, "columns="),
        ({"dropout": 1.0}, InputError, "dropout="),
        ({"n_members": 0}, InputError, "n_members="),
        ({"max_iter": 0}, InputError, "max_iter="),
        ({"hidden_layer_sizes": (0,)}, InputError, "hidden_layer_sizes="),
        ({"validation_fraction": 1.5}, InputError, "validation_fraction="),
    ],
)
def test_parameters_out_of_range(parameters, error, message):
    with pytest.raises(error, match=message):
        classifier(**parameters).fit(FRAME, CLASS)


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (FRAME, CLASS[:-1], "a value per row"),
        (FRAME, None, "requires y"),
        (FRAME, "lable", "one of 'color'"),
        (FRAME[:1], CLASS[:1], "at least 2 rows"),
        (FRAME[[]], CLASS, "0 feature"),
        (FRAME[["color"]].assign(color="red"), CLASS, "color: the same value in every row"),
        (FRAME.assign(label=None), "label", "600 missing"),
        ("nowhere.csv", "label", "nothing under this name"),
    ],
)
def test_rows_that_cannot_be_used(X, y, message):
    with pytest.raises(InputError, match=message):
        classifier().fit(X, y)


def test_what_cannot_be_predicted(model):
    with pytest.raises(NotFittedError):
        classifier().predict(FRAME)
    with pytest.raises(InputError, match="column 'size', row 1: expected a number, as in fit; received 'big'"):
        model.predict(FRAME[:3].assign(size=["1", "big", "2"]))
    with pytest.raises(InputError, match="at least 1 row"):
        model.predict(FRAME[:0])
    with pytest.raises(InputError, match="classes of"):
        model.importances(FRAME, np.full(ROWS, "perhaps"))
    with pytest.raises(InputError, match="False with a loss that has a log link"):
        regressor(loss="poisson", log_target=True).fit(FRAME, abs(NUMBER) + 1)
    with pytest.raises(InputError, match="targets above 0"):
        regressor(log_target=True).fit(FRAME, NUMBER - 1e3)


def test_a_failed_fit_leaves_no_model_behind(model):
    again = pickle.loads(pickle.dumps(model))
    with pytest.raises(InputError):
        again.fit(FRAME, CLASS[:-1])
    with pytest.raises(NotFittedError):
        again.predict(FRAME)


def test_adult_without_any_option():
    adult = datasets.load_adult()
    rows, y = pd.DataFrame(adult.columns), adult.target
    found = TableClassifier(preset="fast", random_state=0, max_iter=4).fit(rows[adult.train], y[adult.train])
    assert found.score(rows[adult.test], y[adult.test]) > 0.855


@pytest.mark.parametrize("counts", [[8, 8, 3, 1], [10, 8, 1, 1], [2, 1], [20, 18, 2], [1, 1, 1, 2], [2, 98]])
@pytest.mark.parametrize("share", [0.2, 0.9])
def test_every_class_is_trained_on_however_few_its_rows(counts, share):
    target = np.repeat(np.arange(len(counts)), counts)
    for seed in range(30):
        training, validation = split(target, share, seed, stratify=True)
        assert sorted([*training, *validation]) == list(range(len(target)))
        assert set(target[training]) == set(target)
        assert len(validation)


def test_a_class_of_one_row_is_learned_from_a_table_and_from_a_file(tmp_path):
    label = np.where(np.arange(ROWS) == 7, "rare", CLASS)
    whole = FRAME.assign(label=label)
    whole.to_csv(tmp_path / "table.csv", index=False)
    for seed in range(8):
        for given in (FRAME, label), (tmp_path / "table.csv", "label"):
            found = classifier(max_iter=1, random_state=seed).fit(*given)
            assert found.predict_proba(FRAME).shape == (ROWS, 3)
            assert set(found.classes_) == {"no", "rare", "yes"}


def test_rows_that_are_each_of_a_class_of_their_own_are_refused():
    with pytest.raises(InputError, match="a class with at least 2 rows"):
        classifier().fit(FRAME[:5], np.arange(5))


@pytest.mark.parametrize("numbers", ["piecewise", "standard"])
def test_a_function_reads_rows_as_predict_does(numbers, tmp_path):
    found = regressor(numbers=numbers, max_iter=4).fit(FRAME, NUMBER)
    function, some = found.predict_function(3), FRAME[:3]
    some.to_csv(tmp_path / "three.csv", index=False)
    for rows in (some, {name: some[name].to_numpy() for name in some}, tmp_path / "three.csv"):
        np.testing.assert_allclose(function(rows)[:, 0], found.predict(rows), rtol=1e-6)
    with pytest.raises(InputError, match="3 rows in every call; received 2"):
        function(FRAME[:2])
    with pytest.raises(InputError):
        function(some.drop(columns=some.columns[0]))


@pytest.mark.parametrize("log", [False, True])
def test_a_function_answers_in_units_of_y(log):
    y, few = np.exp(NUMBER / 100) if log else NUMBER, {"log_target": log, "max_iter": 4}
    two = regressor(**few).fit(FRAME, np.c_[y, 2 * y + 1])
    np.testing.assert_allclose(two.predict_function(5)(FRAME[:5]), two.predict(FRAME[:5]), rtol=1e-6)
    wide = regressor(**few, loss=losses.Quantile((0.1, 0.5, 0.9))).fit(FRAME, y)
    np.testing.assert_allclose(np.sort(wide.predict_function(5)(FRAME[:5])), wide.predict(FRAME[:5]), rtol=1e-6)
    normal = regressor(**few, loss="gaussian").fit(FRAME, y)
    mean, deviation = normal.predict(FRAME[:5], return_std=True)
    expected = np.c_[mean, 2 * np.log(deviation)]
    np.testing.assert_allclose(normal.predict_function(5)(FRAME[:5]), expected, rtol=1e-5)


PLAIN = {"numbers": "standard", "max_iter": 3, "n_members": 1}


def slopes(found, of):
    """By differences: what the output of the network changes by where each number is taken away, to first order."""
    model = found.model_
    x = model.read(FRAME[["noise"]][:20]).toarray().astype(np.float64)
    ends = [model.predictor.before_link((x * (1 + step)).astype(np.float32))[0] for step in (1e-3, -1e-3)]
    return of((ends[0] - ends[1]) / 2e-3)


@pytest.mark.parametrize(
    ("loss", "place"), [("gaussian", 0), (losses.Quantile((0.1, 0.6, 0.9)), 1), (losses.Quantile((0.1, 0.9)), 0)]
)
def test_attributions_explain_the_point_that_is_predicted(loss, place):
    found = regressor(**PLAIN, loss=loss).fit(FRAME[["noise"]], FRAME["noise"] + RANDOM.normal(size=ROWS))
    shown = found.attributions(FRAME[["noise"]][:20])
    np.testing.assert_allclose(shown[:, 0], slopes(found, lambda z: z[:, place]), rtol=0.05, atol=2e-3)


@pytest.mark.parametrize("make", [regressor, classifier])
def test_attributions_of_several_targets_or_labels_have_an_axis(make):
    y = np.c_[FRAME["noise"], -(FRAME["noise"] ** 2)]
    found = make(**PLAIN).fit(FRAME[["noise"]], y if make is regressor else (y > -0.5).astype(int))
    shown = found.attributions(FRAME[["noise"]][:20])
    assert shown.shape == (20, 1, 2)
    np.testing.assert_allclose(shown[:, 0], slopes(found, lambda z: z), rtol=0.05, atol=2e-3)


def test_attributions_of_an_ensemble_are_of_the_class_that_it_predicts():
    y = RANDOM.integers(0, 3, ROWS)
    found = classifier(**PLAIN | {"n_members": 3}).fit(FRAME[["noise"]], y)
    model, rows = found.model_, FRAME[["noise"]][:20]
    x, chosen = model.read(rows).toarray().astype(np.float64), found.predict(rows)
    ends = [model.predictor.before_link((x * (1 + step)).astype(np.float32)) for step in (1e-3, -1e-3)]
    expected = ((ends[0] - ends[1]) / 2e-3).mean(axis=0)[np.arange(20), chosen]
    np.testing.assert_allclose(found.attributions(rows)[:, 0], expected, rtol=0.05, atol=2e-3)
