"""Messages and answers: every one that can be sent, and what cannot be; JSON both ways."""

import json
import math
import os
import subprocess
import sys

import numpy as np
import pytest

from chainrule.playground import Session, Settings
from chainrule.playground.lessons import LESSONS
from chainrule.playground.settings import choices
from chainrule.training import optimisers, schedules


def said(session, **message):
    """An answer as it comes over the line: no NaN, no NumPy."""
    found = json.loads(json.dumps(session.answer(json.loads(json.dumps(message))), allow_nan=False))
    assert "error" not in found, found["error"]
    return found


@pytest.fixture
def session():
    made = Session()
    said(made, do="begin", settings={"rows": 80, "hidden": [{"units": 4}] * 2})
    return made


def test_hello_tells_what_there_is():
    found = said(Session(), do="hello")
    assert set(found) == {"choices", "settings", "lessons", "sets", "table"}
    assert Settings.of(found["settings"]) == Settings()
    assert [one["name"] for one in found["lessons"]] == [one.name for one in LESSONS]


@pytest.mark.parametrize("name", choices()["data"])
def test_every_set_is_drawn_and_learned(name):
    session = Session()
    begun = said(session, do="begin", settings={"data": name, "rows": 100, "hidden": [{"units": 8}]})
    trained = said(session, do="train", epochs=15)
    assert trained["A"]["scores"][0] < begun["A"]["scores"][0]
    assert len(begun["task"]["points"]) == 100
    assert len(begun["task"]["axes"]) == (1 if not begun["task"]["classes"] else 2)


@pytest.mark.parametrize("name", optimisers.OPTIMISERS)
def test_every_optimiser_trains(name):
    session = Session()
    said(session, do="begin", settings={"optimiser": name, "rows": 50, "hidden": [{"units": 4}]})
    assert said(session, do="train", epochs=2, steps=1)["A"]["steps"] == 5


@pytest.mark.parametrize("what", ["schedule", "activation", "init", "norm"])
def test_every_choice_trains(what):
    for name in choices()[what]:
        session = Session()
        layer = {"units": 4} | ({} if what == "schedule" else {what: name})
        settings = {"rows": 40, "hidden": [layer, layer]} | ({what: name} if what == "schedule" else {})
        said(session, do="begin", settings=settings)
        assert said(session, do="train", epochs=2)["A"]["epochs"] > 1
    assert set(schedules.NAMED) < set(choices()["schedule"])


def test_the_same_settings_give_the_same_bits(session):
    other = Session()
    said(other, do="begin", settings={"rows": 80, "hidden": [{"units": 4}] * 2})
    assert said(session, do="train", epochs=3) == said(other, do="train", epochs=3)


def test_epochs_are_counted_by_their_steps():
    session = Session()
    said(session, do="begin", settings={"rows": 100, "batch": 32, "hidden": []})
    assert said(session, do="train", epochs=3)["A"]["epochs"] == 3
    assert said(session, do="train", steps=2)["A"]["epochs"] == 3.5
    assert "epochs=4)" in said(session, do="export")["text"]
    said(session, do="begin", settings={"rows": 100, "batch": 300, "hidden": []})
    assert said(session, do="train", epochs=3)["A"]["epochs"] == 3


def test_two_runs_side_by_side(session):
    said(session, do="train", epochs=5)
    settings = {"rows": 80, "hidden": [{"units": 4, "activation": "gelu"}] * 2}
    begun = said(session, do="compare", settings=settings)
    assert begun["A"]["steps"] == begun["B"]["steps"] == 0
    trained = said(session, do="train", epochs=3)
    assert trained["A"]["scores"] != trained["B"]["scores"]
    assert said(session, do="forward", side="B")["steps"][1]["said"] == "gelu"
    assert list(said(session, do="alone")) == ["A", "networks"]


def test_a_run_that_diverges_is_told_in_json():
    session = Session()
    said(session, do="begin", settings={"data": "line", "optimiser": "sgd", "rate": 100, "scale": False})
    found = said(session, do="train", epochs=50)
    assert found["A"]["diverged"]
    for do in ("forward", "backward", "surface", "findings", "units"):
        said(session, do=do)


def test_remedies_make_settings_that_cure():
    session = Session()
    deep = {"data": "moons", "hidden": [{"units": 8, "activation": "sigmoid"}] * 12}
    said(session, do="begin", settings=deep)
    said(session, do="train", epochs=10)
    found = {one["rule"]: one for one in said(session, do="findings")["findings"]}
    remedy = next(one for one in found["vanishing-gradients"]["remedies"] if one["settings"])
    said(session, do="compare", settings=remedy["settings"])
    trained = said(session, do="train", epochs=30)
    assert trained["B"]["scores"][2] > 0.95
    assert trained["A"]["scores"][2] < trained["B"]["scores"][2]
    assert trained["A"]["layers"]["slope"][0] < -0.4 < trained["B"]["layers"]["slope"][0]


@pytest.mark.parametrize("form", ["chainrule", "numpy"])
def test_exported_code_predicts_and_trains(form, tmp_path):
    session = Session()
    hidden = [{"units": 6, "norm": "batch"}, {"units": 6, "activation": "gelu", "skip": True, "dropout": 0.1}]
    settings = {"rows": 60, "hidden": hidden, "l2": 0.01, "clip": 1.0, "schedule": "cosine"}
    said(session, do="begin", settings=settings)
    said(session, do="train", epochs=3)
    run = session.runs["A"]
    code = said(session, do="export", form=form)["text"]
    space = {}
    exec(compile(code, "exported", "exec"), space)
    if form == "numpy":
        expected = run.network.forward(run.parameters, run.rows.X).output
        np.testing.assert_allclose(space["predict"](run.task.X.astype(float)), expected, atol=1e-4)
        assert space["classes"](run.task.X).shape == (60,)
    else:
        np.testing.assert_array_equal(space["trainer"].parameters.vector, run.parameters.vector)


@pytest.mark.parametrize("data", ["moons", "clusters", "sine"])
def test_a_model_file_predicts_rows_as_they_are(data, tmp_path):
    import base64

    from chainrule.models.model import Model

    session = Session()
    said(session, do="begin", settings={"data": data, "rows": 60, "hidden": [{"units": 6, "norm": "batch"}] * 2})
    said(session, do="train", epochs=5)
    path = tmp_path / "network.model"
    path.write_bytes(base64.b64decode(said(session, do="export", form="model")["base64"]))
    run, model = session.runs["A"], Model.load(path)
    before = run.parameters.vector.copy()
    expected = run._predict(run.rows.X)
    found = model.predict_proba(run.task.X) if run.task.classes else model.predict(run.task.X)[:, None]
    np.testing.assert_allclose(found, expected, atol=1e-4)
    np.testing.assert_array_equal(run.parameters.vector, before)


def test_onnx_is_exported():
    import base64

    onnxruntime = pytest.importorskip("onnxruntime")
    session = Session()
    said(session, do="begin", settings={"rows": 40})
    run = session.runs["A"]
    found = onnxruntime.InferenceSession(base64.b64decode(said(session, do="export", form="onnx")["base64"]))
    (given,) = found.run(None, {found.get_inputs()[0].name: run.rows.X})[:1]
    assert len(given) == 40


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (None, "an object"),
        ({}, "one of"),
        ({"do": "fly"}, "one of"),
        ({"do": ["begin"]}, "one of"),
        ({"do": "begin", "settings": 3}, "an object"),
        ({"do": "begin", "settings": {"colour": 1}}, "colour"),
        ({"do": "begin", "settings": {"rows": 10**9}}, "rows"),
        ({"do": "begin", "settings": {"rows": True}}, "rows"),
        ({"do": "begin", "settings": {"rate": "fast"}}, "rate"),
        ({"do": "begin", "settings": {"rate": float("nan")}}, "rate"),
        ({"do": "begin", "settings": {"hidden": [{"units": 10**6}]}}, "units"),
        ({"do": "begin", "settings": {"hidden": [{"activation": "rleu"}]}}, "Did you mean 'relu'"),
        ({"do": "begin", "settings": {"hidden": [{"skip": "yes"}]}}, "true or false"),
        ({"do": "begin", "settings": {"hidden": [{}] * 100}}, "layers"),
        ({"do": "begin", "settings": {"hidden": {"units": 3}}}, "a list of layers"),
        ({"do": "begin", "settings": {"data": "own"}}, "axes"),
        ({"do": "begin", "settings": {"data": "own", "axes": ["a", "b"], "target": "y"}}, "Open its file"),
        ({"do": "begin", "settings": {"axes": 3}}, "axes"),
        ({"do": "train", "epochs": 10**9}, "epochs"),
        ({"do": "train", "steps": -1}, "steps"),
        ({"do": "forward", "row": 80}, "from 0 to 79"),
        ({"do": "forward", "row": -1}, "from 0 to 79"),
        ({"do": "forward", "row": 1.5}, "from 0 to 79"),
        ({"do": "forward", "side": "C"}, "'A'"),
        ({"do": "forward", "side": []}, "'A'"),
        ({"do": "backward", "layer": 3}, "from 0 to 2"),
        ({"do": "backward", "unit": 4}, "from 0 to 3"),
        ({"do": "backward", "input": 2}, "from 0 to 1"),
        ({"do": "units", "layer": 2}, "2 layers"),
        ({"do": "surface", "seed": -1}, "seed"),
        ({"do": "export", "form": "pickle"}, "one of"),
        ({"do": "compare", "settings": {"rows": 80, "seed": 5}}, "seed"),
        ({"do": "table", "text": 3}, "the text of a file"),
        ({"do": "table", "name": "x.csv", "text": "a\n1\n"}, "columns"),
        ({"do": "table", "name": "../../x.csv", "text": "a,b\n1,2\n3\n"}, "x.csv"),
    ],
    ids=str,
)
def test_what_cannot_be_is_told(session, message, expected):
    found = session.answer(message)
    assert expected in found["error"]
    assert "Traceback" not in found["error"]
    assert "error" not in session.answer({"do": "train", "epochs": 1})  # nothing is lost


def test_nothing_before_a_run_has_begun():
    assert "begin" in Session().answer({"do": "train"})["error"]


def rows(count=400):
    rng = np.random.default_rng(0)
    age, pay = rng.integers(18, 80, count), rng.normal(30, 9, count).round(1)
    town = rng.choice(["Rome", "Oslo", "Bonn"], count)
    bought = np.where((age > 40) & (town != "Oslo"), "yes", "no")
    lines = ["age,pay,town,day,bought"]
    for k in range(count):
        lines.append(f"{age[k]},{pay[k] if k % 9 else ''},{town[k]},2024-0{1 + k % 9}-11,{bought[k]}")
    return "\n".join(lines) + "\n"


def test_a_table_of_ones_own():
    session = Session()
    found = said(session, do="table", name="shop.csv", text=rows())
    assert {one["name"]: one["kind"] for one in found["columns"]} == {
        "age": "number", "pay": "number", "town": "category", "day": "date", "bought": "boolean"
    }  # fmt: skip
    assert found["target"] == "bought"
    assert found["axes"] == ["age", "pay"]
    layers = [{"units": 8, "activation": "relu"}]
    settings = {"data": "own", "target": "bought", "axes": ["age", "pay"], "hidden": layers}
    begun = said(session, do="begin", settings=settings)
    assert begun["task"]["classes"] == ["no", "yes"]
    assert begun["task"]["rows"] == 320
    assert begun["task"]["points"].count(None) > 10  # rows without a pay have no place
    trained = said(session, do="train", epochs=60)
    assert trained["A"]["scores"][3] > 0.9
    for do in ("forward", "backward", "units", "surface", "findings"):
        said(session, do=do)
    numbers = said(session, do="begin", settings={**settings, "target": "pay", "axes": ["day", "age"]})
    assert numbers["task"]["classes"] == []
    assert numbers["task"]["rows"] < 300
    assert all(math.isfinite(one) for one in said(session, do="train", epochs=1)["A"]["scores"])
    for bad in (
        {"target": "paid"},
        {"axes": ["town", "age"]},
        {"axes": ["age", "age"]},
        {"target": "day", "axes": ["age", "pay"]},
    ):
        assert session.answer({"do": "begin", "settings": {**settings, **bad}})["error"]
    assert said(session, do="train", epochs=1)["A"]["epochs"] > 1


def test_a_file_that_cannot_be_read_gives_the_error_of_the_command_line(tmp_path):
    text = "a,b\n1,2\n3\n"
    path = tmp_path / "bad.csv"
    path.write_text(text)
    command = [sys.executable, "-m", "chainrule", "train", str(path), "--target", "b", "-o", str(tmp_path / "m")]
    told = subprocess.run(command, capture_output=True, text=True).stderr
    error = Session().answer({"do": "table", "name": "bad.csv", "text": text})["error"]
    assert error.partition(": ")[2] in " ".join(told.split())


BLOCKED = """
import sys
BLOCKED = 'numba llvmlite sklearn scipy threadpoolctl pandas polars pyarrow narwhals starlette safetensors'
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in BLOCKED.split():
            raise ImportError(f'blocked: {name}')
sys.meta_path.insert(0, Block())
import json
from chainrule.playground.worker import answer
print(answer(json.dumps({'do': 'begin', 'settings': {'data': 'moons', 'hidden': [{'units': 8}] * 2}})) != '')
found = json.loads(answer(json.dumps({'do': 'train', 'epochs': 20})))
print(found['A']['scores'][2] > 0.7)
for do in ('hello', 'forward', 'backward', 'units', 'surface', 'findings', 'export'):
    assert 'error' not in json.loads(answer(json.dumps({'do': do}))), do
print('pip install' in json.loads(answer(json.dumps({'do': 'table', 'name': 'a.csv', 'text': 'a,b,c'})))['error'])
"""


def test_it_runs_where_a_browser_has_numpy_alone():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", BLOCKED],
        env={**os.environ, "CHAINRULE_KERNELS": "numpy"},
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == ["True"] * 3, done.stderr


def test_a_message_that_would_take_long_is_answered_soon(session, monkeypatch):
    from chainrule.playground import session as module

    said(session, do="compare", settings={"rows": 80, "hidden": [{"units": 5}] * 2})
    monkeypatch.setattr(module, "SECONDS", 0.0)
    found = said(session, do="train", epochs=100)
    assert found["A"]["epochs"] == found["B"]["epochs"] == pytest.approx(1, abs=0.25)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("a,b,y\n" + "\n".join(f"{k},{'inf' if k == 5 else k},{k % 2}" for k in range(30)), "y"),
        ("a,b,y\n" + "\n".join(f"{k},{k},{'x' if k == 5 else ''}" for k in range(30)), "y"),
        ("a,b,y\n" + "\n".join(f"{k},{k}\x00,{k % 2}" for k in range(30)), "y"),
        ("a,b,y\n" + "\n".join(f"{k},{k}\ud800,{k % 2}" for k in range(30)), "y"),
    ],
    ids=["infinite", "one known target", "NUL", "half a character"],
)
def test_bad_tables_are_told_in_words(text, target):
    session = Session()
    found = session.answer({"do": "table", "name": "mine.csv", "text": text})
    if "error" not in found:
        found = session.answer({"do": "begin", "settings": {"data": "own", "target": target, "axes": ["a", "b"]}})
    assert "could not be done" not in found.get("error", "")
    assert "/tmp" not in found.get("error", "")


@pytest.mark.parametrize("settings", [{"batch": 10**30}, {"hidden": [{"units": 256}] * 60}])
def test_what_would_take_too_long_is_refused(settings):
    assert "expected" in Session().answer({"do": "begin", "settings": settings})["error"]


def test_a_remedy_beyond_the_settings_has_no_button():
    session = Session()
    said(
        session,
        do="begin",
        settings={"data": "moons", "optimiser": "sgd", "rate": 30, "hidden": [{"activation": "relu"}]},
    )
    for _ in range(8):
        said(session, do="train", epochs=1)
        for one in said(session, do="findings")["findings"]:
            assert all("settings" in remedy for remedy in one["remedies"])


def test_both_runs_learn_the_table_that_a_began_with():
    session = Session()
    said(session, do="table", name="one.csv", text=rows(200))
    settings = {"data": "own", "target": "bought", "axes": ["age", "pay"], "hidden": []}
    said(session, do="begin", settings=settings)
    said(session, do="table", name="two.csv", text=rows(400))
    said(session, do="compare", settings={**settings, "scale": False, "rate": 0.1})
    assert len(session.runs["A"].task.X) == len(session.runs["B"].task.X) == 160


def test_a_defect_does_not_end_a_page(session, monkeypatch, caplog):
    monkeypatch.setattr("chainrule.playground.panels.forward_panel", lambda *_: 1 / 0)
    assert "ZeroDivisionError" in session.answer({"do": "forward"})["error"]
    assert "ZeroDivisionError" in caplog.text
