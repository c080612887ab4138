"""Plain rows: what goes in in which form, what comes out; each wrong form with its place and its remedy."""

import csv
import io
import json
import time
import warnings

import numpy as np
import pytest
from tests.serving.inference.cases import Client, objects, rows

from chainrule import TableRegressor
from chainrule.serving.inference.bodies.json_text import parse
from chainrule.serving.inference.limits import Limits
from chainrule.serving.inference.problems import Problem

NEW = rows(9, seed=5)


def test_rows_give_what_the_model_predicts(client, fitted):
    found = client("kinds").post("/predict", objects(NEW)).json
    assert (found["model"], found["version"]) == ("kinds", "1")
    assert [row["label"] for row in found["rows"]] == fitted["kinds"].predict(NEW).tolist()
    p = [[row["probability"][name] for name in ("big", "small")] for row in found["rows"]]
    np.testing.assert_allclose(p, fitted["kinds"].predict_proba(NEW), rtol=1e-5)


@pytest.mark.parametrize("form", ["columns", "lists", "text", "arrow", "one by one"])
def test_every_form_gives_the_same(form, client, fitted):
    ask = client("kinds")
    expected = fitted["kinds"].predict_proba(NEW)[:, 0]
    if form == "columns":
        body = {name: [None if v != v else v for v in values] for name, values in NEW.items()}
        found = ask.post("/predict", body).json["rows"]
    elif form == "lists":
        found = ask.post("/predict", [list(row.values()) for row in objects(NEW)]).json["rows"]
    elif form == "one by one":
        found = [ask.post("/predict", row).json["rows"][0] for row in objects(NEW)]
    elif form == "text":
        out = io.StringIO()
        csv.writer(out).writerows([NEW, *[["" if v is None else v for v in row.values()] for row in objects(NEW)]])
        answer = ask.post("/predict", out.getvalue().encode(), "text/csv; charset=utf-8")
        lines = list(csv.DictReader(io.StringIO(answer.body.decode())))
        assert list(lines[0]) == ["prediction", "prediction=big", "prediction=small"]
        found = [{"probability": {"big": float(line["prediction=big"])}} for line in lines]
    else:
        pa = pytest.importorskip("pyarrow")
        table, sink = pa.table({**NEW, "size": pa.array(NEW["size"], from_pandas=True)}), pa.BufferOutputStream()
        with pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table, 4)
        answer = ask.post("/predict", bytes(sink.getvalue()), "application/vnd.apache.arrow.file")
        told = pa.ipc.open_stream(answer.body).read_all()
        found = [{"probability": {"big": value}} for value in told["prediction=big"].to_pylist()]
    np.testing.assert_allclose([row["probability"]["big"] for row in found], expected, rtol=1e-5)


def test_the_client_chooses_the_form_of_the_answer(client):
    ask, row = client("kinds"), objects(NEW)[:1]
    assert ask.post("/predict", row, accept="text/csv").body.startswith(b"prediction,prediction=big")
    assert ask.post("/predict", row, accept="*/*").headers["content-type"] == "application/json"
    text = ask.post("/predict", b"size,color,day,new\n1,red,2026-02-01,yes\n", "text/csv", accept="application/json")
    assert list(text.json["rows"][0]) == ["label", "probability"]


def test_numbers_and_their_intervals(client, fitted):
    ask = client("prices")
    found = ask.post("/predict?coverage=0.8", objects(NEW)).json["rows"]
    low, high = fitted["prices"].predict_interval(NEW, 0.8)
    np.testing.assert_allclose([row["low"] for row in found], low, rtol=1e-5)
    np.testing.assert_allclose([row["high"] for row in found], high, rtol=1e-5)
    np.testing.assert_allclose([row["prediction"] for row in found], fitted["prices"].predict(NEW), rtol=1e-5)
    assert "low" not in ask.post("/predict", objects(NEW)).json["rows"][0]


@pytest.mark.parametrize("name", ["kinds", "prices", "several", "labels", "pairs"])
def test_explanations(name, client, fitted):
    found = client(name).post("/predict?explain=true", objects(NEW)).json["rows"]
    told = [[row["explanation"][column] for column in NEW] for row in found]
    np.testing.assert_allclose(told, fitted[name].attributions(NEW), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["pairs", "levels", "labels", "numbered", "several"])
def test_answers_of_other_forms(name, client, fitted):
    found = client(name).post("/predict", objects(NEW)).json["rows"]
    told = np.array([row["label" if hasattr(fitted[name], "classes_") else "prediction"] for row in found])
    expected = fitted[name].predict(NEW)
    assert told.shape == expected.shape
    assert (told == expected).all() if expected.dtype.kind not in "f" else np.allclose(told, expected, rtol=1e-5)


def test_a_model_of_rows_and_of_vectors(client, fitted):
    ask = client("matrix", "vectors")
    X = np.random.default_rng(3).normal(size=(4, 3))
    found = ask.post("/predict/matrix", [{f"x{k}": v for k, v in enumerate(row)} for row in X.tolist()]).json["rows"]
    np.testing.assert_allclose([row["prediction"] for row in found], fitted["matrix"].predict(X), rtol=1e-5)
    body = [{"v": [0.5, -1.0], "w": 3}, {"v": None, "w": None}]
    found = ask.post("/predict/vectors", body).json["rows"]
    given = {"v": np.array([[0.5, -1.0], [np.nan, np.nan]]), "w": np.array([3.0, np.nan])}
    np.testing.assert_allclose([row["prediction"] for row in found], fitted["vectors"].predict(given), rtol=1e-5)


ROW = {"size": 1.5, "color": "red", "day": "2026-03-01", "new": True}


@pytest.mark.parametrize(
    ("body", "status", "said", "where"),
    [
        (b"{", 400, "JSON", {}),
        (b"\xff\xfe", 400, "UTF-8", {}),
        (b'[{"size": 1, "size": 2}]', 400, "stands there twice", {}),
        ("{" + ",".join(f'"{k}":0' for k in range(1500)) + ',"1499":0}', 400, "'1499' stands there twice", {}),
        (b"[" * 5000, 422, "inside one another", {}),
        (b'{"a":' * 9 + b"1" + b"}" * 9, 422, "inside one another", {}),
        ([], 422, "at least one", {}),
        (3, 422, "a number", {}),
        (None, 422, "null", {}),
        ([1], 422, "an object", {"row": 0}),
        ([ROW, {**ROW, "size": "huge"}], 422, "expected a number", {"row": 1, "column": "size", "cell": "huge"}),
        ([{**ROW, "size": 1e999}], 422, "finite", {"row": 0, "column": "size"}),
        ([{**ROW, "size": 10**400}], 422, "finite", {"row": 0, "column": "size"}),
        ([{**ROW, "day": "soon"}], 422, "a date", {"row": 0, "column": "day", "cell": "soon"}),
        ([{**ROW, "day": 5}], 422, "dates", {"column": "day"}),
        ([{**ROW, "new": "maybe"}], 422, "truth value", {"row": 0, "column": "new"}),
        ([{**ROW, "color": ["red"]}], 422, "one value", {"row": 0, "column": "color"}),
        ([{**ROW, "color": {}}], 422, "an object", {"row": 0, "column": "color"}),
        ([ROW, {"size": 1}], 422, "every column", {"row": 1, "column": "color"}),
        ({"size": [1], "color": ["a", "b"]}, 422, "1 cells", {"column": "color"}),
        ({"size": [1], "color": "a"}, 422, "expected a list", {"column": "color"}),
        ([[1, 2]], 422, "4 cells", {"row": 0}),
        ({"size": [1]}, 422, "color", {}),
        ([{**ROW, "color": "r" * 101}], 422, "100 characters", {"row": 0, "column": "color"}),
        ([ROW] * 51, 422, "at most 50", {}),
        ([{**ROW, **dict.fromkeys(map(str, range(50)))}], 422, "at most 40", {}),
        ([{**ROW, "more": "x" * 30_000}], 413, "20,000 bytes", {}),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_with_its_place(body, status, said, where, client):
    body = body.encode() if isinstance(body, str) else body
    found = client("kinds", limits=Limits(rows=50, columns=40, text=100, body=20_000)).post("/predict", body)
    assert found.status == status
    assert said in found.json["error"]
    assert where.items() <= found.json.items()
    assert status != 422 or not where.get("cell") or found.json["remedy"]


@pytest.mark.parametrize(
    ("text", "said", "row"),
    [
        (b"", "at least one", None),
        (b"size,color,day,new\n", "at least one", None),
        (b"size,color,day,new\n1,red,2026-02-01,yes\n\nhuge,red,2026-02-01,yes\n", "row 4", 4),
        (b"size,color,day,new\n1,red\n", "line 2", 2),
        (b"size,size\n1,2\n", "different names", None),
        (b"size\n1\n", "color", None),
        (b'size,color,day,new\n1,"red\n', "", None),
        (b"size\n\xff\n", "UTF-8", None),
    ],
)  # fmt: skip
def test_text_that_cannot_be(text, said, row, client):
    found = client("kinds").post("/predict", text, "text/csv")
    assert found.status in (400, 422)
    assert said in found.json["error"]
    assert row is None or found.json["row"] == row


@pytest.mark.parametrize(
    ("query", "said"),
    [("coverage=2", "between 0 and 1"), ("coverage=x", "between 0 and 1"), ("explain=perhaps", "true or false"),
     ("coverag=0.9", "coverag"), ("explain=1&explain=1", "each once"), ("coverage=0.9", "model of numbers")],
)  # fmt: skip
def test_options_that_cannot_be(query, said, client):
    found = client("kinds").post(f"/predict?{query}", [ROW])
    assert found.status == 422
    assert said in found.json["error"]


def test_a_number_missing_where_none_may(client):
    found = client("matrix").post("/predict", [{"x0": 1, "x1": None, "x2": 3}])
    assert (found.status, found.json["column"], found.json["row"]) == (422, "x1", 0)


def test_what_cannot_be_read_where_fit_saw_such_is_missing_and_told(tmp_path):
    from chainrule import TableClassifier

    values = [str(k) for k in range(400)]
    values[7] = "broken"
    model = TableClassifier(preset="fast", hidden_layer_sizes=(4,), max_iter=2, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit({"x": values, "y": ["a", "b"] * 200}, [0, 1] * 200)
    model.save(tmp_path / "m")
    ask = Client(f"m={tmp_path / 'm'}")
    found = ask.post("/predict", [{"x": "worse", "y": "a"}])
    assert "worse" in found.json["warnings"][0]
    assert found.headers["x-warnings"] == "1"
    assert 'chainrule_cells_unreadable_total{column="x",model="m",version="1"} 1.0' in ask.get("/metrics").body.decode()
    ask.close()


def test_a_name_that_stands_twice_among_many_is_found_at_once():
    text = "{" + ",".join(f'"{k}":0' for k in range(300_000)) + ',"299999":0}'
    started = time.process_time()
    with pytest.raises(Problem, match="stands there twice"):
        parse(text.encode(), Limits())
    assert time.process_time() - started < 60  # where all were compared with all, it took hours


def test_arrow_that_cannot_be(client):
    pa = pytest.importorskip("pyarrow")
    ask, kind = client("kinds", limits=Limits(rows=50)), "application/vnd.apache.arrow.stream"

    def sent(columns, **options):
        table, sink = pa.table(columns), pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
            writer.write_table(table)
        return ask.post("/predict", bytes(sink.getvalue()), kind)

    whole = {name: values[:1] for name, values in NEW.items()}
    assert sent(whole).status == 200
    assert "compression" in sent(whole, compression="zstd").json["error"]
    assert "at most 50" in sent({"size": pa.nulls(10**9)}).json["error"]
    assert "color" in sent({"size": [1.0]}).json["error"]
    assert sent({**whole, "size": ["huge"]}).json["column"] == "size"
    assert (
        "more than once" in sent(pa.table([pa.array(["a"]), pa.array(["b"])], names=["color", "color"])).json["error"]
    )
    with_many = pa.DictionaryArray.from_arrays(pa.array([0] * 50), pa.array(["x" * 60_000]))
    for texts in (with_many, pa.array(["x" * 60_000]).cast(pa.string_view()), with_many.cast(pa.large_string())):
        found = sent({"size": [1.0] * len(texts), "color": texts})
        assert (found.status, found.json.get("column")) == (422, "color"), found.json
    struct = pa.array([{"a": 1}])
    assert "Cast it" in sent({**whole, "color": struct}).json["remedy"]
    assert "version 5" in sent(whole, metadata_version=pa.ipc.MetadataVersion.V4).json["error"]
    for broken in (b"", b"ARROW1\0\0", b"nonsense" * 9, b"\xff\xff\xff\xff\x10\0\0\0" + bytes(16)):
        assert ask.post("/predict", broken, kind).status in (400, 422)


def test_json_has_no_numbers_that_it_cannot_have():
    from chainrule.serving.inference.bodies.json_text import dump

    assert json.loads(dump({"a": [float("inf"), {"b": float("nan")}]})) == {"a": [None, {"b": None}]}


@pytest.fixture(scope="module")
def european(tmp_path_factory):
    """A client of a model of prices as 1.234,56, amounts with a sign of money, and codes of which -999 says nothing."""
    random = np.random.default_rng(0)
    price = random.uniform(1, 9000, 400)
    table = {
        "price": [f"{v:,.2f}".translate(str.maketrans(",.", ".,")) for v in price],
        "money": [f"${v:.2f}" for v in price],
        "code": ["-999" if k % 9 == 0 else str(k % 50) for k in range(400)],
        "word": random.choice(["a", "1", "2.0"], 400).tolist(),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = TableRegressor(preset="fast", missing=["-999"], max_iter=5, random_state=0).fit(table, price)
    place = tmp_path_factory.mktemp("european") / "m.model"
    model.save(place)
    found = Client(f"m={place}")
    yield found
    found.close()


EUROPEAN = {"price": "1.234,56", "money": "$3.00", "code": "7", "word": "a"}


@pytest.mark.parametrize(
    "more",
    [
        {"price": 4.567}, {"price": 1500.5}, {"price": "6.000,00"}, {"money": 0}, {"money": 2**64}, {"code": -999},
        {"code": "-999"}, {"word": 1}, {"word": True}, {"word": 2.0}, {"word": 10**18}, {"price": None}, {"code": True},
    ],
)  # fmt: skip
@pytest.mark.parametrize("others", [1, 100])
def test_a_row_tells_nothing_of_another(more, others, european):
    """Whatever stands in other rows: texts, numbers, truth values, and however many there are."""
    row = {**EUROPEAN, **more}
    (alone,) = european.post("/predict", [row]).json["rows"]
    texts, numbers = {**EUROPEAN}, {"price": 3, "money": 2.5, "code": 4, "word": 5}
    strange = {"price": "NA", "money": True, "code": None, "word": False} if "money" not in more else numbers
    strange = {**strange, "money": 1} if strange is not numbers else strange
    beside = european.post("/predict", [texts, numbers, strange] * others + [row]).json["rows"][-1]
    assert beside["prediction"] == pytest.approx(alone["prediction"], rel=1e-4)  # of a sum of other order


def test_a_wrong_cell_among_cells_of_other_kinds_is_told_by_its_row(european):
    found = european.post("/predict", [EUROPEAN, {**EUROPEAN, "price": 3}, {**EUROPEAN, "price": "x"}, EUROPEAN])
    assert (found.status, found.json["column"], found.json["row"], found.json["cell"]) == (422, "price", 2, "x")


@pytest.mark.parametrize("rows_", [1, 100])
def test_levels_that_the_model_does_not_know_are_told_to_who_sent_them(rows_, client):
    ask = client("kinds")
    strange, usual = [{**ROW, "color": "pink"}] * rows_, [ROW] * rows_
    one, other = ask.run(ask.posted("/predict", strange), ask.posted("/predict", usual))
    said = f"column 'color': {rows_} of {rows_} cells are of levels that are unknown to the model"
    assert one.json["warnings"] == [said]
    assert one.headers["x-warnings"] == "1"
    assert "warnings" not in other.json


def test_labels_have_a_probability_each_and_quantiles_their_levels(client, fitted):
    ask = client("labels", "levels")
    (row,) = ask.post("/predict/labels", [ROW]).json["rows"]
    assert len(row["label"]) == len(row["probability"]) == 2
    text = ask.post("/predict/levels", [ROW], accept="text/csv").body.decode()
    assert text.startswith("prediction_0.05,prediction_0.5,prediction_0.95\n")
    assert ask.get("/v2/models/levels").json["parameters"]["levels"] == ["0.05", "0.5", "0.95"]


def test_numbers_have_no_more_digits_than_they_have(client, fitted):
    found = [row["probability"]["big"] for row in client("kinds").post("/predict", objects(NEW)).json["rows"]]
    np.testing.assert_allclose(found, fitted["kinds"].predict_proba(NEW)[:, 0], rtol=1e-5)
    assert max(len(str(p)) for p in found) <= 12


def test_arrow_of_polars(client, fitted):
    polars = pytest.importorskip("polars")
    out = io.BytesIO()
    polars.DataFrame({**NEW, "size": [None if v != v else v for v in NEW["size"]]}).write_ipc_stream(out)
    found = client("kinds").post(
        "/predict", out.getvalue(), "application/vnd.apache.arrow.stream", accept="application/json"
    )
    assert [row["label"] for row in found.json["rows"]] == fitted["kinds"].predict(NEW).tolist()


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        ({"columns": ["size"], "data": [[1]], "index": [0, 1]}, "dataframe_split"),
        ({"size": {"0": 1}, "color": {"0": "a"}}, "orient='records'"),
        (b'{"size": 1}\n{"size": 2}\n', "one list"),
    ],
)  # fmt: skip
def test_what_clients_may_have_meant(body, hint, client):
    assert hint in client("kinds").post("/predict", body).json["error"]


def test_an_empty_line_of_one_column_is_a_missing_cell(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = TableRegressor(preset="fast", max_iter=2, random_state=0)
        model.fit({"x": [None if k % 5 == 0 else float(k) for k in range(100)]}, np.arange(100.0))
    model.save(tmp_path / "m.model")
    ask = Client(f"m={tmp_path / 'm'}.model")
    lines = ask.post("/predict", b"x\n1\n\n3\n", "text/csv").body.decode().splitlines()
    assert [float(line) for line in lines[1:]] == pytest.approx(
        model.predict({"x": [1.0, None, 3.0]}).tolist(), rel=1e-5
    )
    ask.close()
