"""Graphs in another runtime give what we give, for every layer, activation, link, loss and encoding."""

import warnings

import numpy as np
import onnxruntime
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule
from chainrule import (
    GLU,
    Activation,
    AlphaDropout,
    BatchNorm,
    Dense,
    Dropout,
    Embedding,
    GaussianNoise,
    LayerNorm,
    MLPClassifier,
    MLPRegressor,
    Network,
    Periodic,
    Pool,
    Predictor,
    Residual,
    RMSNorm,
    SequenceClassifier,
    TableClassifier,
    TableRegressor,
    activations,
    datasets,
    losses,
    to_onnx,
)
from chainrule.errors import InputError, InputTypeError
from chainrule.formats.onnx import functions, network
from chainrule.network import layers
from chainrule.network.activations import ACTIVATIONS
from chainrule.network.losses import LOSSES
from chainrule.tables import encoder, texts
from chainrule.tables.numbers import HOW
from chainrule.tables.texts import Text

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(30, 4)).astype(np.float32)
CLOSE = dict(rtol=1e-5, atol=1e-5)

LAYERS = {
    "Dense": [Dense(5), Dense(3, bias=False)],
    "Activation": [Activation("gelu")],
    "BatchNorm": [Dense(5), BatchNorm(eps=1e-3)],
    "LayerNorm": [LayerNorm()],
    "RMSNorm": [RMSNorm(eps=1e-3)],
    "GLU": [GLU(4, "silu"), GLU(3, bias=False)],
    "Dropout": [Dropout(0.5), Dense(2)],
    "AlphaDropout": [AlphaDropout(0.5), Dense(2)],
    "GaussianNoise": [GaussianNoise(0.5), Dense(2)],
    "Residual": [Residual([Dense(4, "relu")]), Residual([Dense(3), LayerNorm(), Activation("tanh")])],
    "Embedding": [Embedding([3], [5]), Dense(2)],
    "Periodic": [Periodic(2, waves=3, units=2), Dense(2)],
}


def run(model, **inputs):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return dict(zip([one.name for one in session.get_outputs()], session.run(None, inputs), strict=True))


def randomised(net, seed=0):
    """Parameters none of which is 0 or 1, as they begin."""
    parameters, generator = net.init(seed), np.random.default_rng(seed)
    parameters.vector[...] = generator.normal(size=parameters.vector.size) * 0.5
    for name in parameters.names():
        if name.endswith("variance"):
            parameters[name][...] = generator.random(parameters[name].shape) + 0.5
    return parameters


def moved_by_rounding(net, parameters, x):
    """By how much the output moves, at most, when every number that goes in is rounded otherwise; codes are not.

    Norms behind one another enlarge a rounding by as much as they enlarge what they are given, which has no bound.
    """
    exact = net.init(0, np.float64)
    exact.vector[...] = parameters.vector
    output, generator, eps = net.forward(exact, x.astype(np.float64)).output, np.random.default_rng(0), 2.0**-24
    moved = []
    for _ in range(5):
        other = exact.copy()
        other.vector[...] *= 1 + eps * generator.choice([-1, 1], other.vector.size)
        X = np.where(x == np.rint(x), x, x * (1 + eps * generator.choice([-1, 1], x.shape)))
        moved.append(np.abs(net.forward(other, X).output - output).max())
    return max(moved)


def check(layers, x, loss=None, temperature=1.0):
    net = Network(layers, x.shape[1])
    parameters = randomised(net)
    found = run(network.network_model(net, parameters, loss, temperature), x=x)["output"]
    expected = Predictor(net, parameters, losses.get(loss or "squared_error"), temperature)(x)
    # Two runtimes round in every layer, not only at the start: up to 7 times as much was seen.
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5 + 20 * moved_by_rounding(net, parameters, x))


def test_every_member_of_the_house_is_here():
    assert set(network.EMIT) == set(layers.LAYERS)
    assert {*LAYERS, "Pool"} == {kind.__name__ for kind in network.EMIT}
    assert set(functions.EMIT) == set(ACTIVATIONS)
    assert {loss.link for loss in LOSSES.values()} == set(functions.LINKS)


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer(name):
    x = X.copy()
    x[:, 3] = np.arange(30) % 5 - 1  # codes, two of them none
    check(LAYERS[name], x)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.one_in(3)
def test_every_activation(name):
    check([Activation(name)], np.r_[X, [[-30, 30, 0, -0.0]]].astype(np.float32))


@pytest.mark.parametrize("name", LOSSES)
def test_every_link(name):
    check([Dense(2)], X, name, 1.7)


@pytest.mark.parametrize("how", ["mean", "max", "sum"])
def test_every_pool(how):
    net = Network([Dense(5, "tanh"), Pool(how), Dense(2)], 4)
    parameters, lengths = randomised(net), np.array([3, 1, 4, 2, 3, 2])
    x = RANDOM.normal(size=(6, 4, 4)).astype(np.float32)
    found = run(network.network_model(net, parameters), x=x, lengths=lengths)["output"]
    packed = chainrule.pack(x, lengths)
    np.testing.assert_allclose(found, Predictor(net, parameters, losses.get("squared_error"))(packed), **CLOSE)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(sorted(set(LAYERS) - {"Embedding"})), min_size=1, max_size=4))
def test_stacks(names):
    check([layer for name in names for layer in LAYERS[name]], X)


@pytest.mark.parametrize("name", ["own", "relu"])
def test_a_custom_activation_is_refused(name):
    own = activations.custom(name, lambda z: z * z, lambda z: 2 * z)
    net = Network([Dense(2, own)], 4)
    with pytest.raises(InputError, match=f"custom activation '{name}'"):
        network.network_model(net, net.init(0))


def test_what_is_no_estimator_is_refused():
    with pytest.raises(InputTypeError, match="an estimator of chainrule"):
        to_onnx(object())


# Estimators -------------------------------------------------------------------------------------------------


def check_labels(found, expected, values):
    """The labels of all rows whose two largest values are not as good as equal, where a rounding decides."""
    values = np.asarray(values)
    values = np.c_[-values, values] if values.ndim == 1 else values
    *_, second, first = np.c_[np.full(len(values), -np.inf), np.sort(values, axis=1)].T
    clear = first - second > 1e-4
    assert clear.mean() > 0.9
    assert np.ravel(found)[clear].tolist() == expected[clear].tolist()


Y = X[:, 0] - X[:, 1] ** 2
THREE = np.digitize(Y, [-1, 0])


def small(kind, **parameters):
    return kind(**{"hidden_layer_sizes": (6,), "max_iter": 3, "random_state": 0, "norm": "batch"} | parameters)


CLASSIFIERS = {
    "two": (small(MLPClassifier), Y > 0),
    "words": (small(MLPClassifier, dropout=0.1), np.array(["low", "middle", "high"])[THREE]),
    "one": (small(MLPClassifier), np.full(30, 7)),
    "members": (small(MLPClassifier, n_members=3), THREE),
    "calibrated": (small(MLPClassifier, early_stopping=True, calibration=True, validation_fraction=0.3), THREE),
    "float32": (small(MLPClassifier, dtype="float32"), THREE),
    "focal": (small(MLPClassifier, loss="focal"), THREE),
}


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classifiers(name):
    model, y = CLASSIFIERS[name]
    model.fit(X, y)
    found = run(to_onnx(model), X=X)
    check_labels(found["label"], model.predict(X), model.predict_proba(X))
    np.testing.assert_allclose(found["probabilities"], model.predict_proba(X), **CLOSE)


def test_a_row_that_is_missing_is_still_of_the_only_class():
    model, y = CLASSIFIERS["one"]
    assert run(to_onnx(model.fit(X, y)), X=X * np.nan)["label"].tolist() == [7] * 30


def test_labels():
    model = small(MLPClassifier).fit(X, np.c_[Y > 0, X[:, 0] > 0].astype(int))
    found = run(to_onnx(model), X=X)
    p = model.predict_proba(X)
    for label in range(2):
        check_labels(found["label"][:, label], model.predict(X)[:, label], p[:, label] - 0.5)
    np.testing.assert_allclose(found["probabilities"], p, **CLOSE)


@pytest.mark.parametrize(("loss", "y"), [("hinge", Y > 0), ("multiclass_hinge", THREE)])
def test_hinges(loss, y):
    model = small(MLPClassifier, loss=loss).fit(X, y)
    found = run(to_onnx(model), X=X)
    check_labels(found["label"], model.predict(X), model.decision_function(X))
    np.testing.assert_allclose(found["decisions"].squeeze(), model.decision_function(X), **CLOSE)


@pytest.mark.parametrize("members", [1, 2])
@pytest.mark.parametrize("loss", ["squared_error", "poisson", "gaussian", losses.Quantile((0.1, 0.5, 0.9))])
@pytest.mark.parametrize("targets", [1, 2])
def test_regressors(loss, targets, members):
    y = np.abs(np.c_[Y, Y + 1][:, :targets])
    model = small(MLPRegressor, loss=loss, n_members=members).fit(X, y.squeeze())
    found = run(to_onnx(model), X=X)
    if loss == "gaussian":
        mean, deviation = model.predict(X, return_std=True)
        np.testing.assert_allclose(found["deviation"].squeeze(), deviation, **CLOSE)
    else:
        mean = model.predict(X)
    np.testing.assert_allclose(found["prediction"].squeeze(), mean, **CLOSE)


def test_sequences():
    sets = RANDOM.normal(size=(12, 3, 2)).astype(np.float32)
    lengths = np.arange(12) % 3 + 1
    model = SequenceClassifier((5,), max_iter=2, random_state=0).fit(sets, np.arange(12) % 3, lengths)
    found = run(to_onnx(model), X=sets, lengths=lengths)
    np.testing.assert_allclose(found["probabilities"], model.predict_proba(sets, lengths), **CLOSE)


# Tables -----------------------------------------------------------------------------------------------------

ROWS = 400
TABLE = pd.DataFrame(
    {
        "number": np.where(RANDOM.random(ROWS) < 0.1, np.nan, RANDOM.lognormal(size=ROWS)),
        "few": RANDOM.integers(0, 3, ROWS),
        "word": RANDOM.choice(["a", "b", None], ROWS),
        "truth": RANDOM.random(ROWS) < 0.5,
        "day": pd.date_range("1999-12-25 07:30", periods=ROWS, freq="73h"),
        "town": [f"town {k}" for k in RANDOM.integers(0, 120, ROWS)],
        "label": RANDOM.normal(size=ROWS),
    }
)


def feeds(model, table):
    """A frame as the inputs of a graph."""
    found = {}
    for encoding in model.encoder_.encodings:
        column = table[encoding.name]
        if encoding.kind == "number":
            values = column.to_numpy(np.float64)
        elif encoding.kind == "date":
            values = (column - pd.Timestamp("1970-01-01")) / pd.Timedelta(days=1)
        else:
            values = np.array(["" if pd.isna(v) else str(v) for v in column], object)
        found[encoding.name] = np.asarray(values).reshape(-1, 1)
    return found


STRANGE = TABLE.assign(
    number=np.where(np.arange(ROWS) % 2, 1e9, np.nan),
    word=np.where(np.arange(ROWS) % 2, "never seen", None),
    town="nowhere",
    day=pd.date_range("1960-01-01", periods=ROWS, freq="91D"),
)


@pytest.mark.parametrize("numbers", HOW)
@pytest.mark.parametrize("table", [TABLE, STRANGE], ids=["known", "strange"])
def test_tables(numbers, table):
    y = np.array(["x", "y", "z"])[np.arange(ROWS) % 3]
    model = TableClassifier(preset="fast", max_iter=2, numbers=numbers, columns={"few": "category"}, random_state=0)
    model.fit(TABLE, y)
    found = run(to_onnx(model), **feeds(model, table))
    p = model.predict_proba(table)
    np.testing.assert_allclose(found["probabilities"], p, **CLOSE)
    check_labels(found["label_"] if "label_" in found else found["label"], model.predict(table), p)


@pytest.mark.parametrize("many", [2, 1000], ids=["embedding", "indicators"])
def test_days_as_levels(many, monkeypatch):
    """Known and unknown ones, before 1970, and a time that is missing."""
    monkeypatch.setattr(encoder, "INDICATORS", many)
    monkeypatch.setattr(encoder, "ROWS_OF_A_DAY", 5)
    honest = encoder.fit
    monkeypatch.setattr(encoder, "fit", lambda columns, *a: encoder.with_days(honest(columns, *a), columns))
    days = pd.Series(pd.date_range("1969-12-01 07:30", periods=60, freq="D").to_numpy()[np.arange(ROWS) % 60])
    table = TABLE[["number"]].assign(day=days.where(np.arange(ROWS) % 9 != 0))
    model = TableRegressor(preset="fast", max_iter=2, random_state=0).fit(table, np.arange(ROWS) % 60)
    days_of = model.encoder_.encodings[1].days
    assert 40 < len(days_of.levels) < 60 and days_of.rare and days_of.absent
    for later in (0, 40):
        rows = table.assign(day=table["day"] + pd.Timedelta(days=later))
        found = run(to_onnx(model), **feeds(model, rows))["prediction"]
        np.testing.assert_allclose(found[:, 0], model.predict(rows), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("log", [False, True])
def test_tables_of_numbers(log):
    y = 100 * np.exp(TABLE["label"])
    model = TableRegressor(max_iter=2, n_members=2, log_target=log, random_state=0).fit(TABLE, y)
    found = run(to_onnx(model), **feeds(model, STRANGE))["prediction"]
    np.testing.assert_allclose(found[:, 0], model.predict(STRANGE), rtol=1e-5, atol=1e-5 * y.std())


SAID = ["good", "a bad", "GOOD,", "so so", "not", "thing.", "Bad", "of it!", "NA"]
TEXTS = [" ".join(RANDOM.choice(SAID, 1 + k % 7)) for k in range(ROWS)]


@pytest.mark.parametrize("absent", [False, True])
def test_texts(absent):
    y = np.array(["x", "y"])[np.arange(ROWS) % 2]
    said = [None if absent and k % 9 == 0 else text for k, text in enumerate(TEXTS)]
    table = pd.DataFrame({"number": RANDOM.normal(size=ROWS), "said": said})
    model = TableClassifier(preset="fast", max_iter=2, columns={"said": "text"}, random_state=0).fit(table, y)
    given = [
        "good bad",
        "",
        "NA",
        "none",
        "none good",
        "  ",
        None,
        "good  bad",
        "good\nbad",
        "so\tso",
        "...",
        "Good; GOOD (bad) ba",
        "\n",
    ]
    for strange in (given, given[-2:], [None], ["not"], [" ".join(SAID * 9)]):
        rows = pd.DataFrame({"number": 0.5, "said": strange})
        found = run(to_onnx(model), **feeds(model, rows))
        np.testing.assert_allclose(found["probabilities"], model.predict_proba(rows), **CLOSE)
    found = run(to_onnx(model), **feeds(model, table))
    np.testing.assert_allclose(found["probabilities"], model.predict_proba(table), **CLOSE)


@pytest.mark.parametrize("terms", [("good", "a bad"), ("good",), ("a bad",), ()])
def test_a_vocabulary_may_lack_words_or_pairs(terms):
    table = pd.DataFrame({"number": RANDOM.normal(size=ROWS), "said": [*TEXTS[:-1], None]})
    model = TableClassifier(preset="fast", max_iter=1, columns={"said": "text"}, random_state=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(texts, "encode", lambda name, column, where: Text(name, terms, 1, absent=True))
        model.fit(table, np.arange(ROWS) % 2)
    found = run(to_onnx(model), **feeds(model, table))
    np.testing.assert_allclose(found["probabilities"], model.predict_proba(table), **CLOSE)


def test_adult_with_missing_and_unknown_categories():
    adult = datasets.load_adult()
    rows = pd.DataFrame(adult.columns).replace("?", None)
    model = TableClassifier(preset="fast", max_iter=1, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(rows[adult.train], adult.target[adult.train])
    test = rows[adult.test].assign(**{"native-country": "Atlantis"})
    found = run(to_onnx(model), **feeds(model, test))
    np.testing.assert_allclose(found["probabilities"], model.predict_proba(test), **CLOSE)
    assert test["workclass"].isna().any()


def test_every_spelling_and_missing_word_is_what_prediction_takes_it_for():
    y = np.where(TABLE["truth"], "x", "y")
    model = TableClassifier(preset="fast", max_iter=2, columns={"few": "category"}, missing={"": ["b"]}, random_state=0)
    model.fit(TABLE[["few", "word", "truth"]].rename(columns={"word": ""}), y)
    graph = to_onnx(model)
    texts = {
        "few": ["0", "1.0", "2", "NA", "", "7", "None", "1"],
        "": ["a", "b", "NA", "", "A", "?", "a", "none"],
        "truth": ["true", "FALSE", "1", "0.0", "yes", "NA", "", "T"],
    }
    expected = model.predict_proba(pd.DataFrame(texts))
    names = [given.name for given in graph.graph.input]
    assert names == ["few", "_", "truth"]
    given = {name: np.array(values, object).reshape(-1, 1) for name, values in zip(names, texts.values(), strict=True)}
    np.testing.assert_allclose(run(graph, **given)["probabilities"], expected, **CLOSE)
