"""The shapes in which MLflow's clients send rows."""

import numpy as np
import pytest
from tests.serving.inference.cases import objects, rows

NEW = rows(5, seed=7)
COLUMNS = {name: [None if v != v else v for v in values] for name, values in NEW.items()}
LISTS = [list(row.values()) for row in objects(NEW)]


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_records": objects(NEW)},
        {"dataframe_split": {"columns": list(NEW), "data": LISTS, "index": [0, 1, 2, 3, 4]}},
        {"dataframe_split": {"columns": list(NEW)[::-1], "data": [row[::-1] for row in LISTS]}},
        {"dataframe_split": {"data": LISTS}},
        {"instances": objects(NEW)},
        {"instances": LISTS},
        {"inputs": COLUMNS},
        {"inputs": objects(NEW), "params": {}},
    ],
)  # fmt: skip
def test_every_shape_gives_the_labels(body, client, fitted):
    assert client("kinds").post("/invocations", body).json == {"predictions": fitted["kinds"].predict(NEW).tolist()}


def test_numbers_texts_and_parameters(client, fitted):
    ask = client("prices")
    found = ask.post("/invocations", {"inputs": COLUMNS}).json["predictions"]
    np.testing.assert_allclose(found, fitted["prices"].predict(NEW), rtol=1e-5)
    found = ask.post("/invocations", {"inputs": COLUMNS, "params": {"coverage": 0.8, "explain": True}}).json
    assert list(found["predictions"][0]) == ["prediction", "low", "high", "explanation"]
    text = b"size,color,day,new\n1,red,2026-02-01,yes\n"
    assert len(ask.post("/invocations", text, "text/csv").json["predictions"]) == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ([], "dataframe_split"),
        ({}, "none of them"),
        ({"inputs": COLUMNS, "instances": []}, "received"),
        ({"dataframe_split": []}, "columns and data"),
        ({"dataframe_split": {"columns": 3, "data": LISTS}}, "list of names"),
        ({"dataframe_split": {"columns": ["a", "a"], "data": [[1, 2]]}}, "different names"),
        ({"dataframe_records": {}}, "list of objects"),
        ({"inputs": COLUMNS, "params": 3}, "params"),
        ({"inputs": COLUMNS, "params": {"explian": True}}, "explian"),
        ({"inputs": COLUMNS, "params": {"probabilities": "yes"}}, "true or false"),
        ({"inputs": COLUMNS, "parameters": {}}, "also ['parameters']"),
        ({"inputs": COLUMNS, "params": {"coverage": "x"}}, "coverage"),
        ({"instances": 3}, "a number"),
    ],
)  # fmt: skip
def test_shapes_that_cannot_be(body, said, client):
    found = client("prices").post("/invocations", body)
    assert found.status in (400, 422)
    assert said in found.json["error"]


def test_the_health_of_such_servers(client):
    assert client("kinds").get("/ping").status == client("kinds").get("/health").status == 200


def test_several_models_have_addresses_of_their_own(client, fitted):
    found = client("kinds", "prices").post("/invocations/kinds", {"inputs": COLUMNS})
    assert found.json == {"predictions": fitted["kinds"].predict(NEW).tolist()}
    found = client("kinds", "prices").post("/invocations", {"inputs": COLUMNS})
    assert (found.status, "kinds, prices" in found.json["error"]) == (404, True)
