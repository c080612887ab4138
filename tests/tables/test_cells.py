"""Every kind of cell and what becomes of it: the table of docs/tables.md is what this writes."""

import re
import warnings
from pathlib import Path

import numpy as np
import pytest

from chainrule.errors import CellError
from chainrule.tables import arrays, learn
from chainrule.tables.column import Column
from chainrule.tables.field import Field
from chainrule.tables.frames import table
from chainrule.tables.learn import Said, Seen
from chainrule.tables.schema import Nothing

TABLE = Path(__file__).parents[2] / "docs" / "tables.md"

#: Name of the column, cells, twenty more like them.
COLUMNS = {
    "size": (["1.5", "2", "1e3"], [str(k + 0.25) for k in range(20)]),
    "note": (["1.5", "-", "NA"], [str(k + 0.25) for k in range(20)]),
    "slip": (["1.5", "2,O", "7"], [str(k + 0.25) for k in range(40)]),
    "comma": (["1,5", "2", "0,125"], [f"{k},25" for k in range(20)]),
    "groups": (["1,234.5", "12", "7,654,321"], [f"{k},000" for k in range(1, 21)]),
    "money": (["$1,234.50", "-$3", "$7"], [f"${k}.25" for k in range(20)]),
    "loss": (["(1.25)", "\u22123", "7"], [f"({k}.5)" for k in range(20)]),
    "share": (["5%", "12.5 %", "0%"], [f"{k}.5%" for k in range(20)]),
    "zip": (["01234", "02115", "90210"], ["01234"] * 20),
    "month": (["2026_01", "2026_02", "2026_01"], ["2026_03"] * 20),
    "truth": (["true", "FALSE", "NA"], ["True"] * 20),
    "answer": (["yes", "No", "yes"], ["no"] * 20),
    "iso": (["2026-01-31", "2026-02-28T12:30Z", ""], [f"2026-03-{k + 1:02}" for k in range(20)]),
    "day": (["31.01.2026", "1.2.2026 9:05", "-"], [f"{k + 1}.03.2026" for k in range(20)]),
    "english": (["Jan 31, 2026", "1 Feb 2026 9:05 PM", "NaT"], [f"Mar {k + 1}, 2026" for k in range(20)]),
    "color": (["red", "", "blue"], ["red", "green"] * 10),
    "id": (["1", "2", "3"], [str(k) for k in range(4, 64)]),
    "comment": (["a good one", "too small for me", "I like it"], [f"this is the text {k}" for k in range(60)]),
    "same": (["x", "x", "x"], ["x"] * 20),
    "hash": ([2**60 + 1, 2**60 + 2, 2**60 + 3], [2**60 + 7 * k for k in range(20)]),
}


def became(name, cells):
    """Its kind, or that it is left out, and why."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = table({name: cells, "other": [k % 7 for k in range(len(cells))]})
        seen = Seen(Said({}, Nothing()))
        seen.add(found)
        learned = learn.schema(seen, found.names, "t")
    field = learned.schema.by_name[name]
    return field.kind if name in learned.used else "left out", field.why


def line(name):
    shown, more = COLUMNS[name]
    kind, why = became(name, [*shown, *more])
    cells = ", ".join(f"`{cell}`" if cell not in ("", None) else "nothing" for cell in shown)
    return f"| {name} | {cells} | {kind} | {why} |"


def test_the_docs_say_what_becomes_of_every_cell():
    """The table between the marks is what this writes."""
    lines = ["| column | cells | is | because |", "|---|---|---|---|", *map(line, COLUMNS)]
    found = re.search(r"<!-- cells -->\n(.*?)\n<!-- end -->", TABLE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None and found[1] == "\n".join(lines), "\n".join(lines)


@pytest.mark.parametrize("name", COLUMNS)
def test_what_becomes_of_cells_is_the_same_for_every_holder_and_can_be_read(name):
    import pandas as pd
    import pyarrow as pa

    cells = [*COLUMNS[name][0], *COLUMNS[name][1]]
    expected = became(name, cells)
    other = [k % 7 for k in range(len(cells))]
    for frame in (pd.DataFrame({name: cells, "other": other}), pa.table({name: cells, "other": other})):
        held, seen = table(frame), Seen(Said({}, Nothing()))
        seen.add(held)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            learned = learn.schema(seen, [name, "other"], "t")
        field = learned.schema.by_name[name]
        assert (field.kind if name in learned.used else "left out", field.why) == expected
        field.read(held[name], learned.schema.nothing.of(name), "t")


@pytest.mark.parametrize("kind", ["number", "category", "boolean", "date"])
@pytest.mark.parametrize("storage", ["numbers", "times", "spans", "whole", "words", "list"])
def test_a_column_of_nothing_is_missing_whatever_it_is_stored_as(kind, storage):
    nan = np.full(2, np.nan)
    column = {
        "words": Column("words", np.full(2, -1, np.int32)),
        "whole": Column("whole", np.zeros(2, np.int64), gone=np.ones(2, bool)),
        "list": arrays.of_list([None, None]),
    }.get(storage, Column(storage, nan))
    read, bad = Field("x", kind).read(column, [""], "X")
    assert read.missing.all()
    assert bad is None


def test_numbers_that_no_float_holds_are_told_with_their_place():
    column = arrays.of_list([1.5, 10**400])
    with pytest.raises(CellError, match="column 'x', row 1: expected finite") as refused:
        Field("x", "number").read(column, [""], "X")
    assert (refused.value.column, refused.value.row) == ("x", 1)


def test_an_infinity_is_a_word_of_a_category():
    read, _ = Field("x", "category").read(arrays.of_list([float("inf"), 2.0]), [""], "X")
    assert sorted(read.levels) == ["2", "inf"]
