"""`evaluate` and `predict`: what they print and write, against the estimator in Python."""

import csv
import datetime
import gzip
import io
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

import chainrule
from chainrule.cli import outputs, tables
from chainrule.errors import InputError
from chainrule.tables.files import open_file

pytestmark = pytest.mark.usefixtures("numpy_kernels")

#: What a prediction with compiled kernels has no use for, and would wait for.
IDLE = {
    "pandas",
    "polars",
    "sklearn",
    "scipy.stats",
    "scipy.special",
    "scipy.sparse",
    "matplotlib",
    "chainrule.cli.train",
}


def records(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_scores_of_classes(models):
    done = models("evaluate", "kind.model", "test.csv", "--json")
    assert (done.code, done.err) == (0, "")
    model = chainrule.load(models.folder / "kind.model")
    true = np.array([row["kind"] for row in records((models.folder / "test.csv").read_text())])
    shares = model.predict_proba(models.folder / "test.csv")
    from sklearn import metrics

    scores = done.json["scores"]
    assert scores["accuracy"] == pytest.approx((model.predict(models.folder / "test.csv") == true).mean())
    assert scores["accuracy"] > 0.8
    assert scores["log_loss"] == pytest.approx(
        -np.log(shares[np.arange(100), (true == "small").astype(int)]).mean(), rel=1e-5
    )
    assert scores["roc_auc"] == pytest.approx(metrics.roc_auc_score(true == "small", shares[:, 1]))
    predicted = model.predict(models.folder / "test.csv")
    assert scores["balanced_accuracy"] == pytest.approx(metrics.balanced_accuracy_score(true, predicted))
    each = metrics.precision_recall_fscore_support(true, predicted)
    for name, expected in zip(("precision", "recall", "f1", "rows"), each, strict=True):
        assert [one[name] for one in done.json["classes"]] == pytest.approx(expected.tolist())


LABELS = {
    "words": np.array(["no", "yes"]),
    "objects": np.array(["no", "yes"], object),
    "words of pandas": pd.Series(["no", "yes"]),
    "categories": pd.Series(["no", "yes"], dtype="category"),
    "whole numbers": np.array([0, 1]),
    "floats": np.array([0.0, 1.0]),
    "truth values": np.array([False, True]),
}


@pytest.mark.parametrize("kind", LABELS)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_labels_of_a_model_that_was_made_in_python(inside, shell, kind):
    """Whatever type they had, the commands name them as the table does."""
    found = LABELS[kind][np.arange(60) % 2]
    found = found.reset_index(drop=True) if hasattr(found, "reset_index") else found
    table = pd.DataFrame({"a": np.arange(60) % 2 + np.linspace(0, 0.1, 60)})
    chainrule.TableClassifier(preset="fast", max_iter=2, random_state=0).fit(table, found).save(shell.folder / "m")
    table.assign(label=found).to_csv(shell.folder / "t.csv", index=False)
    names = [str(int(one)) if isinstance(one, float) else str(one) for one in LABELS[kind].tolist()]
    done = inside("predict", "m", "t.csv", "--proba", "--quiet")
    assert done.code == 0 and done.out.splitlines()[0].split(",")[-2:] == [f"prediction={name}" for name in names], done
    done = inside("evaluate", "m", "t.csv", "--target", "label", "--json")
    assert done.code == 0 and [one["class"] for one in done.json["classes"]] == names, done


def test_scores_of_numbers(models):
    done = models("evaluate", "price.model", "test.csv", "--json")
    from sklearn import metrics

    predicted = chainrule.load(models.folder / "price.model").predict(models.folder / "test.csv")
    true = np.array([float(row["price"]) for row in records((models.folder / "test.csv").read_text())])
    assert done.json["scores"] == pytest.approx({
        "rmse": metrics.root_mean_squared_error(true, predicted),
        "mae": metrics.mean_absolute_error(true, predicted),
        "r2": metrics.r2_score(true, predicted),
    })  # fmt: skip
    said = models("evaluate", "price.model", "test.csv").out
    assert "test.csv, 100 rows" in said and "rmse" in said


def test_predictions_on_standard_output(models):
    done = models("predict", "kind.model", "test.csv", "--proba", "--keep", "color")
    assert (done.code, done.err) == (0, "")
    found, model = records(done.out), chainrule.load(models.folder / "kind.model")
    assert [row["kind"] for row in found] == model.predict(models.folder / "test.csv").tolist()
    shares = np.array([[row["kind=big"], row["kind=small"]] for row in found], np.float32)
    assert np.array_equal(shares, model.predict_proba(models.folder / "test.csv"))
    given = records((models.folder / "test.csv").read_text())
    assert [row["color"] for row in found] == [row["color"] for row in given]
    assert '"dark, green"' in done.out and '"red"' not in done.out


def test_predicting_a_file_imports_only_what_it_needs(models, numba_kernels):
    command = ["predict", str(models.folder / "kind.model"), str(models.folder / "test.csv"), "--proba"]
    code = (
        f"import sys; from chainrule.cli.main import run; run({[*command, '--keep', 'color', '--keep', 'size']!r}); "
        f"print(sorted({IDLE!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[0].startswith("color,size,kind,") and done.stdout.rstrip().endswith("[]")


def test_predicted_numbers_read_back_the_same(models):
    done = models("predict", "price.model", "test.csv")
    expected = chainrule.load(models.folder / "price.model").predict(models.folder / "test.csv")
    assert [float(row["price"]) for row in records(done.out)] == expected.tolist()


def test_the_form_follows_the_name(models, shell, inside):
    model, data = models.folder / "kind.model", models.folder / "test.csv"
    pq.write_table(pyarrow.csv.read_csv(data), shell.folder / "in.parquet", row_group_size=30)
    for name in ("a.csv", "a.csv.gz", "a.parquet"):
        done = inside("predict", model, "in.parquet", "-o", name, "--proba", "--keep", "price")
        assert (done.code, done.out, done.err) == (0, "", f"100 rows predicted, in {name}\n")
    plain = (shell.folder / "a.csv").read_bytes()
    assert gzip.decompress((shell.folder / "a.csv.gz").read_bytes()) == plain
    table = pq.read_table(shell.folder / "a.parquet")
    assert table.column_names == ["price", "kind", "kind=big", "kind=small"]
    assert table["kind"].to_pylist() == [row["kind"] for row in records(plain.decode())]
    assert table["kind=big"].type == pa.float32()
    assert pq.read_metadata(shell.folder / "a.parquet").num_row_groups == 4
    assert shell.names() == ["a.csv", "a.csv.gz", "a.parquet", "in.parquet"]


def test_summary_as_json(models, shell):
    done = shell("predict", models.folder / "kind.model", models.folder / "test.csv", "-o", "a.csv", "--json")
    assert (done.json["rows"], done.json["output"], done.json["schema_version"]) == (100, "a.csv", 1)


@pytest.fixture
def unknown(shell):
    """A table with unknown colors in two parts of three rows, and a cell without one."""
    cells = [("1", "red"), ("2", "green"), ("3", "pink"), ("4", "pink"), ("5", ""), ("6", "blue")]
    lines = [f"{size},{color},big,{size}" for size, color in cells]
    shell.write("new.csv", "\n".join(["size,color,kind,price", *lines, ""]))
    return shell.folder / "new.csv"


@pytest.mark.filterwarnings("always::chainrule.warn.DataWarning")
def test_levels_that_a_model_does_not_know_are_told(models, inside, unknown, monkeypatch):
    monkeypatch.setattr(tables, "ROWS", 3)
    for command in (("predict", models.folder / "kind.model"), ("evaluate", models.folder / "price.model")):
        done = inside(*command, unknown)
        assert done.code == 0
        told = "chainrule: warning: column 'color': 3 of 6 cells are levels unknown to the model, for example 'pink'.\n"
        assert done.err == told


@pytest.mark.filterwarnings("always::chainrule.warn.DataWarning")
def test_they_are_in_the_documents(models, inside, unknown):
    expected = [{"column": "color", "cells": 3, "examples": ["pink", "green"]}]
    done = inside("predict", models.folder / "kind.model", unknown, "-o", "a.csv", "--json")
    assert done.json["unknown_levels"] == expected
    assert inside("evaluate", models.folder / "kind.model", unknown, "--json").json["unknown_levels"] == expected


def test_levels_that_a_model_knows_are_not_told(models, inside):
    done = inside("evaluate", models.folder / "kind.model", models.folder / "test.csv", "--json")
    assert (done.err, done.json["unknown_levels"]) == ("", [])


def test_predictions_are_not_overwritten(models, shell, inside):
    shell.write("a.csv", "mine")
    command = ("predict", models.folder / "kind.model", models.folder / "test.csv", "-o", "a.csv")
    assert inside(*command).code == 2
    assert (shell.folder / "a.csv").read_text() == "mine"
    assert inside(*command, "--force").code == 0
    assert len((shell.folder / "a.csv").read_text().splitlines()) == 101


def test_a_table_that_breaks_on_the_way_leaves_no_file(models, shell):
    lines = (models.folder / "test.csv").read_text().splitlines()
    lines[40] = "large,red,big,1"
    shell.write("bad.csv", "\n".join(lines))
    done = shell("predict", models.folder / "kind.model", "bad.csv", "-o", "a.csv")
    assert done.code == 3
    assert done.err.startswith("chainrule predict: bad.csv, column 'size', row 41: expected a number, as in fit; ")
    assert len(done.err.splitlines()) == 1
    assert shell.names() == ["bad.csv"]


def test_a_reader_that_has_enough_is_no_error(models, shell):
    many = (models.folder / "test.csv").read_text().splitlines()
    shell.write("many.csv", "\n".join([many[0], *many[1:] * 200, ""]))
    with shell.begin("predict", models.folder / "kind.model", "many.csv", "--proba", "--keep", "color") as process:
        assert process.stdout.readline() == "color,kind,kind=big,kind=small\n"
        process.stdout.close()
        err = process.stderr.read()
    assert (process.wait(timeout=models.long), err) == (0, "")


def test_a_pipeline_of_a_shell(models, shell):
    from shlex import quote

    words = " ".join(map(quote, [*models.command, "predict", str(models.folder / "kind.model")]))
    line = f"{words} {quote(str(models.folder / 'test.csv'))} | sort | uniq -c"
    done = subprocess.run(line, shell=True, capture_output=True, text=True, env=models.environment(), check=True)
    counts = dict(reversed(one.split()) for one in done.stdout.splitlines())
    assert set(counts) == {"big", "small", "kind"}
    assert int(counts["big"]) + int(counts["small"]) == 100


def test_long_parts_are_cut_and_rows_keep_their_numbers(models, monkeypatch):
    monkeypatch.setattr(tables, "ROWS", 30)
    pieces = list(tables.parts(open_file(models.folder / "test.csv"), ["size", "color", "size"]))
    assert [len(one) for one in pieces] == [30, 30, 30, 10]
    assert [one["color"].row(0) for one in pieces] == [2, 32, 62, 92]
    given = records((models.folder / "test.csv").read_text())
    assert [one["size"].values[0].as_py() for one in pieces] == [given[k]["size"] for k in (0, 30, 60, 90)]


def test_a_row_is_told_by_its_place_in_the_file(models, inside, monkeypatch):
    monkeypatch.setattr(tables, "ROWS", 30)
    lines = (models.folder / "test.csv").read_text().splitlines()
    lines[94] = lines[94].replace(",big,", ",huge,").replace(",small,", ",huge,")
    models.write("late.csv", "\n".join(lines) + "\n")
    done = inside("evaluate", models.folder / "kind.model", models.folder / "late.csv")
    assert done.code == 3 and "row 95" in done.err and "'huge'" in done.err


def test_a_column_of_parquet_has_one_type():
    sink = outputs.Parquet(io.BytesIO())
    sink.write({"id": pa.array([1.0])})
    with pytest.raises(InputError, match=r"column 'id': expected double to the end, as in its first rows"):
        sink.write({"id": pa.array(["last"])})


def test_whatever_a_table_holds_is_kept(shell, models):
    shell.write("t.csv", 'size,color,price,day,"a ""b"""\n1,red,2.5,2026-01-31,7\n,,3,,"x,y"\n')
    kept = [word for name in ("size", "color", "price", "day", 'a "b"') for word in ("--keep", name)]
    done = shell("predict", models.folder / "kind.model", "t.csv", *kept, "--threads", 1)
    lines = [line.rpartition(",")[0] for line in done.out.splitlines()]
    assert lines == ['size,color,price,day,"a ""b"""', "1,red,2.5,2026-01-31,7", ',,3,,"x,y"']


def test_a_missing_time_is_kept_as_nothing(shell, models):
    days = pa.array([datetime.datetime(2026, 1, 31, 12), None], pa.timestamp("us"))
    rows = {"size": [1.0, 2.0], "color": ["red", "red"], "price": [2.0, 3.0], "day": days}
    pq.write_table(pa.table(rows), shell.folder / "t.parquet")
    done = shell("predict", models.folder / "kind.model", "t.parquet", "--keep", "day", "--threads", 1)
    assert done.err == ""
    assert [line.partition(",")[0] for line in done.out.splitlines()] == ["day", "2026-01-31 12:00:00.000000", ""]


@pytest.mark.parametrize("cells", [[True, None, False], [True, True, None]])
@pytest.mark.parametrize("rows", [3, 3000])
@pytest.mark.one_in(4)
def test_truth_values_are_kept_as_such(shell, models, cells, rows):
    cells = cells * (rows // 3)
    table = {
        "size": [1.0] * rows,
        "color": ["red"] * rows,
        "price": [2.0] * rows,
        "fit": cells,
        "word": ["True"] * rows,
    }
    pq.write_table(pa.table(table), shell.folder / "t.parquet")
    command = ("predict", models.folder / "kind.model", "t.parquet", "--keep", "fit", "--keep", "word", "--threads", 1)
    done = shell(*command)
    said = ["" if cell is None else str(cell) for cell in cells]
    assert [line.split(",")[:2] for line in done.out.splitlines()[1:]] == [[cell, "True"] for cell in said]
    shell(*command, "-o", "a.parquet")
    found = pq.read_table(shell.folder / "a.parquet")
    assert (found["fit"].type, found["fit"].to_pylist()) == (pa.bool_(), cells)
    assert found["word"].to_pylist() == table["word"] and found["word"].type != pa.bool_()


def test_vectors_are_kept_as_lists(shell, models):
    vectors = pa.array([[0.5, None], None, [3.0, -1.0]], pa.list_(pa.float64()))
    rows = {"size": [1.0, 2.0, 3.0], "color": ["red"] * 3, "price": [2.0, 3.0, 4.0], "v": vectors}
    pq.write_table(pa.table(rows), shell.folder / "t.parquet")
    command = ("predict", models.folder / "kind.model", "t.parquet", "--keep", "v", "--threads", 1)
    done = shell(*command)
    assert [line.rpartition(",")[0] for line in done.out.splitlines()] == ["v", '"[0.5, None]"', "", '"[3.0, -1.0]"']
    shell(*command, "-o", "a.parquet")
    assert pq.read_table(shell.folder / "a.parquet")["v"].to_pylist() == vectors.to_pylist()


def test_vectors_are_kept_where_a_part_has_none(shell, models):
    vectors = pa.array([None, None, [3.0, -1.0], None], pa.list_(pa.float64()))
    rows = {"size": [1.0, 2.0, 3.0, 4.0], "color": ["red"] * 4, "price": [2.0, 3.0, 4.0, 5.0], "v": vectors}
    pq.write_table(pa.table(rows), shell.folder / "t.parquet", row_group_size=2)
    command = ("predict", models.folder / "kind.model", "t.parquet", "--keep", "v", "--threads", 1)
    assert shell(*command, "-o", "a.parquet").code == 0
    assert pq.read_table(shell.folder / "a.parquet")["v"].to_pylist() == vectors.to_pylist()


@pytest.mark.parametrize(
    ("cells", "what"), [([[1.0], [2.0, 3.0]], "different lengths"), ([b"a", b"b"], "inary"), ([["a"], ["b"]], "list")]
)
def test_what_was_not_read_is_not_kept_as_zeros(shell, models, cells, what):
    rows = {"size": [1.0, 2.0], "color": ["red", "red"], "price": [2.0, 3.0], "odd": cells}
    pq.write_table(pa.table(rows), shell.folder / "t.parquet")
    done = shell("predict", models.folder / "kind.model", "t.parquet", "--keep", "odd", "--threads", 1)
    assert done.code == 3
    assert "--keep odd: expected numbers" in done.err and what in done.err


COUNT = 60
SIZES = pa.array(range(COUNT), pa.float64())
RED = ["red"] * COUNT
COLORS = pa.array([b"red"] * 57 + [b"\xff"] * 3)
#: Columns that no table can be made of, and how they are told.
BROKEN = {
    "no UTF-8": (
        {"size": SIZES, "color": COLORS.view(pa.string())},
        "column 'color', row 17: expected text in UTF-8; received other bytes",
    ),
    "no index": (
        {"size": SIZES, "color": pa.DictionaryArray.from_arrays([0] * 59 + [7], ["red"], safe=False)},
        "column 'color', row 19: .* out of bounds",
    ),
    "far times": ({"size": pa.array([2**60] + [0] * 59, pa.timestamp("s")), "color": RED}, "column 'size', row 0:"),
    "lists of words": ({"size": pa.array([["a"]] * COUNT), "color": RED}, "column 'size': expected numbers, words"),
}


@pytest.mark.parametrize("command", ["predict", "evaluate", "train"])
@pytest.mark.parametrize("form", ["t.arrow", "t.arrows", "t.parquet"])
@pytest.mark.parametrize("what", BROKEN)
def test_what_files_of_types_hold_is_an_error_of_data(models, shell, inside, what, form, command):
    columns, message = BROKEN[what]
    if form == "t.parquet" and what in ("no index", "far times"):
        columns, message = BROKEN["no UTF-8"]  # pyarrow does not write the others
    table = pa.table({**columns, "price": SIZES, "kind": ["big", "small"] * 30})
    if form == "t.parquet":
        pq.write_table(table, shell.folder / form, row_group_size=20)
    else:
        new = pa.ipc.new_file if form == "t.arrow" else pa.ipc.new_stream
        with new(shell.folder / form, table.schema) as writer:
            writer.write_table(table, max_chunksize=20)
    more = ("train", form, "--target", "kind", "-o", "new.model") if command == "train" else (
        command, models.folder / "kind.model", form)  # fmt: skip
    done = inside(*more)
    assert done.code == 3
    *_, last = done.err.splitlines()  # `train` tells of the target before
    assert re.search(rf"^chainrule {command}: {form}, (?:\w+ \w+ \d, )?{message}", last), last
    assert shell.names() == [form]


@pytest.mark.parametrize("form", ["t.arrow", "t.arrows", "t.parquet"])
def test_a_file_that_is_not_whole_is_an_error_of_data(models, shell, inside, form):
    table = pa.table({"size": SIZES, "color": RED, "price": SIZES})
    if form == "t.parquet":
        pq.write_table(table, shell.folder / form)
    else:
        with (pa.ipc.new_file if form == "t.arrow" else pa.ipc.new_stream)(shell.folder / form, table.schema) as writer:
            writer.write_table(table)
    (shell.folder / form).write_bytes((shell.folder / form).read_bytes()[:-200])
    done = inside("predict", models.folder / "kind.model", form)
    assert done.code == 3 and done.err.startswith(f"chainrule predict: {form}"), done.err


def test_what_does_not_fit_in_memory_is_told_with_its_sizes(models, inside):
    done = inside("train", models.folder / "train.csv", "--target", "kind", "-o", "a", "--hidden-layer-sizes", 10**10)
    assert done.code == 3
    assert re.search(r"TableClassifier\.fit: .* columns and layers of 10,000,000,000 and 1 units", done.err)


SHAPES = {
    "a hinge": (chainrule.TableClassifier, {"loss": "hinge"}, lambda a: np.where(a > 0, "yes", "no"), [""]),
    "labels": (chainrule.TableClassifier, {}, lambda a: np.c_[a > 0, a > 1].astype(int), ["_0", "_1"]),
    "targets": (chainrule.TableRegressor, {}, lambda a: np.c_[a, -a], ["_0", "_1"]),
    "quantiles": (
        chainrule.TableRegressor,
        {"loss": chainrule.losses.Quantile((0.1, 0.9))},
        lambda a: a,
        ["_0.1", "_0.9"],
    ),
    "one quantile": (chainrule.TableRegressor, {"loss": chainrule.losses.Quantile(0.7)}, lambda a: a, [""]),
    "normal targets": (chainrule.TableRegressor, {"loss": "gaussian"}, lambda a: np.c_[a, -a], ["_0", "_1"]),
}


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_models_of_other_answers_than_one_class_or_number(inside, shell, kind):
    made, parameters, y_of, ends = SHAPES[kind]
    table = pd.DataFrame({"a": np.random.default_rng(0).normal(size=80), "b": np.arange(80.0) % 3})
    y = y_of(table["a"].to_numpy())
    model = made(preset="fast", max_iter=2, random_state=0, **parameters).fit(table, y)
    model.save(shell.folder / "m")
    table.assign(y=y if y.ndim == 1 else 0).to_csv(shell.folder / "t.csv", index=False)
    done = inside("predict", "m", "t.csv", "-o", "out.csv", "--quiet")
    found, expected = pd.read_csv(shell.folder / "out.csv"), model.predict(table)
    assert done.code == 0 and list(found) == [f"prediction{end}" for end in ends], done
    assert found.to_numpy().reshape(expected.shape).tolist() == expected.tolist()
    done = inside("evaluate", "m", "t.csv", "--target", "y", "--json")
    if y.ndim == 1:
        name = "accuracy" if kind == "a hinge" else "r2"
        assert done.json["scores"][name] == pytest.approx(model.score(table, y))
        assert "log_loss" not in done.json["scores"]
    else:
        assert done.code == 2 and "predicts 2 labels or targets" in done.err
    done = inside("predict", "m", "t.csv", "--proba")
    if kind == "labels":
        shares = pd.read_csv(io.StringIO(done.out))[["prediction=0", "prediction=1"]].to_numpy(np.float32)
        assert np.array_equal(shares, model.predict_proba(table))
    else:
        assert done.code == 2 and "--proba" in done.err
    assert inside("inspect", "m").code == inside("diagnose", "m", "--html", "m.html").code == 0
    done = inside("diagnose", "m", "--data", "t.csv")
    assert done.code == 2 and "without the name of its target's column" in done.err


@pytest.mark.parametrize("kind", ["a hinge", "quantiles"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_they_are_diagnosed_and_reported_with_rows(inside, shell, kind):
    made, parameters, y_of, _ = SHAPES[kind]
    table = pd.DataFrame({"a": np.random.default_rng(0).normal(size=80), "b": np.arange(80.0) % 3})
    whole = table.assign(y=y_of(table["a"].to_numpy()))
    model = made(preset="fast", max_iter=2, random_state=0, **parameters).fit(whole, "y")
    model.save(shell.folder / "m")
    whole.to_csv(shell.folder / "t.csv", index=False)
    done = inside("diagnose", "m", "--data", "t.csv", "--html", "m.html")
    assert done.code == 0, done
    text = (shell.folder / "m.html").read_text(encoding="utf-8")
    assert f"{model.score(table, whole['y']):.4g}" in text
