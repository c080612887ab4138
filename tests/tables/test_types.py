"""Each type of Arrow is read as what it means, or refused in our form: with file, column and row, where it has one."""

import datetime
import decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chainrule.errors import InputError, InputTypeError
from chainrule.tables import frames
from chainrule.tables.files import open_file

NAN = np.nan
MONEY = [decimal.Decimal("1.5"), None, decimal.Decimal("-2")]
NOON = [datetime.datetime(1969, 12, 31, 12), None, datetime.datetime(1970, 1, 1, 12)]

READ = {
    "whole numbers beyond 2**53": (pa.array([2**60 + 1, None, 3]), [2**60 + 1, 0, 3]),
    "unsigned": (pa.array([2**63 + 1, 0], pa.uint64()), [2**63 + 1, 0]),
    "half": (pa.array(np.array([0.5, 2], np.float16)), [0.5, 2]),
    **{f"decimal {type_}": (pa.array(MONEY, type_), [1.5, NAN, -2]) for type_ in (
        pa.decimal32(5, 2), pa.decimal64(10, 2), pa.decimal128(20, 2), pa.decimal256(50, 2)
    )},
    **{f"times in {unit}": (pa.array(NOON, pa.timestamp(unit)), [-0.5, NAN, 0.5]) for unit in ("s", "ms", "us", "ns")},
    "times in fractions of microseconds": (pa.array([1_500, None], pa.timestamp("ns")), [1 / 86_400_000_000, NAN]),
    "times of a zone": (pa.array(NOON, pa.timestamp("s", "Europe/Berlin")), [-0.5, NAN, 0.5]),
    "days": (pa.array([365, None], pa.date32()), [365, NAN]),
    "days in milliseconds": (pa.array([86_400_000, None], pa.date64()), [1, NAN]),
    "far but possible": (pa.array([100_000 * 365], pa.date32()), [36_500_000]),
    **{f"durations in {unit}": (pa.array([2, None], pa.duration(unit)), [2 / per, NAN]) for unit, per in (
        ("s", 1), ("ms", 10**3), ("us", 10**6), ("ns", 10**9)
    )},
    "long durations": (pa.array([2**60], pa.duration("s")), [2.0**60]),
    "nothing": (pa.nulls(2), [-1, -1]),
    "runs": (pa.RunEndEncodedArray.from_arrays(pa.array([1, 3], pa.int32()), pa.array([1.5, 2.5])), [1.5, 2.5, 2.5]),
}  # fmt: skip


@pytest.mark.parametrize("what", READ)
def test_numbers_and_times_mean_the_same_in_every_type(what):
    array, expected = READ[what]
    column = frames.table(pa.table({"a": array}))["a"]
    np.testing.assert_array_equal(column.values, expected)
    np.testing.assert_array_equal(column.missing, array.is_null().to_numpy(False))


FAR = "times within 290,000 years of 1970"
REFUSED = {
    "seconds": (pa.array([3, None, 2**60], pa.timestamp("s")), 2, FAR),
    "days": (pa.array([0, 2**31 - 1], pa.date32()), 1, FAR),
    "no UTF-8": (pa.array([b"a", b"\xff", b"\xfe"]).view(pa.string()), 1, "text in UTF-8"),
    "bytes as categories": (pa.array([b"a", b"b", b"\xff"]).dictionary_encode(), 2, "text in UTF-8"),
    "no index": (pa.DictionaryArray.from_arrays(pa.array([0, 1, 9]), ["a", "b"], safe=False), 2, "out of bounds"),
}

UNREAD = {
    "lists of texts": (pa.array([["a"], None]), "List"),
    "lists of lists": (pa.array([[[1]], None]), "List"),
    "structs": (pa.array([{"a": 1, "b": 2}]), r"Struct\(\{'a': Int64, 'b': Int64\}\)\."),
    "bytes": (pa.array([b"a"]), "Binary"),
    "bytes of a size": (pa.array([b"ab"], pa.binary(2)), "bytes"),
    "times of a day": (pa.array([datetime.time(12)]), "Time"),
    "intervals": (pa.array([None, (1, 2, 3)], pa.month_day_nano_interval()), "MonthDayNano|DateOffset"),
}


#: What pyarrow does not write to Parquet, or writes as something else.
ARROW_ONLY = {"seconds", "no index", "bytes as categories"}


def write(array, path):
    table = pa.table({"good": range(len(array)), "bad": array})
    if path.suffix == ".parquet":
        pq.write_table(table, path)
    else:
        with pa.ipc.new_file(path, table.schema) as writer:
            writer.write_table(table)


@pytest.mark.parametrize(
    ("what", "form"),
    [
        (what, form)
        for what in REFUSED
        for form in ("t.arrow", "t.parquet")
        if form == "t.arrow" or what not in ARROW_ONLY
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(tmp_path, what, form):
    array, row, message = REFUSED[what]
    write(array, tmp_path / form)
    with pytest.raises((InputError, InputTypeError), match=message) as caught:
        open_file(tmp_path / form).read()
    part = ("row group" if form == "t.parquet" else "record batch") + " 0"
    place = f"{tmp_path / form}, {part}, column 'bad'" + ("" if row is None else f", row {row}")
    assert caught.value.args[0] == place


@pytest.mark.parametrize(
    ("what", "form"),
    [
        (what, form)
        for what in UNREAD
        for form in ("t.arrow", "t.parquet")
        if (what, form) != ("intervals", "t.parquet")
    ],
)
def test_what_cannot_be_learned_is_refused_once_it_is_asked_for(tmp_path, what, form, learned):
    array, kind = UNREAD[what]
    write(array, tmp_path / form)
    found = open_file(tmp_path / form).read()
    assert (len(found["bad"]), found["bad"].storage) == (len(array), "unread")
    with pytest.raises(InputError, match=f"column 'bad': expected numbers, words, .*; received ({kind})"):
        learned(found)


OTHERS = {
    "NumPy, far": (np.array([0, 2**60], "datetime64[s]"), 1),
    "NumPy, years": (np.array([0, 2**40], "datetime64[Y]"), 1),
    "pandas, far": (pd.Series(np.array([0, 2**60], "datetime64[s]")), 1),
    "bytes beyond ASCII": (np.array([b"a", b"\xff"]), 1),
}


@pytest.mark.parametrize("what", OTHERS)
def test_the_same_holds_in_memory(what):
    values, row = OTHERS[what]
    X = {"a": values} if isinstance(values, np.ndarray) else pd.DataFrame({"a": values})
    with pytest.raises((InputError, InputTypeError), match=rf"^X, column 'a', row {row}: expected "):
        frames.table(X)


OBJECTS = {
    "times of a day": ([datetime.time(12), None], "time"),
    "a date and a time": ([datetime.date(2020, 1, 1), datetime.time(1)], "time"),
    "dates and numbers": ([4, datetime.date(2020, 1, 1)], "times beside other cells"),
}


@pytest.mark.parametrize("what", OBJECTS)
def test_objects_that_cannot_be_learned_are_refused_once_they_are_asked_for(what, learned):
    values, kind = OBJECTS[what]
    for X in ({"bad": np.array(values, object)}, pd.DataFrame({"bad": values}, dtype=object)):
        with pytest.raises(InputError, match=f"column 'bad': expected numbers, words, .*; received {kind}\\."):
            learned(frames.table(X))


def test_objects_that_are_dates_of_several_types_are_times():
    days = [np.datetime64("2020-01-01"), datetime.date(2020, 1, 2), pd.Timestamp("2020-01-03"), None]
    found = frames.table({"a": np.array(days, object)})["a"]
    np.testing.assert_array_equal(found.values, [18262, 18263, 18264, np.nan])


def test_a_number_of_400_digits_is_none_that_can_be_learned(fitted):
    with pytest.raises(InputError, match="X, column 'a', row 1: expected finite numbers"):
        fitted({"a": np.array([1, 10**400, 3], object)})
