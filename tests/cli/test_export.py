"""`chainrule export`, against what `chainrule predict` says."""

import csv
import io

import numpy as np
import onnxruntime
import pytest


def columns(text):
    """The inputs of the graph, from a table."""
    rows = list(csv.DictReader(io.StringIO(text)))
    size, price = ([float(row[name] or "nan") for row in rows] for name in ("size", "price"))
    color = np.array([[row["color"]] for row in rows], object)
    return {"size": np.array(size)[:, None], "price": np.array(price)[:, None], "color": color}


def test_the_graph_predicts_what_the_command_predicts(models, shell):
    done = shell("export", models.folder / "kind.model", "--onnx", "a.onnx", "--json")
    assert done.code == 0, done.err
    assert done.json["inputs"] == ["size", "color", "price"]
    assert shell("export", models.folder / "kind.model", "--onnx", "a.onnx").code == 2  # it is there
    told = shell("export", models.folder / "kind.model", "--onnx", "a.onnx", "--force")
    assert (told.code, told.out) == (0, "")
    assert "a.onnx written" in told.err
    session = onnxruntime.InferenceSession(shell.folder / "a.onnx", providers=["CPUExecutionProvider"])
    given = columns((models.folder / "test.csv").read_text())
    labels, shares = session.run(["label", "probabilities"], given)
    said = list(csv.DictReader(io.StringIO(models("predict", "kind.model", "test.csv", "--proba").out)))
    assert labels.ravel().tolist() == [row["kind"] for row in said]
    assert shares[:, 0] == pytest.approx([float(row["kind=big"]) for row in said], abs=1e-5)
    assert shell.names() == ["a.onnx"]
