"""Every source of the same rows gives the same table, in the same order; its errors name the file and the row."""

import gzip
import os
import subprocess
import sys
import threading
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from pyarrow import fs

from chainrule import TableClassifier
from chainrule.errors import InputError
from chainrule.tables import table_file
from chainrule.tables.files import again, called, is_source, open_file, source
from chainrule.tables.sources.stored import Local, Pipe
from chainrule.tables.survey import drawn_parts
from chainrule.warn import DataWarning

ROWS = 90
_RANDOM = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {"number": _RANDOM.normal(size=ROWS).round(3), "word": _RANDOM.choice(["a", "b"], ROWS), "row": np.arange(ROWS)}
)
FRAME["y"] = np.where(FRAME["number"] > 0, "up", "down")
PIECES = [FRAME.iloc[start : start + 30].reset_index(drop=True) for start in (0, 30, 60)]


def csv(folder, ending="csv"):
    for number, piece in enumerate(PIECES):
        piece.to_csv(folder / f"{number}.{ending}", index=False)
    return folder


def parquet(folder):
    for number, piece in enumerate(PIECES):
        piece.to_parquet(folder / f"{number}.parquet", row_group_size=20)
    return folder


def mixed(folder):
    """A form each, beside what holds no table."""
    PIECES[0].to_csv(folder / "0.csv.gz", index=False)
    PIECES[1].to_parquet(folder / "1.pq")
    (folder / "2").mkdir()
    PIECES[2].to_feather(folder / "2" / "x.arrow")
    for name in (".hidden.csv", "_SUCCESS", "_metadata.parquet", "notes.txt", "README.md"):
        (folder / name).write_text("no table")
    (folder / "_logs").mkdir()
    (folder / "_logs" / "x.csv").write_text("a\n1\n")
    return folder


def sorted_otherwise(folder):
    """Names in another order, and delimiters of their own."""
    PIECES[0].to_csv(folder / "0.csv", index=False)
    PIECES[1][["y", "row", "word", "number"]].to_csv(folder / "1.csv", index=False, sep=";")
    PIECES[2][["row", "word", "number", "y"]].to_csv(folder / "2.tsv", index=False, sep="\t")
    return folder


def url(folder):
    return f"file://{folder}"


def piped(folder, kept=True):
    FRAME.to_csv(folder / "x.csv", index=False)
    return open_file_of_pipe(folder / "x.csv", kept)


def open_file_of_pipe(path, kept):
    """A file through a named pipe."""
    pipe = path.with_suffix(".pipe")
    os.mkfifo(pipe)
    threading.Thread(target=lambda: pipe.write_bytes(path.read_bytes()), daemon=True).start()
    return open_file(pipe, kept=kept)


SOURCES = {
    "a folder of CSV": csv,
    "a folder of text": lambda folder: csv(folder, "txt"),
    "a folder of Parquet": parquet,
    "a folder of forms": mixed,
    "names in another order": sorted_otherwise,
    "a pattern": lambda folder: str(csv(folder) / "*.csv"),
    "a pattern of folders": lambda folder: f"{parquet(folder).parent}/{folder.name}/**/[0-2].parquet",
    "a list": lambda folder: sorted(csv(folder).iterdir()),
    "a list of patterns": lambda folder: (f"{parquet(folder)}/0*", str(folder / "1.parquet"), folder / "2.parquet"),
    "a URL of a folder": lambda folder: url(parquet(folder)),
    "a URL of a pattern": lambda folder: url(csv(folder)) + "/**/*.csv",
    "a dataset": lambda folder: ds.dataset(parquet(folder)),
    "a dataset of CSV": lambda folder: ds.dataset(csv(folder), format="csv"),
    "a dataset in a file system": lambda folder: ds.dataset(
        parquet(folder).name, filesystem=fs.SubTreeFileSystem(str(folder.parent), fs.LocalFileSystem())
    ),
    "a dataset in memory": lambda folder: ds.dataset(pa.table(FRAME)),
    "a lazy frame": lambda folder: pl.LazyFrame(FRAME),
    "a query of files": lambda folder: pl.scan_parquet(parquet(folder) / "*.parquet"),
    "a pipe": piped,
}


@pytest.fixture
def folder(tmp_path):
    found = tmp_path / "data"
    found.mkdir()
    return found


@pytest.fixture(params=SOURCES)
def given(request, folder):
    return SOURCES[request.param](folder)


def cells(table):
    """The texts of all cells, column by column."""
    found = {name: column.as_words() for name, column in table.columns.items()}
    return {
        name: [None if code < 0 else column.levels[code] for code in column.values] for name, column in found.items()
    }


WHOLE = {name: list(map(str, FRAME[name])) for name in FRAME}


def test_every_source_is_the_same_table(given, monkeypatch):
    monkeypatch.setattr(table_file, "STEP", 7)
    assert is_source(given)
    file = source(given)
    assert file.names == tuple(FRAME)
    parts = list(file.parts())
    assert max(map(len, parts)) <= 7
    assert cells(file.read()) == WHOLE
    assert file.raw_bytes() > 0


def test_columns_that_are_not_asked_for_are_not_read(given):
    found = source(given).read(["y", "number"])
    assert {name: cells(found)[name] for name in found.names} == {name: WHOLE[name] for name in ("y", "number")}


def test_drawn_parts_are_all_rows_once(given):
    file = source(given)
    rows = [
        (first + place, int(text))
        for first, part in drawn_parts(file, np.random.default_rng(1))
        for place, text in enumerate(cells(part)["row"])
    ]
    assert sorted(rows) == [(row, row) for row in range(ROWS)]


@pytest.mark.usefixtures("numpy_kernels")
@pytest.mark.parametrize("memory", ["auto", 1])
def test_every_source_teaches_and_is_predicted(folder, given, memory):
    model = TableClassifier(preset="fast", max_iter=3, random_state=0, n_threads=1, memory=memory, probes=False)
    rows = source(given) if isinstance(given, table_file.TableFile) else given
    model.fit(rows, "y")
    held = FRAME.drop(columns="y")
    assert model.encoder_.names == ("number", "word")
    np.testing.assert_array_equal(model.predict(rows), model.predict(held))
    assert model.score(rows) == model.score(held, FRAME["y"])


# Columns that differ -----------------------------------------------------------------------------------------


def test_a_column_that_a_file_lacks_is_missing_there(folder):
    pq.write_table(pa.table({"a": [1, 2], "c": ["x", None]}), folder / "0.parquet")
    pd.DataFrame({"b": [5.5], "a": [3]}).to_csv(folder / "1.csv", index=False)
    pa.feather.write_feather(pa.table({"d": [7], "c": ["z"]}), folder / "2.arrow")
    with pytest.warns(DataWarning, match=r"of 3 files, at most 1 have the columns 'b', 'd', which are missing"):
        found = cells(open_file(folder).read())
    assert found == {
        "a": ["1", "2", "3", None],
        "c": ["x", None, None, "z"],
        "b": [None, None, "5.5", None],
        "d": [None, None, None, "7"],
    }
    assert cells(open_file(folder).read(["d"])) == {"d": [None, None, None, "7"]}


KINDS = {
    "numbers": (pa.array([1.0, 2.0]), ["1", "2"]),
    "large whole numbers": (pa.array([2**60, 1]), [str(2**60), "1"]),
    "texts": (pa.array(["u", "v"]), ["u", "v"]),
    "categories": (pa.array(["u", "v"]).dictionary_encode(), ["u", "v"]),
    "truth values": (pa.array([True, False]), ["True", "False"]),
    "days": (pa.array([0, 1], pa.date32()), ["1970-01-01", "1970-01-02"]),
    "nothing": (pa.nulls(2), [None, None]),
}


@pytest.mark.parametrize("first", KINDS)
@pytest.mark.parametrize("second", KINDS)
def test_columns_of_two_types_are_one(folder, first, second):
    for name, (values, _) in ((0, KINDS[first]), (1, KINDS[second])):
        pq.write_table(pa.table({"a": values, "b": [0, 0]}), folder / f"{name}.parquet")
    assert cells(open_file(folder).read())["a"] == KINDS[first][1] + KINDS[second][1]


@pytest.mark.parametrize("kind", KINDS)
def test_a_column_is_stored_as_where_it_holds_something(folder, kind):
    pq.write_table(pa.table({"a": KINDS[kind][0]}), folder / "1.parquet")
    alone = open_file(folder / "1.parquet").read()["a"]
    pq.write_table(pa.table({"b": [0, 0]}), folder / "0.parquet")
    pq.write_table(pa.table({"a": pa.nulls(2)}), folder / "2.parquet")
    column = open_file(folder).read(["a"])["a"]
    assert (column.storage, column.missing.tolist()) == (
        alone.storage if kind != "nothing" else "numbers",
        [True, True, *alone.missing, True, True],
    )


def test_where_one_file_cannot_be_read_the_column_is_none(folder):
    pq.write_table(pa.table({"a": [[1], [2, 3]]}), folder / "0.parquet")
    pq.write_table(pa.table({"a": ["x", "y"]}), folder / "1.parquet")
    column = open_file(folder).read()["a"]
    assert (column.storage, len(column)) == ("unread", 4)
    assert "list" in column.levels[0].lower()


@pytest.mark.usefixtures("numpy_kernels")
@pytest.mark.parametrize("memory", ["auto", 1])
def test_whole_numbers_in_one_file_and_texts_in_another_are_numbers(folder, memory):
    for number, piece in enumerate(PIECES):
        values = piece["row"] if number == 1 else piece["row"].astype(str)
        piece.assign(size=values % 7 if number == 1 else (piece["row"] % 7).astype(str)).to_parquet(
            folder / f"{number}.parquet"
        )
    model = TableClassifier(preset="fast", max_iter=1, random_state=0, n_threads=1, memory=memory, probes=False)
    model.fit(folder, "y")
    assert {field.name: field.kind for field in model.encoder_.schema.fields}["size"] == "number"


def test_folders_named_for_a_value_are_columns(folder):
    for year, land, piece in zip((2024, 2025, 2026), ("a%20b", "__HIVE_DEFAULT_PARTITION__", "c"), PIECES, strict=True):
        place = folder / f"year={year}" / f"land={land}"
        place.mkdir(parents=True)
        (piece.assign(land="own") if year == 2026 else piece).to_csv(place / "x.csv", index=False)
    for given in (folder, f"{folder}/*/*/*.csv", sorted(folder.iterdir()), url(folder)):
        found = open_file(given)
        assert set(found.names) == {*FRAME, "year", "land"}
        table = cells(found.read(["year", "land"]))
        assert table["year"] == ["2024"] * 30 + ["2025"] * 30 + ["2026"] * 30
        assert table["land"] == ["a b"] * 30 + [None] * 30 + ["own"] * 30


def test_an_own_path_is_no_pattern(tmp_path):
    place = tmp_path / "x[1].csv"
    FRAME.to_csv(place, index=False)
    assert len(open_file(place).read()) == ROWS


# What is wrong is told with its place ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    place = tmp_path_factory.mktemp("model") / "x.csv"
    FRAME.to_csv(place, index=False)
    found = TableClassifier(preset="fast", max_iter=2, random_state=0, n_threads=1, probes=False).fit(place, "y")
    found.save(place.with_suffix(".model"))
    found.path = place.with_suffix(".model")
    return found


def spoiled(folder, ending):
    """A cell that is no number, in line 6 of the second file: its fifth row, which is its number 4."""
    texts = PIECES[1].astype({"number": str})
    texts.loc[4, "number"] = "five"
    whole = texts.astype({"number": str})
    PIECES[0].to_csv(folder / "0.csv", index=False)
    if ending == "csv":
        whole.to_csv(folder / "1.csv", index=False)
    elif ending == "parquet":
        whole.to_parquet(folder / "1.parquet", row_group_size=3)
    else:
        whole.to_feather(folder / "1.arrow")
    return folder


@pytest.mark.parametrize(("ending", "row"), [("csv", 6), ("parquet", 4), ("arrow", 4)])
def test_a_cell_is_named_by_its_file(folder, model, ending, row):
    spoiled(folder, ending)
    with pytest.raises(InputError, match=rf"data, column 'number', row {row} of .*data/1\.{ending}: .*five"):
        model.predict(folder)
    done = shell(folder.parent, "predict", model.path, "data")
    assert done.returncode == 3
    assert f"data, column 'number', row {row} of data/1.{ending}: " in done.stderr.decode()


@pytest.mark.parametrize("memory", ["auto", 1])
def test_a_missing_target_is_named_by_its_file(folder, memory):
    csv(folder)
    PIECES[2].assign(y=[*PIECES[2]["y"][:9], None, *PIECES[2]["y"][10:]]).to_csv(folder / "2.csv", index=False)
    with pytest.raises(InputError, match=r"data, target 'y': .* the first in row 11 of .*/2\.csv"):
        TableClassifier(preset="fast", memory=memory).fit(folder, "y")


def test_a_cell_of_a_dataset_is_named_by_its_file(folder, model):
    spoiled(folder, "csv")
    schema = pa.schema([("number", pa.string()), ("word", pa.string())])
    with pytest.raises(InputError, match=r"X, column 'number', row 4 of .*1\.csv: .*five"):
        model.predict(ds.dataset(folder, format="csv", schema=schema))


def test_a_cell_of_a_query_is_named_by_its_row(folder, model):
    frame = FRAME.astype({"number": str})
    frame.loc[70, "number"] = "five"
    with pytest.raises(InputError, match=r"X, column 'number', row 70: .*five"):
        model.predict(pl.LazyFrame(frame))


def test_a_query_that_fails_is_told(folder, model):
    csv(folder)
    query = pl.scan_csv(folder / "*.csv")
    for file in folder.iterdir():
        file.unlink()
    with pytest.raises(InputError, match="a query that can be computed"):
        model.predict(query)


def test_a_broken_file_of_several_is_named(folder):
    csv(folder)
    (folder / "1.csv").write_text("number,y\n1,2\n3\n")
    with pytest.raises(InputError, match=r"1\.csv: expected CSV of 2 columns"):
        open_file(folder).read()


def test_a_file_that_changes_between_two_looks_is_refused(folder):
    file = open_file(csv(folder))
    file.read()
    PIECES[1].iloc[:5].to_csv(folder / "1.csv", index=False)
    with pytest.raises(InputError, match=r"1\.csv: expected 30 rows, as before; received 5"):
        list(drawn_parts(file, np.random.default_rng(0)))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("{}/none*.csv", r"none\*\.csv: expected a pattern of files; received none"),
        ("{}/none", "nothing under this name"),
        ("{}", "a folder of files that end in .*; received none in it"),
        (["{}/x.xlsx"], "x.xlsx: expected a name that ends in"),
        ("{}/x*", "x.xlsx: expected a name that ends in"),
        ("file://{}/none.csv", "none.csv: expected a file or a folder"),
        ("file://{}/none*.csv", "a pattern of files"),
        ("file://{}", "a folder of files that end in"),
        ("https://example.org/x.csv", "a URL of a file system that pyarrow reaches, .* fetch the file"),
        ("nosuch://x/y.csv", "a URL of a file system that pyarrow reaches"),
    ],
)
def test_what_is_no_table_is_refused(folder, given, message):
    (folder / "x.xlsx").write_bytes(b"")
    named = [one.format(folder) for one in given] if isinstance(given, list) else given.format(folder)
    with pytest.raises(InputError, match=message):
        open_file(named)


def test_sources_are_called_as_they_were_given():
    assert called("-") == "standard input"
    assert called(["a.csv"]) == "a.csv"
    assert called(["a.csv", "b.csv", "c.csv"]) == "a.csv and 2 more"
    assert [again(one) for one in ("a.csv", "data/*.csv", "-", ["a.csv"], FRAME)] == [
        "a.csv",
        "data/*.csv",
        *[None] * 3,
    ]
    assert [is_source(one) for one in ([], [1], [{"a": 1}], np.ones((2, 2)), FRAME, {"a": [1]})] == [False] * 6


def test_older_polars_reads_slices(monkeypatch):
    monkeypatch.delattr(pl.LazyFrame, "collect_batches", raising=False)
    monkeypatch.setattr(table_file, "STEP", 7)
    assert cells(source(pl.LazyFrame(FRAME)).read()) == WHOLE


# Pipes -------------------------------------------------------------------------------------------------------


def test_a_pipe_that_is_not_kept_is_read_once(folder):
    file = piped(folder, kept=False)
    assert isinstance(file.path, Pipe)
    assert cells(file.read()) == WHOLE


def test_more_than_is_kept_of_a_pipe_comes_once(folder, monkeypatch):
    from chainrule.tables.sources import stored

    monkeypatch.setattr(stored, "_BEGIN", 1000)
    pd.DataFrame({"a": np.arange(50_000), "b": 0}).to_csv(folder / "x.csv", index=False)
    file = open_file_of_pipe(folder / "x.csv", kept=False)
    rows = [int(text) for part in file.parts(["a"]) for text in cells(part)["a"]]
    assert rows == list(range(50_000))
    with pytest.raises(InputError, match="one pass over a pipe"):
        list(file.parts())


def test_lines_of_a_pipe(folder, monkeypatch):
    """A blank line and one within quotes are counted in what is kept; behind it a row is a line."""
    from chainrule.tables.sources import stored

    (folder / "x.csv").write_text('a,b\n1,"x\ny"\n\n2,z\n' + "3,w\n" * 4000)
    for begin, lines in ((1 << 20, [2, 5, 6, 4004]), (64, [2, 5, 6, 4004])):
        monkeypatch.setattr(stored, "_BEGIN", begin)
        column = open_file_of_pipe(folder / "x.csv", kept=False).read()["a"]
        assert [column.row(place) for place in (0, 1, 2, 4000)] == lines
        (folder / "x.pipe").unlink()


def shell(folder, *arguments, given=b""):
    environment = {**os.environ, "CHAINRULE_KERNELS": "numpy", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "chainrule", *map(str, arguments)]
    return subprocess.run(command, input=given, capture_output=True, cwd=folder, env=environment, timeout=300)


TEXT = FRAME.to_csv(index=False).encode()


@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_rows_from_standard_input_are_predicted(tmp_path, model, name, pack):
    done = shell(tmp_path, "predict", model.path, name, given=pack(TEXT))
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().split()[1:] == model.predict(FRAME.drop(columns="y")).tolist()


def test_rows_from_standard_input_are_scored_and_learned(tmp_path, model):
    scored = shell(tmp_path, "evaluate", model.path, "-", given=TEXT)
    assert scored.returncode == 0, scored.stderr
    assert scored.stdout.decode().startswith("standard input, 90 rows")
    trained = shell(
        tmp_path, "train", "-", "--target", "y", "--preset", "fast", "--max-iter", 1, "-q", "-o", "m", given=TEXT
    )
    assert trained.returncode == 0, trained.stderr
    assert shell(tmp_path, "predict", "m", "-", given=TEXT).returncode == 0


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (b"", "standard input: expected names of columns in the first row"),
        (b"PAR1....", "standard input: expected CSV, also compressed, in a pipe; received Parquet"),
        (b"ARROW1\0\0", "received Arrow"),
        (TEXT.replace(b"\n", b"\nfive,a,0,up\n", 1), "standard input, column 'number', row 2: "),
    ],
)
def test_what_a_pipe_cannot_hold_is_refused(tmp_path, model, given, message):
    done = shell(tmp_path, "predict", model.path, "-", given=given)
    assert done.returncode == 3
    assert message in done.stderr.decode()


# The command -------------------------------------------------------------------------------------------------


def test_the_command_takes_several_files(tmp_path, folder, model):
    csv(folder)
    expected = model.predict(FRAME.drop(columns="y")).tolist()
    for data in (["data"], ["data/*.csv"], ["data/0.csv", "data/1.csv", "data/2.csv"], [url(folder)]):
        done = shell(tmp_path, "predict", model.path, *data, "--keep", "row")
        assert done.returncode == 0, done.stderr
        assert [line.split(",")[1] for line in done.stdout.decode().split()[1:]] == expected
        assert [int(line.split(",")[0]) for line in done.stdout.decode().split()[1:]] == list(range(ROWS))
    (tmp_path / "run.toml").write_text(
        '[train]\ndata = ["data/0.csv", "data/[12].csv"]\ntarget = "y"\npreset = "fast"\n'
    )
    done = shell(tmp_path, "train", "--config", "run.toml", "--validation", "data", "--max-iter", 1, "--json", "-q")
    assert done.returncode == 0, done.stderr
    assert '"rows": 90' in done.stdout.decode()


def test_one_file_is_not_a_source_of_several(folder):
    csv(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert isinstance(open_file(folder / "0.csv").path, Local)
