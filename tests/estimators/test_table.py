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
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    PredefinedSplit,
    TimeSeriesSplit,
    check_cv,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline

from chainrule import TableClassifier, TableRegressor, callbacks, datasets, load, losses
from chainrule.averaging import EMA
from chainrule.errors import InputError, InputTypeError
from chainrule.estimators.table import presets
from chainrule.estimators.table.held_out import split
from chainrule.losses import Quantile

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


@pytest.mark.parametrize("settings", [{}, {"loss": "gaussian"}, {"loss": Quantile((0.1, 0.9))}, {"log_target": True}])
def test_ends_of_intervals_lie_beyond_y_of_fit_where_calibration_rows_do(settings):
    found = regressor(max_iter=1, **settings).fit(FRAME, NUMBER + 1)
    _, high = found.calibrate(FRAME, 10 * NUMBER + 1).predict_interval(FRAME, 0.9)
    assert high.max() > NUMBER.max() + 1
    assert (high >= 10 * NUMBER + 1).mean() >= 0.9


def test_partial_fit_keeps_moments_and_averages_whatever_number_of_rows_comes():
    found = regressor(batch_size=32).partial_fit(FRAME[:320], NUMBER[:320])
    for part in slice(320, 384), slice(384, 600):
        found.partial_fit(FRAME[part], NUMBER[part])
    update = found.model_.continuation.trainer.update
    assert update.steps == 10 + 2 + 7
    assert update.options.averaging == EMA(1 - 1 / 10)


def test_a_seed_may_have_more_than_32_bits(tmp_path):
    found = regressor(max_iter=1, random_state=2**40 + 2**31).fit(FRAME, NUMBER)
    found.save(tmp_path / "m")
    assert load(tmp_path / "m").model_.streams.split == 2**31


@pytest.mark.parametrize("goes_on", ["partial_fit", "fit"])
def test_predictions_go_as_far_as_y_of_every_call(goes_on):
    x = np.linspace(0, 1, 128)[:, None]
    found = regressor(warm_start=True, max_iter=12, columns={"x0": "standard"}).fit(x, x[:, 0])
    for _ in range(12):
        getattr(found, goes_on)(x, 3 * x[:, 0] - 1)
    assert found.target_.center == regressor(max_iter=1).fit(x, x[:, 0]).target_.center
    assert (found.target_.low, found.target_.high) == ((-1.0,), (2.0,))
    assert found.predict(x).max() > 1


def test_targets_of_another_number_of_columns_are_refused_when_training_goes_on():
    found = regressor().partial_fit(FRAME, np.c_[NUMBER, NUMBER])
    for y in (NUMBER, np.c_[NUMBER, NUMBER, NUMBER]):
        with pytest.raises(InputError, match="targets as before, 2 outputs"):
            found.partial_fit(FRAME, y)


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


def test_a_weight_of_a_class_counts_for_its_rows_in_training_and_in_validation():
    of_class = classifier(max_iter=2, class_weight={"yes": 3.0}).fit(FRAME[:80], CLASS[:80])
    of_rows = classifier(max_iter=2).fit(FRAME[:80], CLASS[:80], np.where(CLASS[:80] == "yes", 3.0, 1.0))
    assert [one.loss for one in of_class.history_] == [one.loss for one in of_rows.history_]
    assert [one.validation_loss for one in of_class.history_] == [one.validation_loss for one in of_rows.history_]


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
    assert min(one.mean for one in found[:2]) > 0.3 and max(abs(one.mean) for one in found[2:]) < 0.1
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


def test_training_goes_on_with_a_frame_whose_target_and_weights_are_columns():
    whole = FRAME.assign(y=NUMBER, w=1.0, g=np.arange(ROWS) // 10)
    options = {"max_iter": 2, "warm_start": True, "validation_split": GroupKFold(4)}
    by_name, by_array = (regressor(**options) for _ in range(2))
    for _ in range(2):
        by_name.fit(whole, "y", "w", groups="g").partial_fit(whole.drop(columns="g"), "y", "w")
        by_array.fit(FRAME, NUMBER, np.ones(ROWS), groups=whole["g"]).partial_fit(FRAME, NUMBER, np.ones(ROWS))
    np.testing.assert_array_equal(by_name.predict(FRAME), by_array.predict(FRAME))
    assert by_name.feature_names_in_.tolist() == FRAME.columns.tolist()


def test_training_goes_on_with_the_target_of_before_only():
    whole = FRAME.assign(y=NUMBER)
    found = regressor().partial_fit(whole, "y")
    with pytest.raises(InputError, match="target: expected 'y', which is learned so far; received 'noise'"):
        found.partial_fit(whole, "noise")


@pytest.mark.parametrize("kind", ["frame", "file"])
def test_scores_take_the_names_of_columns(kind, tmp_path):
    whole = FRAME.assign(label=CLASS, number=NUMBER, w=np.arange(ROWS) % 3)
    whole.to_csv(tmp_path / "t.csv", index=False)
    for made, y, values, more in (
        (classifier, "label", CLASS, "number"), (regressor, "number", NUMBER, "label"),
    ):  # fmt: skip
        table = whole.drop(columns=more) if kind == "frame" else tmp_path / "t.csv"
        found = made(max_iter=2, columns=None if kind == "frame" else {more: "leave out"}).fit(table, y, "w")
        X = FRAME if kind == "frame" else whole.drop(columns=[y, "w"])
        assert found.score(table, y, "w") == pytest.approx(found.score(X, values, whole["w"]))
        with pytest.raises(InputError, match="target: expected one of"):
            found.score(table, y + "s")


def held_out_rows(X, y, weight, validation_split, groups=None):
    """The y of rows that a fit holds out."""
    seen = []

    def see(_, X, y, sample_weight):
        seen.append(y)
        return 0.0

    regressor(max_iter=1, validation_split=validation_split, scoring=see).fit(X, y, weight, groups=groups)
    return np.rint(seen[0]).astype(int).tolist()


@pytest.mark.parametrize(
    "splitter", [GroupKFold(4), TimeSeriesSplit(4), PredefinedSplit(np.repeat([-1, 0], [150, 50])),
    [(np.r_[0:60, 80:200], np.arange(60, 80))]], ids=["groups", "time", "predefined", "pair"],
)  # fmt: skip
def test_a_splitter_sees_rows_of_weight_0_and_none_of_them_is_held_out(splitter):
    y = np.arange(200)
    groups = y // 10 if isinstance(splitter, GroupKFold) else None
    weight = np.where(y % 3 == 0, 0.0, 1.0)
    weight[:50] = 0
    *_, (_, expected) = check_cv(splitter).split(y, y, groups)
    found = held_out_rows(y[:, None] * 1.0, y, weight, splitter, groups)
    assert found == [row for row in sorted(np.arange(200)[expected]) if weight[row]]


def test_groups_may_be_a_column(tmp_path):
    whole = FRAME.assign(label=CLASS, g=np.arange(ROWS) % 7)
    whole.to_csv(tmp_path / "t.csv", index=False)
    chosen = {"validation_split": GroupKFold(3), "max_iter": 2}
    expected = classifier(**chosen).fit(FRAME, CLASS, groups=whole["g"]).predict_proba(FRAME)
    for X in whole, tmp_path / "t.csv":
        found = classifier(**chosen).fit(X, "label", groups="g")
        np.testing.assert_array_equal(found.predict_proba(FRAME), expected)
    with pytest.raises(InputError, match="groups: expected one of"):
        classifier(**chosen).fit(whole, "label", groups="group")
    whole["g"] = [None, *whole["g"][1:]]
    with pytest.raises(InputError, match=r"groups 'g': .*the first in row 0. Leave these rows out\.$"):
        classifier(**chosen).fit(whole, "label", groups="g")


@pytest.mark.parametrize("call", [{"y": "lists"}, {"y": CLASS, "groups": "lists"}])
def test_lists_are_no_target_and_no_groups(call):
    whole, what = FRAME.assign(lists=[[1.0, 2.0]] * ROWS), "groups" if "groups" in call else "target"
    split = GroupKFold(3) if what == "groups" else None
    with pytest.raises(InputError, match=f"{what} 'lists': expected numbers, .*; received vectors of 2 numbers. Name"):
        classifier(validation_split=split).fit(whole, **call)


def test_names_of_columns_are_all_texts_or_all_numbers():
    with pytest.raises(InputTypeError, match=r"^TableClassifier: X: expected columns that are all named by texts, or"):
        classifier().fit(FRAME.rename(columns={"size": 0}), CLASS)
    classifier(max_iter=1).fit(FRAME.rename(columns=dict(zip(FRAME.columns, range(9), strict=False))), CLASS)


def test_columns_that_tell_nothing_are_told_with_a_way_out():
    names = [f"name {row}" for row in range(ROWS)]
    with pytest.raises(InputError, match="a column to learn from; received none: n: .*different words.*'text'"):
        classifier().fit({"n": names}, CLASS)
    classifier(max_iter=1, columns={"n": "text"}).fit({"n": names}, CLASS)


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
    with pytest.raises(InputError, match="row 0: expected one of the classes"):
        model.importances(FRAME, np.full(ROWS, "perhaps"))
    with pytest.raises(InputError, match="False with a loss that has a log link"):
        regressor(loss="poisson", log_target=True).fit(FRAME, abs(NUMBER) + 1)
    with pytest.raises(InputError, match="targets above 0"):
        regressor(log_target=True).fit(FRAME, NUMBER - 1e3)


def unlike(found, rows):
    """What is done with rows that fit did not see, each by a name."""
    y = CLASS[: len(rows)]
    return {
        "predict": lambda: found.predict(rows),
        "X_val": lambda: classifier(max_iter=1).fit(FRAME[:100], CLASS[:100], X_val=rows, y_val=y),
        "partial_fit": lambda: pickle.loads(pickle.dumps(found)).partial_fit(rows, y),
        "calibrate": lambda: pickle.loads(pickle.dumps(found)).calibrate(rows, y),
        "importances": lambda: found.importances(rows, y),
        "score": lambda: found.score(rows, y),
        "Model.predict": lambda: found.model_.predict(rows),
    }


@pytest.mark.parametrize("what", unlike(None, ()))
def test_columns_unlike_those_of_fit_are_refused_with_their_names(model, what):
    for rows, message in (
        (FRAME[:50].drop(columns="size"), "now missing:\n- size"),
        (FRAME[:50].assign(more=1), "unseen at fit time:\n- more\nGive these columns alone"),
        (FRAME[:50][FRAME.columns[::-1]], "same order"),
        (FRAME[:50].drop(columns="size").to_numpy(), "4 features, as in fit; received 3"),
    ):
        with pytest.raises(InputError, match=message):
            unlike(model, rows)[what]()


@pytest.mark.parametrize(
    ("made", "y", "message"),
    [
        (classifier, np.full(50, "perhaps"), "y_val, row 0: expected one of the classes"),
        (classifier, np.full(50, np.nan), "y_val.*NaN"),
        (classifier, None, "y_val.*requires y"),
        (regressor, np.full(50, np.nan), "y_val.*NaN"),
        (lambda: regressor(loss="poisson"), np.full(50, -1.0), "y_val"),
        (lambda: regressor(log_target=True), np.full(50, -1.0), "above 0 in y_val"),
    ],
)
def test_a_bad_y_to_validate_on_is_called_y_val(made, y, message):
    with pytest.raises(InputError, match=message):
        made().fit(FRAME, CLASS if made is classifier else NUMBER + 1, X_val=FRAME[:50], y_val=y)


@pytest.mark.parametrize("given", [{"y_val": CLASS}, {"sample_weight_val": np.ones(ROWS)}])
def test_what_belongs_to_rows_to_validate_on_is_refused_without_them(given):
    with pytest.raises(InputError, match="X_val: expected rows for y_val"):
        classifier().fit(FRAME, CLASS, **given)


def test_weights_are_numbers():
    with pytest.raises(InputError, match="column 'day': expected numbers, as weights are; received times"):
        classifier().fit(FRAME, CLASS, "day")


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


@pytest.mark.parametrize("count", [2, 5])
def test_rows_that_are_each_of_a_class_of_their_own_are_all_trained_on(count, tmp_path):
    whole = FRAME[:count].assign(label=list("abcde"[:count]))
    whole.to_csv(tmp_path / "table.csv", index=False)
    for given, memory in (((FRAME[:count], whole.label), "auto"), ((tmp_path / "table.csv", "label"), 1)):
        found = classifier(max_iter=3, memory=memory).fit(*given)
        assert (found.outlook_.rows, found.outlook_.held_out, len(found.classes_)) == (count, 0, count)


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


@pytest.mark.parametrize(("columns", "said", "bins"), [(3, None, 8), (6, None, 4), (30, None, 1), (30, 8, 8)])
def test_tables_of_many_columns_have_few_bins_unless_somebody_says_so(columns, said, bins, monkeypatch):
    monkeypatch.setattr(presets, "MOST_BINS", 24)
    X = RANDOM.normal(size=(300, columns))
    found = regressor(preset="fast", max_iter=1, bins=said).fit(X, X[:, 0])
    assert {one.parts[0].width for one in found.encoder_.encodings} == {bins}
    assert found._chosen().get("bins", said) == bins  # which `inspect` and the report tell


@pytest.mark.parametrize(("how", "bins"), [(None, 8), ("piecewise", 3)])
def test_only_what_is_in_bins_takes_some_of_them(how, bins, monkeypatch):
    """Words, texts and vectors have none; those entries of a vector that have some count, and all parts of a date."""
    monkeypatch.setattr(presets, "MOST_BINS", 24)
    X = {
        "a": RANDOM.normal(size=300),
        "v": RANDOM.normal(size=(300, 7)),
        **dict.fromkeys("bcdefgh", RANDOM.choice(["x", "y"], 300)),
    }
    found = regressor(preset="fast", max_iter=1, columns={"v": how} if how else None).fit(X, X["a"])
    assert found.encoder_.encodings[0].parts[0].width == found.encoder_.bins == bins
    days = {"day": np.datetime64("2026-01-01") + RANDOM.integers(0, 900, 300) * np.timedelta64(11, "h")}
    parts = regressor(preset="fast", max_iter=1).fit(days, X["a"]).encoder_.encodings[0].numbers
    assert (len(parts), max(one.parts[0].width for one in parts)) == (5, 4)


def test_the_bins_that_are_told_are_those_of_the_rows_that_were_coded():
    """Rows to validate on are none of these."""
    X = RANDOM.normal(size=(1000, 1))
    for numbers in (None, "piecewise"):
        found = regressor(preset="fast", max_iter=1, numbers=numbers, bins=None).fit(
            X[:999], X[:999, 0], X_val=X[:500], y_val=X[:500, 0]
        )
        assert found._chosen()["bins"] == found.encoder_.encodings[0].parts[0].width == 19
