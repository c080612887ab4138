"""Saved, loaded in this process and in a fresh one: the same bits, the same attributes; and what is refused."""

import pickle
import subprocess
import sys
from dataclasses import replace

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

import chainrule
from chainrule import (
    Checkpoints,
    Dense,
    MLPClassifier,
    MLPRegressor,
    SequenceClassifier,
    SequenceRegressor,
    TableClassifier,
    TableRegressor,
    activations,
    averaging,
    losses,
    optimisers,
    schedules,
)
from chainrule.errors import InputError, ModelFileError
from chainrule.formats import model_file
from chainrule.models.document import KINDS
from chainrule.network.initialisers import Normal, Orthogonal
from chainrule.network.layers import Residual
from chainrule.network.layers.norms import BatchNorm, LayerNorm

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(60, 3))
Y = X[:, 0] - X[:, 1] ** 2
THREE = np.digitize(Y, [-1, 0])
TABLE = pd.DataFrame(
    {
        "number": np.where(Y > 1, np.nan, X[:, 0]),
        "whole": np.arange(60) % 4,
        "word": np.array(["a", "b", None], object)[THREE],
        "day": pd.date_range("2026-01-01", periods=60, freq="7h"),
        "truth": X[:, 2] > 0,
        "same": 1,
    }
)
SETS = [X[at : at + 1 + at % 4] for at in range(40)]


def small(kind, **parameters):
    return kind(**{"hidden_layer_sizes": (5,), "max_iter": 3, "random_state": 0} | parameters)


#: name -> (estimator, X, y, what is asked of it besides predict)
CASES = {
    "two classes": (small(MLPClassifier), X, Y > 0, "predict_proba"),
    "three classes": (small(MLPClassifier), X, THREE, "predict_proba"),
    "one class": (small(MLPClassifier), X, np.zeros(60, int), "predict_proba"),
    "labels": (small(MLPClassifier), X, np.c_[Y > 0, X[:, 0] > 0].astype(int), "predict_proba"),
    "texts": (small(MLPClassifier), X, np.array(["low", "middle", "high"])[THREE], "predict_proba"),
    "objects": (small(MLPClassifier), X, np.array(["low", "middle", "high"], object)[THREE], "predict_proba"),
    "float classes": (small(MLPClassifier), X, THREE.astype(float), "predict_proba"),
    "short classes": (small(MLPClassifier), X, THREE.astype(np.int8), "predict_proba"),
    "hinge": (small(MLPClassifier, loss="hinge"), X, THREE, "decision_function"),
    "focal, weights": (
        small(MLPClassifier, loss=losses.Focal(1.0), class_weight={0: 2.0, 2: 0.5}), X, THREE, "predict_proba",
    ),
    "smoothed": (small(MLPClassifier, label_smoothing=0.1, mixup=0.2), X, THREE, "predict_proba"),
    "calibrated": (small(MLPClassifier, early_stopping=True, calibration=True), X, THREE, "predict_proba"),
    "numbers": (small(MLPRegressor), X, Y, None),
    "two targets": (small(MLPRegressor), X, np.c_[Y, X], None),
    "lbfgs": (small(MLPRegressor, solver="lbfgs"), X, Y, None),
    "intervals": (small(MLPRegressor, early_stopping=True, calibration=True, validation_fraction=0.5), X, Y,
                  "predict_interval"),
    "quantiles": (small(MLPRegressor, loss=losses.Quantile((0.05, 0.95))), X, Y, "predict_interval"),
    "gaussian": (small(MLPRegressor, loss="gaussian"), X, np.c_[Y, Y], "predict_interval"),
    "poisson": (small(MLPRegressor, loss="poisson"), X, np.abs(Y), None),
    "float32": (small(MLPRegressor, dtype=np.float32), X, Y, None),
    "members": (small(MLPRegressor, n_members=3, dropout=0.1), X, Y, None),
    "members, classes": (small(MLPClassifier, n_members=2, early_stopping=True, calibration=True), X, THREE,
                         "predict_proba"),
    "batch norm": (small(MLPRegressor, norm="batch", residual=True), X, Y, None),
    "layers": (
        small(MLPRegressor, layers=[Dense(4, "gelu", init=Normal(0.1)), BatchNorm(), Residual([LayerNorm()])]),
        X, Y, None,
    ),
    "configured": (
        small(
            MLPRegressor, solver=optimisers.Muon(), learning_rate=schedules.WarmUp(3, schedules.Cosine(steps=9)),
            averaging=averaging.EMA(0.9), init=Orthogonal(), clip_norm=1.0, rate_factors={"bias": 2.0},
            n_iter_no_change=np.inf, activation=["tanh"], hidden_layer_sizes=np.array([4]),
        ), X, Y, None,
    ),
    "scored": (small(MLPRegressor, early_stopping=True, scoring="neg_max_error", score_training=True), X, Y, None),
    "sets, classes": (small(SequenceClassifier, pool="max", head_layer_sizes=(3,)), SETS, THREE[:40], "predict_proba"),
    "sets, numbers": (small(SequenceRegressor, pool="sum", n_members=2), SETS, Y[:40], None),
}  # fmt: skip

TABLES = {
    "table, classes": (TableClassifier(preset="fast", max_iter=2, class_weight="balanced"), TABLE, np.array(
        ["low", "middle", "high"])[THREE], "predict_proba"),
    "table, numbers": (TableRegressor(max_iter=2, n_members=2, columns={"whole": "category"}), TABLE, Y,
                       "attributions"),
    "table, other numbers": (TableRegressor(max_iter=2, numbers="robust", log_target=True), TABLE, np.exp(Y), None),
    "table, array": (TableRegressor(max_iter=2, numbers="quantile"), X, np.c_[Y, Y], None),
}  # fmt: skip
ALL = CASES | TABLES


def fitted(case):
    model, X, y, _ = ALL[case]
    return clone(model).set_params(random_state=0).fit(X, y)


def asked(case, model):
    _, X, _, method = ALL[case]
    return [model.predict(X), *([getattr(model, method)(X)] if method else [])]


def same(one, other):
    assert type(one) is type(other)
    if isinstance(one, np.ndarray):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    elif isinstance(one, (list, tuple)):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            same(a, b)
    else:
        assert repr(one) == repr(other)  # NaN is NaN


LEARNED = (
    "n_iter_", "t_", "loss_", "best_loss_", "loss_curve_", "history_", "validation_scores_", "best_validation_score_",
    "n_features_in_", "n_layers_", "n_outputs_", "out_activation_", "coefs_", "intercepts_", "network_",
)  # fmt: skip


@pytest.mark.parametrize("case", CASES)
@pytest.mark.one_in(3)
def test_a_loaded_estimator_is_the_one_that_was_saved(case, tmp_path):
    model = fitted(case)
    model.save(tmp_path / "m")
    again = chainrule.load(tmp_path / "m")
    same(asked(case, again), asked(case, model))
    assert set(vars(again)) == set(vars(model))
    for name in LEARNED:
        same(getattr(again, name), getattr(model, name))
    if "classes_" in vars(model):
        same(again.classes_, model.classes_)
        assert again.temperature_ == model.temperature_
    again.save(tmp_path / "again")
    first, second = (model_file.read(tmp_path / name) for name in ("m", "again"))
    assert first.model["content"] == second.model["content"]
    clone(again).fit(*CASES[case][1:3])


@pytest.mark.parametrize("case", TABLES)
def test_a_loaded_table_estimator_is_the_one_that_was_saved(case, tmp_path):
    model = fitted(case)
    model.save(tmp_path / "m")
    again = chainrule.load(tmp_path / "m")
    same(asked(case, again), asked(case, model))
    assert set(vars(again)) == set(vars(model))
    assert (again.encoder_, again.get_params()) == (model.encoder_, model.get_params())
    for name in ("n_features_in_", "n_iter_", "history_", "target_name_", "network_"):
        same(getattr(again, name), getattr(model, name))
    clone(again).fit(*ALL[case][1:3])


@pytest.mark.parametrize("case", [case for case in CASES if case != "lbfgs"])
def test_training_goes_on_from_the_loaded_weights(case, tmp_path):
    model = fitted(case).set_params(early_stopping=False, calibration=False, scoring=None, score_training=False)
    model.save(tmp_path / "m")
    again, before = chainrule.load(tmp_path / "m"), len(model.history_)
    weights = again.parameters_.vector.copy()
    again.partial_fit(*CASES[case][1:3])
    assert len(again.history_) == before + 1
    assert 0 < np.abs(again.parameters_.vector - weights).max() < 0.5
    again.set_params(warm_start=True).fit(*CASES[case][1:3])


def test_the_draws_of_a_prediction_are_the_same(tmp_path):
    model = small(MLPRegressor, dropout=0.5).fit(X, Y)
    model.save(tmp_path / "m")
    same(chainrule.load(tmp_path / "m").predict(X, True, 9), model.predict(X, True, 9))


def test_every_kind_that_can_be_loaded_is_tested():
    assert {type(model).__name__ for model, *_ in ALL.values()} == set(KINDS)


def test_a_fresh_process_predicts_the_same_bits(tmp_path):
    names = ["three classes", "intervals", "members", "sets, classes", "table, classes", "table, numbers"]
    for place, case in enumerate(names):
        fitted(case).save(tmp_path / f"{place}.model")
    (tmp_path / "X").write_bytes(pickle.dumps([ALL[case][1] for case in names]))
    code = """
import pickle, sys, chainrule
for place, X in enumerate(pickle.load(open("X", "rb"))):
    print(chainrule.load(f"{place}.model").predict(X).tobytes().hex())
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert run.stdout.split() == [fitted(case).predict(ALL[case][1]).tobytes().hex() for case in names]


def test_a_file_is_read_without_scikit_learn(tmp_path):
    fitted("numbers").save(tmp_path / "m")
    code = """
import sys, chainrule
from chainrule.formats import model_file
listing = model_file.inspect("m")
print(listing.model["estimator"], listing.tensors["parameters.0.W"].shape)
print(model_file.read("m").arrays["parameters.1.b"].shape)
print({"sklearn", "numba", "scipy"} & set(sys.modules))
try:
    chainrule.load("none")
except ValueError:
    print({"sklearn", "numba", "scipy.stats"} & set(sys.modules))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert run.stdout.split("\n") == ["MLPRegressor (5, 3)", "(1,)", "set()", "set()", ""]


def test_names_of_features_stay(tmp_path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=["a", "b", "ü"])
    model = small(MLPRegressor).fit(frame, Y)
    model.save(tmp_path / "m")
    again = chainrule.load(tmp_path / "m")
    same(again.feature_names_in_, model.feature_names_in_)
    with pytest.raises(ValueError, match="feature names"):
        again.predict(frame[["b", "a", "ü"]])


def test_nothing_is_overwritten_unless_asked(tmp_path):
    model = fitted("numbers")
    model.save(tmp_path / "m")
    before = (tmp_path / "m").read_bytes()
    with pytest.raises(InputError, match="a name that is free"):
        model.save(tmp_path / "m")
    assert (tmp_path / "m").read_bytes() == before
    fitted("two classes").save(tmp_path / "m", overwrite=True)
    assert isinstance(chainrule.load(tmp_path / "m"), MLPClassifier)
    with pytest.raises(InputError, match="a folder that is there"):
        model.save(tmp_path / "none" / "m")
    assert [file.name for file in tmp_path.iterdir()] == ["m"]


def test_what_is_of_one_fit_only_is_left_out_and_listed(tmp_path):
    model = small(
        MLPRegressor, callbacks=[lambda record: None], checkpoints=Checkpoints(tmp_path / "run"),
        validation_split=TimeSeriesSplit(2), random_state=np.random.RandomState(0),
        scoring=lambda estimator, X, y: 1.0, learning_rate=schedules.OfStep(lambda step: 0.5),
    ).fit(X, Y)  # fmt: skip
    model.save(tmp_path / "m")
    left = ["callbacks", "checkpoints", "learning_rate", "random_state", "scoring", "validation_split"]
    assert sorted(model_file.inspect(tmp_path / "m").model["content"]["left_out"]) == left
    again = chainrule.load(tmp_path / "m")
    same(again.predict(X), model.predict(X))
    assert {name: again.get_params()[name] for name in left} == {
        name: MLPRegressor().get_params()[name] for name in left
    }


@pytest.mark.parametrize(
    "parameters",
    [
        {"activation": activations.custom("own", lambda z: z, lambda z: 1.0)},
        {"layers": [Dense(3, activations.custom("own", lambda z: z, lambda z: 1.0))]},
        {"loss": losses.custom("own", lambda z, y: (0.5 * (z - y) ** 2, z - y))},
    ],
    ids=lambda parameters: next(iter(parameters)),
)
def test_code_in_the_network_is_refused(parameters, tmp_path, numpy_kernels):
    model = small(MLPRegressor, **parameters).fit(X, Y)
    with pytest.raises(InputError, match="custom|data"):
        model.save(tmp_path / "m")
    assert not list(tmp_path.iterdir())


class Own(MLPRegressor):
    """A class that no file can name."""


def test_an_estimator_that_could_not_be_loaded_is_not_saved(tmp_path):
    with pytest.raises(InputError, match="class of your own"):
        small(Own).fit(X, Y).save(tmp_path / "m")
    with pytest.raises(NotFittedError):
        MLPRegressor().save(tmp_path / "m")
    with pytest.raises(ValueError, match="alpha"):
        fitted("numbers").set_params(alpha=-1).save(tmp_path / "m")
    broken = fitted("numbers")
    broken.coefs_[0][0, 0] = np.nan
    with pytest.raises(InputError, match="finite"):
        broken.save(tmp_path / "m")
    mixed = fitted("objects")
    object.__setattr__(mixed.model_.answer, "classes", np.array([1, "a", "b"], object))
    with pytest.raises(InputError, match="classes_"):
        mixed.save(tmp_path / "m")


def changed(document, at, value):
    """A copy in which another value stands at this path of the model, or of `arrays`."""
    if at[0] == "arrays":
        arrays = dict(document.arrays)
        arrays.pop(at[1], None)
        return document._replace(arrays=arrays if value is None else {**arrays, at[1]: value})

    def inside(data, rest):
        if not rest:
            return value
        copy = dict(data) if isinstance(data, dict) else list(data)
        copy[rest[0]] = inside(copy.get(rest[0]) if isinstance(copy, dict) else copy[rest[0]], rest[1:])
        return copy

    return document._replace(model=inside(document.model, at))


NETWORK = ("content", "network")


@pytest.mark.parametrize(
    ("at", "value", "said"),
    [
        (("estimator",), "MLPClasifier", "Did you mean 'MLPClassifier'"),
        (("estimator",), "os.system", "one of"),
        (("extra",), 1, "extra"),
        (("content", "lose"), 1, "lose"),
        (("content", "loss"), {"type": "SquaredError"}, "a loss for classes"),
        (("content", "loss"), {"type": "CrossEntropy", "smothing": 0.1}, "Did you mean 'smoothing'"),
        (("content", "temperature"), -1, "temperature"),
        (("content", "temperature"), "1", "temperature"),
        ((*NETWORK, "layers", 0, "type"), "Dens", "Did you mean 'Dense'"),
        ((*NETWORK, "layers", 0, "units"), 6, "shape"),
        ((*NETWORK, "layers", 0, "units"), 10**30, "shape"),
        ((*NETWORK, "layers", 0, "units"), True, "int"),
        ((*NETWORK, "layers", 0, "activation"), "evil", "evil"),
        ((*NETWORK, "layers", 0), {"type": "Adam"}, "Adam"),
        ((*NETWORK, "layers"), [], "at least one layer"),
        ((*NETWORK, "layers", 0), {"type": "Pool", "how": "max"}, "shape|arrays"),
        ((*NETWORK, "inputs"), 0, "inputs"),
        ((*NETWORK, "members"), 2, "shape"),
        (("content", "parameters", "alpha"), -1, "alpha"),
        (("content", "parameters", "alhpa"), 1, "Did you mean 'alpha'"),
        (("content", "parameters", "solver"), {"type": "Dense", "units": 3}, "solver"),
        (("content", "parameters", "hidden_layer_sizes"), {"type": "dict", "items": [[[], 1]]}, "hidden|content"),
        (("content", "classes", "values"), [0, 1], "classes for 3"),
        (("content", "classes", "values"), [2, 1, 0], "ascending"),
        (("content", "classes", "values"), [0, 1, 1], "ascending"),
        (("content", "classes", "dtype"), "U99999999", "values of type"),
        (("content", "classes", "dtype"), "V8", "numbers"),
        (("content", "features"), ["a"], "3 names"),
        (("content", "streams", "shuffle"), {"bit_generator": "PCG64"}, "content"),
        (("content", "streams", "dropout"), 2**40, "32 bits"),
        (("content", "history", "loss"), [1.0], "one length"),
        ((*NETWORK, "layers"), [{"type": "LayerNorm"}] * 20_000, "at most 10000 layers"),
        (("estimator",), "x" * 2**22, "one of"),
        (("estimator",), "MLPRegressor", "a loss for numbers"),
        (("content", "history", "loss"), ["x"] * 3, "numbers"),
        (("content", "learned", "n_iter_"), "3", "numbers"),
        (("content", "left_out"), ["callback"], "Did you mean 'callbacks'"),
        (("arrays", "parameters.0.W"), None, "parameters.0.W"),
        (("arrays", "parameters.0.W"), np.zeros((5, 4)), "shape"),
        (("arrays", "parameters.0.W"), np.zeros((5, 3), np.float32), "one of them"),
        (("arrays", "parameters.9.W"), np.zeros((5, 3)), "parameters.9.W"),
        (("arrays", "margins.weights"), np.zeros((5, 3)), "margins.weights"),
    ],
)
def test_what_no_model_can_be_is_refused(at, value, said, tmp_path):
    fitted("three classes").save(tmp_path / "m")
    document = changed(model_file.read(tmp_path / "m"), at, value)
    model_file.write(tmp_path / "m", document, overwrite=True)
    with pytest.raises(ModelFileError, match=said):
        chainrule.load(tmp_path / "m")


def test_a_negative_variance_is_refused(tmp_path):
    fitted("batch norm").save(tmp_path / "m")
    document = model_file.read(tmp_path / "m")
    name = next(name for name in document.arrays if name.endswith("variance"))
    worse = changed(document, ("arrays", name), -document.arrays[name])
    model_file.write(tmp_path / "m", worse, overwrite=True)
    with pytest.raises(ModelFileError, match="variances, at least 0"):
        chainrule.load(tmp_path / "m")


@pytest.mark.parametrize(
    "case", ["three classes", *(pytest.param(case, marks=pytest.mark.slow) for case in ("numbers", "sets, classes"))]
)
@pytest.mark.one_in(3)
def test_estimators_go_through_joblib_in_two_processes(case):
    model, X, y, _ = CASES[case]
    if not case.startswith("sets"):
        search = GridSearchCV(model, {"dropout": [0.0, 0.2]}, cv=2, n_jobs=2).fit(X, y)
        assert search.best_estimator_.predict(X).shape == (60,)
    found = joblib.Parallel(n_jobs=2)(joblib.delayed(clone(model).fit)(X, y) for _ in range(2))
    same(found[0].predict(X), clone(model).fit(X, y).predict(X))


def test_a_file_is_little_larger_than_the_parameters(tmp_path):
    wide = GENERATOR.normal(size=(2000, 100))
    model = MLPClassifier((64,), dtype="float32", max_iter=3).fit(wide, wide[:, 0] > 0)
    model.predict(wide)
    model.save(tmp_path / "m")
    assert (tmp_path / "m").stat().st_size < model.parameters_.vector.nbytes + 8_000


def test_margins_of_each_target_ascend(tmp_path):
    y = np.column_stack([Y, 3 - Y])
    model = small(MLPRegressor).fit(X, y).calibrate(X, y)
    model.save(tmp_path / "m")
    for found, expected in zip(
        chainrule.load(tmp_path / "m").predict_interval(X), model.predict_interval(X), strict=True
    ):
        same(found, expected)
    document = model_file.read(tmp_path / "m")
    for name in ("margins.distances", "margins.weights"):
        turned = changed(document, ("arrays", name), document.arrays[name][::-1])
        model_file.write(tmp_path / "m", turned, overwrite=True)
        with pytest.raises(ModelFileError, match=f"{name}.*ascending"):
            chainrule.load(tmp_path / "m")


def test_limits_can_be_narrowed(tmp_path):
    fitted("numbers").save(tmp_path / "m")
    with pytest.raises(ModelFileError, match="at most 100 bytes"):
        chainrule.load(tmp_path / "m", replace(model_file.LIMITS, file_bytes=100))


@pytest.mark.parametrize("kind", [MLPClassifier, SequenceClassifier, TableClassifier], ids=lambda kind: kind.__name__)
def test_what_depends_on_the_loss_goes_by_the_model_and_not_by_a_parameter(kind, tmp_path):
    """A model that was saved alone comes without the parameters of its estimator."""
    rows = {MLPClassifier: X[:40], SequenceClassifier: SETS, TableClassifier: TABLE[:40]}[kind]
    fitted = small(kind, loss="hinge").fit(rows, Y[:40] > 0)
    fitted.model_.save(tmp_path / "model")
    loaded = chainrule.load(tmp_path / "model")
    assert not hasattr(loaded, "predict_proba") and not hasattr(loaded, "predict_log_proba")
    np.testing.assert_array_equal(loaded.decision_function(rows), fitted.decision_function(rows))
    assert hasattr(fitted.set_params(loss="auto"), "decision_function")
    assert not hasattr(clone(fitted), "decision_function")


@pytest.mark.parametrize("kind", [MLPRegressor, TableRegressor], ids=lambda kind: kind.__name__)
def test_a_model_saved_alone_is_calibrated_by_its_own_loss(kind, tmp_path):
    rows = X if kind is MLPRegressor else TABLE
    fitted = small(kind, loss="gaussian").fit(rows, Y)
    fitted.model_.save(tmp_path / "model")
    loaded = chainrule.load(tmp_path / "model").calibrate(rows, Y)
    np.testing.assert_array_equal(loaded.predict_interval(rows), fitted.calibrate(rows, Y).predict_interval(rows))


def test_a_table_s_model_saved_alone_knows_its_logarithm(tmp_path):
    fitted = small(TableRegressor, log_target=True).fit(TABLE, np.exp(Y))
    fitted.model_.save(tmp_path / "model")
    loaded = chainrule.load(tmp_path / "model")
    with pytest.raises(InputError, match="targets above 0"):
        loaded.calibrate(TABLE, Y)
    assert loaded.importances(TABLE, np.exp(Y)) == fitted.importances(TABLE, np.exp(Y))


def test_labels_are_no_classes_whatever_their_number():
    model = small(MLPClassifier).fit(X, THREE)
    with pytest.raises(InputError, match="received labels, 3 outputs"):
        model.calibrate(X, np.eye(3, dtype=int)[THREE] | [1, 0, 0])
