"""The benchmark of raw tables: its sets, its rows, what other libraries are given, its scores, and a run of it."""

import json
import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from benchmarks.tables import columns, command, models, report, results, rows, scores, sets
from benchmarks.tables.columns import Kinds, Levels, OneHot, Strings
from benchmarks.tables.results import Results
from benchmarks.tables.sets import TableSet
from benchmarks.tables.splits import ByOrder, Said, Share
from sklearn.metrics import accuracy_score, log_loss, r2_score, root_mean_squared_error

from chainrule.errors import InputError

FOLDER = Path(command.__file__).parent


@pytest.fixture
def folder(tmp_path):
    """A folder with a table of 200 rows, and a file that says what is asked of it."""
    random = np.random.default_rng(0)
    table = pd.DataFrame({"a": random.normal(size=200), "b": random.choice(["x", "y", "?"], 200)})
    table["when"] = pd.date_range("2020-01-01", periods=200).strftime("%Y-%m-%d")
    table["y"] = np.where(table["a"] + (table["b"] == "x") > 0.3, "yes", "no")
    table["part"] = np.where(np.arange(200) % 4 == 3, "test", "train")
    table.to_csv(tmp_path / "small.csv", index=False)
    text = '[small]\nfile = "small.csv"\ntarget = "y"\nsplit = "part"\ndates = ["when"]\nmissing = ["?"]\n'
    (tmp_path / "sets.toml").write_text(text)
    return tmp_path


def read(tmp_path, text):
    (tmp_path / "sets.toml").write_text(text)
    return sets.read(tmp_path / "sets.toml")


# Sets -----------------------------------------------------------------------------------------------------


def test_a_set_is_read_with_all_it_can_say(tmp_path):
    text = """
    [flights]
    file = "flights.csv.gz"
    target = "delay"
    task = "regression"
    split = { by = "date", last = 0.25 }
    drop = ["id"]
    dates = ["date"]
    texts = ["note"]
    missing = ["?"]
    [few]
    file = "few.csv"
    target = "y"
    """
    assert read(tmp_path, text) == {
        "flights": TableSet(
            "flights", "flights.csv.gz", "delay", ByOrder("date", 0.25, last=True), "regression",
            ("id",), ("date",), ("note",), ("?",),
        ),
        "few": TableSet("few", "few.csv", "y", Share(0.2)),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ('"part"', Said("part")),
        ("{ share = 0.5 }", Share(0.5, 0)),
        ("{ share = 0.5, seed = 3 }", Share(0.5, 3)),
        ('{ by = "t", first = 0.1 }', ByOrder("t", 0.1, last=False)),
    ],
)
def test_a_split_is_one_of_four(tmp_path, said, found):
    assert read(tmp_path, f'[a]\nfile = "a.csv"\ntarget = "y"\nsplit = {said}')["a"].split == found


GOOD = '[a]\nfile = "a.csv"\ntarget = "y"\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[a", "expected a TOML file of sets"),
        ("", "expected a table for each set; received none"),
        ("a = 1", r"\[a\]: expected a table; received 1"),
        ('[a]\nfile = "a.csv"', "received no target"),
        ('[a]\ntarget = "y"', "received no file"),
        (GOOD + "taget = 1", "received 'taget'. Did you mean 'target'?"),
        ("[a]\nfile = 1\ntarget = 'y'", r"\[a\] file: expected a text; received 1"),
        (GOOD + 'dates = "when"', "dates: expected a list of texts; received 'when'"),
        (GOOD + "drop = [1]", "drop: expected a text; received 1"),
        (GOOD + 'task = "classes"', "received 'classes'"),
        (GOOD + "split = 0.2", "split: expected the name of a column"),
        (GOOD + "split = { share = 1.0 }", "split share: expected a share of the rows, above 0 and below 1"),
        (GOOD + "split = { share = 0 }", "split share: expected a share"),
        (GOOD + "split = { share = 0.2, seed = -1 }", "split seed: expected a whole number from 0 on"),
        (GOOD + 'split = { by = "t", last = 0.2, first = 0.2 }', "split: expected the name of a column"),
        (GOOD + "split = { by = 1, last = 0.2 }", "split by: expected a text"),
    ],
)
def test_a_file_of_sets_that_cannot_be_used_is_refused(tmp_path, text, told):
    with pytest.raises(InputError, match=told.replace("?", r"\?")):
        read(tmp_path, text)


def test_the_files_of_this_repository_are_such_files():
    packaged, development = (sets.read(FOLDER / f"{name}.toml") for name in ("packaged", "development"))
    assert all((FOLDER / one.file).is_file() for one in packaged.values())
    assert len(development) == 13 and packaged.keys() < development.keys()


def test_sets_are_chosen_by_name():
    packaged = sets.read(FOLDER / "packaged.toml")
    assert [one.name for one in sets.named(packaged, ["diamonds", "adult"])] == ["diamonds", "adult"]
    assert len(sets.named(packaged, None)) == 3
    with pytest.raises(InputError, match="Did you mean 'adult'"):
        sets.named(packaged, ["adlt"])


# Rows -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 1])
def test_held_out_rows_are_no_rows_to_test_and_not_trained_on(folder, seed):
    one = sets.read(folder / "sets.toml")["small"]
    held, test = (rows.division(one, folder, score, 1000, seed) for score in ("held-out", "test"))
    assert list(held.X) == ["a", "b", "when"] and held.task == "classification"
    parts = [set(frame["a"]) for frame in (held.X, held.X_scored, test.X_scored)]
    assert [len(part) for part in parts] == [120, 30, 50]
    assert len(set.union(*parts)) == 200 and set(test.X["a"]) == parts[0] | parts[1]
    assert held.X["b"].isna().any()


def test_rows_are_at_most_so_many_chosen_by_the_seed(folder):
    one = sets.read(folder / "sets.toml")["small"]
    first, second, again = (rows.division(one, folder, "test", 40, seed).X for seed in (0, 1, 0))
    assert len(first) == len(second) == 40 and first.equals(again) and not first.equals(second)
    assert len(rows.division(one, folder, "test", 150, 0).X) == 150


def test_rows_to_test_are_the_same_for_every_seed():
    table = pd.DataFrame({"a": range(100)})
    assert Share(0.2).test(table).sum() == 20
    np.testing.assert_array_equal(Share(0.2).test(table), Share(0.2, 0).test(table))
    assert (Share(0.2, 1).test(table) != Share(0.2).test(table)).any()
    assert (Share(0.2).held_out(table, 1) != Share(0.2).held_out(table, 2)).any()


@pytest.mark.parametrize("last", [True, False])
def test_by_a_date_the_last_or_first_rows_are_to_test_and_ties_stay_together(last):
    days = ["2020-02-03", "2020-01-01", "2020-02-01", "2020-02-03", "2020-01-02"]
    test = ByOrder("day", 0.2, last).test(pd.DataFrame({"day": days}))
    assert test.tolist() == ([True, False, False, True, False] if last else [False, True, False, False, False])
    held = ByOrder("day", 0.5, last).held_out(pd.DataFrame({"day": days}), seed=7)
    np.testing.assert_array_equal(held, test)  # a fifth, whatever share is to test


@pytest.mark.parametrize(
    ("split", "cells", "told"),
    [
        (Said("a"), ["train", "Test"], "received 'Test'"),
        (Said("a"), ["train", None], "received 'nothing'"),
        (ByOrder("a", 0.2), ["2020-01-01", "soon"], "expected dates"),
        (ByOrder("a", 0.2), ["2020-01-01", None], "received 1 rows without"),
    ],
)
def test_a_column_that_does_not_say_which_rows_are_to_test_is_refused(split, cells, told):
    with pytest.raises(InputError, match=told):
        split.test(pd.DataFrame({"a": cells}))


def test_columns_and_files_that_are_not_there_are_refused(folder):
    with pytest.raises(InputError, match="Did you mean 'when'"):
        rows.division(TableSet("s", "small.csv", "y", Said("part"), dates=("wen",)), folder, "test", 9, 0)
    with pytest.raises(InputError, match="a CSV or Parquet file at none.csv"):
        rows.division(TableSet("s", "none.csv", "y", Said("part")), folder, "test", 9, 0)
    with pytest.raises(InputError, match="received 200 and 0"):
        rows.division(TableSet("s", "small.csv", "y", Share(0.001)), folder, "test", 9, 0)


def test_rows_without_a_target_are_left_out_and_counted(tmp_path):
    pd.DataFrame({"a": range(10), "y": [1.5, None] * 5}).to_csv(tmp_path / "t.csv", index=False)
    found = rows.division(TableSet("t", "t.csv", "y", Share(0.2)), tmp_path, "test", 9, 0)
    assert (found.dropped, len(found.X), len(found.X_scored)) == (5, 4, 1)


@pytest.mark.parametrize(
    ("target", "task"),
    [
        (["a", "b"] * 50, "classification"),
        ([True, False] * 50, "classification"),
        (list(range(20)) * 5, "classification"),
        (list(range(21)) * 5, "regression"),
        (list(range(20)) * 4, "regression"),
        ([0.5, 1.0] * 50, "regression"),
    ],
)
def test_the_task_is_found_as_the_command_finds_it(target, task):
    assert rows.found_task(pd.Series(target)) == task


# What other libraries are given ---------------------------------------------------------------------------

RAW = pd.DataFrame(
    {
        "n": [1, 2, 3],
        "t": [True, False, True],
        "w": ["b", None, "a"],
        "d": ["2020-03-01T06:00:00Z", "1970-01-02", None],
        "x": ["one two", None, "two"],
    }
)
KINDS = Kinds.of(RAW, ("d", "gone"), ("x",))


def test_kinds_are_as_told_and_as_pandas_reads_them():
    assert Kinds(("d",), ("x",), ("w",), ("n", "t")) == KINDS


def test_dates_are_elapsed_days_and_parts():
    found = columns.numbers(RAW, KINDS)
    assert list(found) == ["n", "t", "d days", "d year", "d month", "d day", "d day_of_week", "d hour"]
    assert found.iloc[0].tolist() == [1, 1, 18322.25, 2020, 3, 1, 6, 6]
    assert found["d days"].iloc[1] == 1 and found.iloc[2, 2:].isna().all()


def test_levels_are_those_of_training_and_other_ones_missing():
    levels = Levels(KINDS).fit(RAW)
    other = levels.transform(RAW.assign(w=["a", "c", None], n=[7.0, None, 1.0]))
    words = other.iloc[:, -2]
    assert words.cat.categories.tolist() == ["a", "b"] and words.cat.codes.tolist() == [0, -1, -1]
    assert np.isnan(other.iloc[1, 0]) and Levels(KINDS, filled=True).fit(RAW).transform(
        RAW.assign(n=[7.0, None, 1.0])
    ).iloc[1, 0] == pytest.approx(2)


@pytest.mark.parametrize(("levels", "category"), [(255, True), (256, False)])
def test_more_levels_than_a_library_takes_are_codes(levels, category):
    X = pd.DataFrame({"w": [f"{i:03}" for i in range(levels)]})
    found = Levels(Kinds.of(X, (), ()), columns.MOST_LEVELS).fit(X).transform(X).iloc[:, 0]
    assert isinstance(found.dtype, pd.CategoricalDtype) is category
    assert category or found.tolist() == list(range(levels))


def test_catboost_is_given_strings_without_gaps():
    found = Strings(KINDS).transform(RAW)
    assert found["w"].tolist() == ["b", "missing", "a"] and found["x"].tolist() == ["one two", "", "two"]


def test_the_mlp_is_given_standardised_numbers_levels_and_words():
    found = OneHot(KINDS).fit(RAW).transform(RAW.assign(w=["new", "a", "b"]))
    found = found.toarray() if hasattr(found, "toarray") else found
    assert found.shape == (3, 8 + 3 + 2) and np.isfinite(found).all()
    assert found[0, 8:11].sum() == 0 and found[1, 8:11].sum() == 1


# Models ---------------------------------------------------------------------------------------------------


def test_variants_are_parameters_of_the_estimator_or_of_a_preset(monkeypatch):
    monkeypatch.setattr(models.presets, "PRESETS", dict(models.presets.PRESETS))
    one = models.variant('few={"preset": "fast", "bins": 16, "hidden_layer_sizes": [32], "cycles": [1, 1]}')
    made = one.estimator("regression", KINDS, seed=3, threads=2)
    assert one.name == "few" and one.ours
    assert (made.preset, made.bins, made.hidden_layer_sizes, made.random_state, made.n_threads) == (
        "fast", 16, (32,), 3, 2,
    )  # fmt: skip
    assert models.presets.PRESETS["fast"](5000).cycles == (1, 1)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("few", "a name, = and parameters as a JSON object"),
        ("few={bins: 16}", "a name, = and"),
        ("few=[1]", "a name, = and"),
        ('={"bins": 16}', "a name, = and"),
        ('few={"bin": 16}', "Did you mean 'bins'"),
        ('few={"random_state": 1}', "received 'random_state'"),
        ('few={"preset": "quick"}', "received 'quick'"),
    ],
)
def test_a_variant_that_there_cannot_be_is_refused(text, told):
    with pytest.raises(InputError, match=told):
        models.variant(text)


def test_models_that_are_not_installed_are_left_out_and_told(monkeypatch):
    monkeypatch.setattr(models, "find_spec", lambda name: None if name == "lightgbm" else name)
    found, missing = models.chosen(["fast", "lightgbm"], [models.variant('few={"bins": 16}')])
    assert [model.name for model in found] == ["chainrule fast", "few"]
    assert missing == ["LightGBM is left out: it needs the package lightgbm, as benchmarks/requirements.txt says."]
    assert len(models.chosen(None, [])[0]) == len(models.MODELS) - 1
    with pytest.raises(InputError, match="Did you mean 'histgb'"):
        models.chosen(["histg"], [])
    with pytest.raises(InputError, match="a name that no other model has"):
        models.chosen([], [models.variant("few={}"), models.variant("few={}")])


# Scores ---------------------------------------------------------------------------------------------------


def test_scores_are_those_of_scikit_learn():
    random = np.random.default_rng(0)
    y, p = random.choice(["a", "b", "c"], 300), random.dirichlet([1, 1, 1], 300)
    found = scores.of_classes(y, np.array(["a", "b", "c"]), p.astype(np.float32))
    assert found["log_loss"] == pytest.approx(log_loss(y, p), rel=1e-5)
    assert found["error"] == pytest.approx(1 - accuracy_score(y, np.array(["a", "b", "c"])[p.argmax(axis=1)]))
    numbers, near = random.normal(size=50), random.normal(size=50)
    expected = {"rmse": root_mean_squared_error(numbers, near), "r2": r2_score(numbers, near)}
    assert scores.of_numbers(numbers, near) == pytest.approx(expected)


def test_a_class_that_was_never_seen_costs_what_scikit_learn_lets_it_cost():
    found = scores.of_classes(np.array([2, 0]), np.array([0, 1]), np.array([[0.5, 0.5], [1.0, 0.0]]))
    assert found["error"] == 0.5 and found["log_loss"] == pytest.approx(-np.log(np.finfo(float).eps) / 2)
    in_another_order = scores.of_classes(np.array(["b"]), np.array(["b", "a"]), np.array([[0.9, 0.1]]))
    assert in_another_order["log_loss"] == pytest.approx(-np.log(0.9))


def test_calibration_error_by_hand():
    right = np.array([True, False, True, True])
    confidence = np.array([0.99, 0.97, 0.61, 0.65])  # two bins: above 14/15, and 9/15 to 10/15
    assert scores.calibration_error(right, confidence) == pytest.approx((1.96 - 1) / 4 + (2 - 1.26) / 4)
    assert scores.calibration_error(np.array([True]), np.array([1.0])) == 0


# Results --------------------------------------------------------------------------------------------------


def result(of_set="s", model="m", seed=0, loss=0.5, cpu=1.0, task="regression", **other):
    """A run as the JSON has it."""
    return {
        "set": of_set, "model": model, "seed": seed, "score": "held-out", "rows": 100, "threads": 1, "parameters": {},
        "task": task, "columns": 3, "train_rows": 100, "scored_rows": 20, "rows_without_target": 0,
        "scores": {"rmse": loss, "r2": 0.1} if task == "regression" else {"log_loss": loss, "error": 0.1, "ece": 0.0},
        "fit_seconds": cpu, "fit_cpu_seconds": cpu, "loaded_mib": 1.0, "peak_mib": 2.0, "predicted_rows": 20,
        "predict_seconds": 0.5, "one_row_seconds": 0.5, "file_bytes": 1024, **other,
    }  # fmt: skip


def about(run):
    return {name: run[name] for name in (*results.KEY, "parameters")}


def failed(run, **found):
    return {**about(run), **found}


def test_geometric_means_by_hand():
    assert results.geometric_mean([0.5, 2.0]) == pytest.approx(1)
    assert results.geometric_mean([1.0, 8.0, 1.0]) == pytest.approx(2)
    assert np.isnan(results.geometric_mean([]))


def test_ratios_are_over_the_seeds_that_both_have():
    runs = [result(seed=seed, loss=loss) for seed, loss in ((0, 1.0), (1, 3.0), (2, 99.0))]
    runs += [result(model="base", seed=seed, loss=loss) for seed, loss in ((0, 4.0), (1, 4.0))]
    runs += [result("other"), failed(result("other", "base"), failed="over 1 minutes", limit=60)]
    assert report.ratios(Results(runs), "m", "base", results.loss) == {"s": 0.5}


def test_the_table_of_ratios_has_means_of_each_task_and_the_worst_set():
    runs = [result("a", loss=1.0), result("b", loss=8.0, cpu=4.0), result("c", loss=2.0, task="classification")]
    runs += [
        result(of_set, "base", loss=1.0, task=task)
        for of_set, task in zip("abc", ["regression"] * 2 + ["classification"], strict=True)
    ]
    line = next(line for line in report.beside(Results(runs), "base") if line.startswith("| m "))
    cells = [cell.strip() for cell in line.split("|")[1:-1]]
    geometric = f"{16 ** (1 / 3):.4f}", "2.0000", f"{8**0.5:.4f}"
    assert cells == ["m", "3", *geometric, "1.000 (a)", "8.000 (b)", f"{4 ** (1 / 3):.2f}", "1.00", "1.00"]
    wins = list(report.wins(Results(runs)))
    assert "| m |  | 0:2 |" in wins and "| base | 2:0 |  |" in wins


def test_now_over_earlier_is_of_what_both_measured_alike():
    now = Results([result("a", loss=1.0), result("b", loss=1.0), result("c"), result("d", rows=50)])
    earlier = Results([result("a", loss=2.0), result("b", loss=0.5, cpu=2.0), result("d")])
    lines = list(report.compared(now, earlier))
    assert "| a | m | 0.5000 | 1.00 | 1.00 | 1.00 | 1.00 | 1.00 |" in lines
    assert "| mean of 2 | m | 1.0000 | 0.71 | 1.00 | 1.00 | 1.00 | 1.00 |" in lines
    assert not [line for line in lines if line.startswith(("| c", "| d"))]
    assert "Nothing is in both" in list(report.compared(now, Results([])))[-1]


def test_a_set_without_any_score_says_why():
    lines = list(report.of_set(Results([failed(result(), failed="over 10 minutes", limit=600)]), "s"))
    assert lines[-1] == "- m, seed 0: over 10 minutes"


def test_runs_are_done_with_scores_or_when_over_a_time_that_was_as_long():
    kept, late, broken = result(), result(seed=1), result(seed=2)
    runs = [kept, failed(late, failed="over 1 minutes", limit=60), failed(broken, failed="ValueError: no")]
    came = Results(runs)
    assert came.done(about(kept)) and not came.done(about(result(seed=3)))
    assert came.done(about(late), 60) and not came.done(about(late), 61) and not came.done(about(late))
    assert not came.done(about(broken), 60)
    with pytest.raises(InputError, match="--variant m: expected the parameters that it has"):
        came.done({**about(kept), "parameters": {"bins": 3}})


def test_looks_at_test_rows_are_counted_even_of_the_same_run():
    came, of_test = Results(), {**about(result()), "score": "test"}
    came.add(about(result()), {"scores": {}})
    came.add(of_test, {"failed": "over 1 minutes"})
    assert not came.looks
    came.add(of_test, {"scores": {}})
    came.add(of_test, {"scores": {}})
    assert len(came.looks) == 2 and len(came.runs) == 2


@pytest.mark.parametrize("text", ["", "[]", '{"format": 0}'])
def test_a_file_that_has_no_results_is_refused(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(InputError, match="Name a"):
        results.read(tmp_path / "a.json")


# The command ----------------------------------------------------------------------------------------------


def test_a_run_from_end_to_end(folder, capsys, monkeypatch, numpy_kernels):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    out = folder / "out.json"
    again = [str(folder / "sets.toml"), "--out", str(out), "--models", "histgb", "--seeds", "0"]
    again += ["--variant", 'few={"preset": "fast", "max_iter": 3}', "--against", "few"]
    command.main(again)
    told, data = capsys.readouterr().out, json.loads(out.read_text())
    assert os.environ["OMP_NUM_THREADS"] == "2"
    assert [run["model"] for run in data["runs"]] == ["HistGradientBoosting", "few"] and not data["looks_at_test_rows"]
    for run in data["runs"]:
        assert 0 <= run["scores"]["error"] < 1 and run["scores"]["log_loss"] > 0 and run["scored_rows"] == 30
        measured = "fit_seconds", "fit_cpu_seconds", "one_row_seconds", "predict_seconds", "file_bytes"
        assert all(run[name] > 0 for name in measured) and 0 < run["loaded_mib"] <= run["peak_mib"]
    assert "### small: classification, 120 rows of 3 columns, 30 scored (held-out)" in told
    assert re.search(r"^\| HistGradientBoosting \| 1 \|", told, re.MULTILINE)

    def never(job):
        raise AssertionError(job)

    with monkeypatch.context() as patched:
        patched.setattr(command, "run", never)
        command.main([*again, "--resume", "--compare", str(out)])
        assert "| mean of 1 | few | 1.0000 | 1.00 |" in capsys.readouterr().out
        command.main([again[0], "--out", str(out), "--print"])
        assert "| few |" in capsys.readouterr().out
        with pytest.raises(SystemExit, match="Go on with it by --resume"):
            command.main(again)
        with pytest.raises(SystemExit, match="those of score held-out, rows 21000, threads 1, seed 0"):
            command.main([again[0], "--out", str(out), "--print", "--rows", "5"])


@pytest.mark.slow
def test_fits_that_take_too_long_or_fail_are_told_and_are_no_looks(folder, capsys, numpy_kernels):
    out = folder / "out.json"
    endless = '{"preset": "fast", "max_iter": 100000000, "n_iter_no_change": 100000000}'
    arguments = [str(folder / "sets.toml"), "--out", str(out), "--models", "--seeds", "0", "--score", "test"]
    arguments += ["--time-limit", "0.6", "--variant", f"endless={endless}", "--variant", 'wrong={"bins": -1}']
    command.main(arguments)
    told, data = capsys.readouterr().out, json.loads(out.read_text())
    assert "- endless, seed 0: over 0.01 minutes" in told and "- wrong, seed 0: InputError" in told
    assert not data["looks_at_test_rows"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--sets", "larg"], "received 'larg'"),
        (["--models", "catbost"], "Did you mean 'catboost'"),
        (["--against", "best", "--models", "fast"], "--against"),
        (["--folder", "nowhere"], "nothing at small.csv"),
        (["--compare", "none.json"], "a JSON file that --out wrote"),
        (["--score", "test"], "expected a file that counts such looks, --out"),
        (["--print"], "expected a file of results, --out"),
        (["--print", "--out", "none.json"], "a JSON file that --out wrote"),
    ],
)
def test_options_that_do_not_fit_are_refused_before_the_first_run(folder, monkeypatch, arguments, told):
    monkeypatch.setattr(command, "run", None)
    with pytest.raises(SystemExit, match=told):
        command.main([str(folder / "sets.toml"), *arguments])
