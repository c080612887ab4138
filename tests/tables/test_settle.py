"""What a column is, from all of its cells."""

import datetime
import re

import numpy as np
import pandas as pd
import pytest

from chainrule.errors import InputError, InputTypeError
from chainrule.tables.schema import Nothing
from chainrule.tables.written.dates import WrittenDate
from chainrule.tables.written.numbers import PLAIN, WrittenNumber
from chainrule.warn import DataWarning

COMMA = WrittenNumber(",")
AB = ["a", "b"] * 40
MANY = [f"word {k}" for k in range(100)]
TEXTS = [f"the reason of complaint number {k}" for k in range(100)]

#: Cells, and the kind that they are of.
KINDS = {
    "numbers": ([1.5, None, 2.0], "number"),
    "texts of numbers": (["1.5", "", "2"], "number"),
    "one number and gaps": ([3.0, None], "number"),
    "spans": (np.array([1, 2], "timedelta64[h]"), "number"),
    "exponents": (["1e5", "-2E-3", ".5"], "number"),
    "one number that is infinite": (["1", "inf"], "number"),
    **{
        f"truth {pair}": ([*pair, None], "boolean")
        for pair in (("true", "false"), ("T", "F"), ("Yes", "No"), ("y", "n"), ("ON", "OFF"), ("True", "TRUE"))
    },
    "truth values": (np.array([True, False]), "boolean"),
    "halves of two pairs": (["yes", "false"], "category"),
    "yes alone": (["yes", None], "category"),
    "three words": (["true", "false", "perhaps"], "category"),
    "0 and 1": (["0", "1"], "number"),
    "codes": (["01", "02", "10"], "category"),
    "one code among numbers": (["7", "8", "09"], "category"),
    "0.7 is no code": (["0.7", "0", "-0.5"], "number"),
    "words": (AB, "category"),
    "declared numbers": (pd.Categorical([1, 2, 1]), "category"),
    "declared texts of numbers": (pd.Categorical(["1", "2", "1"]), "category"),
    "dates": (["2026-01-31", None, "2026-02-01"], "date"),
    "times": (np.array(["2026-01-31", "2026-02-01"], "datetime64[s]"), "date"),
    "objects of days": ([datetime.date(2026, 1, 31), None, datetime.date(2026, 2, 1)], "date"),
    "years": (["2025", "2026"], "number"),
    "different words in each row": (MANY, "id"),
    "few different words in each row": (MANY[:49], "category"),
    "read, not compared": (TEXTS, "text"),
    "one word": (["a", "a"], "constant"),
    "one word and gaps": (["a", "a", None], "category"),
    "one number": ([3, 3], "constant"),
    "nothing": ([None, None], "constant"),
    "words for nothing": (["NA", "", "?"], "constant"),
    "blanks alone": (["-", "--"], "category"),
    "lists": ([[1], [2]], "vector"),
    "lists of words": ([["a"], ["b"]], "unread"),
    "lists of two lengths": ([[1], [2, 3]], "unread"),
}


@pytest.mark.parametrize("what", KINDS)
def test_the_kind_of_a_column(what, learned):
    cells, kind = KINDS[what]
    X = pd.DataFrame({"a": cells}) if isinstance(cells, pd.Categorical) else {"a": cells}
    said = {"a": "leave out"} if kind == "unread" else {}
    (field,) = learned(X, said).schema.fields
    assert (field.kind, field.lenient) == (kind, False)


#: Texts of numbers, how they are written, and the values that are read.
WRITTEN = {
    "decimal commas": (["1,5", "2,25", "3"], COMMA, [1.5, 2.25, 3]),
    "one comma that decides": (["1,234", "2,5"], COMMA, [1.234, 2.5]),
    "groups": (["1,234", "1,234,567", "2.5"], WrittenNumber(".", ","), [1234, 1234567, 2.5]),
    "groups by points": (["1.234,5", "12"], WrittenNumber(",", "."), [1234.5, 12]),
    "groups by spaces": (["1 234", "12"], WrittenNumber(".", " "), [1234, 12]),
    "groups by apostrophes": (["1'234.5", "12"], WrittenNumber(".", "'"), [1234.5, 12]),
    "per cent": (["12.5%", "3 %"], WrittenNumber(unit="%"), [0.125, 0.03]),
    "money": (["$1,234.50", "$3", "($2)"], WrittenNumber(".", ",", "$"), [1234.5, 3, -2]),
    "money behind": (["1.234,50 €", "3 €"], WrittenNumber(",", ".", "€"), [1234.5, 3]),
    "what could be a group is a point": (["1.234", "5.678"], PLAIN, [1.234, 5.678]),
    "what could be a decimal comma is a group": (["1,234", "5,678"], WrittenNumber(".", ","), [1234, 5678]),
}


@pytest.mark.parametrize("what", WRITTEN)
def test_numbers_are_read_as_most_of_them_are_written(what, learned):
    cells, way, expected = WRITTEN[what]
    X = {"a": cells}
    if way == PLAIN:
        found = learned(X)
    else:
        told = re.escape(f"X, column 'a': read as a number, {way.told()}, for example {cells[0]!r}")
        with pytest.warns(DataWarning, match=told):
            found = learned(X)
    assert found.schema.by_name["a"].number == way
    assert found.schema.by_name["a"].why.startswith(f"{len(set(expected))} different numbers")
    assert values(found, X).tolist() == expected


def values(found, X):
    from chainrule.tables.frames import table

    return found.schema.read(table(X), ["a"], "X")[0]["a"].values


def test_numbers_that_disagree_are_words(learned):
    for cells in (["1,5", "1.5"] * 5, ["1.234,5", "1,234.5"] * 5, ["$3", "3 €"] * 5, ["5%", "5"] * 5):
        (field,) = learned({"a": cells}).schema.fields
        assert field.kind == "category"


def test_a_comma_elsewhere_decides_what_could_be_either(learned):
    with pytest.warns(DataWarning, match="with a decimal comma"):
        found = learned({"a": ["1,234", "5,678"], "b": ["0,5", "1,25"]})
    assert [field.number for field in found.schema.fields] == [COMMA, COMMA]


@pytest.mark.parametrize(
    ("decimal", "expected"), [(",", [1.234, 5.678]), (".", [1234, 5678])]
)  # fmt: skip
def test_a_decimal_mark_that_is_said_decides(decimal, expected, learned):
    X = {"a": ["1,234", "5,678"]}
    with pytest.warns(DataWarning, match="column 'a': read as a number"):
        found = learned(X, decimal=decimal)
    assert values(found, X).tolist() == expected


# Cells that are none ----------------------------------------------------------------------------------------

GOOD = {
    "numbers": ([str(k % 7) for k in range(3000)], "number"),
    "commas": ([f"{k % 7},5" for k in range(3000)], "number"),
    "dates": ([f"2026-01-{1 + k % 28:02}" for k in range(3000)], "date"),
    "dates by their day": ([f"{1 + k % 28:02}.01.2026" for k in range(3000)], "date"),
}


@pytest.mark.parametrize("what", GOOD)
@pytest.mark.parametrize(("bad", "kept"), [(1, True), (150, True), (151, False)])
def test_of_cells_at_most_one_in_twenty_may_be_others(what, bad, kept, learned):
    good, kind = GOOD[what]
    cells = ["soon"] * bad + good[bad:]
    if not kept:
        (field,) = learned({"a": cells}).schema.fields
        assert field.kind == "category"
        return
    rows = ", ".join(f"'soon' in row {row}" for row in [0])
    with pytest.warns(DataWarning) as told:
        found = learned({"a": cells})
    message = f"X, column 'a': {bad} cells are no {kind}s and are taken as missing: {rows}"
    assert any(str(one.message).startswith(message) for one in told)
    (field,) = found.schema.fields
    assert (field.kind, field.lenient) == (kind, True)
    assert np.isnan(values(found, {"a": cells})).sum() == bad
    assert field.example not in ("soon", "")


def test_bad_cells_are_shown_by_their_rows_each_once(learned):
    cells = [str(k) for k in range(100)]
    cells[70], cells[30], cells[31], cells[60] = "x", "z", "z", "y"
    with pytest.warns(DataWarning, match=r"4 cells are .*: 'z' in row 30, 'y' in row 60, 'x' in row 70, \.\.\.\. To"):
        learned({"a": cells})


@pytest.mark.parametrize("text", ["[{}, 0.25, -1e-3]", "[{},2,3]", "[ {}.5 2.25\n -3.  ]", "[{}]"])
@pytest.mark.parametrize("said", [{}, {"v": "text"}, {"v": "leave out"}])
def test_lists_of_numbers_as_texts_are_warned_of_but_not_one_number_nor_what_is_said(text, said, learned):
    cells = {"v": [text.format(k) for k in range(60)], "other": list(range(60))}
    if said or text == "[{}]":
        learned(cells, said)
        return
    with pytest.warns(DataWarning, match=r"column 'v': cells such as '\[ ?0.*' are texts, not vectors"):
        learned(cells, said)


@pytest.mark.parametrize("mark", ["-", "--", ".", "–", " - "])
@pytest.mark.parametrize("cells", [["1.5", "2"], ["2026-01-31", "2026-02-01"], ["1,5", "2,5"]])
@pytest.mark.filterwarnings("ignore::chainrule.warn.DataWarning")
def test_a_mark_among_numbers_or_dates_stands_for_nothing(mark, cells, learned):
    """However many there are, and no cell is told to be bad."""
    X = {"a": [*cells, mark, mark, mark]}
    found = learned(X)
    assert found.schema.by_name["a"].kind in ("number", "date") and not found.schema.by_name["a"].lenient
    assert np.isnan(values(found, X)).tolist() == [False, False, True, True, True]


def test_a_mark_among_words_is_a_word(learned):
    X = {"a": ["x", "-", "y", "-"]}
    assert learned(X).schema.by_name["a"].why == "3 different words"


# Numbers of rows --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [list, np.array, lambda cells: [str(k) for k in cells]])
@pytest.mark.parametrize(
    ("name", "rows", "left_out"),
    [
        *((name, 3, True) for name in ("", "Unnamed: 0", "__index_level_0__", "rownames")),
        *((name, 50, True) for name in ("id", "ID", "customer_id", "customerId", "index", "row", "row_number", "No.")),
        *((name, 49, False) for name in ("id", "index", "row")),
        *((name, 100, False) for name in ("a", "x1", "paid", "age", "idea", "humid")),
    ],
)
def test_numbers_of_rows_are_left_out_under_their_names(name, rows, left_out, make, learned):
    X = {name: make(range(rows)), "b": AB[:rows] if rows < 80 else [*AB, *AB[:20]]}
    found = learned(X)
    assert (found.schema.by_name[name].kind == "id") == left_out
    assert found.used == (("b",) if left_out else (name, "b"))
    assert learned(X, {name: "number"}).schema.by_name[name].kind == "number"


@pytest.mark.parametrize("make", [np.array, lambda cells: [str(k) for k in cells]])
def test_numbers_that_come_twice_or_are_not_whole_number_no_rows(make, learned):
    for cells in ([*range(99), 0], [k + 0.5 for k in range(100)]):
        (field,) = learned({"id": make(cells)}).schema.fields
        assert field.kind == "number"


def test_numbers_of_rows_that_float64_cannot_tell_apart(learned):
    long = [2**60 + k for k in range(100)]
    for cells in (long, [str(k) for k in long]):
        assert learned({"id": cells, "b": [1, 2] * 50}).schema.by_name["id"].kind == "id"
        assert learned({"a": cells}).schema.by_name["a"].why == "100 different numbers"


# Dates ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "day_first"),
    [
        (["01.02.2026", "31.01.2026"], True),
        (["01/02/2026", "01/31/2026"], False),
        (["01/02/2026", "31/01/2026", "30/01/2026"], True),
    ],
)
def test_dates_that_show_which_comes_first_decide(cells, day_first, learned):
    told = f"X, column 'a': read as a date, the {'day' if day_first else 'month'} first, for example '{cells[0]}'"
    with pytest.warns(DataWarning, match=told):
        found = learned({"a": cells})
    assert found.schema.by_name["a"].date == WrittenDate(day_first)


@pytest.mark.parametrize("cells", [["01/02/2026", "03/04/2026"], ["2026-01-31"] * 3 + ["01/02/2026"]])
def test_dates_that_could_be_either_are_refused_unless_it_is_said(cells, learned):
    row = cells.index("01/02/2026")
    with pytest.raises(InputError, match=f"X, column 'a', row {row}: .* received '01/02/2026'.*'day first'"):
        learned({"a": cells})
    for said, day_first in (("day first", True), ("month first", False)):
        with pytest.warns(DataWarning, match=said.replace("first", "first, for example")):
            field = learned({"a": cells}, {"a": said}).schema.by_name["a"]
        assert (field.kind, field.date) == ("date", WrittenDate(day_first))
    assert learned({"a": cells}, {"a": "category"}).schema.by_name["a"].kind == "category"
    assert learned({"a": cells}, {"a": "leave out"}).used == ()


# What is said -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "said", "kind"),
    [
        (["1", "2"], "category", "category"),
        ([1, 2], "category", "category"),
        (["01", "02"], "number", "number"),
        (["1", "2"], "log", "number"),
        (list(range(100)), "number", "number"),
        (["2026-01-31", "2026-02-01"], "category", "category"),
        (["2026-01-31", "2026-02-01"], "date", "date"),
        (["2026-01-31", "2026-02-01"], "cyclic", "date"),
        (MANY, "category", "category"),
        (["a", "a"], "category", "category"),
    ],
)
def test_what_is_said_goes_before_what_is_found(cells, said, kind, learned):
    assert learned({"a": cells}, {"a": said}).schema.by_name["a"].kind == kind


@pytest.mark.parametrize(
    ("said", "message"), [("number", "expected numbers, as said; received 'x'"), ("date", "expected dates, as said")]
)
def test_what_a_column_is_not_is_refused_with_its_first_cell(said, message, learned):
    with pytest.raises(InputError, match=f"X, column 'a', row 0: {message}"):
        learned({"a": ["x", "y"] * 9}, {"a": said})


@pytest.mark.parametrize(
    ("missing", "gone"),
    [
        (None, ["", "NA"]),
        (["none", "99"], ["", "NA", "none", "99"]),
        ("none", ["", "NA", "none"]),
        ({"a": ["none"]}, ["", "none"]),
        ({"a": []}, [""]),
        ({"b": ["none"]}, ["", "NA"]),
        ({None: ["none"]}, ["", "none"]),
        ({None: ["none"], "a": ["99"]}, ["", "99"]),
    ],
)
def test_words_for_nothing_are_added_or_named_by_column(missing, gone, learned):
    from chainrule.tables.frames import table

    cells = ["x", "", "NA", "none", "99", None]
    found = learned({"a": cells, "b": AB[:6]}, missing=missing)
    column = found.schema.read(table({"a": cells}), ["a"], "X")[0]["a"]
    assert [cell for cell, there in zip(cells, column.missing, strict=True) if there] == [*gone, None]


@pytest.mark.parametrize("missing", [3, [3], {"a": 3}, {"a": [None]}])
def test_words_for_nothing_that_are_none_are_refused(missing):
    with pytest.raises(InputTypeError, match="words that stand for a missing value"):
        Nothing.said("missing=", missing)
