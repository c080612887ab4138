"""Targets in files: what is missing, slips, times and strange classes, told by the file and the line; rows left out."""

import re

import numpy as np
import pandas as pd
import pytest

import chainrule

pytestmark = pytest.mark.usefixtures("numpy_kernels")

QUICK = ("--preset", "fast", "--max-iter", 2, "--hidden-layer-sizes", "4", "--threads", 1)
SIZE = np.random.default_rng(0).normal(size=60).round(2)
KIND = np.where(SIZE > 0, "big", "small")


def written(folder, name, y, size=SIZE):
    frame = pd.DataFrame({"size": size, "y": list(y)})
    frame.to_csv(folder / name, index=False) if name.endswith("csv") else frame.to_parquet(folder / name)


def changed(values, cell, row=7):
    return [*values[:row], cell, *values[row + 1 :]]


def train(inside, *words):
    return inside("train", *words, "--target", "y", *QUICK)


TEXTS = SIZE.astype(str).tolist()
DAYS = pd.date_range("2026-01-01", periods=60).astype(str)
REFUSED = {
    "missing": (changed(KIND, None), (), "t.csv, target 'y': .*the first in row 9.*--drop-missing-target"),
    "missing number": (changed(SIZE, None), ("--task", "regression"), "1 missing, the first in row 9"),
    "slip": (changed(TEXTS, "1.l"), (), "t.csv, target 'y', row 9: .*'1.l'.*--task classification"),
    "no number": (changed(TEXTS, "1.l"), ("--task", "regression"), "t.csv, target 'y', row 9: .*received '1.l'"),
    "times": (DAYS, (), "target 'y': expected numbers; received times.*days since a date.*--task classification"),
    "lists": ([[1.0, 2.0]] * 60, (), "target 'y': expected numbers, .*; received vectors of 2 numbers. Name another"),
    "times as said": (DAYS, ("--task", "regression"), "received times.*days since a date"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_a_target_is_told_by_its_line(case, shell, inside):
    y, words, said = REFUSED[case]
    name = "t.parquet" if case == "lists" else "t.csv"
    written(shell.folder, name, y)
    done = train(inside, name, *words)
    assert (done.code, done.out) == (3, "")
    assert re.search(said, done.err), done.err


@pytest.mark.filterwarnings("ignore:The number of unique classes:UserWarning")
@pytest.mark.parametrize("words", [("--task", "classification"), ("--columns", "y=category")])
@pytest.mark.parametrize("y", [changed(TEXTS, "1.l"), DAYS], ids=["slip", "times"])
def test_who_says_so_has_classes_of_them(y, words, shell, inside):
    written(shell.folder, "t.csv", y)
    done = train(inside, "t.csv", "--json", *words)
    assert done.code == 0, done.err
    assert done.json["task"] == "classification"
    assert set(done.json["classes"]) == set(y)


def test_a_strange_or_missing_class_of_rows_to_validate_on_is_told_by_its_line(shell, inside):
    written(shell.folder, "t.csv", KIND)
    for cell, said in (("new", "v.csv, target 'y', row 9: expected one of"), (None, "v.csv, target 'y'.*in row 9")):
        written(shell.folder, "v.csv", changed(KIND, cell))
        done = train(inside, "t.csv", "--validation", "v.csv")
        assert done.code == 3
        assert re.search(said, done.err), done.err
        assert "partial_fit" not in done.err


@pytest.mark.parametrize("form", ["t.csv", "t.parquet"])
@pytest.mark.parametrize("memory", [(), ("--memory", 100)], ids=["held", "read in parts"])
@pytest.mark.parametrize("y", [KIND, SIZE], ids=["classes", "numbers"])
def test_rows_without_a_target_are_left_out_as_if_they_were_not_there(y, memory, form, shell, inside):
    gaps = np.arange(60) % 10 == 3
    written(shell.folder, form, np.where(gaps, None, y.astype(object)))
    written(shell.folder, f"few_{form}", y[~gaps], SIZE[~gaps])
    with_gaps = train(inside, form, "--drop-missing-target", "-o", "a.model", "--json", *memory)
    few = train(inside, f"few_{form}", "-o", "b.model", "--json", *memory)
    assert (with_gaps.code, few.code) == (0, 0), with_gaps.err + few.err
    assert (with_gaps.json["dropped"], few.json["dropped"]) == (6, 0)
    assert with_gaps.json["rows"] == few.json["rows"]
    assert "left out: 6" in with_gaps.err
    one, other = (chainrule.load(shell.folder / name) for name in ("a.model", "b.model"))
    np.testing.assert_array_equal(one.parameters_.vector, other.parameters_.vector)
    scored = inside("evaluate", "a.model", form, "--drop-missing-target", "--json").json
    assert (scored["rows"], scored["dropped"]) == (54, 6)
    assert scored["scores"] == inside("evaluate", "b.model", f"few_{form}", "--json").json["scores"]
    assert "6 without 'y' left out" in inside("evaluate", "a.model", form, "--drop-missing-target").out
    refused = inside("evaluate", "a.model", form)
    assert refused.code == 3
    assert (
        f"expected a value in every row; received 6 missing, the first in row {5 if form == 't.csv' else 3}"
        in refused.err
    )
    assert "--drop-missing-target" in refused.err


def test_rows_behind_those_left_out_keep_their_lines(shell, inside):
    gaps = np.arange(60) % 10 == 3
    written(shell.folder, "t.csv", np.where(gaps, None, KIND), changed(TEXTS, "inf", 47))
    done = train(inside, "t.csv", "--drop-missing-target", "--columns", "size=number")
    assert "column 'size', row 49: expected finite numbers" in done.err
    written(shell.folder, "t.csv", np.where(gaps, None, KIND))
    written(shell.folder, "v.csv", changed(np.where(gaps, None, KIND), "new", 47))
    done = train(inside, "t.csv", "--drop-missing-target", "--validation", "v.csv")
    assert "v.csv, target 'y', row 49: expected one of" in done.err
    words = ("--drop-missing-target", "--validation", "t.csv", "--report", "r.html")
    assert train(inside, "t.csv", *words).code == 0
    assert (shell.folder / "r.html").exists()


def test_a_target_that_no_row_has_is_told(shell, inside):
    written(shell.folder, "t.csv", [None] * 60)
    done = train(inside, "t.csv", "--drop-missing-target")
    assert done.code == 3
    assert "target 'y': expected a row that has a value; received none" in done.err


def test_two_rows_of_two_classes_train(shell, inside):
    written(shell.folder, "t.csv", ["a", "b"], SIZE[:2])
    done = train(inside, "t.csv", "-o", "a.model", "--json")
    assert (done.code, done.json["rows"], done.json["held_out"]) == (0, 2, 0)
