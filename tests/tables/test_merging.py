"""What parts of a table show, looked at apart and joined, is what one pass over all of it shows: field by field."""

import pickle
import tracemalloc
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from itertools import accumulate
from operator import add
from unittest.mock import patch

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.errors import InputError
from chainrule.tables import arrays, distinct, lists, survey, table_file
from chainrule.tables.column import LISTS, Column, words
from chainrule.tables.csv_file import CSVFile
from chainrule.tables.distinct import Distinct
from chainrule.tables.evidence import Evidence
from chainrule.tables.files import PlacedFile, open_file, source
from chainrule.tables.learn import Said, Seen
from chainrule.tables.schema import Nothing
from chainrule.tables.settle import settle
from chainrule.tables.sources.several import Row
from chainrule.tables.survey import Survey, joined, look, look_at
from chainrule.tables.table import Table, stack

SAID = Said({"said": "category"}, Nothing())


def again(found):
    return pickle.loads(pickle.dumps(found))


# Columns -----------------------------------------------------------------------------------------------------


def text(cells):
    return Column("text", pa.chunked_array([pa.array(cells, pa.string())]))


def of_lists(cells):
    return lists.of_arrow(pa.array(cells, pa.list_(pa.float64())))


def of_dates(cells):
    return arrays.of_array(np.array(["NaT" if day is None else day for day in cells], "datetime64[D]"), "X")


def of_whole(cells):
    gone = np.array([cell is None for cell in cells], bool)
    return arrays.whole(np.array([cell or 0 for cell in cells], np.int64), gone if gone.any() else None)


def of_any(cells):
    """Stored as the first cell would be: parts of one column are stored in different ways."""
    if not cells:
        return Column("numbers", np.empty(0))
    if isinstance(cells[0], list):
        return of_lists([cell if isinstance(cell, list) else None for cell in cells])
    if isinstance(cells[0], float):
        return numbers([cell if isinstance(cell, float) else None for cell in cells])
    if cells[0] is Ellipsis:
        return arrays.unread(len(cells), "struct")
    return words([cell if isinstance(cell, str) else None for cell in cells])


def numbers(cells):
    return Column("numbers", np.array([np.nan if cell is None else cell for cell in cells], float))


NUMBER = st.sampled_from([0.0, -0.0, 1.5, 2.0, -3.0, 1e300, np.inf])
PLAIN = st.sampled_from(["1", "1.0", "2", "-7", "3e2", "0.5"])
WORD = st.sampled_from(["yes", "no", " Yes", "maybe", "a", "b c", "d"])
ODD = st.sampled_from(["NA", "", "-", "1,5", "1.234", "007", "12 %", "x", "2026-01-31", "01/02/2026", "yes"])
LIST = st.lists(st.sampled_from([1.0, 2.5, None]), max_size=3)

#: Of each kind of column its cells, and what makes a column of some of them.
KINDS = {
    "numbers": (NUMBER, numbers),
    "whole numbers": (st.integers(-5, 5) | st.integers(2**60, 2**60 + 5), of_whole),
    "dates": (st.sampled_from(["2026-01-31", "2025-02-01", "1969-12-31"]), of_dates),
    "words": (WORD, words),
    "declared": (WORD, lambda cells: replace(words(cells), declared="a" in cells)),
    "truth": (st.booleans(), lambda cells: arrays.of_array(np.array(cells, object), "X")),
    "texts of numbers": (PLAIN, text),
    "texts with bad cells": (PLAIN | ODD, text),
    "words with bad cells": (PLAIN | ODD, words),
    "codes": (st.sampled_from(["007", "0815", "12", "-01"]), text),
    "vectors": (st.lists(st.sampled_from([1.0, 2.0]), min_size=2, max_size=2), of_lists),
    "lists": (LIST, of_lists),
    "nothing": (st.none(), numbers),
    "unread": (st.just(0), lambda cells: arrays.unread(len(cells), f"kind {len(cells)}")),
    "stored in many ways": (LIST | NUMBER | WORD | st.just(...), of_any),
    "numbers and words": (NUMBER | WORD, of_any),
}
PARTS = {
    kind: st.lists(st.lists(cell | st.none(), max_size=6).map(make), max_size=8) for kind, (cell, make) in KINDS.items()
}


def numbered(parts, first=0):
    """Columns as a file gives them: errors call their rows by their numbers in it."""
    starts = accumulate(map(len, parts), initial=first)
    return [replace(part, numbering=partial(add, start)) for part, start in zip(parts, starts, strict=False)]


def grouped(parts, cuts):
    """Parts in groups, cut before some of them; some groups are empty."""
    ends = sorted(cut % (len(parts) + 1) for cut in cuts)
    return [parts[start:end] for start, end in zip([0, *ends], [*ends, len(parts)], strict=True)]


CUTS = st.lists(st.integers(0, 8), max_size=4)


def evidence(parts, apart=False):
    found = Evidence(("", "NA"), apart)
    for part in parts:
        found.add(part)
    return found


def told(found):
    """All that was seen of a column."""
    fields = vars(found) | {"_parts": [start for start, _ in found._parts], "sorts": list(found.sorts.items())}
    fields |= {name: counted(fields[name]) for name in ("distinct", "texts")}
    rows = [found.row(place) for place in range(found.rows)]
    return fields, rows, (found.width, found.unread, found.levels, found.known)


def counted(found):
    return found.hashes.tolist(), found.counts.tolist(), found._below


@pytest.mark.parametrize("kind", KINDS)
@given(st.data(), CUTS, st.sampled_from([2, 4, 1 << 14]), st.booleans(), st.booleans())
def test_a_column_seen_in_parts_is_as_seen_in_one_pass(kind, data, cuts, kept, apart, in_a_file):
    parts = data.draw(PARTS[kind])
    parts = numbered(parts, 100) if in_a_file else parts
    with patch.object(distinct, "KEPT", kept):
        one = told(evidence(parts, apart))
        groups = [evidence(group, apart) for group in grouped(parts, cuts)]
        before = [told(group) for group in groups]
        flat, nested = Evidence(("", "NA"), apart), Evidence(("", "NA"), apart)
        for group in groups:
            flat.join(again(group))
        assert told(flat) == one
        last = Evidence(("", "NA"), apart)
        for group in groups[1:]:
            last.join(group)
        nested.join(groups[0])
        nested.join(last)
        assert told(nested) == one
    assert [told(group) for group in groups] == before  # which are as they were


def test_the_first_three_levels_stay():
    """Of "a" none was met as long as there was room: what is read first is what stays, whichever part it is in."""
    one, other = evidence([words(["x"])]), evidence([words(["y", "z"]), words(["a"])])
    one.join(other)
    assert one.levels == {"x", "y", "z"} == evidence([words(["x"]), words(["y", "z"]), words(["a"])]).levels


@pytest.mark.parametrize(
    ("first", "second", "unread"),
    [
        ([[1.0], [2.0]], [[3.0]], ""),
        ([[1.0], None], [None, [3.0, 4.0]], "a list of 2 in row 3 behind one of 1"),
        ([[1.0]], [[3.0], [4.0, 5.0, 6.0]], "a list of 3 in row 2 behind one of 1"),
        ([[1.0]], [[]], "a list of 0 in row 1 behind one of 1"),
        ([[]], [[1.0]], "a list of 0 in row 0 before all others"),
        ([None], [[], [1.0]], "a list of 0 in row 1 before all others"),
        ([[1.0], [2.0, 3.0]], [[1.0, 2.0, 3.0]], "a list of 2 in row 1 behind one of 1"),
    ],
)
@pytest.mark.parametrize("start", [None, 40])
def test_lists_of_another_length_are_told_by_their_row_among_all(first, second, unread, start):
    parts = [of_lists(first), of_lists(second)]
    if start is not None:
        parts = numbered(parts, start)
        for row in (3, 2, 1, 0):
            unread = unread.replace(f"row {row} ", f"row {row + start} ")
    one, other = map(evidence, ([part] for part in parts))
    one.join(other)
    assert one.unread == evidence(parts).unread == unread


def test_a_type_that_cannot_be_read_is_told_rather_than_lists():
    one, other = evidence([of_lists([[1.0], [2.0, 3.0]])]), evidence([arrays.unread(2, "struct")])
    one.join(other)
    assert one.unread == "struct" and settle("v", one, "X").field.kind == "unread"
    other.join(evidence([of_lists([[1.0], [2.0, 3.0]])]))
    assert other.unread == "struct"


def test_lines_are_looked_for_only_when_they_are_asked_for():
    asked = []

    def line(row):
        asked.append(row)
        return 100 + row

    one, other = (evidence([replace(text(["1", "x"]), numbering=line)]) for _ in range(2))
    one.join(other)
    assert not asked
    assert [one.row(place) for place in range(4)] == [100, 101, 100, 101]


# Different values --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [100, 30_000, 200_000])
def test_very_many_different_values_are_joined_exactly(size):
    random = np.random.default_rng(size)
    parts = [random.integers(0, size, count) for count in (60_000, 10, 0, 90_000, 30_000)]
    one, flat, back = Distinct(), Distinct(), Distinct()
    made = [Distinct() for _ in parts]
    for part, mine in zip(parts, made, strict=True):
        one.add(distinct.of_numbers(part))
        mine.add(distinct.of_numbers(part))
    for mine in made:
        flat.join(mine)
    for mine in reversed(made):
        back.join(again(mine))
    assert one.exact == (size < distinct.KEPT)
    assert counted(flat) == counted(one) == counted(back)
    values, often = np.unique(distinct.of_numbers(np.concatenate(parts)), return_counts=True)
    np.testing.assert_array_equal(flat.hashes, values[: distinct.KEPT])
    np.testing.assert_array_equal(flat.counts, often[: distinct.KEPT])


# Surveys -----------------------------------------------------------------------------------------------------

#: Columns whose cells in a sample are the same however their parts were joined.
SAMPLED = [kind for kind in KINDS if kind not in ("unread", "stored in many ways")]


@st.composite
def tables(draw):
    """A table in parts."""
    sizes = draw(st.lists(st.integers(0, 5), max_size=8))
    columns = {}
    for kind in draw(st.lists(st.sampled_from(SAMPLED), min_size=1, max_size=3, unique=True)):
        cell, make = KINDS[kind]
        cells = draw(st.lists(cell | st.none(), min_size=sum(sizes), max_size=sum(sizes)))
        ends = list(accumulate(sizes))
        parts = [make(cells[end - size : end]) for size, end in zip(sizes, ends, strict=True)]
        columns[kind] = numbered(parts, 10)
    columns["said"] = columns[min(columns)]
    return [Table({kind: columns[kind][k] for kind in columns}, size) for k, size in enumerate(sizes)]


def cells(column):
    if column.storage in LISTS:
        return column.lengths.tolist()
    column = column.as_words()
    return [None if code < 0 else column.levels[code] for code in column.values]


def shown(found):
    """All that a survey found."""
    sample = found.sample
    return {
        "sample": {name: cells(column) for name, column in sample.columns.items()},
        "called": {name: [column.row(k) for k in range(len(sample))] for name, column in sample.columns.items()},
        "keys": (found.row.tolist(), found.key.tolist(), found.rows),
        "target": (cells(found.values.column), found.values.column.storage, found.values.many, cells(found.distinct)),
        "seen": {name: told(one) for name, one in found.seen.columns.items()},
    }


@given(tables(), CUTS, st.integers(1, 12), st.sampled_from([2, 1 << 14]))
def test_surveys_of_parts_are_joined_to_that_of_one_pass(parts, cuts, size, kept):
    target = "said"
    with patch.object(survey, "DISTINCT", 2), patch.object(survey, "KEPT", kept):
        one = look(parts, target, SAID, np.random.default_rng(0), size)
        generator = np.random.default_rng(0)
        apart = [look(group, target, SAID, generator, size) for group in grouped(parts, cuts)]
        expected = shown(one)
        assert shown(joined(apart, size)) == expected
        assert shown(joined(map(again, apart), size)) == expected
        middle = len(apart) // 2
        nested = [joined(some, size) for some in (apart[:middle], apart[middle:]) if some]
        assert shown(again(joined(nested, size))) == expected
        rows = np.arange(one.rows)
        whole = stack([part for part in parts if len(part)]) if one.rows else Table({}, 0)
    keys = np.random.default_rng(0).random(one.rows)
    least = np.sort(np.argsort(keys)[:size])
    np.testing.assert_array_equal(one.row, rows[least])
    np.testing.assert_array_equal(one.key, keys[least])
    assert {name: cells(column) for name, column in one.sample.columns.items()} == {
        name: cells(column.take(least)) for name, column in whole.columns.items()
    }
    assert all(column.row(k) == 10 + row for column in one.sample.columns.values() for k, row in enumerate(least))


def test_surveys_of_nothing_are_joined_too():
    nothing = look([], "y", SAID, np.random.default_rng(0))
    assert (nothing.rows, len(nothing.sample), nothing.seen.columns, len(nothing.distinct)) == (0, 0, {}, 0)
    table = Table({"y": words(["b", "a", "b"])}, 3)
    some = look([table], "y", SAID, np.random.default_rng(0))
    for surveys in ([nothing, some], [some, nothing], [nothing, again(some), nothing]):
        found = joined(surveys)
        assert found.distinct.levels == ("a", "b") and found.row.tolist() == [0, 1, 2]
        assert cells(found.sample["y"]) == ["b", "a", "b"]
    assert shown(joined([nothing, nothing])) == shown(nothing)
    with pytest.raises(InputError, match="one survey or more"):
        joined([])


def test_a_survey_that_was_joined_is_as_before():
    parts = [Table({"y": text(["1", "x"])}, 2), Table({"y": text(["2"])}, 1)]
    surveys = [look([part], "y", SAID, np.random.default_rng(0)) for part in parts]
    before = list(map(shown, surveys))
    joined(surveys)
    assert list(map(shown, surveys)) == before


def test_equal_keys_are_kept_in_their_order():
    class Same:
        def random(self, count):
            return np.full(count, 0.5)

    parts = [Table({"y": numbers(np.arange(10.0 * k, 10 * k + 10))}, 10) for k in range(3)]
    assert look(parts, "y", SAID, Same(), 4).row.tolist() == [0, 1, 2, 3]
    assert joined([look([part], "y", SAID, Same(), 4) for part in parts], 4).row.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("make", [numbers, lambda cells: text(list(map(str, cells)))])
def test_a_sample_holds_no_more_than_its_rows(make):
    """Parts of a file share the memory that it was read into, which a process would send along with them."""
    whole = Table({"y": make(range(100_000))}, 100_000)
    part = Table({"y": replace(whole["y"], values=whole["y"].values[500:510])}, 10)
    for rows in (part, part.take(np.arange(10))):
        found = look([rows], "y", SAID, np.random.default_rng(0), 100)
        assert len(pickle.dumps(found.sample["y"].values)) < 2000
        if make is numbers:
            assert not np.shares_memory(found.sample["y"].values, whole["y"].values)


@pytest.mark.parametrize("apart", [True, False])
def test_rows_that_left_the_sample_are_not_held(apart):
    """Memory is the same for few and for many parts, whether they are looked at apart or one behind the other."""
    peaks = []
    for count in (10, 100):
        generator, wide = np.random.default_rng(0), Column("vectors", np.zeros((300, 200)))
        parts = (Table({"y": numbers(range(300)), "v": wide}, 300) for _ in range(count))
        tracemalloc.start()
        if apart:
            found = joined((look([part], "y", SAID, generator, 200) for part in parts), 200)
        else:
            found = look(parts, "y", SAID, generator, 200)
        assert len(found.sample) == 200
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0]


# What the target holds ---------------------------------------------------------------------------------------


def values_of(*parts):
    """The different values of a target, in each order of its parts, and joined."""
    found = []
    for order in (parts, parts[::-1]):
        tables = [Table({"y": part}, len(part)) for part in order]
        generator = np.random.default_rng(0)
        found.append(look(tables, "y", SAID, generator))
        found.append(joined([look([table], "y", SAID, generator) for table in tables]))
    shown = {tuple(cells(one.distinct)) for one in found}
    assert len(shown) == 1 and len({tuple(cells(one.values.column)) for one in found}) == 1
    return shown.pop()


@pytest.fixture
def small():
    with ExitStack() as stack:
        stack.enter_context(patch.object(survey, "DISTINCT", 4))
        yield stack.enter_context(patch.object(survey, "KEPT", 8))


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("make", [numbers, lambda cells: text([f"{cell:g}" for cell in cells])])
def test_of_very_many_numbers_only_the_ends_are_told(make):
    assert values_of(make([3.0, 1.0]), make([2.0, 3.0, 4.0])) == ("1", "2", "3", "4")
    assert values_of(make([3.0, 1.0]), make([2.0, 5.0, 4.0])) == ("1", "5")
    parts = np.arange(40.0).reshape(8, 5)
    assert values_of(*map(make, parts)) == ("0", "39")


@pytest.mark.usefixtures("small")
def test_numbers_in_texts_are_classes_beside_words_and_codes():
    """In a part there are no codes, and so many numbers that only the ends would be told."""
    assert values_of(text(["01", "02"]), text(list("34567"))) == ("01", "02", "3", "4", "5", "6", "7")
    assert values_of(text(list("34567")), text(["x"])) == ("3", "4", "5", "6", "7", "x")


@pytest.mark.usefixtures("small")
def test_of_too_many_numbers_in_texts_the_ends_are_told_beside_all_words():
    parts = [text(list("34567")), text(["x", "01"]), text(list("1289")), text(["y", "2.5"])]
    assert values_of(*parts) == ("01", "1", "9", "x", "y")


def test_a_target_in_lists_has_no_values():
    assert values_of(of_lists([[1.0], [2.0]]), of_lists([[1.0, 2.0]])) == ()


# Files -------------------------------------------------------------------------------------------------------

ROWS = 90
_RANDOM = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {"number": _RANDOM.normal(size=ROWS).round(3), "word": _RANDOM.choice(["a", "b"], ROWS), "row": np.arange(ROWS)}
)
FRAME["y"] = np.where(FRAME["number"] > 0, "up", "down")
PIECES = [FRAME.iloc[start:end].reset_index(drop=True) for start, end in ((0, 25), (25, 25), (25, 60), (60, 90))]


def in_parquet(folder):
    FRAME.to_parquet(folder / "x.parquet", row_group_size=20)
    return folder / "x.parquet"


def in_arrow(folder):
    FRAME.to_feather(folder / "x.arrow", chunksize=20)
    return folder / "x.arrow"


def in_a_stream(folder):
    whole = pa.table(FRAME)
    with pa.OSFile(str(folder / "x.arrows"), "wb") as file, pa.ipc.new_stream(file, whole.schema) as writer:
        writer.write_table(whole, 20)
    return folder / "x.arrows"


def in_csv(folder):
    FRAME.to_csv(folder / "x.csv", index=False)
    return folder / "x.csv"


def in_files(folder):
    """One of them has a head only."""
    for number, piece in enumerate(PIECES):
        piece.to_csv(folder / f"{number}.csv", index=False)
    return folder


def in_forms(folder):
    PIECES[0].to_csv(folder / "0.csv.gz", index=False)
    PIECES[1].to_csv(folder / "1.csv", index=False)
    PIECES[2].to_parquet(folder / "2.parquet", row_group_size=20)
    PIECES[3].to_feather(folder / "3.arrow", chunksize=20)
    return folder


FILES = {
    "parquet": in_parquet,
    "arrow": in_arrow,
    "a stream": in_a_stream,
    "csv": in_csv,
    "a folder of csv": in_files,
    "a folder of forms": in_forms,
    "a URL": lambda folder: f"file://{in_forms(folder)}",
    "a dataset": lambda folder: ds.dataset(in_parquet(folder)),
    "a lazy frame": lambda folder: pl.LazyFrame(FRAME),
    "a query of files": lambda folder: pl.scan_parquet(in_parquet(folder)),
}


@pytest.fixture(params=FILES)
def made(request, tmp_path):
    return FILES[request.param](tmp_path)


def firsts(file):
    return [0, *accumulate(place.rows for place in file.places)][:-1] if isinstance(file, PlacedFile) else [0]


@pytest.mark.parametrize("size", [30, 1000])
def test_a_survey_is_that_of_all_places_joined(made, size, monkeypatch):
    monkeypatch.setattr(table_file, "STEP", 7)
    found = survey.survey(source(made), "y", SAID, seed=3, size=size)
    assert isinstance(found, Survey) and (found.rows, len(found.sample)) == (ROWS, min(size, ROWS))
    file = again(source(made))
    apart = [
        again(look_at(file, number, first, "y", SAID, seed=3, size=size)) for number, first in enumerate(firsts(file))
    ]
    assert shown(joined(apart, size)) == shown(found) == shown(again(found))
    assert cells(found.sample["row"]) == list(map(str, found.row))
    seeds = [[3, number, 4] if number else [3] for number in range(len(apart))]
    drawn = [np.random.default_rng(seed).random(one.rows) for seed, one in zip(seeds, apart, strict=True)]
    np.testing.assert_array_equal(np.sort(found.key), np.sort(np.concatenate(drawn))[:size])


def test_rows_of_a_sample_are_called_by_their_lines(tmp_path):
    found = again(survey.survey(open_file(in_csv(tmp_path)), "y", SAID, seed=0, size=20))
    assert [found.sample["word"].row(k) for k in range(20)] == [2 + row for row in found.row]
    folder = tmp_path / "many"
    folder.mkdir()
    many = survey.survey(open_file(in_files(folder)), "y", SAID, seed=0, size=20)
    row = int(many.row[-1])
    assert str(again(many).sample["word"].row(19)) == f"{row - 60 + 2} of {folder}/3.csv"


def test_files_are_read_once(tmp_path, monkeypatch):
    """Where their rows would have to be counted first, they are counted by the way."""
    read, blocks = [], CSVFile._blocks

    def counting(self, columns):
        read.append(self.path.name)
        return blocks(self, columns)

    monkeypatch.setattr(CSVFile, "_blocks", counting)
    file = open_file(in_files(tmp_path))
    found = survey.survey(file, "y", SAID, seed=0)
    assert read == [f"{number}.csv" for number in range(4)]
    assert [(place.file, place.rows) for place in file.places] == [(0, 25), (2, 35), (3, 30)]
    assert len(read) == 4 and shown(survey.survey(file, "y", SAID, seed=0)) == shown(found)


@pytest.mark.parametrize("make", [in_parquet, in_csv, in_files])
def test_a_file_without_rows_is_refused(tmp_path, monkeypatch, make):
    monkeypatch.setattr(f"{__name__}.FRAME", FRAME[:0])
    monkeypatch.setattr(f"{__name__}.PIECES", [FRAME[:0]] * 2)
    path = make(tmp_path)
    with pytest.raises(InputError, match=f"{path}: expected a table with rows"):
        survey.survey(open_file(path), "y", SAID, seed=0)


def test_a_file_goes_to_another_process_before_and_after_it_was_read(made):
    file = source(made)
    for _ in range(2):
        sent = again(file)
        assert sent.names == file.names and sent.raw_bytes() == file.raw_bytes()
        assert shown(survey.survey(sent, "y", SAID, 0)) == shown(survey.survey(file, "y", SAID, 0))
        if isinstance(file, PlacedFile):
            assert file.places == sent.places == again(file).places


def test_the_number_of_a_row_keeps_its_file():
    row = again(Row(3, "x.csv"))
    assert (row, str(row), row.file) == (3, "3 of x.csv", "x.csv")


def test_seen_columns_are_joined_by_their_names():
    one, other, both = (Seen(SAID) for _ in range(3))
    first = Table({"a": text(["1", "x"]), "said": text(["1", "2"])}, 2)
    second = Table({"said": text(["3", "4"]), "a": text(["2", "NA"])}, 2)
    one.add(first)
    other.add(second)
    for table in (first, second):
        both.add(table)
    one.join(again(other))
    assert {name: told(found) for name, found in one.columns.items()} == {
        name: told(found) for name, found in both.columns.items()
    }
    assert (one.columns["said"].texts.count, one.columns["a"].texts.count) == (4, 0)
