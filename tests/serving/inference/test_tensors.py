"""The Open Inference Protocol: metadata, tensors by column and as one matrix, in JSON and in binary; wrong ones."""

import json
import struct

import numpy as np
import pytest
from tests.serving.inference.cases import rows

from chainrule import __version__
from chainrule.serving.inference.bodies.tensors import DTYPES

NEW = rows(6, seed=5)
TYPES = {"size": "FP64", "color": "BYTES", "day": "BYTES", "new": "BOOL"}


def tensors(columns=NEW, types=TYPES):
    """A tensor in JSON for each column, null where a number is missing."""
    return [
        {"name": name, "datatype": types[name], "shape": [len(values)],
         "data": [None if v != v else v for v in values]}
        for name, values in columns.items()
    ]  # fmt: skip


def packed(values, datatype):
    if datatype == "BYTES":
        return b"".join(struct.pack("<I", len(v.encode())) + v.encode() for v in values)
    return np.array(values, DTYPES[datatype]).tobytes()


def binary(columns=NEW, types=TYPES, **more):
    """A body with all tensors behind the JSON, and its headers."""
    parts = [packed(values, types[name]) for name, values in columns.items()]
    inputs = [
        {"name": name, "datatype": types[name], "shape": [len(values)], "parameters": {"binary_data_size": len(part)}}
        for (name, values), part in zip(columns.items(), parts, strict=True)
    ]
    head = json.dumps({"inputs": inputs, **more}).encode()
    return b"".join([head, *parts]), {"Inference_Header_Content_Length": str(len(head))}


def unpacked(answer):
    """The outputs of an answer in binary."""
    length = int(answer.headers["inference-header-content-length"])
    content, rest, found = json.loads(answer.body[:length]), answer.body[length:], {}
    for one in content["outputs"]:
        size = one.get("parameters", {}).get("binary_data_size")
        if size is None:
            found[one["name"]] = one["data"]
            continue
        part, rest = rest[:size], rest[size:]
        if one["datatype"] == "BYTES":
            texts = []
            while part:
                n = struct.unpack("<I", part[:4])[0]
                texts.append(part[4 : 4 + n].decode())
                part = part[4 + n :]
            found[one["name"]] = texts
        else:
            found[one["name"]] = np.frombuffer(part, DTYPES[one["datatype"]]).reshape(one["shape"])
    assert not rest
    return content, found


def test_the_server_and_its_health(client):
    ask = client("kinds")
    for path in ("/v2", "/v2/"):
        assert ask.get(path).json == {
            "name": "chainrule", "version": __version__, "extensions": ["binary_tensor_data"]
        }  # fmt: skip
    assert ask.get("/v2/health/live").status == ask.get("/v2/health/ready").status == 200
    assert ask.get("/v2/models/kinds/ready").status == ask.get("/v2/models/kinds/versions/1/ready").status == 200


@pytest.mark.parametrize("path", ["/v2/models/kinds", "/v2/models/kinds/versions/1"])
def test_what_a_model_reads_and_gives(path, client):
    found = client("kinds").get(path).json
    assert (found["name"], found["versions"], found["platform"]) == ("kinds", ["1"], "chainrule")
    assert {one["name"]: one["datatype"] for one in found["inputs"]} == TYPES
    assert [(one["name"], one["datatype"], one["shape"]) for one in found["outputs"]] == [
        ("label", "BYTES", [-1]), ("probability", "FP32", [-1, 2]), ("explanation", "FP32", [-1, 4])
    ]  # fmt: skip
    assert found["parameters"]["classes"] == ["big", "small"]


@pytest.mark.parametrize(
    ("name", "outputs"),
    [
        ("numbered", {"label": ("INT64", [-1]), "probability": ("FP32", [-1, 2])}),
        ("labels", {"label": ("INT64", [-1, 2]), "probability": ("FP32", [-1, 2])}),
        ("prices", {"prediction": ("FP32", [-1]), "low": ("FP32", [-1]), "high": ("FP32", [-1])}),
        ("pairs", {"prediction": ("FP32", [-1, 2])}),
        ("levels", {"prediction": ("FP32", [-1, 3]), "low": ("FP32", [-1]), "high": ("FP32", [-1])}),
        ("matrix", {"prediction": ("FP64", [-1])}),
    ],
)  # fmt: skip
def test_outputs_have_the_types_and_shapes_that_are_told(name, outputs, client):
    ask = client(name)
    about = ask.get(f"/v2/models/{name}").json
    told = {one["name"]: (one["datatype"], one["shape"]) for one in about["outputs"] if one["name"] != "explanation"}
    assert told == outputs
    given = (
        [{"name": "X", "datatype": "FP64", "shape": [6, 3], "data": list(range(18))}] if name == "matrix" else tensors()
    )
    wanted = [{"name": one} for one in outputs]
    found = ask.post(f"/v2/models/{name}/infer", {"inputs": given, "outputs": wanted})
    for one in found.json["outputs"]:
        datatype, shape = outputs[one["name"]]
        assert (one["datatype"], one["shape"]) == (datatype, [6, *shape[1:]])
        assert len(one["data"]) == np.prod(one["shape"])


@pytest.mark.parametrize("path", ["/v2/models/kinds/infer", "/v2/models/kinds/versions/1/infer"])
def test_tensors_give_what_the_model_predicts(path, client, fitted):
    found = client("kinds").post(path, {"id": "the 4th", "inputs": tensors()}).json
    assert (found["model_name"], found["model_version"], found["id"]) == ("kinds", "1", "the 4th")
    label, probability = found["outputs"]
    assert (label["name"], label["data"]) == ("label", fitted["kinds"].predict(NEW).tolist())
    np.testing.assert_allclose(
        np.reshape(probability["data"], probability["shape"]), fitted["kinds"].predict_proba(NEW), rtol=1e-5
    )


def test_binary_tensors_both_ways(client, fitted):
    ask = client("kinds")
    body, headers = binary(parameters={"binary_data_output": True})
    content, found = unpacked(ask.post("/v2/models/kinds/infer", body, "application/octet-stream", **headers))
    assert [one["name"] for one in content["outputs"]] == ["label", "probability"]
    assert found["label"] == fitted["kinds"].predict(NEW).tolist()
    np.testing.assert_allclose(found["probability"], fitted["kinds"].predict_proba(NEW), rtol=1e-5)
    outputs = [{"name": "probability", "parameters": {"binary_data": True}}, {"name": "label"}]
    body, headers = binary(outputs=outputs)
    content, found = unpacked(ask.post("/v2/models/kinds/infer", body, **headers))
    assert [one["name"] for one in content["outputs"]] == ["probability", "label"]
    assert found["label"] == fitted["kinds"].predict(NEW).tolist()


@pytest.mark.parametrize("datatype", ["FP32", "FP64", "FP16", "INT8", "INT16", "INT32", "INT64", "UINT8", "UINT64"])
def test_numbers_of_every_type(datatype, client, fitted):
    whole = {**NEW, "size": [0, 1, 2, 3, 4, 5]}
    expected = fitted["kinds"].predict_proba(whole)
    ask = client("kinds")
    types = {**TYPES, "size": datatype}
    outputs = [{"name": "probability", "parameters": {"binary_data": True}}]
    body, headers = binary(whole, types, outputs=outputs)
    _, found = unpacked(ask.post("/v2/models/kinds/infer", body, **headers))
    np.testing.assert_allclose(found["probability"], expected, rtol=1e-5)
    answer = ask.post("/v2/models/kinds/infer", {"inputs": tensors(whole, types), "outputs": [{"name": "probability"}]})
    np.testing.assert_allclose(np.reshape(answer.json["outputs"][0]["data"], (6, 2)), expected, rtol=1e-5)


def test_clients_may_write_whole_numbers_and_truth_as_floats(client, fitted):
    whole = {**NEW, "size": [0, 1, 2, 3, 4, 5]}
    inputs = tensors({**whole, "size": [float(v) for v in whole["size"]], "new": [float(v) for v in NEW["new"]]})
    inputs[0]["datatype"] = "INT32"
    found = client("kinds").post("/v2/models/kinds/infer", {"inputs": inputs}).json["outputs"][0]["data"]
    assert found == fitted["kinds"].predict(whole).tolist()


@pytest.mark.parametrize("nested", [False, True])
def test_one_matrix_for_all_columns(nested, client, fitted):
    X = np.random.default_rng(3).normal(size=(4, 3))
    data = X.tolist() if nested else X.ravel().tolist()
    tensor = {"name": "anything", "datatype": "FP64", "shape": [4, 3], "data": data}
    found = client("matrix").post("/v2/models/matrix/infer", {"inputs": [tensor]}).json["outputs"][0]
    np.testing.assert_allclose(found["data"], fitted["matrix"].predict(X), rtol=1e-5)
    words = [["1.5", "red", "2026-03-01", "yes"], ["", "blue", "2026-03-02", "no"]]
    tensor = {"name": "rows", "datatype": "BYTES", "shape": [2, 4], "data": words}
    found = client("kinds").post("/v2/models/kinds/infer", {"inputs": [tensor]}).json["outputs"][0]
    columns = dict(zip(NEW, map(list, zip(*words, strict=True)), strict=True))
    assert found["data"] == fitted["kinds"].predict(columns).tolist()


def test_vectors_and_columns_of_one_axis_more(client, fitted):
    inputs = [
        {"name": "v", "datatype": "FP32", "shape": [2, 2], "data": [[0.5, -1], [2, 0]]},
        {"name": "w", "datatype": "INT32", "shape": [2, 1], "data": [3, 4]},
    ]
    found = client("vectors").post("/v2/models/vectors/infer", {"inputs": inputs}).json["outputs"][0]
    given = {"v": np.array([[0.5, -1.0], [2.0, 0.0]]), "w": np.array([3.0, 4.0])}
    np.testing.assert_allclose(found["data"], fitted["vectors"].predict(given), rtol=1e-5)


def test_intervals_and_explanations_are_asked_for_by_parameters_or_by_name(client, fitted):
    ask, path = client("prices"), "/v2/models/prices/infer"
    low, high = fitted["prices"].predict_interval(NEW, 0.8)
    found = ask.post(path, {"inputs": tensors(), "parameters": {"coverage": 0.8, "explain": True}}).json["outputs"]
    assert [one["name"] for one in found] == ["prediction", "low", "high", "explanation"]
    np.testing.assert_allclose(found[1]["data"], low, rtol=1e-5)
    np.testing.assert_allclose(found[2]["data"], high, rtol=1e-5)
    found = ask.post(path, {"inputs": tensors(), "outputs": [{"name": "low"}]}).json["outputs"]
    np.testing.assert_allclose(found[0]["data"], fitted["prices"].predict_interval(NEW, 0.9)[0], rtol=1e-5)


def changed(**tensor):
    """The usual tensors, of which the first is another."""
    first, *others = tensors()
    return {"inputs": [{**first, **tensor}, *others]}


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ([], 400, "an object"),
        ({}, 400, "inputs"),
        ({"inputs": []}, 400, "list of tensors"),
        ({"inputs": [3]}, 400, "list of tensors"),
        ({"inputs": tensors(), "id": 3}, 400, "id"),
        ({"inputs": tensors(), "parameters": 3}, 400, "parameters"),
        ({"inputs": tensors(), "parameters": None}, 400, "parameters"),
        ({"inputs": tensors(), "outputs": None}, 400, "outputs"),
        ({"inputs": tensors(), "id": None}, 400, "id"),
        ({"inputs": [[[[[[[[[]]]]]]]]]}, 400, "inside one another"),
        ({"inputs": tensors(), "parameters": {"coverage": 3}}, 422, "coverage"),
        ({"inputs": tensors(), "outputs": 3}, 400, "outputs"),
        ({"inputs": tensors(), "outputs": [{"name": "logits"}]}, 400, "label, probability"),
        ({"inputs": tensors(), "outputs": [{"name": "label"}, {"name": "label"}]}, 400, "different"),
        ({"inputs": tensors() * 2}, 400, "different names"),
        ({"inputs": tensors()[1:]}, 400, "also ['size']"),
        (changed(name="weight"), 400, "none named ['weight']"),
        (changed(name=None), 400, "a name"),
        (changed(datatype="FP8"), 400, "FP8"),
        (changed(datatype=["FP64"]), 400, "datatype"),
        (changed(shape=[]), 400, "shape"),
        (changed(shape=[-1]), 400, "shape"),
        (changed(shape=[True]), 400, "shape"),
        (changed(shape=[7]), 400, "7 values"),
        (changed(shape=[6, 1, 1]), 400, "[-1]"),
        (changed(shape=[2, 3]), 400, "as many rows"),
        (changed(shape=[0], data=[]), 400, "as many rows"),
        (changed(shape=[10**12] * 8), 400, "shape"),
        (changed(data=3), 400, "a list"),
        (changed(data=[1, [2, 3, 4, 5, 6]]), 400, "one depth"),
        (changed(data=["a"] * 6), 400, "FP64"),
        (changed(datatype="INT32", data=[0.5] * 6), 400, "INT32"),
        (changed(datatype="INT8", data=[128] * 6), 400, "128"),
        (changed(datatype="UINT8", data=[-1] * 6), 400, "-1"),
        (changed(datatype="BOOL", data=[2] * 6), 400, "BOOL"),
        (changed(datatype="BYTES", data=[1] * 6), 400, "BYTES"),
        (changed(datatype="BYTES", data=["1"] * 5 + ["huge"]), 422, "row 5"),
        (changed(parameters={"binary_data_size": 8}), 400, "no data"),
        (changed(parameters={"binary_data_size": -8}), 400, "bytes"),
    ],
)  # fmt: skip
def test_what_the_protocol_does_not_allow(body, status, said, client):
    found = client("kinds").post("/v2/models/kinds/infer", body)
    assert (found.status, said in found.json["error"]) == (status, True), found.json


@pytest.mark.parametrize(
    ("length", "change", "said"),
    [("-1", None, "whole number"), ("x", None, "whole number"), ("\xb2", None, "whole number"),
     ("9" * 5000, None, "whole number"), ("999999", None, "up to"), ("0", None, "JSON"),
     (None, lambda body: body + b"more", "behind the last"), (None, lambda body: body[:-1], "are left"),
     (None, lambda body: body.replace(b"red", b"\xff\xff\xff"), "UTF-8"),
     (None, lambda body: body.replace(b"\3\0\0\0red", b"\xff\xff\xff\xffred"), "broken off")],
)  # fmt: skip
def test_binary_that_is_not_what_its_head_says(length, change, said, client):
    body, headers = binary({**NEW, "color": ["red"] * 6})
    if length is not None:
        headers = {"Inference_Header_Content_Length": length}
    found = client("kinds").post("/v2/models/kinds/infer", change(body) if change else body, **headers)
    assert (found.status, said in found.json["error"]) == (400, True), found.json


def test_models_and_versions_that_are_not_there(client):
    ask = client("kinds")
    for path in ("/v2/models/other", "/v2/models/other/ready", "/v2/models/kinds/versions/2", "/v2/models/kinds/other"):
        found = ask.get(path)
        assert found.status == 404
        assert found.json["error"]
    assert ask.post("/v2/models/other/infer", {}).status == 404
    assert ask.get("/v2/models/kinds/infer").status == 405
    assert ask.get("/v2/models/kinds/infer").headers["allow"] == "POST"
