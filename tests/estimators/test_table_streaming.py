"""Files larger than memory: what is reached, what is held out, what is refused."""

import threading
import tracemalloc

import numpy as np
import pandas as pd
import pytest

from chainrule import Checkpoints, TableClassifier, TableRegressor, callbacks, find_learning_rate
from chainrule.errors import InputError
from chainrule.estimators.table import fitting, streaming
from chainrule.estimators.table.fitting import _streamed
from chainrule.tables import encoder, learn, table_file
from chainrule.tables.files import ParquetFile, TableFile, open_file
from chainrule.tables.learn import Said
from chainrule.tables.reading import read_numbers
from chainrule.tables.schema import Nothing
from chainrule.tables.survey import survey
from chainrule.training.streamed import Streamed

RANDOM = np.random.default_rng(0)
ROWS = 3000
SAID = Said({}, Nothing())
FRAME = pd.DataFrame(
    {
        "a": RANDOM.normal(size=ROWS),
        "b": RANDOM.choice(["x", "y", "z"], ROWS),
        "c": np.where(RANDOM.random(ROWS) < 0.1, np.nan, RANDOM.random(ROWS)),
    }
)
FRAME["class"] = np.where((FRAME["a"] > 0) ^ (FRAME["b"] == "x"), "yes", "no")
FRAME["number"] = 10 * FRAME["a"] + (FRAME["b"] == "y")


@pytest.fixture(scope="module", params=["parquet", "folder", "csv", "arrow"])
def path(request, tmp_path_factory):
    place = tmp_path_factory.mktemp("stream")
    if request.param == "parquet":
        FRAME.to_parquet(place / "t.parquet", row_group_size=170)
        return place / "t.parquet"
    if request.param == "csv":
        FRAME.to_csv(place / "t.csv", index=False)
        return place / "t.csv"
    if request.param == "arrow":
        FRAME.to_feather(place / "t.arrow", chunksize=170)
        return place / "t.arrow"
    for part, rows in enumerate(np.array_split(np.arange(ROWS), 7)):
        FRAME.iloc[rows].to_parquet(place / f"{part}.parquet")
    return place


def without(*names):
    return FRAME.drop(columns=list(names))


def fitted(kind, path, target, leave, **settings):
    columns = {leave: "leave out"}
    return kind(preset="fast", memory=1, columns=columns, random_state=0, max_iter=4, **settings).fit(path, target)


def test_classes(path):
    model = fitted(TableClassifier, path, "class", "number")
    assert model.score(without("class"), FRAME["class"]) > 0.95
    assert model.n_features_in_ == 4


def test_numbers_by_a_seed(path):
    models = [fitted(TableRegressor, str(path), "number", "class") for _ in range(2)]
    assert models[0].score(without("number"), FRAME["number"]) > 0.95
    np.testing.assert_array_equal(*(model.parameters_.vector for model in models))


def test_class_weights_count(path):
    model = fitted(TableClassifier, path, "class", "number", class_weight={"yes": 1000.0})
    assert (model.predict(without("class")) == "yes").mean() > 0.6
    with pytest.raises(InputError, match="a dict of weights"):
        fitted(TableClassifier, path, "class", "number", class_weight="balanced")


@pytest.mark.parametrize("memory", [1, "auto"])
def test_weights_that_are_a_column_are_checked(path, memory):
    model = TableRegressor(preset="fast", memory=memory, columns={"class": "leave out"}, random_state=0)
    with pytest.raises(InputError, match=r"column 'c', row \d+"):  # one is missing
        model.fit(path, "number", sample_weight="c")
    with pytest.raises(InputError, match="sample_weight.*'cc'"):
        model.fit(path, "number", sample_weight="cc")


@pytest.mark.parametrize("memory", [1, "auto"])
def test_weights_that_are_a_column_move_the_prediction(tmp_path, memory):
    frame = FRAME.assign(w=np.where(FRAME["class"] == "yes", 1000.0, 1.0))
    frame.to_parquet(tmp_path / "t.parquet", row_group_size=500)
    leave = {"a": "leave out", "number": "leave out", "b": "leave out"}
    model = TableClassifier(preset="fast", memory=memory, columns=leave, random_state=0, max_iter=4)
    model.fit(tmp_path / "t.parquet", "class", sample_weight="w")
    assert (model.predict(without("class")) == "yes").all()
    assert "w" not in model.feature_names_in_


def test_a_survey_sees_every_row_once(path):
    found = survey(open_file(path), "class", SAID, seed=0, size=400)
    assert found.rows == ROWS and len(found.sample) == 400
    assert found.distinct.levels == ("no", "yes")
    places = found.row
    assert len(set(places)) == 400
    np.testing.assert_array_equal(read_numbers(found.sample["a"], "a", "X"), FRAME["a"].to_numpy()[places])
    first = 2 if path.suffix == ".csv" else 0  # a row of CSV is called by its line
    if path.is_file():  # else by that of its file
        assert [found.sample["a"].row(place) for place in (0, 9, 399)] == [first + places[k] for k in (0, 9, 399)]
    assert abs(places.mean() / ROWS - 0.5) < 0.06  # each with the same chance


def test_held_out_rows_and_the_trained_are_all(path):
    heard = []

    class Hear(callbacks.Callback):
        def begin(self, outlook):
            heard.append(outlook)

    fitted(TableClassifier, path, "class", "number", callbacks=[Hear()])
    assert heard[0].rows + heard[0].held_out == ROWS


def test_a_class_that_only_the_last_rows_have_is_known(tmp_path):
    frame = without("number")
    frame.loc[ROWS - 1, "class"] = "rare"
    frame.to_parquet(tmp_path / "t.parquet", row_group_size=500)
    model = TableClassifier(preset="fast", memory=1, max_iter=1, random_state=0).fit(tmp_path / "t.parquet", "class")
    assert model.classes_.tolist() == ["no", "rare", "yes"]
    assert model.predict_proba(without("class", "number")).shape == (ROWS, 3)


def test_a_broken_part_is_named(tmp_path):
    for part in "ab":
        FRAME.iloc[:500].to_parquet(tmp_path / f"{part}.parquet")
    (tmp_path / "b.parquet").write_bytes((tmp_path / "b.parquet").read_bytes()[:-50])
    with pytest.raises(InputError, match=r"b\.parquet"):
        fitted(TableClassifier, tmp_path, "class", "number")
    assert not [thread for thread in threading.enumerate() if thread.name == "chainrule ahead"]


def numbered(folder):
    """A folder whose rows carry their number as `a`, and what a source of the rows that are not held out gives."""
    frame = pd.DataFrame({"a": np.arange(1000.0), "y": np.arange(1000) % 7})
    for part, rows in enumerate(np.array_split(np.arange(1000), 4)):
        frame.iloc[rows].to_parquet(folder / f"{part}.parquet", row_group_size=90)
    file = open_file(folder)
    found = survey(file, "y", SAID, seed=0, size=600)
    learned = learn.schema(found.seen, ["a"], "X")
    made = encoder.fit(learned.schema.read(found.sample, ["a"], "X")[0], learned.schema, {}, how="standard")

    def prepare(table):
        return table.without("y"), table["y"].values, None

    _, held_out = streaming.divided(found, 0.2, seed=0, labels=None)
    return streaming.FileSource(file, made, prepare, found, held_out), found, held_out


def numbers(source, values):
    return np.rint(source.encoder.encodings[0].scale.back(values[:, 0].astype(float))).astype(int).tolist()


def test_rows_held_out_are_never_given_and_all_others_once_in_every_epoch(tmp_path):
    source, found, held_out = numbered(tmp_path)
    others = sorted(set(range(1000)) - set(found.row[held_out].tolist()))
    assert len(held_out) == 200 and source.rows == len(others) == 800
    orders = []
    for seed in (None, 0, 1):
        pieces = list(source.pieces(None if seed is None else np.random.default_rng(seed)))
        orders.append([n for piece in pieces for n in numbers(source, piece.values)])
        assert sorted(orders[-1]) == others
        assert [n % 7 for n in orders[-1]] == [int(y) for piece in pieces for y in piece.y]
    assert orders[0] == others and orders[1] != orders[2] != others


def test_coded_rows_that_fit_are_read_once_and_held(tmp_path):
    source, *_ = numbered(tmp_path)
    coded, y, weight = streaming.held(source)
    assert weight is None and source.bytes >= coded.values.nbytes + y.nbytes
    assert [n % 7 for n in numbers(source, coded.values)] == y.tolist()


def test_a_fit_on_coded_rows_is_as_good(path, monkeypatch):
    monkeypatch.setattr(TableFile, "raw_bytes", lambda self: 1 << 50)
    monkeypatch.setattr(ParquetFile, "raw_bytes", lambda self: 1 << 50)
    model = TableClassifier(preset="fast", columns={"number": "leave out"}, random_state=0, max_iter=4)
    assert model.fit(path, "class").score(without("class"), FRAME["class"]) > 0.95


def test_long_row_groups_are_read_in_steps(tmp_path, monkeypatch):
    FRAME.to_parquet(tmp_path / "t.parquet")
    FRAME.to_feather(tmp_path / "t.arrow")
    monkeypatch.setattr(table_file, "STEP", 700)
    for name in ("t.parquet", "t.arrow"):
        sizes = [len(part) for part in open_file(tmp_path / name).parts()]
        assert sizes == [700, 700, 700, 700, 200]


def test_an_interrupt_keeps_the_best_weights_and_leaves_no_thread(path, monkeypatch):
    gather, calls = Streamed.gather, []

    def interrupted(self, *arguments):
        calls.append(1)
        if len(calls) == 15:
            raise KeyboardInterrupt
        return gather(self, *arguments)

    monkeypatch.setattr(Streamed, "gather", interrupted)
    with pytest.warns(match="interrupted by user"):
        model = fitted(TableClassifier, path, "class", "number", batch_size=256)
    assert model.n_iter_ == 1
    assert not [thread for thread in threading.enumerate() if thread.name == "chainrule ahead"]


@pytest.mark.parametrize("given", [{"sample_weight": np.ones(ROWS)}, {"y": np.zeros(ROWS)}])
def test_what_a_stream_cannot_have(path, given):
    with pytest.raises(InputError, match="Raise memory="):
        TableRegressor(memory=1).fit(path, **{"y": "number"} | given)


def test_rows_to_validate_on_may_be_in_memory(path):
    """Training stops on them, and holds no others out."""
    settings = {"preset": "fast", "memory": 1, "max_iter": 3, "random_state": 0, "columns": {"class": "leave out"}}
    model = TableRegressor(**settings).fit(
        path, "number", X_val=without("number").iloc[:200], y_val=FRAME["number"][:200]
    )
    assert model.model_.progress.outlook.rows == ROWS
    assert model.model_.progress.outlook.held_out == 200
    assert model.history_[-1].validation_loss < model.history_[0].validation_loss


@pytest.mark.parametrize("memory", [1, 60_000, "auto"])
@pytest.mark.parametrize("seeds", [(None, None), (0, 1), (None, 1)])
@pytest.mark.one_in(3)
def test_a_fit_goes_on_from_a_checkpoint_whatever_its_seed(tmp_path, memory, seeds):
    FRAME.to_parquet(tmp_path / "t.parquet", row_group_size=500)
    settings = {"preset": "fast", "memory": memory, "max_iter": 2, "columns": {"class": "leave out"}}
    whole = TableRegressor(**settings, random_state=seeds[0], checkpoints=Checkpoints(tmp_path / "run"))
    whole.fit(tmp_path / "t.parquet", "number")
    again = TableRegressor(**settings, random_state=seeds[1])
    again.fit(tmp_path / "t.parquet", "number", resume_from=next((tmp_path / "run").glob("*1.checkpoint")))
    np.testing.assert_array_equal(again.parameters_.vector, whole.parameters_.vector)
    np.testing.assert_array_equal(again.encoder_.expansion.fills, whole.encoder_.expansion.fills)


def test_a_learning_rate_is_found_on_a_sample(path):
    model = TableClassifier(preset="fast", memory=1, columns={"number": "leave out"}, random_state=0)
    curve = find_learning_rate(model, path, "class", steps=100)
    assert 1e-5 < curve.suggestion < 1


def test_memory_does_not_grow_with_the_file(tmp_path):
    peaks = []
    for copies in (4, 16):
        folder = tmp_path / str(copies)
        folder.mkdir()
        for part in range(copies):
            FRAME.to_parquet(folder / f"{part}.parquet")
        table = open_file(folder)
        survey(table, "number", SAID, seed=0, size=500)  # what is imported first is no part of it
        tracemalloc.start()
        survey(table, "number", SAID, seed=0, size=500)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.3 * peaks[0]


def test_rows_that_are_larger_once_they_are_coded_are_streamed(tmp_path, monkeypatch):
    """One long text makes the codes of all rows wide: those of short ones are many times as large as their table."""
    short = [f"good day number {k % 300}" for k in range(999)]
    frame = pd.DataFrame({"said": [*short, " ".join(f"number {k}" for k in range(200))], "y": np.arange(1000) % 7.0})
    frame.to_csv(tmp_path / "t.csv", index=False)
    ways = []
    monkeypatch.setattr(fitting, "_streamed", lambda *given: ways.append("streamed") or _streamed(*given))
    plain = {"preset": "fast", "max_iter": 2, "random_state": 0}
    held = TableRegressor(**plain).fit(tmp_path / "t.csv", "y")
    coded = streaming.coded_bytes(held.encoder_, 1000)
    assert not ways and coded > 1000 * 600 > 6 * open_file(tmp_path / "t.csv").raw_bytes()
    TableRegressor(**plain, memory=coded).fit(tmp_path / "t.csv", "y")
    assert not ways
    found = TableRegressor(**plain, memory=coded - 1).fit(tmp_path / "t.csv", "y")
    assert ways == ["streamed"] and found.encoder_ == held.encoder_
    with pytest.raises(InputError, match="Raise memory="):
        TableRegressor(**plain, memory=coded - 1).partial_fit(tmp_path / "t.csv", "y")
    with pytest.raises(InputError, match="Raise memory="):
        held.set_params(memory=coded - 1, warm_start=True).fit(tmp_path / "t.csv", "y")


def test_texts_count_in_the_size_of_a_file(tmp_path):
    frame = pd.DataFrame({"said": [f"{k} is said of this, and no more" for k in range(1000)], "n": range(1000)})
    frame.to_parquet(tmp_path / "t.parquet", row_group_size=170)
    assert open_file(tmp_path / "t.parquet").raw_bytes() >= frame["said"].str.len().sum() + 8 * 1000
    frame[["n"]].to_parquet(tmp_path / "n.parquet")
    assert open_file(tmp_path / "n.parquet").raw_bytes() == 8 * 1000
