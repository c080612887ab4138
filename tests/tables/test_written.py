"""How numbers, dates and truth values are written: each form is read as what it means, and tells how it is written."""

import datetime
import subprocess
import sys
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from chainrule.errors import InputError
from chainrule.tables.written import dates, missing, numbers, truth
from chainrule.tables.written.dates import WrittenDate
from chainrule.tables.written.numbers import GROUPS, MONEY, PLAIN, Shape, WrittenNumber, shape

# Numbers ----------------------------------------------------------------------------------------------------

COMMA, ENGLISH, GERMAN = WrittenNumber(","), WrittenNumber(".", ","), WrittenNumber(",", ".")
NUMBERS = [
    (PLAIN, {"1": 1, "-1.5": -1.5, "+2": 2, ".5": 0.5, "5.": 5, "1e3": 1000, "1E-3": 0.001, " 7 ": 7, "007": 7}),
    (PLAIN, {"inf": np.inf, "-Infinity": -np.inf, "1e999": np.inf, "0": 0, "-0": 0}),
    (COMMA, {"1,5": 1.5, "-0,25": -0.25, "3": 3, ",5": 0.5, "1,5e2": 150}),
    (ENGLISH, {"1,234": 1234, "1,234,567.8": 1234567.8, "999": 999, "-1,000": -1000, "1234": 1234}),
    (GERMAN, {"1.234,5": 1234.5, "1.234.567": 1234567, "0,5": 0.5, "1.234": 1234}),
    (WrittenNumber(",", " "), {"1 234,5": 1234.5, "12": 12}),
    (WrittenNumber(",", "\u00a0"), {"1\u00a0234,5": 1234.5}),
    (WrittenNumber(",", "\u202f"), {"1\u202f234": 1234}),
    (WrittenNumber(".", "'"), {"1'234.50": 1234.5}),
    (WrittenNumber(".", "\u2019"), {"1\u2019234": 1234}),
    (WrittenNumber(unit="%"), {"12.5%": 0.125, "5 %": 0.05, "-100%": -1, "0.1%": 0.001}),
    (WrittenNumber(",", unit="%"), {"12,5 %": 0.125}),
    (WrittenNumber(".", ",", "$"), {"$1,234.50": 1234.5, "-$5": -5, "$-5": -5, "($5)": -5, "($1,000)": -1000}),
    (WrittenNumber(",", ".", "€"), {"1.234,50 €": 1234.5, "€ 3": 3, "-2,5€": -2.5}),
    (WrittenNumber(unit="$"), {"$ 3": 3, "3$": 3}),
    (WrittenNumber(unit="CHF"), {"CHF 12.5": 12.5, "12 CHF": 12}),
    (COMMA, {"−1,5": -1.5, "(3)": -3}),
    (PLAIN, {"−1.5": -1.5, "- 3": -3, "(3)": -3, "(1.234)": -1.234}),
]  # fmt: skip
NUMBERS_OF = [(way, text, value) for way, texts in NUMBERS for text, value in texts.items()]


@pytest.mark.parametrize(("way", "text", "value"), NUMBERS_OF)
def test_a_number_is_read_as_what_it_means(way, text, value):
    assert way.read(text) == value and isinstance(way.read(text), float)
    assert way.covers(shape(text))


NO_NUMBERS = [
    "", " ", "-", "+", ".", ",", "x", "5 apples", "1_000", "0x10", "1e", "e5", "--1", "-(1)", "(1", "1)", "1,2,3.4.5",
    "1,23,456", "12,34", "1 2", "$", "%", "$1%", "€1$", "1$ 2", "1.5.2", "٣", "½", "nan", "1,234,56", "1'234,567.8",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_NUMBERS)
@pytest.mark.parametrize("way", [PLAIN, ENGLISH, WrittenNumber(unit="%"), WrittenNumber(unit="$")])
def test_what_is_no_number_is_none(way, text):
    assert way.read(text) is None


WAYS = [
    WrittenNumber(decimal, group, unit)
    for decimal, group, unit in product(".,", ("", *GROUPS), ("", "%", *MONEY))
    if group != decimal
]


def put(value, way, where):
    """A number with two digits behind its mark, written in a way."""
    text = f"{abs(value):,.2f}".replace(",", "g").replace(".", way.decimal).replace("g", way.group)
    sign, gap = "-" * (value < 0), " " * (where == "apart")
    if way.unit == "%" or where != "before":
        return f"{sign}{text}{gap}{way.unit}"
    return f"{sign}{way.unit}{text}"


@given(
    st.integers(-(10**11), 10**11).map(lambda cents: cents / 100), st.sampled_from(WAYS),
    st.sampled_from(["before", "behind", "apart"]),
)  # fmt: skip
@example(0.0, GERMAN, "behind")
@example(-1234567.89, WrittenNumber(",", "\u202f", "€"), "apart")
def test_what_was_written_is_read_back(value, way, where):
    text = put(value, way, where)
    # per cent moves the mark in the text, so that 12.5 % is 0.125 to the last bit
    assert way.read(text) == (float(f"{value:.2f}e-2") if way.unit == "%" else value)
    assert way.covers(shape(text))
    told = shape(text)
    assert told.unit == way.unit and told.decimal == way.decimal
    assert told.group == (way.group if abs(value) >= 1000 else "")


@given(st.floats(allow_nan=False))
def test_what_a_program_writes_is_read_to_the_last_bit(value):
    assert PLAIN.read(repr(value)) == value
    assert PLAIN.covers(shape(repr(value)))


@given(st.sampled_from(WAYS), st.text("0123456789.,' -+()e%$€", max_size=12))
@example(PLAIN, "1.234")
@example(PLAIN, "(5)")
@example(GERMAN, "0,125")
@example(WrittenNumber(",", ""), "1.234")
def test_a_way_reads_what_has_a_shape_that_it_covers(way, text):
    seen = shape(text)
    assert (way.read(text) is not None) == (seen is not None and way.covers(seen))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12", Shape()),
        ("1.5", Shape(decimal=".")),
        ("1,5", Shape(decimal=",")),
        ("1,234", Shape(either=",")),
        ("1.234", Shape(either=".")),
        ("0.125", Shape(decimal=".")),
        ("0,125", Shape(decimal=",")),
        ("1,234,567", Shape(group=",")),
        ("1,234.5", Shape(decimal=".", group=",")),
        ("1 234", Shape(group=" ")),
        ("12.5 %", Shape("%", ".")),
        ("$1,234", Shape("$", either=",")),
        ("1234.567", Shape(decimal=".")),
        ("inf", Shape()),
        ("one", None),
        ("", None),
    ],
)
def test_a_shape_is_what_can_be_seen(text, expected):
    assert shape(text) == expected


@pytest.mark.parametrize(("text", "code"), [("007", True), ("-01", True), (" 00", True), ("0", False), ("0.7", False)])
def test_numbers_that_begin_with_a_zero_are_codes(text, code):
    assert numbers.is_code(text) == code


@pytest.mark.parametrize(
    "given", [("x",), (".", "."), (",", ","), (".", "x"), (".", "", "miles"), ("", ""), (".", "", "€ ")]
)
def test_a_way_of_writing_that_is_none_is_refused(given):
    with pytest.raises(InputError):
        WrittenNumber(*given)


def test_a_way_of_writing_is_told_in_words():
    assert [way.told() for way in (PLAIN, GERMAN, WrittenNumber(unit="%"))] == [
        "", "with a decimal comma, in groups by '.'", "in %",
    ]  # fmt: skip


# Dates ------------------------------------------------------------------------------------------------------

NOON = datetime.datetime(2026, 1, 31, 12)
DATES = {
    "2026-01-31T12:00:00": NOON,
    "2026-01-31 12:00": NOON,
    "2026/1/31 12:00:00": NOON,
    "2026.01.31 12:00:00.000": NOON,
    "20260131T120000": NOON,
    "2026-01-31T12:00:00Z": NOON,
    "2026-01-31T13:00:00+01:00": NOON,
    "2026-01-31T06:30:00-0530": NOON,
    "2026-01-31 12:00:00 UTC": NOON,
    "2026-01-31T13:00:00+01:00[Europe/Berlin]": NOON,
    "31.01.2026 12:00": NOON,
    "31.1.26 12:00": NOON,
    "01/31/2026 12:00 PM": NOON,
    "1/31/26 12 pm": NOON,
    "31 Jan 2026 12:00": NOON,
    "31-JAN-2026 12:00:00": NOON,
    "31st January 2026 12:00": NOON,
    "January 31, 2026 at 12:00 p.m.": NOON,
    "Jan 31 2026 12:00": NOON,
    "Sat, 31 Jan 2026 12:00:00 GMT": NOON,
    "Saturday, January 31, 2026 12:00 PM": NOON,
    "2026-01-31 12:00:00.000001": NOON.replace(microsecond=1),
    "31/01/69 12:00": NOON.replace(year=1969),
    "31/01/68 12:00": NOON.replace(year=2068),
    "0001-01-01": datetime.datetime(1, 1, 1),
    "9999-12-31": datetime.datetime(9999, 12, 31),
    "2024-02-29 12:00 AM": datetime.datetime(2024, 2, 29),
}


def days(when):
    return (when - datetime.datetime(1970, 1, 1)) / datetime.timedelta(days=1)


@pytest.mark.parametrize("text", DATES)
def test_a_date_is_read_as_what_it_means(text):
    kind = dates.order(text)
    assert kind in ("sure", "day", "month")
    for day_first in {"sure": (True, False), "day": (True,), "month": (False,)}[kind]:
        assert WrittenDate(day_first).read(text) == days(DATES[text])


NO_DATES = [
    "", "2026", "2026-01", "2026-13-01", "2026-02-30", "31.02.2026", "32/01/2026", "13/13/2026", "2026-01-31 25:00",
    "2026-01-31 13:00 pm", "2026-01-31x", "31.Foo.2026", "2026-01/31", "soon", "12345678", "1.5", "12:30", "Jan 2026",
    "2026-01-31T12:00:00+1", "00/01/2026", "١/٢/٢٠٢٦", "1" * 60, "20260131",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_DATES)
def test_what_is_no_date_is_none(text):
    assert dates.order(text) == ""
    assert WrittenDate().read(text) is None and WrittenDate(True).read(text) is None


SURE = [
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d %b %Y", "%d-%b-%Y", "%d %B %Y", "%b %d, %Y", "%B %d %Y", "%a, %d %b %Y",
    "%A, %B %d, %Y",
]  # fmt: skip
FIRST = {"%d.%m.%Y": True, "%d/%m/%Y": True, "%d-%m-%Y": True, "%m/%d/%Y": False, "%m-%d-%Y": False, "%d.%m.%y": True}
CLOCKS = ["", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", "T%H:%M:%SZ", " %I:%M:%S %p", " %H:%M:%S+0000"]
WHEN = st.datetimes(datetime.datetime(1000, 1, 1), datetime.datetime(9999, 12, 31))


@given(WHEN, st.sampled_from([*SURE, *FIRST]), st.sampled_from(CLOCKS))
def test_what_strftime_writes_is_read_back(when, form, clock):
    assume("%y" not in form or 1969 <= when.year < 2069)
    kept = {"%f": "microsecond", "%S": "second", "%M": "minute"}
    lost = {name: 0 for mark, name in kept.items() if mark not in clock}
    expected = when.replace(**lost, **({} if "%H" in clock or "%I" in clock else {"hour": 0}))
    text = when.strftime(form + clock)
    assert WrittenDate(FIRST.get(form, False)).read(text) == days(expected)
    told = dates.order(text)
    if form in SURE:
        assert told == "sure" and WrittenDate(True).read(text) == days(expected)
    elif when.day > 12:
        assert told == ("day" if FIRST[form] else "month")
    else:
        assert told == "open"


@given(st.text("0123456789-/.: TZ+JanFeb,", max_size=20), st.booleans())
def test_a_date_can_be_read_as_its_order_says(text, day_first):
    reads = {"": False, "sure": True, "open": True, "day": day_first, "month": not day_first}
    assert (WrittenDate(day_first).read(text) is not None) == reads[dates.order(text)]


# Truth values and nothing -----------------------------------------------------------------------------------


@pytest.mark.parametrize("pair", truth.PAIRS)
@pytest.mark.parametrize("spelt", [str.lower, str.upper, str.title, lambda word: f" {word} "])
def test_truth_values_are_read_in_every_spelling(pair, spelt):
    assert [truth.read(spelt(word)) for word in pair] == [False, True]
    assert truth.are(map(spelt, pair))


@pytest.mark.parametrize("text", ["", "2", "maybe", "ja", "-", "truee", "0.5", "00"])
def test_what_is_no_truth_value_is_none(text):
    assert truth.read(text) is None


@pytest.mark.parametrize(
    ("texts", "are"),
    [
        (["true"], True), (["False"], True), (["TRUE", "false", "True"], True), (["t", "F"], True),
        (["yes"], False), (["y", "no"], False), (["true", "f"], False), (["0", "1"], False), ([], False),
        (["true", "false", "unknown"], False),
    ],
)  # fmt: skip
def test_truth_values_of_one_column_are_one_pair(texts, are):
    assert truth.are(texts) == are


def test_words_for_nothing_are_no_values():
    for word in (*missing.WORDS, *missing.BLANKS):
        assert PLAIN.read(word) is None and not dates.order(word) and truth.read(word) is None


def test_no_text_takes_forever():
    """What has to be tried in very many ways, such as a bracket before blanks, would take hours at this length."""
    code = """
from chainrule.tables import learn
from chainrule.tables.written import dates, numbers
many = 200_000
for start, goes_on in (
    ("(", " "), ("- ", " "), ("", "1"), ("", "1 "), ("1,", "123,"), ("", "1."), ("", "1e"), ("", "-"),
    ("2026-01-01 ", "1"), ("Monday", " "), ("[1", " 1"), ("[", " "),
):
    text = start + goes_on * many + "x"
    assert numbers.shape(text) is numbers.PLAIN.read(text) is dates.WrittenDate().read(text) is None
    assert not learn._LIST.fullmatch(text)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)
