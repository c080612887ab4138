"""Models in others' servers: MLServer, Ray Serve, an image, OpenVINO; as the examples and docs/serving.md have it."""

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import warnings
from pathlib import Path

import numpy as np
import pytest
from tests.cli.conftest import environment
from tests.serving.inference.cases import objects, rows
from tests.serving.inference.test_server import LONG
from tests.serving.inference.test_tensors import tensors

from chainrule import TableRegressor, to_onnx

ROOT = Path(__file__).parent.parent.parent.parent
EXAMPLES = ROOT / "examples" / "serving"
NEW = rows(6, seed=5)


def other(name):
    """The Python of another server's environment, which `make test-serving` makes."""
    found = ROOT / ".venv-others" / name / "bin" / "python"
    if not found.exists() and os.environ.get("CHAINRULE_SERVING") != "required":
        pytest.skip(f"{name} is not installed: make test-serving")
    return found


def free():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def asked(url, body=None):
    """The status and the content of an answer."""
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, {"Content-Type": "application/json"})) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def waited(process, url):
    """Until there is an answer."""
    end = time.monotonic() + LONG
    while True:
        assert process.poll() is None, process.returncode
        assert time.monotonic() < end
        try:
            if asked(url)[0] == 200:
                return
        except OSError:
            time.sleep(0.1)


@pytest.fixture
def process(tmp_path):
    """A function that starts a process whose output goes to a file; what is left of it ends with the test."""
    made = []

    def of(command, **variables):
        more = {"env": environment(**variables)}
        with open(tmp_path / f"out{len(made)}", "w") as out:
            more["stdin"], more["stdout"], more["stderr"] = subprocess.DEVNULL, out, out
            made.append(subprocess.Popen(list(map(str, command)), cwd=tmp_path, **more))
        return made[-1]

    yield of
    for one in made:
        one.terminate()
        one.wait(LONG)


def test_a_runtime_of_mlserver(process, folder, fitted, tmp_path):
    python, http, grpc, metrics = other("mlserver"), free(), free(), free()
    shutil.copy(EXAMPLES / "mlserver_runtime.py", tmp_path)
    shutil.copy(folder / "kinds.model", tmp_path)
    settings = {"name": "kinds", "implementation": "mlserver_runtime.Chainrule", "parameters": {"uri": "./kinds.model"}}
    (tmp_path / "model-settings.json").write_text(json.dumps(settings))
    ports = {"host": "127.0.0.1", "http_port": http, "grpc_port": grpc, "metrics_port": metrics, "parallel_workers": 0}
    (tmp_path / "settings.json").write_text(json.dumps(ports))
    paths = os.pathsep.join([str(ROOT / "src"), str(tmp_path)])
    running = process([python.with_name("mlserver"), "start", "."], PYTHONPATH=paths)
    waited(running, f"http://127.0.0.1:{http}/v2/models/kinds/ready")
    about = json.loads(asked(f"http://127.0.0.1:{http}/v2/models/kinds")[1])
    assert [one["name"] for one in about["inputs"]] == list(NEW)
    status, content = asked(f"http://127.0.0.1:{http}/v2/models/kinds/infer", {"inputs": tensors()})
    assert status == 200, content
    assert json.loads(content)["outputs"][0]["data"] == fitted["kinds"].predict(NEW).tolist()
    wrong = tensors()
    wrong[0] |= {"datatype": "BYTES", "data": ["huge"] * 6}
    status, content = asked(f"http://127.0.0.1:{http}/v2/models/kinds/infer", {"inputs": wrong})
    assert status == 400
    assert b"column 'size', row 0" in content


RAY = """
import json, sys, urllib.error, urllib.request
import ray
from ray import serve
ray.init("local", num_cpus=1, include_dashboard=False, log_to_driver=False)
serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[1])})
import ray_serve
serve.run(ray_serve.app)
found = []
for body in json.load(open("bodies.json")):
    asked = urllib.request.Request(f"http://127.0.0.1:{sys.argv[1]}/", json.dumps(body).encode())
    try:
        found.append([200, json.load(urllib.request.urlopen(asked))])
    except urllib.error.HTTPError as error:
        found.append([error.code, json.load(error)])
json.dump(found, open("answers.json", "w"))
serve.shutdown()
ray.shutdown()
"""


def test_a_deployment_of_ray_serve(process, folder, fitted, tmp_path):
    python = other("ray")
    shutil.copy(EXAMPLES / "ray_serve.py", tmp_path)
    (tmp_path / "bodies.json").write_text(json.dumps([objects(NEW), [{**objects(NEW)[0], "size": "huge"}]]))
    (tmp_path / "run.py").write_text(RAY)
    more = {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(tmp_path)]), "RAY_USAGE_STATS_ENABLED": "0"}
    # Its proxy is given up after 5 seconds, which it takes to start on a busy machine.
    more |= {f"RAY_SERVE_PROXY_{check}_CHECK_TIMEOUT_S": "120" for check in ("READY", "HEALTH")}
    running = process([python, "run.py", free()], CHAINRULE_MODEL=str(folder / "kinds.model"), **more)
    assert running.wait(2 * LONG) == 0, (tmp_path / "out0").read_text()[-3000:]
    (status, found), (wrong, told) = json.loads((tmp_path / "answers.json").read_text())
    assert status == 200
    assert [row["label"] for row in found["rows"]] == fitted["kinds"].predict(NEW).tolist()
    assert (wrong, told["column"]) == (422, "size")


def steps(text):
    """The instructions of a Dockerfile."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [tuple(line.split(maxsplit=1)) for line in lines]


def test_the_steps_of_the_image(process, folder, tmp_path):
    """As its builder would do them, but in a virtual environment: no package is there that the image does not name."""
    work, venv = tmp_path / "srv", tmp_path / "venv"
    work.mkdir()
    shutil.copy(folder / "kinds.model", tmp_path / "adult.model")
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    usual = {**environment(), "PATH": f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    usual.pop("PYTHONPATH")
    told, command = [], None
    for instruction, rest in steps((EXAMPLES / "Dockerfile").read_text()):
        told.append(instruction)
        if instruction == "RUN":
            line = rest.replace("'chainrule[serve]'", shlex.quote(f"{ROOT}[serve]"))
            subprocess.run(["bash", "-euc", line], cwd=work, env=usual, check=True, capture_output=True)
        elif instruction == "COPY":
            source, _ = rest.split()
            shutil.copy(tmp_path / source, work)
        elif instruction == "CMD":
            command = json.loads(rest)
    assert told == ["FROM", "RUN", "WORKDIR", "COPY", "RUN", "USER", "EXPOSE", "CMD"]
    port = free()
    running = process([venv / "bin" / command[0], *command[1:], "--port", port], PYTHONPATH="")
    running_folder = work / "adult.model"
    assert running_folder.exists()
    shutil.copy(running_folder, tmp_path / "adult.model")
    waited(running, f"http://127.0.0.1:{port}/v2/health/ready")
    assert len(json.loads(asked(f"http://127.0.0.1:{port}/predict", objects(NEW))[1])["rows"]) == 6
    arrow = urllib.request.Request(
        f"http://127.0.0.1:{port}/predict", b"x", {"Content-Type": "application/vnd.apache.arrow.stream"}
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(arrow)
    with refused.value as answer:
        assert answer.code == 415
        assert b"pip install 'chainrule[files]'" in answer.read()
    with open(f"/proc/{running.pid}/maps") as maps:
        assert not re.search("pyarrow|sklearn|pandas", maps.read())


OPENVINO = """
import json, sys
import numpy as np
import openvino
model = openvino.Core().compile_model("m.onnx", "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
given = {name: np.array(values, np.float64)[:, None] for name, values in json.load(open("rows.json")).items()}
print(json.dumps(model(given)[model.output(0)].ravel().tolist()))
"""


def test_onnx_in_openvino(tmp_path):
    """A model of numbers, some of which are missing, as docs/serving.md has it."""
    python, random = other("openvino"), np.random.default_rng(0)
    table = {"a": np.where(np.arange(300) % 7 == 0, np.nan, random.normal(size=300)), "b": random.normal(size=300)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = TableRegressor(preset="fast", max_iter=5, random_state=0)
        model.fit(table, np.nan_to_num(table["a"]) + table["b"])
    (tmp_path / "m.onnx").write_bytes(to_onnx(model).SerializeToString())
    (tmp_path / "rows.json").write_text(json.dumps({name: values[:9].tolist() for name, values in table.items()}))
    found = subprocess.run([python, "-c", OPENVINO], cwd=tmp_path, capture_output=True, encoding="utf-8", check=True)
    expected = model.predict({name: values[:9] for name, values in table.items()})
    np.testing.assert_allclose(json.loads(found.stdout), expected, rtol=1e-4, atol=1e-5)
