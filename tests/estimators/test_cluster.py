"""Fits and predictions by tasks, without a cluster: the bits of home, sources of all kinds, what goes wrong."""

import os
import sys
import time
from contextlib import suppress

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest
from sklearn.base import clone
from tests.scattered import Scattered

import chainrule
from chainrule import Checkpoints, MLPClassifier, MLPRegressor, SequenceClassifier, TableClassifier, TableRegressor
from chainrule.callbacks import Callback
from chainrule.errors import InputError, InputTypeError, MissingExtraError
from chainrule.estimators.table import dividing
from chainrule.tasks import Here
from chainrule.training.divided import Division
from chainrule.training.elsewhere import Cluster, in_use, using
from chainrule.training.trainer import Trainer

ROWS = 2400
DRAWN = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "a": DRAWN.normal(size=ROWS),
        "b": DRAWN.choice(["x", "y", "z"], ROWS),
        "c": np.where(DRAWN.random(ROWS) < 0.1, np.nan, DRAWN.integers(0, 40, ROWS)),
        "w": DRAWN.integers(1, 3, ROWS),
    }
)
FRAME["class"] = np.where((FRAME["a"] > 0) ^ (FRAME["b"] == "x"), "yes", "no")
FRAME["number"] = 10 * FRAME["a"] + (FRAME["b"] == "y")
#: Larger than that: a table of FRAME is read by parts; a part of it is not.
MEMORY = 60_000
DIVISION = Division(3, steps=4)


def cluster(tasks=None, division=DIVISION, divide="large"):
    return using(Cluster(tasks or Here(), division, divide))


def vectors(model):
    predictor = model.model_.predictor
    parts = [part.predictor for part in getattr(predictor, "parts", ())] or [predictor]
    return [part.parameters.vector for part in parts]


def same(one, other):
    assert len(vectors(one)) == len(vectors(other))
    for a, b in zip(vectors(one), vectors(other), strict=True):
        np.testing.assert_array_equal(a, b)
    assert [(r.loss, r.validation_loss) for r in one.history_] == [(r.loss, r.validation_loss) for r in other.history_]


# Networks apart: the bits of home --------------------------------------------------------------------------------

X = FRAME[["a", "c"]].fillna(0).to_numpy()
SEQUENCES = np.random.default_rng(1).normal(size=(60, 5, 3))
FITS = {
    "table, alike": (TableClassifier(n_members=3, max_iter=3), FRAME[["a", "b"]], FRAME["class"]),
    "table, one": (TableRegressor(preset="fast", max_iter=3), FRAME[["a", "b", "c"]], FRAME["number"]),
    "table, kinds": (TableClassifier(max_iter=3), FRAME[["a", "b"]], FRAME["class"]),
    "table, folds": (TableClassifier(preset="fast", n_folds=3, max_iter=3), FRAME[["a", "b"]], FRAME["class"]),
    "classifier": (
        MLPClassifier(hidden_layer_sizes=(16,), n_members=2, dropout=0.1, early_stopping=True, max_iter=4),
        X,
        FRAME["class"],
    ),
    "regressor": (MLPRegressor(hidden_layer_sizes=(16,), norm="batch", mixup=0.2, max_iter=4), X, FRAME["number"]),
    "sequences": (
        SequenceClassifier(hidden_layer_sizes=(8,), n_members=2, max_iter=3),
        SEQUENCES,
        SEQUENCES[:, 0, 0] > 0,
    ),
}


def fitted(case):
    made, rows, y = FITS[case]
    return clone(made).set_params(random_state=0).fit(rows, y)


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
@pytest.mark.parametrize("case", FITS)
def test_a_fit_by_tasks_has_the_bits_of_home(case):
    tasks = Scattered()
    home = fitted(case)
    with cluster(tasks):
        away = fitted(case)
    assert set(tasks.names) == {"epoch"}
    same(home, away)
    assert (home.model_.probes is None) == (away.model_.probes is None)


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_a_model_of_a_cluster_is_an_ordinary_one():
    with cluster(Scattered()):
        made = MLPClassifier(hidden_layer_sizes=(8,), max_iter=2, random_state=0).fit(X, FRAME["class"])
        trainer = made.model_.continuation.trainer
        made.partial_fit(X, FRAME["class"])
    home = (
        MLPClassifier(hidden_layer_sizes=(8,), max_iter=2, random_state=0)
        .fit(X, FRAME["class"])
        .partial_fit(X, FRAME["class"])
    )
    assert type(trainer) is Trainer
    same(home, made)


def test_without_ray_a_cluster_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'chainrule\[ray\]'"), chainrule.cluster("ray"):
        pass


@pytest.mark.parametrize(
    "given", [{"engine": "dask"}, {"workers": 0}, {"threads": 1.5}, {"divide": "never"}, {"steps": 0}], ids=str
)
def test_a_cluster_is_refused_what_it_cannot_be(given):
    with pytest.raises((InputError, InputTypeError), match=r"cluster\("), chainrule.cluster(**given):
        pass


def test_the_cluster_is_left_with_the_block():
    with cluster():
        assert in_use() is not None
    assert in_use() is None
    with suppress(KeyError), cluster():
        raise KeyError
    assert in_use() is None


# Rows divided --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("cluster")
    FRAME.to_parquet(place / "t.parquet", row_group_size=170)
    FRAME.to_csv(place / "t.csv", index=False)
    (place / "parts").mkdir()
    for part, rows in enumerate(np.array_split(np.arange(ROWS), 5)):
        FRAME.iloc[rows].to_parquet(place / "parts" / f"{part}.parquet", row_group_size=300)
    FRAME.iloc[:300].to_parquet(place / "v.parquet")
    return place


SOURCES = {
    "parquet": lambda place: place / "t.parquet",
    "csv": lambda place: place / "t.csv",
    "folder": lambda place: place / "parts",
    "list": lambda place: sorted((place / "parts").iterdir()),
    "url": lambda place: (place / "t.parquet").as_uri(),
    "lazy frame": lambda place: pl.scan_parquet(place / "t.parquet"),
    "dataset": lambda place: pyarrow.dataset.dataset(place / "parts"),
}


def of_source(source, kind=TableClassifier, target="class", x_val=None, **settings):
    settings = {"n_members": 2, "max_iter": 4, "memory": MEMORY, "random_state": 0, "n_threads": 1} | settings
    columns = {"number" if target == "class" else "class": "leave out"}
    return kind(columns=columns, **settings).fit(source, target, X_val=x_val)


@pytest.mark.parametrize("name", SOURCES)
def test_rows_of_every_source_are_divided(name, folder):
    with cluster():
        here = of_source(SOURCES[name](folder))
    tasks = Scattered()
    with cluster(tasks):
        away = of_source(SOURCES[name](folder))
    assert "locally" in tasks.names
    same(here, away)
    assert here.score(FRAME.drop(columns=["class"]), FRAME["class"]) > 0.9


@pytest.mark.parametrize("name", ["parquet", "csv", "folder"])
def test_each_row_is_of_one_worker_or_held_out(name, folder, monkeypatch):
    made, found = dividing.divided, []
    monkeypatch.setattr(dividing, "divided", lambda *given: found.append(made(*given)) or found[-1])
    with cluster():
        model = of_source(SOURCES[name](folder), TableRegressor, "number", numbers="standard", max_iter=1)
    units = [unit for part in found[0].parts for unit in part]
    assert all(unit.rows == len(unit.piece.y) for unit in units)
    numbers = np.concatenate([unit.piece.y[:, 0] for unit in units])
    outlook = model.model_.progress.outlook
    assert len(np.unique(numbers)) == len(numbers) == outlook.rows == ROWS - outlook.held_out
    sizes = [sum(unit.rows for unit in part) for part in found[0].parts]
    assert max(sizes) - min(sizes) <= max(unit.rows for unit in units)


@pytest.mark.parametrize("target", ["class", "number"])
@pytest.mark.parametrize("workers", [1, 2, 50])
def test_any_number_of_workers_learns(workers, target, folder):
    """Of 50 some have few rows, or none in a round."""
    kind = TableClassifier if target == "class" else TableRegressor
    with cluster(division=Division(workers, steps=4)):
        made = of_source(folder / "t.parquet", kind, target, max_iter=8)
    assert made.score(FRAME[["a", "b", "c", "w", "class", "number"]].drop(columns=[target]), FRAME[target]) > 0.8


def test_rows_in_memory_are_divided_where_all_are_to_be():
    tasks = Scattered()
    with cluster(tasks, divide="always"):
        away = TableClassifier(n_members=2, max_iter=6, random_state=0).fit(FRAME[["a", "b"]], FRAME["class"])
    with cluster(divide="always"):
        here = TableClassifier(n_members=2, max_iter=6, random_state=0).fit(FRAME[["a", "b"]], FRAME["class"])
    same(here, away)
    assert set(tasks.names) == {"locally"}
    assert away.score(FRAME[["a", "b"]], FRAME["class"]) > 0.9


def test_rows_to_validate_on_may_come_from_a_source(folder):
    with cluster(Scattered()):
        made = of_source(folder / "t.parquet", x_val=folder / "v.parquet")
    assert made.model_.progress.outlook.rows == ROWS
    assert made.model_.progress.outlook.held_out == 300
    home = of_source(folder / "t.parquet", x_val=folder / "v.parquet")
    assert home.model_.progress.outlook.held_out == 300
    with pytest.raises(InputError, match=r"X_val: expected rows to validate on that fit into memory, 60,000 bytes"):
        of_source(folder / "t.parquet", x_val=folder / "t.parquet")


def of_weights(folder, weights, place, **settings):
    """A fit of rows with these weights, in rounds."""
    rows = FRAME.assign(w=weights)
    rows.to_parquet(place / "w.parquet", row_group_size=170)
    made = TableClassifier(
        memory=MEMORY, n_members=1, max_iter=3, random_state=0, numbers="standard", columns={"number": "leave out"},
        **settings,
    )  # fmt: skip
    return made.fit(place / "w.parquet", "class", sample_weight="w")


def test_weights_are_those_of_the_rows(folder, tmp_path):
    """What all are multiplied by changes nothing, up to rounding; what only some are does."""
    with cluster():
        one, twice, other = (
            vectors(of_weights(folder, weights, tmp_path))[0]
            for weights in (np.ones(ROWS), np.full(ROWS, 2.0), np.where(FRAME["a"] > 0, 5.0, 1.0))
        )
    np.testing.assert_allclose(one, twice, atol=1e-3)
    assert np.abs(one - other).max() > 1e-2


@pytest.mark.parametrize("workers", [2, 12])
def test_rows_without_weight_are_left_out_even_where_a_worker_has_no_others(workers, folder, tmp_path):
    weights = np.where(np.arange(ROWS) < ROWS // 2, 0, 1)
    with cluster(division=Division(workers, steps=1)):
        made = of_weights(folder, weights, tmp_path)
    assert np.isfinite(vectors(made)[0]).all()
    assert made.score(FRAME.drop(columns=["class", "w"]), FRAME["class"]) > 0.6


def test_a_time_limit_ends_a_round(folder):
    """There is one round an epoch, which takes longer than there is time for."""
    with cluster(division=Division(2, steps=100_000)):
        made = of_source(folder / "t.parquet", max_iter=100_000, time_limit=1.5)
    assert len(made.history_) < 2_000


def test_what_rounds_cannot_do_is_said(folder, tmp_path):
    with cluster(), pytest.raises(InputError, match="score_training"):
        of_source(folder / "t.parquet", score_training=True)
    with cluster():
        made = of_source(folder / "t.parquet", checkpoints=Checkpoints(tmp_path / "run", rounds=1, keep=99))
    assert made.model_.probes is None  # steps of other machines are not measured
    for file in ("epoch-000001-000001.checkpoint", "epoch-000004.checkpoint"):
        of_home = TableClassifier(
            columns={"number": "leave out"}, n_members=2, max_iter=4, memory=MEMORY, random_state=0, n_threads=1
        )
        with pytest.raises(InputError, match="a fit that is not divided"):
            of_home.fit(folder / "t.parquet", "class", resume_from=tmp_path / "run" / file)


def test_nothing_of_a_fit_stays_behind_the_block():
    from chainrule.training import making

    with cluster():
        MLPRegressor(max_iter=2, learning_rate="cosine").fit(X, FRAME["number"])
        assert making._BENCHES
    assert not making._BENCHES


class Stop(Callback):
    """Breaks a fit off after an epoch."""

    def __init__(self, epoch):
        self.at = epoch

    def epoch(self, record):
        if record.epoch == self.at:
            raise OSError("broken off")
        return False


@pytest.mark.parametrize("rounds", [None, 1], ids=["epochs", "rounds"])
def test_a_fit_goes_on_from_its_checkpoints(rounds, folder, tmp_path):
    with cluster():
        whole = of_source(folder / "t.parquet")
        where = Checkpoints(tmp_path / "run", keep=100, rounds=rounds)
        with pytest.raises(OSError, match="broken off"):
            of_source(folder / "t.parquet", checkpoints=where, callbacks=[Stop(3)])
        files = sorted((tmp_path / "run").iterdir())
        within = [file for file in files if file.name.count("-") == 2]
        assert bool(within) == (rounds is not None)
        for file in (files[0], files[-1], *within[1:2]):
            again = TableClassifier(
                columns={"number": "leave out"}, n_members=2, max_iter=4, memory=MEMORY, random_state=0, n_threads=1
            ).fit(folder / "t.parquet", "class", resume_from=file)
            same(whole, again)


def test_another_division_is_no_fit_to_go_on_with(folder, tmp_path):
    with cluster():
        of_source(folder / "t.parquet", checkpoints=Checkpoints(tmp_path / "run"))
    with cluster(division=Division(2, steps=4)), pytest.raises(InputError, match="Give cluster"):
        TableClassifier(
            columns={"number": "leave out"}, n_members=2, max_iter=4, memory=MEMORY, random_state=0, n_threads=1
        ).fit(folder / "t.parquet", "class", resume_from=tmp_path / "run")


def test_training_stops_where_one_machine_would_on_the_same_rounds(folder):
    """The held-out rows decide, in the process that waits, whoever does the rounds."""
    settings = {"max_iter": 60, "n_iter_no_change": 3, "learning_rate_init": 0.05}
    with cluster():
        here = of_source(folder / "t.parquet", **settings)
    with cluster(Scattered()):
        away = of_source(folder / "t.parquet", **settings)
    losses = [r.validation_loss for r in here.history_]
    best = int(np.argmin(losses))
    assert len(losses) == best + 5 < 60
    same(here, away)


@pytest.mark.parametrize("when", ["before the rows are coded", "while they are read"])
@pytest.mark.parametrize("at", ["home", "tasks"])
def test_a_file_that_changes_in_mid_fit_is_refused(when, at, tmp_path, monkeypatch):
    from chainrule.estimators.table import dividing, streaming

    path = tmp_path / "t.parquet"
    FRAME.to_parquet(path, row_group_size=170)
    surveyed, coded = dividing.surveyed, streaming.FileSource._piece

    def rewritten():
        os.utime(path, ns=(time.time_ns() + 10**9,) * 2)

    def after_survey(*given):
        found = surveyed(*given)
        rewritten()
        return found

    def reading(self, first, whole):
        if first == 0:
            rewritten()
        return coded(self, first, whole)

    if when == "before the rows are coded":
        monkeypatch.setattr(dividing, "surveyed", after_survey)
    else:
        monkeypatch.setattr(streaming.FileSource, "_piece", reading)
    used, said = using(Cluster(Here(), DIVISION) if at == "tasks" else None), "t.parquet: expected the file as it was"
    with used, pytest.raises(InputError, match=said):
        of_source(path)


def test_what_a_task_cannot_read_is_told_as_at_home(folder, tmp_path):
    whole = pq.read_table(folder / "t.parquet").to_pandas()
    whole["class"] = whole["class"].where(whole.index != 2000)
    whole.to_parquet(tmp_path / "t.parquet", row_group_size=170)
    said = []
    for tasks in (None, Scattered()):
        with using(None if tasks is None else Cluster(tasks, DIVISION)), pytest.raises(InputError) as caught:
            of_source(tmp_path / "t.parquet")
        said.append(str(caught.value))
    assert said[0] == said[1]
    assert "2000" in said[0]


# Predictions --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def model():
    return TableClassifier(preset="fast", max_iter=3, random_state=0, n_threads=1).fit(
        FRAME[["a", "b"]], FRAME["class"]
    )


@pytest.mark.parametrize("at", ["home", "tasks"])
@pytest.mark.parametrize("name", SOURCES)
def test_predictions_of_every_source_are_written_each_once(name, at, folder, model, tmp_path):
    with using(Cluster(Scattered(), DIVISION) if at == "tasks" else None):
        written = model.predict(SOURCES[name](folder), to=tmp_path / "out", proba=True, keep=["c", "w"])
    files = sorted((tmp_path / "out").iterdir())
    found = pa.concat_tables([pq.read_table(file) for file in files], promote_options="permissive").to_pandas()
    assert (written.rows, written.files) == (ROWS, len(files))
    assert list(found) == ["c", "w", "prediction", "prediction=no", "prediction=yes"]
    assert found["prediction"].tolist() == model.predict(FRAME[["a", "b"]]).tolist()
    np.testing.assert_allclose(
        found[["prediction=no", "prediction=yes"]], model.predict_proba(FRAME[["a", "b"]]), atol=1e-6
    )
    np.testing.assert_array_equal(pd.to_numeric(found["c"]), FRAME["c"])  # of CSV as they stand there


def test_numbers_are_written_to_a_url(folder, tmp_path):
    made = TableRegressor(preset="fast", max_iter=3, random_state=0).fit(FRAME[["a", "b"]], FRAME["number"])
    with cluster(Scattered()):
        written = made.predict(folder / "parts", to=(tmp_path / "out").as_uri())
    found = pd.concat([pd.read_parquet(file) for file in sorted((tmp_path / "out").iterdir())])
    assert written.files == 10
    np.testing.assert_allclose(found["prediction"], made.predict(FRAME[["a", "b"]]), rtol=1e-5)


def test_what_the_model_does_not_know_is_told_once(model, tmp_path):
    rows = FRAME[["a", "b"]].copy()
    rows.loc[::4, "b"] = "new"
    rows.to_parquet(tmp_path / "t.parquet", row_group_size=500)
    with (
        pytest.warns(UserWarning, match="column 'b': 600 of 2,400 cells are levels unknown") as told,
        cluster(Scattered()),
    ):
        written = model.predict(tmp_path / "t.parquet", to=tmp_path / "out")
    assert len(told) == 1
    assert written.seen.unknown == {"b": 600}


def test_a_folder_that_has_files_is_not_written_to(model, folder, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="a folder that is new or empty; received one with 1 files"):
        model.predict(folder / "t.parquet", to=tmp_path / "out")
    model.predict(folder / "t.parquet", to=tmp_path / "out", overwrite=True)
    assert (tmp_path / "out" / "notes.txt").read_text() == "mine"
    for name in (tmp_path / "out" / "notes.txt", tmp_path / "new.parquet"):
        with pytest.raises(InputError, match="a folder that is new or empty; received the name of a file"):
            model.predict(folder / "t.parquet", to=name, overwrite=True)


def test_a_shorter_run_leaves_nothing_of_a_longer_one(model, folder, tmp_path):
    model.predict(folder / "t.parquet", to=tmp_path / "out")
    written = model.predict(folder / "v.parquet", to=tmp_path / "out", overwrite=True)
    assert written.files == len(list((tmp_path / "out").iterdir())) == 1
    assert pq.read_table(tmp_path / "out").num_rows == 300


def test_rows_are_not_replaced_by_their_predictions(model, tmp_path):
    FRAME[["a", "b"]].to_parquet(tmp_path / "part-000000.parquet")
    before = (tmp_path / "part-000000.parquet").read_bytes()
    with pytest.raises(InputError, match="another folder than that of the rows"):
        model.predict(tmp_path, to=tmp_path, overwrite=True)
    assert (tmp_path / "part-000000.parquet").read_bytes() == before


def test_what_is_kept_has_the_type_of_its_source(model, tmp_path):
    rows = FRAME[["a", "b"]].assign(
        id=np.arange(ROWS), large=2**60 + np.arange(ROWS), day=pd.date_range("2020-01-01", periods=ROWS).date
    )
    rows.loc[5, "b"] = None
    rows.to_parquet(tmp_path / "t.parquet", row_group_size=700)
    model.predict(tmp_path / "t.parquet", to=tmp_path / "out", keep=["id", "large", "day", "b"])
    source, found = pq.read_table(tmp_path / "t.parquet"), pq.read_table(tmp_path / "out")
    for name in ("id", "large", "day", "b"):
        assert found[name].to_pylist() == source[name].to_pylist()
        assert name == "b" or found.schema.field(name).type == source.schema.field(name).type


@pytest.mark.parametrize(
    "given", [{"keep": ["d"]}, {"keep": ["a", "a"]}, {"keep": ["prediction"]}, {"proba": True}], ids=str
)
def test_what_cannot_be_written_is_refused_before_anything_is(given, model, folder, tmp_path):
    made = TableClassifier(preset="fast", loss="hinge", max_iter=2).fit(FRAME[["a", "b"]], FRAME["class"])
    with pytest.raises(InputError):
        (made if "proba" in given else model).predict(folder / "t.parquet", to=tmp_path / "out", **given)
    with pytest.raises(InputError, match="none of them without to="):
        model.predict(FRAME[["a", "b"]], keep=["a"])
    with pytest.raises(InputTypeError, match="a path, a list of them"):
        model.predict(FRAME[["a", "b"]], to=tmp_path / "out")
    FRAME[["a"]].to_parquet(tmp_path / "a.parquet")
    with pytest.raises(InputError, match="column"):
        model.predict(tmp_path / "a.parquet", to=tmp_path / "out")
    assert not (tmp_path / "out").exists()
