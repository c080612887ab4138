"""Changed files load as what they then say, or are refused in our form: none crashes, hangs or takes memory."""

import copy
import operator
import warnings
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import chainrule
from chainrule import (
    GLU,
    AlphaDropout,
    Dense,
    LayerNorm,
    MLPClassifier,
    MLPRegressor,
    RMSNorm,
    SequenceClassifier,
    TableClassifier,
    TableRegressor,
    losses,
    optimisers,
    schedules,
)
from chainrule.errors import ModelFileError
from chainrule.formats import model_file
from chainrule.formats.document import Document
from chainrule.network.initialisers import Normal
from chainrule.tables.column import words
from chainrule.tables.table import Table
from chainrule.training.averaging import EMA

X = np.random.default_rng(0).normal(size=(30, 3))
TABLE = pd.DataFrame(
    {
        "number": np.where(X[:, 0] > 1, np.nan, X[:, 0]),
        "word": np.array(["a", "b", None], object)[np.arange(30) % 3],
        "day": pd.date_range("2026-01-01", periods=30, freq="7h"),
        "same": 1,
    }
)
SETS = [X[at : at + 2] for at in range(20)]

LAYERS = [GLU(4, "silu"), RMSNorm(), Dense(4), LayerNorm(), AlphaDropout(0.1)]
MODELS = [
    (MLPClassifier((4,), norm="batch", early_stopping=True, calibration=True, max_iter=2), X, np.arange(30) % 3),
    (MLPRegressor("gaussian", (4,), n_members=2, residual=True, dropout=0.1, max_iter=2), X, X[:, 0]),
    (MLPRegressor("squared_error", (4,), early_stopping=True, calibration=True, max_iter=2), X, X[:, 0]),
    (SequenceClassifier((4,), max_iter=2), SETS, np.arange(20) % 2),
    (TableClassifier(hidden_layer_sizes=(4,), max_iter=2), TABLE, np.arange(30) % 3),
    (TableRegressor(hidden_layer_sizes=(4,), max_iter=2, numbers="robust"), TABLE, X[:, 0]),
    (
        TableRegressor(
            hidden_layer_sizes=(4,), max_iter=2, numbers="quantile", columns={"day": "category", "number": "cyclic"}
        ),
        TABLE, X[:, 0],
    ),
    (
        MLPClassifier(
            (4,), loss=losses.Focal(1.5), solver=optimisers.AdamW(0.01), init=Normal(0.1), averaging=EMA(), max_iter=2,
            learning_rate=schedules.WarmUp(3, schedules.Cosine(steps=10)), rate_factors={"first": 0.5}, input_noise=0.1,
        ),
        X, np.arange(30) % 3,
    ),
    (
        MLPRegressor(losses.Quantile((0.1, 0.9)), layers=LAYERS, max_iter=2),
        X, X[:, 0],
    ),
]  # fmt: skip


@cache
def whole(which: int, folder: object) -> tuple[Document, bytes]:
    model, rows, y = MODELS[which]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.set_params(random_state=0).fit(rows, y).save(folder / f"{which}.model", overwrite=True)
    return model_file.read(folder / f"{which}.model"), (folder / f"{which}.model").read_bytes()


#: Values that stand where others are expected.
VALUES = st.one_of(
    st.sampled_from([None, True, 0, -1, 1, 2, 3, 4, 2**31, 2**63, 10**39, 0.5, -0.0, 1e308, "", "inf", "relu", [], {}]),
    st.sampled_from(["Dense", "Pool", "Residual", "BatchNorm", "CrossEntropy", "Adam", "MLPRegressor", "U5", "Clip"]),
    st.sampled_from([{"type": "float", "value": "nan"}, {"type": "Dropout", "rate": 0.5}]),
    st.sampled_from([{"type": "Dense", "units": 10**9}, {"type": "Residual", "layers": []}]),
    st.sampled_from([{"type": "Pool", "how": "max"}, {"type": "dict", "items": []}]),
    st.integers(-5, 5), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=4),
    st.lists(st.integers(0, 3), max_size=4),
).map(copy.deepcopy)  # fmt: skip


@st.composite
def changes(draw, data):
    """The data with one to three of its values, anywhere, replaced, removed, doubled or moved."""
    data = copy.deepcopy(data)
    for _ in range(draw(st.integers(1, 3))):
        at, inside = data, []
        while isinstance(at, (dict, list)) and at and (not inside or draw(st.integers(0, 9))):
            inside.append((at, draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))))
            at = at[inside[-1][1]]
        if not inside:
            return data
        holder, key = inside[-1]
        what = draw(st.sampled_from(["replace", "replace", "remove", "copy", "add"]))
        if what == "replace":
            holder[key] = draw(VALUES)
        elif what == "remove":
            del holder[key]
        elif what == "copy":
            source = draw(st.sampled_from(sorted(data) if isinstance(data, dict) else range(len(data))))
            holder[key] = copy.deepcopy(data[source])
        elif isinstance(holder, list):
            holder.insert(key, copy.deepcopy(holder[key]))
        else:
            holder[draw(st.text(max_size=5))] = draw(VALUES)
    return data


def loads_or_is_refused(place, content: bytes) -> bool:
    """Whether it loads; what loads can predict, be diagnosed, be saved and be loaded again."""
    place.write_bytes(content)
    try:
        model = chainrule.load(place)
    except ModelFileError:
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = np.ones((2, model.n_features_in_))
        given = [rows] if "pool" in model.get_params() else rows
        if hasattr(model, "encoder_"):
            given = Table({}, 2)
            for encoding in model.encoder_.encodings:
                cell = {"number": "1.5", "date": "2026-01-31"}.get(encoding.kind, "a")
                given.columns[encoding.name] = words([cell, None])
        with np.errstate(all="ignore"):
            assert len(model.predict(given)) == len(given)
        assert str(chainrule.diagnose(model))
    model.save(place, overwrite=True)
    chainrule.load(place)
    return True


EXAMPLES = [150, pytest.param(10_000, marks=pytest.mark.slow)]


def fuzz(times):
    return settings(max_examples=times, suppress_health_check=list(HealthCheck), database=None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@pytest.mark.parametrize("times", EXAMPLES)
def test_changed_bytes(times, folder, numpy_kernels):
    @fuzz(times)
    @given(st.data())
    def run(data):
        _, content = whole(data.draw(st.integers(0, len(MODELS) - 1)), folder)
        found = bytearray(content)
        for _ in range(data.draw(st.integers(0, 4))):
            place = data.draw(st.integers(0, len(found) - 1))
            how = data.draw(st.sampled_from(["byte", "cut", "insert", "double"]))
            if how == "byte":
                found[place] = data.draw(st.integers(0, 255))
            elif how == "insert":
                found[place:place] = data.draw(st.binary(max_size=20))
            elif how == "cut":
                del found[place : place + data.draw(st.integers(1, 2000))]
            else:
                found[place:place] = found[place : place + 50]
            if not found:
                break
        loaded = loads_or_is_refused(folder / "changed", bytes(found))
        if bytes(found) == content:
            assert loaded

    run()


@pytest.mark.parametrize("times", EXAMPLES)
@pytest.mark.one_in(3)
def test_changed_contents_under_a_right_digest(times, folder, by_hand, numpy_kernels):
    """A stranger who knows the form: whatever the model and the arrays say, deep checks are reached."""

    @fuzz(times)
    @given(st.data())
    def run(data):
        document, _ = whole(data.draw(st.integers(0, len(MODELS) - 1)), folder)
        arrays = dict(document.arrays)
        if data.draw(st.integers(0, 3)) == 0:
            name = data.draw(st.sampled_from(sorted(arrays)))
            change = data.draw(st.sampled_from(["drop", "turn", "type", "negative", "other"]))
            array = arrays.pop(name)
            if change == "turn":
                arrays[name] = np.ascontiguousarray(array.T)
            elif change == "type":
                with np.errstate(invalid="ignore"):
                    arrays[name] = array.astype(data.draw(st.sampled_from(["f4", "i8", "u1"])))
            elif change == "negative":
                arrays[name] = -array
            elif change == "other":
                arrays[data.draw(st.sampled_from(sorted(document.arrays)))] = array
            model = document.model
        else:
            model = data.draw(changes(document.model))
        header, body = by_hand.parts(Document(model, arrays))
        if data.draw(st.integers(0, 9)) == 0:
            about = header.pop("__metadata__")
            header = {"__metadata__": about, **data.draw(changes(header))}
        loads_or_is_refused(folder / "changed", by_hand.raw(header, body))

    run()


def test_unchanged_files_load_through_the_same_hands(folder, by_hand, numpy_kernels):
    for which in range(len(MODELS)):
        document, _ = whole(which, folder)
        assert loads_or_is_refused(folder / "same", by_hand.raw(*by_hand.parts(document)))


#: What may stand in a field instead, one of each kind.
WRONG = [
    None, True, -1, 2**31, 2**63, 10**39, 0.5, -0.5, 1e308, 1e-308, "", "x", [], [1], {},
    {"type": "Missing", "source": 0}, {"type": "float", "value": "nan"}, {"type": "float", "value": "-inf"},
    {"type": "dict", "items": [["a", 1]]},
]  # fmt: skip


def places(data, inside=(), names=()):
    """A path to each field of the data, by its names: of a list, to the first entry of each type."""
    if inside:
        yield names, inside
    for key in data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ():
        one = data[key]
        name = key if isinstance(data, dict) else one.get("type", "") if isinstance(one, dict) else type(one).__name__
        yield from places(one, (*inside, key), (*names, name))


def replaced(data, path, new):
    """A copy in which `new(holder, key)` has changed the field of this path."""
    data = copy.deepcopy(data)
    holder = data
    for key in path[:-1]:
        holder = holder[key]
    new(holder, path[-1])
    return data


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("which", range(len(MODELS)))
def test_a_field_that_is_missing_or_wrong(which, every, folder, by_hand, numpy_kernels):
    """Of every field, or of every second: it is not there, or it is another value."""
    document, _ = whole(which, folder)
    found = dict(reversed([*places(document.model)]))
    assert len(found) > 50
    for number, path in list(enumerate(found.values()))[slice(None) if every else slice(which % 2, None, 2)]:
        values = WRONG if every else [WRONG[number % len(WRONG)]]
        changes = [lambda holder, key: holder.pop(key)]
        changes += [lambda holder, key, value=value: operator.setitem(holder, key, value) for value in values]
        for change in changes:
            model = replaced(document.model, path, change)
            content = by_hand.raw(*by_hand.parts(Document(model, document.arrays)))
            try:
                loads_or_is_refused(folder / "changed", content)
            except Exception as error:
                error.add_note(f"{path} became {model!r}"[:2000])
                raise


@pytest.mark.parametrize("scale", [None, 1.0, "scale", [0.0, 1.0], {"type": "Missing", "source": 0}])
def test_a_number_without_a_scale_is_refused(scale, folder, by_hand, numpy_kernels):
    document, _ = whole(4, folder)
    encodings = document.model["content"]["encoder"]["encodings"]
    place = next(k for k, one in enumerate(encodings) if one["type"] == "Number")
    path = ("content", "encoder", "encodings", place, "scale")
    model = replaced(document.model, path, lambda holder, key: operator.setitem(holder, key, scale))
    (folder / "changed").write_bytes(by_hand.raw(*by_hand.parts(Document(model, document.arrays))))
    with pytest.raises(ModelFileError, match=r"Number\(scale=\): expected Scale; received"):
        chainrule.load(folder / "changed")
