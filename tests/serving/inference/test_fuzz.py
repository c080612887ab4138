"""Whatever is sent, it is answered, and never by a defect of ours."""

import json
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.serving.inference.cases import Client

from chainrule.serving.inference.bodies.tensors import BYTES, DTYPES
from chainrule.serving.inference.limits import Limits

COLUMNS = ["size", "color", "day", "new"]
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=9), st.just(10**400),
    st.sampled_from(["red", "2026-01-02", "NA", "", "yes", "1e400", "\ud800", "\0", "-", "0x1"]),
)  # fmt: skip
ANY = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=9,
)
NAMES = st.sampled_from([*COLUMNS, "v", "w", "x0", "x1", "x2", "other"])
ROW = st.fixed_dictionaries(dict.fromkeys(COLUMNS, SCALARS)) | st.dictionaries(NAMES, ANY, max_size=6)
PLAIN = st.one_of(
    ANY, st.lists(ROW, max_size=4), st.dictionaries(NAMES, st.lists(SCALARS, max_size=3), max_size=5),
    st.lists(st.lists(SCALARS, min_size=3, max_size=4), max_size=3), ROW,
)  # fmt: skip
SPLIT = st.fixed_dictionaries({}, optional={"columns": st.lists(NAMES | ANY, max_size=4), "data": PLAIN})
SHAPES = dict.fromkeys(("dataframe_records", "instances", "inputs", "params"), PLAIN)
FLOW = ANY | st.fixed_dictionaries({}, optional={**SHAPES, "dataframe_split": SPLIT})
TENSOR = st.fixed_dictionaries({}, optional={
    "name": NAMES | ANY, "datatype": st.sampled_from([*DTYPES, BYTES]) | ANY,
    "shape": st.lists(st.integers(-1, 4), max_size=3) | ANY, "data": st.lists(SCALARS, max_size=4) | ANY,
    "parameters": st.dictionaries(st.sampled_from(["binary_data_size"]), st.integers(-1, 40) | ANY) | ANY,
})  # fmt: skip
GOOD = st.integers(1, 3).flatmap(lambda n: st.tuples(*(
    st.fixed_dictionaries({
        "name": st.just(name), "datatype": st.just(kind), "shape": st.just([n]),
        "data": st.lists(values, min_size=n, max_size=n),
    })
    for name, kind, values in (
        ("size", "FP64", st.floats() | st.none() | st.integers()), ("color", "BYTES", st.text(max_size=9)),
        ("day", "BYTES", SCALARS), ("new", "BOOL", st.booleans() | st.none()),
    )
)))  # fmt: skip
OPTIONS = st.dictionaries(st.sampled_from(["coverage", "explain", "binary_data_output", "other"]), ANY, max_size=3)
WANTED = st.fixed_dictionaries({"name": st.sampled_from(["label", "low", "explanation", "x"])})
TENSORS = ANY | st.fixed_dictionaries({}, optional={
    "inputs": st.lists(TENSOR, max_size=4) | GOOD | ANY, "id": st.text() | ANY, "parameters": OPTIONS | ANY,
    "outputs": st.lists(WANTED, max_size=3) | ANY,
})  # fmt: skip


@pytest.fixture(scope="module")
def ask(folder):
    made = Client(
        *[f"{n}={folder / n}.model" for n in ("kinds", "prices", "vectors", "matrix")], limits=Limits(text=50)
    )
    yield made
    made.close()


def check(found):
    assert found.status in (200, 400, 404, 413, 415, 422), (found.status, found.body[:300])
    if found.headers.get("content-type") == "application/json":
        content = found.json
        assert found.status == 200 or content["error"]


def sent(value):
    return json.dumps(value).encode()


FUZZ = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
MODEL = st.sampled_from(["kinds", "prices", "vectors", "matrix"])


@FUZZ
@given(MODEL, PLAIN, st.dictionaries(st.sampled_from(["coverage", "explain"]), st.sampled_from("01x") | st.just("0.9")))
def test_plain_rows(ask, model, value, query):
    options = "&".join(f"{name}={one}" for name, one in query.items())
    check(ask.post(f"/predict/{model}?{options}", sent(value)))


@FUZZ
@given(MODEL, TENSORS)
def test_tensors(ask, model, value):
    check(ask.post(f"/v2/models/{model}/infer", sent(value)))


@FUZZ
@given(MODEL, TENSORS, st.binary(max_size=60), st.integers(-3, 3))
def test_tensors_in_binary(ask, model, value, behind, wrong):
    head = sent(value)
    length = {"Inference_Header_Content_Length": str(len(head) + (wrong if wrong > 1 else 0))}
    check(ask.post(f"/v2/models/{model}/infer", head + behind, "application/octet-stream", **length))


@FUZZ
@given(FLOW)
def test_flows(folder, value):
    with_one = _with_one(folder)
    check(with_one.post("/invocations", sent(value)))


_MADE = {}


def _with_one(folder):
    if folder not in _MADE:
        _MADE[folder] = Client(f"kinds={folder / 'kinds'}.model", limits=Limits(text=50))
    return _MADE[folder]


@pytest.fixture(scope="module", autouse=True)
def ended():
    yield
    for one in _MADE.values():
        one.close()
    _MADE.clear()


@FUZZ
@given(MODEL, st.binary(max_size=200) | st.text(string.printable, max_size=200).map(str.encode), st.sampled_from([
    "application/json", "text/csv", "application/vnd.apache.arrow.stream", "application/vnd.apache.arrow.file", "x",
]), st.sampled_from(["identity", "gzip", "deflate", "br"]))  # fmt: skip
def test_any_bytes(ask, model, body, kind, packing):
    for path in (f"/predict/{model}", f"/v2/models/{model}/infer"):
        check(ask.post(path, body, kind, content_encoding=packing))


@FUZZ
@given(st.lists(st.lists(st.text("0123456789.,;-\"'\r\n redyes", max_size=8), max_size=5), max_size=5), st.booleans())
def test_any_text_of_columns(ask, lines, named):
    text = "\n".join(",".join(line) for line in [[*COLUMNS], *lines][not named :])
    check(ask.post("/predict/kinds", text.encode(), "text/csv"))


@FUZZ
@given(MODEL, st.binary(min_size=1, max_size=12), st.integers(0, 600))
def test_arrow_that_was_changed(ask, model, change, place):
    pa = pytest.importorskip("pyarrow")
    table = pa.table({"size": [1.0, None], "color": ["red", "blue"], "day": ["2026-01-02", None], "new": [True, False]})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    body = bytearray(sink.getvalue())
    body[place : place + len(change)] = change
    check(ask.post(f"/predict/{model}", bytes(body), "application/vnd.apache.arrow.stream"))
