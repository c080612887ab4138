"""What diagnosis finds of the columns of a raw table: a fault and its healthy twin."""

import numpy as np
import pandas as pd
import pytest

import chainrule
from chainrule import MLPClassifier, TableClassifier, TableRegressor, diagnose
from chainrule.diagnosis.columns import naming
from chainrule.diagnosis.rules.tables import TABLES

pytestmark = [
    pytest.mark.filterwarnings("ignore::chainrule.warn.DataWarning"),
    pytest.mark.filterwarnings("ignore:Stochastic Optimizer"),
]

ROWS = 600
RULES = {rule.name for rule in TABLES}


def frame(rows=ROWS, seed=0):
    """A table without a fault, and what it tells: prices and counts that are whole numbers, words, days."""
    random = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "size": random.normal(size=rows),
            "price": random.lognormal(11, 1, rows).astype(int),
            "visits": random.poisson(4, rows),
            "town": random.choice(["Bonn", "Trier", "Worms"], rows),
            "day": np.datetime64("2024-01-01", "ns") + random.integers(0, 365, rows).astype("m8[D]"),
        }
    )
    return X, X["size"].to_numpy() + (X["town"] == "Bonn").to_numpy()


def found(X, y, X_val=None, y_val=None, **parameters):
    """Findings about the columns of a regressor of X."""
    model = TableRegressor(preset="fast", max_iter=3, random_state=0, **parameters).fit(X, y)
    findings = diagnose(model, X, y, X_val, y_val)
    return {one.rule: one for one in findings if one.rule in RULES}


def test_a_sound_table_has_no_findings_of_columns():
    X, y = frame()
    others, truth = frame(seed=1)
    assert found(X, y, others, truth) == {}


def test_words_among_numbers_are_told_and_those_that_stand_for_nothing_are_not():
    X, y = frame()
    X["visits"] = X["visits"].astype(str)
    X.loc[:11, "visits"] = "very many"
    finding = found(X, y)["mixed-column"]
    assert finding.level == "warning"
    assert "'visits'" in finding.evidence[0].expected and "12 other cells missing" in finding.evidence[0].expected
    assert finding.evidence[1].value == pytest.approx(12 / ROWS)
    assert "such as 'very many'" in finding.evidence[1].name
    assert "mixed-column" not in found(X, y, missing=["very many"])
    assert "mixed-column" not in found(X, y, columns={"visits": "category"})


def test_a_mixed_column_is_told_of_a_model_from_a_file(tmp_path):
    X, y = frame()
    X["visits"] = X["visits"].astype(str)
    X.loc[:11, "visits"] = "very many"
    TableRegressor(preset="fast", max_iter=3, random_state=0).fit(X, y).save(tmp_path / "model")
    finding = diagnose(chainrule.load(tmp_path / "model"))["mixed-column"]
    assert finding.level == "note" and len(finding.evidence) == 1


@pytest.mark.parametrize(
    "make",
    [
        lambda random, rows: random.permutation(rows) + 1,
        lambda random, rows: random.choice(9_000_000, rows, replace=False) + 1_000_000,
        lambda random, rows: random.choice(9_000_000, rows, replace=False) + 0.0,
    ],
    ids=["numbers of the rows", "account numbers", "as floats"],
)
def test_numbers_that_name_rows_are_told(make):
    X, y = frame()
    X["ref"] = make(np.random.default_rng(2), ROWS)
    finding = found(X, y)["id-among-inputs"]
    assert [one.name.split("'")[1] for one in finding.evidence] == ["ref"]
    assert dict(finding.remedies[0].changes) == {"columns": {"ref": "leave out"}}
    assert "id-among-inputs" not in found(X, y, columns={"ref": "leave out"})


def test_numbers_that_are_called_ids_may_repeat_and_lie_unevenly():
    X, y = frame()
    ids = np.random.default_rng(2).integers(0, 8 * ROWS, ROWS) ** 2
    assert len(np.unique(ids)) < 0.98 * ROWS
    assert "id-among-inputs" in found(X.assign(customer_id=ids), y)
    assert "id-among-inputs" not in found(X.assign(area=ids), y)


def test_numbers_that_lie_evenly_and_tell_of_the_target_name_no_rows():
    X, y = frame()
    seconds = np.random.default_rng(2).choice(30_000_000, ROWS, replace=False)
    assert "id-among-inputs" in found(X.assign(time=seconds), y)
    assert "id-among-inputs" not in found(X.assign(time=seconds), y + 2 * np.sin(seconds / 5e6))
    assert "id-among-inputs" not in found(X.assign(time=seconds + 0.5), y)


def test_words_of_which_most_stand_in_one_row_are_told():
    X, y = frame()
    random = np.random.default_rng(2)
    X["ticket"] = [f"T{k}" for k in random.integers(0, 2 * ROWS, ROWS)]
    assert found(X, y)["id-among-inputs"].level == "note"  # all share a code
    X["ticket"] = [f"T{k}" for k in random.integers(0, 60, ROWS)]
    assert "id-among-inputs" not in found(X, y)
    few, y = frame(rows=100)
    few["ticket"] = [f"T{k % 70}" for k in range(100)]
    finding = found(few, y)["id-among-inputs"]
    assert finding.level == "warning" and finding.evidence[0].value == pytest.approx(0.7)


def test_a_column_that_was_left_out_is_not_told_of():
    X, y = frame()
    X["id"], X["name"] = range(ROWS), [f"n{k}" for k in range(ROWS)]
    assert found(X, y) == {}


@pytest.mark.parametrize(("days", "told"), [(0, False), (7, False), (60, True), (-60, True)])
def test_dates_beyond_those_of_fit_are_told(days, told):
    X, y = frame()
    others, truth = frame(seed=1)
    others["day"] += pd.Timedelta(days=days)
    findings = found(X, y, others, truth)
    assert ("dates-beyond-training" in findings) == told
    if told:
        evidence = findings["dates-beyond-training"].evidence[0]
        outside = (others["day"] < X["day"].min()) | (others["day"] > X["day"].max())
        assert evidence.value == pytest.approx(outside.mean())
        assert "'day'" in evidence.name


@pytest.mark.parametrize("share", [0.0, 0.2])
def test_levels_that_fit_did_not_see_are_told(share):
    X, y = frame()
    others, truth = frame(seed=1)
    many = np.random.default_rng(3).random(ROWS) < share
    others.loc[many, "town"] = "Ulm"
    findings = found(X, y, others, truth)
    assert ("unknown-levels" in findings) == (share > 0)
    if share:
        (evidence,) = findings["unknown-levels"].evidence
        assert evidence.value == pytest.approx(many.mean())
        assert evidence.name == "share of the cells of 'town' whose level fit did not see, such as 'Ulm'"


def test_unknown_levels_that_are_taken_as_rare_ones_are_not_told():
    X, y = frame()
    X.loc[:8, "town"] = [f"village {k}" for k in range(9)]
    others, truth = frame(seed=1)
    others.loc[:200, "town"] = "Ulm"
    assert "unknown-levels" not in found(X, y, others, truth)


def test_rows_are_looked_at_before_training_and_a_path_is_read(tmp_path):
    X, y = frame()
    X["ref"] = np.random.default_rng(2).permutation(ROWS)
    X["y"] = y
    X.to_csv(tmp_path / "rows.csv", index=False)
    path = str(tmp_path / "rows.csv")
    assert "id-among-inputs" in diagnose(TableRegressor(preset="fast", random_state=0), path, "y")
    model = TableRegressor(preset="fast", max_iter=3, random_state=0).fit(path, "y")
    assert "id-among-inputs" in diagnose(model, path)
    assert "id-among-inputs" not in diagnose(model)  # which only rows tell


def test_rows_of_numbers_alone_have_no_such_findings():
    X, y = frame()
    X = X[["size", "visits"]].assign(ref=np.arange(ROWS)).to_numpy()
    model = MLPClassifier((8,), max_iter=3, random_state=0).fit(X / X.std(axis=0), y > 0)
    assert not RULES & {one.rule for one in diagnose(model, X / X.std(axis=0), y > 0)}


def test_columns_of_classes_are_held_against_all_of_them():
    X, y = frame()
    ref = np.random.default_rng(2).permutation(ROWS)
    three = np.digitize(y, [-0.5, 0.8])
    model = TableClassifier(preset="fast", max_iter=3, random_state=0)
    assert "id-among-inputs" in diagnose(model.fit(X.assign(ref=ref), three), X.assign(ref=ref), three)
    by_ref = ref // 200
    assert "id-among-inputs" not in diagnose(model.fit(X.assign(ref=ref), by_ref), X.assign(ref=ref), by_ref)


def test_numbers_that_repeat_or_are_not_whole_name_nothing():
    y = np.arange(100.0)
    assert naming(np.arange(100.0) // 2, lambda: y[:, None], y, 0) is None
    assert naming(np.arange(100.0) + 0.5, lambda: y[:, None], y, 0) is None
    assert naming(np.full(100, np.nan), lambda: y[:, None], y, 0) is None
    few = naming(np.arange(100.0), lambda: np.random.default_rng(0).normal(size=(100, 40)), y, 0)
    assert few.told is None  # forty inputs of a hundred rows tell nothing
