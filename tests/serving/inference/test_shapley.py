"""Shapley values in answers: they add up, are those of the model, and do not depend on other rows of a request."""

import csv
import io
import json
import os
import signal
import threading
import warnings

import numpy as np
import pytest
from tests.serving.inference.cases import objects, rows
from tests.serving.inference.test_server import Server
from tests.serving.inference.test_tensors import tensors

from chainrule import TableRegressor
from chainrule.errors import InputError, InputTypeError
from chainrule.models.model import Model
from chainrule.serving.inference.bodies.json_text import parse
from chainrule.serving.inference.limits import Limits
from chainrule.serving.inference.repository import places
from chainrule.serving.inference.served import Served
from chainrule.serving.inference.shapley import Background

NEW = rows(9, seed=5)
OTHERS = rows(40, seed=6)


def written(path, columns):
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(["" if v != v else v for v in row] for row in zip(*columns.values(), strict=True))
    return path


@pytest.fixture(scope="session")
def background(folder):
    return written(folder / "background.csv", OTHERS)


@pytest.fixture(scope="session")
def wide(folder):
    """A model of so many columns that their orders are drawn, and rows of it in a file."""
    random = np.random.default_rng(2)
    X = random.normal(size=(150, 8))
    table = {f"c{k}": X[:, k].tolist() for k in range(8)}
    tiny = {"preset": "fast", "hidden_layer_sizes": (8,), "max_iter": 6, "random_state": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        TableRegressor(**tiny).fit(table, X[:, 0] * X[:, 1] + X[:, 2]).save(folder / "wide.model")
    return written(folder / "wide.csv", table)


def explanations(found, columns):
    return np.array([[row["explanation"][name] for name in columns] for row in found])


@pytest.mark.parametrize("name", ["kinds", "several", "numbered", "labels", "prices", "pairs", "levels"])
def test_they_are_those_of_the_model(name, client, folder, background):
    found = client(name, backgrounds=[str(background)]).post("/predict?explain=true", objects(NEW)).json
    expected = Model.load(folder / f"{name}.model").explain(NEW, OTHERS, method="exact")
    about = {"method": "exact", "background_rows": 40, "outputs": list(expected.output_names)}
    assert found["explanation"] == about
    told = explanations(found["rows"], NEW)
    base = np.array([row["base_value"] for row in found["rows"]])
    np.testing.assert_allclose(told, expected.values, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(base, expected.base_values, rtol=1e-5)
    plain = np.array([row["prediction"] if "prediction" in row else [*_shares(row)] for row in found["rows"]])
    if name in ("kinds", "several", "numbered"):
        plain = plain[:, 1]  # of two classes, the second is explained
    np.testing.assert_allclose(base + told.sum(axis=1), plain, rtol=1e-5, atol=1e-6)


def _shares(row):
    return row["probability"].values() if isinstance(row["probability"], dict) else row["probability"]


def test_a_model_of_rows_is_explained_too(client, folder):
    random = np.random.default_rng(3)
    X, others = random.normal(size=(4, 3)), random.normal(size=(20, 3))
    path = written(folder / "matrix.csv", {f"x{k}": others[:, k].tolist() for k in range(3)})
    ask = client("matrix", backgrounds=[str(path)])
    found = ask.post("/predict?explain=true", [dict(zip(("x0", "x1", "x2"), row, strict=True)) for row in X.tolist()])
    expected = Model.load(folder / "matrix.model").explain(X, others)
    np.testing.assert_allclose(explanations(found.json["rows"], ["x0", "x1", "x2"]), expected.values, atol=1e-9)


def test_together_gives_the_bits_of_alone(client, background, wide):
    """Drawn orders, too: with JSON's digits and in one batch with others."""
    ask = client("kinds", "wide", backgrounds=[f"kinds={background}", f"wide={wide}"])
    some = {name: values[:30] for name, values in _columns(wide).items()}
    for name, given in (("kinds", objects(rows(30, seed=9))), ("wide", objects(some))):
        path = f"/predict/{name}?explain=true"
        alone = [ask.post(path, [row]).json["rows"][0] for row in given]
        assert ask.post(path, given).json["rows"] == alone
        assert ask.post(path, given[::-1]).json["rows"] == alone[::-1]
        assert [one.json["rows"][0] for one in ask.run(*(ask.posted(path, [row]) for row in given))] == alone


def _columns(path):
    lines = list(csv.reader(path.read_text().splitlines()))
    return {
        name: [float(cell) for cell in cells]
        for name, cells in zip(lines[0], zip(*lines[1:], strict=True), strict=True)
    }


def test_drawn_orders_tell_their_errors(client, wide, folder):
    ask = client("wide", backgrounds=[str(wide)], rows=150)
    some = {name: values[:12] for name, values in _columns(wide).items()}
    found = ask.post("/predict?explain=true", objects(some)).json
    assert (found["explanation"]["method"], found["explanation"]["background_rows"]) == ("permutation", 150)
    errors = np.array([[*row["explanation_error"].values()] for row in found["rows"]])
    assert errors.shape == (12, 8) and (errors >= 0).all() and errors.max() > 0
    told = explanations(found["rows"], some)
    sums = [row["base_value"] for row in found["rows"]] + told.sum(axis=1)
    np.testing.assert_allclose(sums, [row["prediction"] for row in found["rows"]], atol=1e-5)
    truth = Model.load(folder / "wide.model").explain(some, _columns(wide), background_rows=150, method="exact")
    assert np.corrcoef(told.ravel(), truth.values.ravel())[0, 1] > 0.97
    text = ask.post("/predict?explain=true", objects(some), accept="text/csv").body.decode()
    assert {"prediction_explanation_c0", "prediction_base_value", "prediction_explanation_error_c7"} <= set(
        next(csv.reader(io.StringIO(text)))
    )


def test_what_explanations_are_is_told(client, background, wide):
    plain, ask = client("kinds"), client("kinds", "wide", "labels", backgrounds=[f"kinds={background}", f"wide={wide}"])
    assert plain.get("/v2/models/kinds").json["parameters"]["explanation"] == {"method": "gradient times input"}
    assert "explanation" not in client("matrix").get("/v2/models/matrix").json["parameters"]
    about = ask.get("/v2/models/kinds").json
    assert about["parameters"]["explanation"] == {
        "method": "exact", "background_rows": 40, "outputs": ["small"], "rows_at_most": 1_000_000 // (16 * 40)
    }  # fmt: skip
    assert [(one["name"], one["shape"]) for one in about["outputs"][2:]] == [
        ("explanation", [-1, 4]), ("base_value", [-1])
    ]  # fmt: skip
    names = [one["name"] for one in ask.get("/v2/models/wide").json["outputs"]]
    assert names == ["prediction", "explanation", "base_value", "explanation_error"]
    assert ask.get("/v2/models/labels").json["parameters"]["explanation"] == {"method": "gradient times input"}
    paths = ask.get("/openapi.json").json["paths"]
    said = {
        name: paths[f"/predict/{name}"]["post"]["parameters"][0]["description"] for name in ("kinds", "wide", "labels")
    }
    assert "Shapley values of small, exact" in said["kinds"] and "mean prediction of 40 rows" in said["kinds"]
    assert "standard errors" in said["wide"] and "to first order" in said["labels"]


def test_tensors(client, background):
    ask, path = client("kinds", backgrounds=[str(background)]), "/v2/models/kinds/infer"
    found = ask.post(path, {"inputs": tensors(), "parameters": {"explain": True}}).json["outputs"]
    assert [one["name"] for one in found] == ["label", "probability", "explanation", "base_value"]
    assert found[2]["shape"] == [6, 4] and found[3]["shape"] == [6]
    values = np.array(found[2]["data"]).reshape(6, 4).sum(axis=1) + found[3]["data"]
    np.testing.assert_allclose(values, np.array(found[1]["data"]).reshape(6, 2)[:, 1], atol=1e-6)
    (alone,) = ask.post(path, {"inputs": tensors(), "outputs": [{"name": "base_value"}]}).json["outputs"]
    assert alone["data"] == found[3]["data"]


def test_csv_names_the_outputs_of_several(client, background):
    body = ask_csv(client("pairs", backgrounds=[str(background)]))
    names = next(csv.reader(io.StringIO(body)))
    assert {f"prediction_explanation_size=prediction_{k}" for k in (0, 1)} <= set(names), names
    assert "prediction_base_value_prediction_1" in names


def ask_csv(ask):
    return ask.post("/predict?explain=true", objects(NEW), accept="text/csv").body.decode()


def test_the_work_of_a_request_is_bounded(client, background):
    ask = client("kinds", backgrounds=[str(background)], evaluations=16 * 40 * 3)
    assert ask.post("/predict?explain=true", objects(NEW)[:3]).status == 200
    found = ask.post("/predict?explain=true", objects(NEW)[:4])
    assert found.status == 422 and "at most 3 to explain; received 4" in found.json["error"]
    assert ask.post("/predict", objects(NEW)).status == 200
    with pytest.raises(InputError, match="at most 39 rows, for 4 columns; received 40"):
        client("kinds", backgrounds=[str(background)], evaluations=16 * 40 - 1)


def test_an_explanation_holds_up_no_short_request(client, background, monkeypatch):
    """However small its body is, it is made in the thread, and given up where it takes too long."""
    ask = client("kinds", backgrounds=[str(background)], limits=Limits(seconds=0.05))
    served, let = ask.repository.get("kinds"), threading.Event()
    explain = served.answer

    def slow(taken, asked):
        if asked.explain or asked.only:
            assert threading.current_thread() is not threading.main_thread()
            assert let.wait(60)
        return explain(taken, asked)

    monkeypatch.setattr(served, "answer", slow)
    found = ask.run(ask.posted("/predict?explain=true", NEW_ROW), ask.posted("/predict", NEW_ROW))
    named = {"inputs": tensors(), "outputs": [{"name": "explanation"}]}
    found += ask.run(ask.posted("/v2/models/kinds/infer", named))
    let.set()
    assert [one.status for one in found] == [504, 200, 504]


NEW_ROW = objects(NEW)[:1]


def test_what_cannot_be_read_is_told_to_its_sender_and_frees_the_place(client, background):
    ask = client("kinds", backgrounds=[str(background)])
    assert ask.post("/predict?explain=true", b"no json").status == 400
    assert ask.post("/predict?explain=true", [{"size": 1}]).status == 422
    assert ask.application.work.under_way == 0


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"size": [1.0, 2.0]}, "the columns"),
        ({"a": [1.0]}, "rows of the model's columns"),
        ({**{name: values[:3] for name, values in OTHERS.items()}, "size": ["x", "y", "z"]}, "column 'size'"),
        ({name: [] for name in OTHERS}, "rows"),
    ],
)
def test_a_background_that_cannot_be_read(columns, said, folder, tmp_path):
    path = written(tmp_path / "bad.csv", columns)
    with pytest.raises((InputError, InputTypeError)) as caught:
        Served.load("kinds", "1", folder / "kinds.model", Background(path))
    assert str(path) in str(caught.value) and said in str(caught.value)


@pytest.mark.parametrize(
    ("backgrounds", "said"),
    [(["c=x.csv"], "received 'c'"), (["x.csv", "a=y.csv"], "several"), (["a=x.csv", "a=y.csv"], "several")],
)
def test_backgrounds_are_of_models_that_are_served(backgrounds, said):
    with pytest.raises(InputError, match=said):
        places(["a=a.model", "b=b.model"], backgrounds)


def test_a_background_by_name(tmp_path):
    first, second = places(["a=a.model", "b=b.model"], ["b=t.csv"], rows=7)
    assert first.background is None and (second.background.path.name, second.background.rows) == ("t.csv", 7)


def test_a_background_that_has_changed_is_read_again(client, tmp_path):
    path = written(tmp_path / "t.csv", OTHERS)
    ask = client("kinds", backgrounds=[str(path)])
    before = ask.post("/predict?explain=true", NEW_ROW).json
    assert ask.repository.reload() == []
    path.write_text("nothing")
    ((_, error),) = ask.repository.reload()
    assert isinstance(error, InputError)
    assert ask.post("/predict?explain=true", NEW_ROW).json == before
    written(tmp_path / "new.csv", rows(12, seed=8))
    os.replace(tmp_path / "new.csv", path)
    ((_, error),) = ask.repository.reload()
    assert error is None
    assert ask.post("/predict?explain=true", NEW_ROW).json["explanation"]["background_rows"] == 12


def test_workers_explain_alike_and_read_a_new_background(folder, tmp_path):
    path = written(tmp_path / "t.csv", OTHERS)
    server = Server(tmp_path, folder / "kinds.model", "--background", path, "--workers", 2)
    try:
        asked = [server.ask("POST", "/predict?explain=true", json.dumps(NEW_ROW).encode()) for _ in range(8)]
        assert {status for status, _ in asked} == {200} and len({body for _, body in asked}) == 1
        assert parse(asked[0][1], Limits())["explanation"]["background_rows"] == 40
        written(path, rows(12, seed=8))
        server.send(signal.SIGHUP)
        server.said("loaded anew")
        path.write_text("nothing")
        server.send(signal.SIGHUP)
        server.said("stays as it is")
        status, body = server.ask("POST", "/predict?explain=true", json.dumps(NEW_ROW).encode())
        assert status == 200 and parse(body, Limits())["explanation"]["background_rows"] in (12, 40)
    finally:
        server.close()


def test_a_background_that_is_not_there_ends_the_command(folder, tmp_path):
    for more in ([], ["--workers", 2], ["--check"]):
        server = Server(tmp_path, folder / "kinds.model", "--background", "none.csv", *more, wait=False)
        try:
            assert server.process.wait(120) == 2
            server._thread.join(60)
            assert any("none.csv" in line for line in server.lines), server.lines
        finally:
            server.close()
