"""`monotone=` of the table estimators: predictions never fall or never rise with a column, wherever they are asked."""

import json
import warnings

import numpy as np
import onnxruntime
import pandas as pd
import pytest

import chainrule
from chainrule import Model, TableClassifier, TableRegressor, to_onnx
from chainrule.errors import InputError, InputTypeError, ModelFileError
from chainrule.tables.numbers import HOW

RANDOM = np.random.default_rng(0)
ROWS = 400
DIRECTIONS = {"up": 1, "down": -1}
TABLE = pd.DataFrame({
    "up": np.where(RANDOM.random(ROWS) < 0.1, np.nan, RANDOM.lognormal(size=ROWS)),
    "down": RANDOM.normal(size=ROWS),
    "other": RANDOM.normal(size=ROWS),
    "word": RANDOM.choice(["a", "b", "c"], ROWS),
    "one": 1.0,
})  # fmt: skip
#: It goes the other way in both columns, and up and down in the other.
Z = np.sin(3 * TABLE["other"]) - np.log(TABLE["up"].fillna(1.0)) + TABLE["down"] + (TABLE["word"] == "a")
Y = {TableClassifier: np.where(Z.median() < Z, "yes", "no"), TableRegressor: Z.to_numpy()}
BOTH = pytest.mark.parametrize("Kind", [TableClassifier, TableRegressor], ids=lambda kind: kind.__name__)


def fitted(Kind, monotone=DIRECTIONS, rows=slice(None), **said):
    said = {"preset": "fast", "max_iter": 4, "random_state": 0, "monotone": monotone, **said}
    return Kind(**said).fit(TABLE[rows], Y[Kind][rows])


def answers(model):
    """The function whose values never fall, in float64, which tells neighbours of float32 apart."""
    if isinstance(model, TableClassifier):
        return lambda X: model.predict_proba(X)[:, 1].astype(float)
    return lambda X: model.predict(X).astype(float)


def pairs(count, seed=0):
    """Of each column with a direction, rows that differ in it alone, far apart, near and beyond what fit saw."""
    random = np.random.default_rng(seed)
    for name, sign in DIRECTIONS.items():
        low = TABLE.iloc[random.integers(ROWS, size=count)].reset_index(drop=True)
        seen, high = TABLE[name].dropna(), low.copy()
        span = seen.max() - seen.min()
        low[name] = random.uniform(seen.min() - span, seen.max() + span, count)
        high[name] = low[name] + span * 10 ** random.uniform(-8, 0, count)
        yield name, sign, low, high


def wrong(ask, count, seed=0, by=0.0):
    """How many of `count` pairs go against their direction, by more than so much of their size."""
    against = 0
    for _, sign, low, high in pairs(count // len(DIRECTIONS), seed):
        below, above = ask(low), ask(high)
        against += int((sign * (above - below) < -by * np.maximum(abs(below), abs(above))).sum())
    return against


def session(model):
    """The model's graph in another runtime, as a function like that of `answers`."""
    run = onnxruntime.InferenceSession(to_onnx(model).SerializeToString(), providers=["CPUExecutionProvider"])
    output = run.get_outputs()[-1].name

    def ask(X):
        types = {"tensor(string)": str, "tensor(double)": np.float64, "tensor(float)": np.float32}
        given = {one.name: X[[one.name]].to_numpy().astype(types[one.type]) for one in run.get_inputs()}
        found = run.run([output], given)[0].astype(float)
        return found[:, -1] if found.ndim > 1 else found

    return ask


@BOTH
def test_of_100_000_probes_none_goes_against_its_direction(Kind, tmp_path):
    model = fitted(Kind, max_iter=10)
    assert wrong(answers(model), 100_000) == 0
    model.save(tmp_path / "model")
    assert wrong(answers(chainrule.load(tmp_path / "model")), 100_000, seed=1) == 0
    # Another runtime's products and exponentials are not monotone to the last bit of float32.
    assert wrong(session(model), 100_000, seed=2, by=1e-6) == 0


@BOTH
def test_without_directions_many_do(Kind):
    assert wrong(answers(fitted(Kind, None, max_iter=10)), 10_000) > 3_000


@BOTH
@pytest.mark.parametrize("numbers", sorted(HOW))
def test_however_numbers_are_encoded(Kind, numbers):
    assert wrong(answers(fitted(Kind, numbers=numbers)), 10_000) == 0


WAYS = {
    "members": {"n_members": 3},
    "folds": {"n_folds": 2, "calibration": True, "max_iter": 20},
    "dropout and another function": {"dropout": 0.2, "activation": "leaky_relu"},
    "narrow": {"hidden_layer_sizes": (1, 2)},
    "without hidden layers of more than one unit": {"hidden_layer_sizes": (1,)},
    "decay": {"weight_decay": 0.5, "learning_rate_init": 0.1},
}


@BOTH
@pytest.mark.parametrize("way", WAYS)
def test_in_whatever_way_it_is_fitted(Kind, way):
    assert wrong(answers(fitted(Kind, **WAYS[way])), 10_000) == 0


def test_of_other_losses_and_targets():
    for said in ({"loss": "absolute_error"}, {"loss": "huber"}):
        assert wrong(answers(fitted(TableRegressor, **said)), 5_000) == 0
    for said in ({"log_target": True}, {"loss": "poisson"}):
        model = TableRegressor(preset="fast", max_iter=3, random_state=0, monotone=DIRECTIONS, **said)
        assert wrong(answers(model.fit(TABLE, np.exp(Z))), 5_000) == 0
    assert wrong(answers(fitted(TableClassifier, loss="focal")), 5_000) == 0


@BOTH
def test_networks_that_differ(Kind):
    """Each reads columns in its own way; the mean of what never falls does not fall."""
    random, rows = np.random.default_rng(1), 1500
    numbers = {name: random.normal(size=rows) for name in ("down", "other")}
    X = pd.DataFrame({"up": random.lognormal(size=rows), **numbers, "word": "a", "one": 1.0})
    z = np.sin(3 * X["other"]) - np.log(X["up"]) + X["down"] + random.normal(size=rows)
    y = z if Kind is TableRegressor else np.where(z > 0, "yes", "no")
    model = Kind(max_iter=2, random_state=0, n_folds=1, monotone=DIRECTIONS).fit(X, y)
    assert len(model.model_.kinds()) > 1
    assert wrong(answers(model), 10_000) == 0


@BOTH
def test_as_training_goes_on(Kind, tmp_path):
    model = Kind(preset="fast", random_state=0, monotone=DIRECTIONS)
    more = {"classes": ["no", "yes"]} if Kind is TableClassifier else {}
    for _ in range(3):
        model.partial_fit(TABLE, Y[Kind], **more)
        assert wrong(answers(model), 5_000) == 0
    model.save(tmp_path / "model")
    again = chainrule.load(tmp_path / "model").partial_fit(TABLE, Y[Kind])
    assert wrong(answers(again), 5_000) == 0
    warm = fitted(Kind, warm_start=True)
    assert wrong(answers(warm.fit(TABLE, Y[Kind])), 5_000) == 0
    with pytest.raises(InputError, match=r"monotone=.*as before"):
        warm.set_params(monotone={"up": 1}).fit(TABLE, Y[Kind])


def test_a_missing_value_is_free():
    """Of what it does nothing is promised, and it is told apart from the median."""
    model = fitted(TableRegressor, max_iter=20)
    gap, median = TABLE[:50].assign(up=np.nan), TABLE[:50].assign(up=TABLE["up"].median())
    assert not np.allclose(model.predict(gap), model.predict(median))


def test_a_column_that_is_left_out_keeps_any_direction():
    model = fitted(TableRegressor, {"one": -1, "up": 1})
    assert model.encoder_.monotone == (("up", 1),)


def test_a_model_tells_its_directions(tmp_path):
    model = fitted(TableRegressor)
    model.save(tmp_path / "model")
    assert Model.load(tmp_path / "model").input.encoder.monotone == (("up", 1), ("down", -1))
    assert chainrule.load(tmp_path / "model").monotone == DIRECTIONS
    chainrule.report(model, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "predictions never fall with it" in page and "predictions never rise with it" in page


REFUSED = {
    "no dict": ({"monotone": ["up"]}, InputTypeError, "a dict from column"),
    "another number": ({"monotone": {"up": 2}}, InputError, "column 'up'.*1, predictions never fall"),
    "a truth value": ({"monotone": {"up": True}}, InputError, "column 'up'.*1, predictions never fall"),
    "a column that is not there": ({"monotone": {"upp": 1}}, InputError, "Did you mean 'up'"),
    "words": ({"monotone": {"word": 1}}, InputError, "numbers.*'category'"),
    "a number as words": ({"monotone": {"up": 1}, "columns": {"up": "category"}}, InputError, "numbers.*'category'"),
    "waves": ({"monotone": {"up": 1}, "columns": {"up": "periodic"}}, InputError, "rises with the number.*periodic"),
    "what rises but for rounding": (
        {"monotone": {"up": 1}, "columns": {"up": "robust"}},
        InputError,
        "rises with the number.*robust",
    ),
    "a cycle": ({"monotone": {"up": 1}, "columns": {"up": "cyclic"}}, InputError, "rises with the number.*cyclic"),
    "a function that falls": ({"activation": "gelu"}, InputError, "activation=.*never falls"),
}


@BOTH
@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_refused(Kind, case):
    said, error, words = REFUSED[case]
    with pytest.raises(error, match=words):
        fitted(Kind, **said)


def test_targets_without_one_direction_are_refused():
    three = np.array(["a", "b", "c"])[np.arange(ROWS) % 3]
    with pytest.raises(InputError, match=r"TableClassifier\(monotone=\).*two classes.*3"):
        TableClassifier(preset="fast", monotone=DIRECTIONS).fit(TABLE, three)
    with pytest.raises(InputError, match=r"TableRegressor\(monotone=\).*one output"):
        TableRegressor(preset="fast", monotone=DIRECTIONS).fit(TABLE, np.c_[Z, Z])
    with pytest.raises(InputError, match=r"TableRegressor\(monotone=\).*gaussian"):
        fitted(TableRegressor, loss="gaussian")


def rewritten(path, change):
    """The file, with its digest, as if its writer had meant the change."""
    from chainrule.formats import model_file
    from chainrule.formats.document import LIMITS, Document

    whole = model_file.read(path, LIMITS)
    model, arrays = json.loads(json.dumps(whole.model)), dict(whole.arrays)
    change(model["content"], arrays)
    model_file.write(path, Document(model, arrays), overwrite=True)


def turned(content, arrays):
    name = next(name for name in arrays if name.endswith(".W"))
    arrays[name] = -arrays[name]


CHANGES = {
    "weights": turned,
    "network": lambda content, arrays: content["network"].pop("monotone"),
    "columns": lambda content, arrays: content["encoder"].update(monotone=[["up", -1], ["down", -1]]),
    "a column that is none": lambda content, arrays: content["encoder"].update(monotone=[["none", 1]]),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_file_that_does_not_keep_its_directions_is_refused(what, tmp_path):
    fitted(TableRegressor).save(tmp_path / "model")
    rewritten(tmp_path / "model", CHANGES[what])
    with warnings.catch_warnings(), pytest.raises(ModelFileError):
        chainrule.load(tmp_path / "model")
