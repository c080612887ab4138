"""`explain`: what it prints and writes, against the model in Python."""

import csv
import io
import signal
import time
from itertools import pairwise

import numpy as np
import pyarrow.parquet as pq
import pytest

import chainrule
from chainrule.cli import exits, explaining

pytestmark = pytest.mark.usefixtures("numpy_kernels")


def records(text):
    return list(csv.DictReader(io.StringIO(text)))


def numbers(rows, name):
    return np.array([float(row[name]) for row in rows])


@pytest.fixture(scope="module")
def three(tmp_path_factory, models):
    """A model of three classes of the same table."""
    path = tmp_path_factory.mktemp("three") / "three.model"
    table = records((models.folder / "train.csv").read_text())
    columns = {"size": [float(row["size"] or "nan") for row in table], "color": [row["color"] for row in table]}
    y = [f"{row['kind']}er" if k % 3 else "other" for k, row in enumerate(table)]
    short = {"preset": "fast", "max_iter": 5, "hidden_layer_sizes": (8,), "random_state": 0}
    chainrule.TableClassifier(**short).fit(columns, y).save(path)
    return path


def test_values_are_those_of_the_model(models):
    done = models("explain", "kind.model", "test.csv", "--background", "train.csv", "--background-rows", 300, "--json",
                  "--row", 3, "--row", 41)  # fmt: skip
    assert (done.code, done.err) == (0, "")
    found, model = done.json, chainrule.load(models.folder / "kind.model")
    expected = model.explain(models.folder / "test.csv", models.folder / "train.csv", background_rows=300)
    assert (found["rows"], found["all_rows"], found["background_rows"], found["method"]) == (100, True, 300, "exact")
    assert found["outputs"] == [{"name": "small", "base_value": pytest.approx(expected.base_values[0], abs=1e-9)}]
    for told, one in zip(found["importances"], expected.importances(), strict=True):
        assert told["column"] == one.name
        assert [told["mean"], told["low"], told["high"]] == pytest.approx([*one[1:]], rel=1e-6)
    assert [one["row"] for one in found["explained"]] == ["3", "41"]
    for row, place in zip(found["explained"], (1, 39), strict=True):  # line 1 has the names
        (output,) = row["outputs"]
        assert output["prediction"] == pytest.approx(expected.predictions[place], abs=1e-7)
        values = {one["column"]: (one["value"], one["cell"]) for one in output["values"]}
        for column, name in enumerate(expected.feature_names):
            assert values[name][0] == pytest.approx(expected.values[place, column], abs=1e-7)
            cell = expected.display_data[place, column]
            assert values[name][1] == (None if cell != cell else cell)
        sizes = [abs(one["value"]) for one in output["values"]]
        assert all(first >= second for first, second in pairwise(sizes))


def test_a_file_has_a_row_for_each_that_adds_up_to_its_prediction(models, inside, shell):
    model, data = models.folder / "kind.model", models.folder / "test.csv"
    for name in ("a.csv", "a.parquet"):
        done = inside("explain", model, data, "-o", name)
        assert (done.code, done.err) == (0, "")
        assert f"100 rows in {name}" in done.out
    rows = records((shell.folder / "a.csv").read_text())
    assert list(rows[0]) == ["base_value", "prediction", "phi_size", "phi_color", "phi_price"]
    given = records(inside("predict", model, data, "--proba").out)
    prediction = numbers(rows, "prediction")
    np.testing.assert_allclose(prediction, numbers(given, "kind=small"), atol=1e-6)
    parts = [numbers(rows, name) for name in ("base_value", "phi_size", "phi_color", "phi_price")]
    np.testing.assert_allclose(sum(parts), prediction, atol=1e-12)
    table = pq.read_table(shell.folder / "a.parquet")
    np.testing.assert_array_equal(table["phi_size"].to_numpy(), parts[1])
    assert inside("explain", model, data, "-o", "a.csv").code == exits.USAGE
    assert inside("explain", model, data, "-o", "a.csv", "--force", "-q").out == ""


@pytest.mark.parametrize("method", ["exact", "permutation"])
def test_chunks_are_the_whole(models, inside, monkeypatch, method):
    command = ("explain", models.folder / "price.model", models.folder / "test.csv", "--method", method, "--json")
    whole = inside(*command, "-o", "whole.csv", "--rows", "all").json
    monkeypatch.setattr(explaining, "CHUNK", 7)
    parts = inside(*command, "-o", "parts.csv", "--rows", "all").json
    assert whole["rows"] == parts["rows"] == 100
    for one, other in zip(whole["importances"], parts["importances"], strict=True):
        assert list(one.values())[1:] == pytest.approx(list(other.values())[1:], rel=1e-6)
    import pathlib

    texts = [pathlib.Path(name).read_text() for name in ("whole.csv", "parts.csv")]
    one, other = (np.loadtxt(io.StringIO(text), delimiter=",", skiprows=1) for text in texts)
    np.testing.assert_allclose(one, other, atol=1e-5)  # of prices about 10
    assert (method == "exact") == (whole["standard_error_at_most"] == 0)


@pytest.mark.parametrize(("rows", "count"), [("20", 20), ("99", 99), ("100", 100), ("200", 100), ("all", 100)])
def test_rows_that_are_left_out_are_told(models, inside, rows, count):
    command = ("explain", models.folder / "kind.model", models.folder / "test.csv", "--rows", rows)
    assert inside(*command, "--json").json["rows"] == count
    said = inside(*command).out.splitlines()[0]
    assert ("the first" in said and "--rows all" in said) == (count < 100)
    assert f"{count} rows" in said


def test_a_row_is_told_by_the_number_that_errors_give_it(models, inside, shell):
    """Behind the rows that are explained, too; of several files with its own."""
    lines = (models.folder / "test.csv").read_text().splitlines()
    folder = shell.folder / "data"
    folder.mkdir()
    for name, some in (("a", lines[1:31]), ("b", lines[31:])):
        (folder / f"{name}.csv").write_text("\n".join([lines[0], *some, ""]))
    model = models.folder / "price.model"
    one = inside("explain", model, models.folder / "test.csv", "--rows", 9, "--row", 41, "--json").json["explained"]
    other = inside("explain", model, "data", "--rows", 9, "--row", "11 of data/b.csv", "--json").json["explained"]
    assert one[0]["outputs"][0]["prediction"] == pytest.approx(other[0]["outputs"][0]["prediction"], abs=1e-6)
    size = lines[40].split(",")[0]
    cells = {effect["column"]: effect["cell"] for effect in one[0]["outputs"][0]["values"]}
    assert cells["size"] == float(size)
    said = inside("explain", model, models.folder / "test.csv", "--row", 41).out
    assert "Row 41, price: prediction " in said and f" {float(size):g} " in said and "from the base value" in said
    done = inside("explain", model, models.folder / "test.csv", "--row", 102)
    assert done.code == exits.USAGE
    assert "--row 102" in done.err and "has rows 2 to 101" in done.err


def test_many_columns_have_errors_and_the_rest_is_summed_up(inside, shell):
    random = np.random.default_rng(0)
    X = random.normal(size=(200, 14))
    table = {f"c{k}": X[:, k] for k in range(14)}
    short = {"preset": "fast", "max_iter": 5, "hidden_layer_sizes": (8,), "random_state": 0}
    chainrule.TableRegressor(**short).fit(table, X[:, 0] * X[:, 1] + X[:, 2]).save(shell.folder / "m")
    shell.write("t.csv", "\n".join([",".join(table), *(",".join(map(str, row)) for row in X[:30].tolist()), ""]))
    done = inside("explain", "m", "t.csv", "--row", 2)
    assert done.code == 0 and "standard errors of at most" in done.out and "4 others" in done.out and "±" in done.out
    found = inside("explain", "m", "t.csv", "--row", 2, "--json").json
    (told,) = found["explained"][0]["outputs"]
    assert found["method"] == "permutation" and len(told["values"]) == 14
    assert sum(one["value"] for one in told["values"]) + told["base_value"] == pytest.approx(told["prediction"])
    assert 0 < max(one["standard_error"] for one in told["values"]) <= found["standard_error_at_most"]
    done = inside("explain", "m", "t.csv", "--method", "exact")
    assert done.code == exits.USAGE and "at most 12 columns, and 14 are read" in done.err


def test_of_several_classes_one_or_all(three, models, inside, shell):
    data = models.folder / "test.csv"
    assert inside("explain", three, data, "-o", "all.csv").code == 0
    rows = records((shell.folder / "all.csv").read_text())
    names = ("biger", "other", "smaller")
    assert list(rows[0]) == [
        f"{what}={name}" for name in names for what in ("base_value", "prediction", "phi_size", "phi_color")
    ]
    np.testing.assert_allclose(sum(numbers(rows, f"prediction={name}") for name in names), 1, atol=1e-6)
    assert inside("explain", three, data, "--of", "other", "-o", "one.csv").code == 0
    one = records((shell.folder / "one.csv").read_text())
    np.testing.assert_array_equal(numbers(one, "phi_size"), numbers(rows, "phi_size=other"))
    found = inside("explain", three, data, "--of", "other", "--row", 2, "--json").json
    assert [output["name"] for output in found["explained"][0]["outputs"]] == ["other"]
    done = inside("explain", three, data, "--of", "othr")
    assert done.code == exits.USAGE and "Did you mean 'other'?" in done.err


def test_log_odds(models, inside):
    command = ("explain", models.folder / "kind.model", models.folder / "test.csv", "--json", "--row", 2)
    plain, odds = (
        inside(*command, "--link", link).json["explained"][0]["outputs"][0] for link in ("identity", "logit")
    )
    p = plain["prediction"]
    assert odds["prediction"] == pytest.approx(np.log(p / (1 - p)), rel=1e-4)
    done = inside("explain", models.folder / "price.model", models.folder / "test.csv", "--link", "logit")
    assert done.code == exits.USAGE and "no probabilities" in done.err


def test_a_single_row_needs_a_background(models, inside, shell):
    lines = (models.folder / "test.csv").read_text().splitlines()
    shell.write("one.csv", "\n".join([*lines[:2], ""]))
    command = ("explain", models.folder / "kind.model", "one.csv")
    done = inside(*command)
    assert done.code == exits.USAGE and "--background" in done.err
    assert inside(*command, "--background", models.folder / "train.csv").code == 0


def test_what_is_wrong_with_the_background_is_told_with_its_place(models, inside, shell):
    lines = (models.folder / "train.csv").read_text().splitlines()
    lines[40] = "large,red,big,1"
    shell.write("bad.csv", "\n".join(lines))
    done = inside("explain", models.folder / "kind.model", models.folder / "test.csv", "--background", "bad.csv",
                  "--background-rows", 1000)  # fmt: skip
    assert done.code == exits.DATA
    assert done.err.startswith("chainrule explain: bad.csv, column 'size', row 41: expected a number"), done.err


def test_a_pipe_goes_through(models):
    """Rows come from standard input, are read twice, and go to standard output; what is told stands beside them."""
    import subprocess

    command = [*models.command, "explain", "kind.model", "-", "-o", "-"]
    done = subprocess.run(
        command, cwd=models.folder, env=models.environment(), input=(models.folder / "test.csv").read_text(),
        capture_output=True, encoding="utf-8", timeout=models.long, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(records(done.stdout)) == 100
    assert "100 rows, explained against 100 rows of" in done.stderr
    same = models("explain", "kind.model", "test.csv", "-o", "-", "-q")
    assert (same.out, same.err) == (done.stdout, "")
    assert models("explain", "kind.model", "test.csv", "-o", "-", "--json").code == exits.USAGE


def test_interrupted_it_leaves_no_file(models, shell):
    lines = (models.folder / "test.csv").read_text().splitlines()
    shell.write("many.csv", "\n".join([lines[0], *lines[1:] * 2000, ""]))
    command = ("explain", models.folder / "kind.model", "many.csv", "--rows", "all", "-o", "a.csv")
    with shell.begin(*command, "--method", "permutation", "--permutations", 50) as process:
        end = time.monotonic() + shell.long
        while shell.names() == ["many.csv"] and process.poll() is None and time.monotonic() < end:
            time.sleep(0.02)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=shell.long)
    assert (process.returncode, out, err.strip()) == (exits.INTERRUPTED, "", "chainrule explain: interrupted")
    assert shell.names() == ["many.csv"]


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("shown", [True, False])
def test_on_a_terminal_it_tells_how_far_it_is(monkeypatch, shown):
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with explaining.progress(shown) as bar:
        bar(1000, 500, None)(0.5)
    assert ("1,250 rows explained" in terminal.getvalue()) == shown


def test_settings_from_a_file_and_the_environment(models, shell, inside, monkeypatch):
    shell.write("run.toml", '[explain]\nrows = "all"\nrow = ["2", "3"]\nmethod = "permutation"\nseed = 4\n')
    words = ("explain", models.folder / "kind.model", models.folder / "test.csv", "--config", "run.toml")
    said = inside(*words, "--print-config").out
    for line in ('rows = "all"', 'row = ["2", "3"]', 'method = "permutation"', "seed = 4"):
        assert line in said.splitlines()
    monkeypatch.setenv("CHAINRULE_EXPLAIN_METHOD", "exact")
    assert inside(*words, "--json").json["method"] == "exact"
    shell.write("again.toml", said)
    assert inside("explain", "--config", "again.toml", "--json").json["rows"] == 100
