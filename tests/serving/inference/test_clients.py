"""Others' clients and testers against a running server: Triton's, the Open Inference Protocol's, schemathesis."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.serving.inference import official
from tests.serving.inference.cases import objects, rows
from tests.serving.inference.test_server import LONG, Server

NEW = rows(5, seed=11)
TYPES = {"size": "FP64", "color": "BYTES", "day": "BYTES", "new": "BOOL"}


@pytest.fixture(scope="module")
def server(folder):
    found = Server(folder, "kinds.model", "prices:3=prices.model", "vectors.model")
    yield found
    found.close()


def test_triton_s_client_in_binary_and_in_json(server, fitted):
    import tritonclient.http as triton
    from tritonclient.utils import InferenceServerException

    client = triton.InferenceServerClient(f"localhost:{server.port}", network_timeout=LONG)
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("kinds")
    assert client.is_model_ready("prices", "3")
    assert not client.is_model_ready("prices", "4")
    assert client.get_server_metadata()["name"] == "chainrule"
    about = client.get_model_metadata("kinds")
    assert {one["name"]: one["datatype"] for one in about["inputs"]} == TYPES
    for binary in (True, False):
        inputs = []
        for name, values in NEW.items():
            tensor = triton.InferInput(name, [5], TYPES[name])
            array = np.array(values, object if TYPES[name] == "BYTES" else None)
            if not binary and name == "size":
                array = np.nan_to_num(array)  # which JSON has none of
            tensor.set_data_from_numpy(array, binary_data=binary)
            inputs.append(tensor)
        found = client.infer("kinds", inputs, request_id="7", request_compression_algorithm="gzip" if binary else None)
        given = NEW if binary else {**NEW, "size": np.nan_to_num(NEW["size"])}
        assert found.get_response()["id"] == "7"
        assert [text.decode() for text in found.as_numpy("label")] == fitted["kinds"].predict(given).tolist()
        np.testing.assert_allclose(found.as_numpy("probability"), fitted["kinds"].predict_proba(given), rtol=1e-5)
    found = client.infer(
        "prices", inputs, "3", [triton.InferRequestedOutput("low"), triton.InferRequestedOutput("high")]
    )
    np.testing.assert_allclose(found.as_numpy("low"), fitted["prices"].predict_interval(given, 0.9)[0], rtol=1e-5)
    with pytest.raises(InferenceServerException, match="expected one of kinds, prices, vectors"):
        client.infer("other", inputs)
    client.close()


def test_the_protocol_s_own_client(server, fitted):
    import httpx
    from open_inference.openapi import types
    from open_inference.openapi.client import OpenInferenceClient
    from open_inference.openapi.errors import BadRequestError

    with httpx.Client(timeout=LONG) as connection:
        client = OpenInferenceClient(base_url=f"http://localhost:{server.port}", httpx_client=connection)
        client.check_server_liveness()
        client.check_server_readiness()
        client.check_model_readiness("kinds")
        client.check_model_version_readiness("prices", "3")
        assert client.read_server_metadata().extensions == ["binary_tensor_data"]
        assert [one.name for one in client.read_model_metadata("kinds").inputs] == list(TYPES)
        given = {**NEW, "size": np.nan_to_num(NEW["size"]).tolist(), "color": ["red", "", "blue", "pink", "red"]}
        inputs = [
            types.RequestInput(name=name, shape=[5], datatype=TYPES[name], data=values)
            for name, values in given.items()
        ]
        found = client.model_infer("kinds", request=types.InferenceRequest(id="9", inputs=inputs))
        assert (found.model_name, found.id) == ("kinds", "9")
        assert found.outputs[0].data.__root__ == fitted["kinds"].predict(given).tolist()
        found = client.model_version_infer("prices", "3", request=types.InferenceRequest(inputs=inputs))
        np.testing.assert_allclose(found.outputs[0].data.__root__, fitted["prices"].predict(given), rtol=1e-5)
        with pytest.raises(BadRequestError):
            client.model_infer("kinds", request=types.InferenceRequest(inputs=inputs[:1]))


def tried(folder, document, *arguments, config=""):
    """What schemathesis says of a document's addresses."""
    (folder / "schemathesis.toml").write_text(config)
    command = Path(sys.executable).with_name("schemathesis")
    found = subprocess.run(
        [command, "--config-file", "schemathesis.toml", "run", document, "--max-examples", "25", "--seed", "1",
         "--workers", "1", "--no-color", *arguments],
        cwd=folder, capture_output=True, encoding="utf-8", timeout=900, check=False,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert found.returncode == 0, found.stdout[-6000:] + found.stderr[-2000:]
    assert " passed" in found.stdout
    return found.stdout


def test_schemathesis_finds_nothing_in_our_document(server, tmp_path):
    tried(tmp_path, f"http://localhost:{server.port}/openapi.json")


def test_schemathesis_finds_nothing_in_the_official_document(server, tmp_path):
    """Its requests are free of our models' names: that these are refused is right, which a check takes for wrong."""
    inputs = [
        {"name": name, "shape": [1], "datatype": TYPES[name], "data": [value]}
        for name, value in {**objects(NEW)[0], "size": 0.5}.items()
    ]
    (tmp_path / "official.json").write_text(json.dumps(official.document({"id": "1", "inputs": inputs})))
    tried(
        tmp_path, "official.json", "--url", f"http://localhost:{server.port}", "--exclude-checks",
        "positive_data_acceptance", config='[parameters]\n"path.MODEL_NAME" = "kinds"\n"path.MODEL_VERSION" = "1"\n',
    )  # fmt: skip
