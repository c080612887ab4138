"""Models by name and version, read again where their files have changed."""

import logging
import os

import pytest
from tests.serving.inference.cases import Client, objects, rows

from chainrule.errors import InputError, ModelFileError
from chainrule.serving.inference.repository import Place, places
from chainrule.serving.inference.served import Served

ROWS = objects(rows(3))


@pytest.mark.parametrize(
    "text", ["a b=x.model", "=x.model", "a:=x.model", "a:1:2=x", "../x=y", "my model.model", "a/b=c"]
)
def test_names_that_stand_in_no_address(text):
    with pytest.raises(InputError, match="NAME=PATH"):
        places([text])


def test_names_and_versions():
    assert Place.said("a:1.2=models/x").version == "1.2"
    assert [(p.name, p.version) for p in places(["x.model", "x:2=y", "z=x.model"])] == [
        ("x", "1"),
        ("x", "2"),
        ("z", "1"),
    ]
    with pytest.raises(InputError, match="more than once"):
        places(["a=x", "a=y"])


def test_several_versions_the_newest_by_default(folder):
    ask = Client(f"m:9={folder / 'kinds.model'}", f"m:10={folder / 'prices.model'}", f"m:1={folder / 'pairs.model'}")
    assert ask.get("/v2/models/m").json["versions"] == ["1", "9", "10"]
    assert ask.post("/predict", ROWS).json["version"] == "10"
    assert "label" in ask.post("/predict/m/versions/9", ROWS).json["rows"][0]
    assert ask.get("/v2/models/m/versions/11").status == 404
    ask.close()


def test_a_file_that_has_changed_takes_the_place_of_what_was_read(folder, tmp_path):
    path = tmp_path / "m.model"
    path.write_bytes((folder / "kinds.model").read_bytes())
    ask = Client(f"m={path}")
    before = ask.post("/predict", ROWS).json["rows"]
    assert ask.repository.reload() == []
    (tmp_path / "new").write_bytes((folder / "numbered.model").read_bytes())
    os.replace(tmp_path / "new", path)
    ((place, error),) = ask.repository.reload()
    assert (place.name, error) == ("m", None)
    assert {row["label"] for row in ask.post("/predict", ROWS).json["rows"]} <= {3, 4}
    assert {row["label"] for row in before} <= {"big", "small"}
    ask.close()


@pytest.mark.parametrize("broken", ["gone", "text", "cut"])
def test_a_broken_file_takes_no_place(broken, folder, tmp_path):
    path = tmp_path / "m.model"
    whole = (folder / "kinds.model").read_bytes()
    path.write_bytes(whole)
    ask = Client(f"m={path}")
    before = ask.post("/predict", ROWS).body
    if broken == "gone":
        path.unlink()
    else:
        path.write_bytes(b"no model" if broken == "text" else whole[: len(whole) // 2])
    for _ in range(2):  # and is tried again
        ((_, error),) = ask.repository.reload()
        assert isinstance(error, ModelFileError)
    assert ask.post("/predict", ROWS).body == before
    assert 'chainrule_reload_failures_total{model="m",version="1"} 2.0' in ask.get("/metrics").body.decode()
    path.write_bytes(whole)
    assert ask.repository.reload()[0][1] is None
    ask.close()


def test_a_model_that_reads_other_columns_is_warned_of(folder, tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("chainrule.serving"), "propagate", True)
    path = tmp_path / "m.model"
    for name, warned in (("kinds", False), ("prices", False), ("vectors", True)):
        path.write_bytes((folder / f"{name}.model").read_bytes())
        if name == "kinds":
            ask = Client(f"m={path}")
        else:
            ask.repository.reload()
        assert ("reads other columns than before: ['color', 'day'" in caplog.text) == warned
    ask.close()


def test_a_file_that_changes_while_it_is_read_is_read_again(folder, tmp_path, monkeypatch):
    path = tmp_path / "m.model"
    path.write_bytes((folder / "kinds.model").read_bytes())
    ask, load = Client(f"m={path}"), Served.load
    path.write_bytes((folder / "numbered.model").read_bytes())

    def slow(*given):
        found = load(*given)
        path.write_bytes((folder / "prices.model").read_bytes())
        return found

    with monkeypatch.context() as context:
        context.setattr(Served, "load", slow)
        ask.repository.reload()
    assert len(ask.repository.reload()) == 1
    assert "prediction" in ask.post("/predict", ROWS).json["rows"][0]
    ask.close()


def test_what_is_being_loaded(folder):
    ask = Client(f"m={folder / 'kinds.model'}", load=False)
    assert ask.get("/v2/health/live").status == 200
    assert ask.get("/v2/health/ready").status == 503
    for found in (ask.get("/v2/models/m"), ask.get("/v2/models/m/ready"), ask.post("/predict", ROWS)):
        assert (found.status, found.headers["retry-after"]) == (503, "1")
    ask.repository.load()
    assert ask.get("/v2/health/ready").status == ask.post("/predict", ROWS).status == 200
    ask.close()


def test_models_of_sequences_are_refused(tmp_path):
    import numpy as np

    from chainrule import SequenceRegressor

    model = SequenceRegressor(hidden_layer_sizes=(2,), max_iter=30, tol=1, random_state=0)
    model.fit(np.zeros((20, 3, 2)), np.arange(20.0)).save(tmp_path / "s")
    with pytest.raises(ModelFileError, match="of tables or of rows"):
        Client(f"s={tmp_path / 's'}")
