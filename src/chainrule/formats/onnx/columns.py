"""The columns of a table as inputs of a graph, one each, and their encodings as nodes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np

from chainrule.engine.blocks import ROUNDS, Block, Clip, Curve, Levels, Missing, Smooth
from chainrule.formats.onnx import texts
from chainrule.formats.onnx.graph import Graph, concatenated
from chainrule.tables.encoder import Encoder, rank
from chainrule.tables.encodings import FAR, Category, Date, Days, Encoding, Number
from chainrule.tables.schema import Schema
from chainrule.tables.texts import Text
from chainrule.tables.vectors import Vector

#: What a date counts from, for the calendar that begins its years in March.
_ERA_DAYS, _TO_MARCH_OF_YEAR_0 = 146_097, 719_468


def encoded(g: Graph, encoder: Encoder) -> list[str]:
    """The x of each network, float32, from an input for each column, of shape (rows, 1), or (rows, length) of vectors.

    Numbers and vectors are doubles, NaN where one is missing; dates are doubles, days since 1970; words are strings:
    truth values in any usual spelling, texts as they are, what stands for a missing value as the schema has it,
    numbers that are categories with a decimal point or without.
    """
    given = {one.name: _given(g, one) for one in encoder.encodings}
    made: dict[int, list[tuple[Block, str]]] = {}
    found = []
    for view in encoder.views:
        pairs = []
        for encoding, first in view:  # encodings of several networks stand at one place
            if first not in made:
                made[first] = _blocks(g, encoding, encoder.schema, given[encoding.name])
            pairs += made[first]
        pairs.sort(key=lambda pair: rank(pair[0]))
        found.append(concatenated(g, [value for _, value in pairs]))
    return found


def _given(g: Graph, encoding: Encoding) -> str:
    """The input for a column."""
    if isinstance(encoding, Category | Text):
        return g.input(encoding.name, str, 2, 1)
    width = len(encoding.numbers) if isinstance(encoding, Vector) else 1
    return g.input(encoding.name, np.float64, 2, width)


def _blocks(g: Graph, encoding: Encoding, schema: Schema, given: str) -> list[tuple[Block, str]]:
    if isinstance(encoding, Category):
        code = _code(g, encoding, schema, given)
        block = encoding.blocks(0)[0]
        return [(block, _expanded(g, block, code, code))]
    if isinstance(encoding, Text):
        return [(encoding.blocks(0)[0], texts.codes(g, encoding, schema.nothing.of(encoding.name), given))]
    if isinstance(encoding, Vector):
        return _vector(g, encoding, given)
    if isinstance(encoding, Number):
        return _number(g, encoding, given)
    assert isinstance(encoding, Date)
    parts = _calendar(g, given)
    found = [one for number in encoding.numbers for one in _number(g, number, parts[number.name])]
    return [*found, _days(g, encoding.days, given)] if encoding.days else found


def _code(g: Graph, encoding: Category, schema: Schema, words: str) -> str:
    """The code of a level, -1 for one that is none, float32 of shape (rows, 1)."""
    codes = dict.fromkeys(sorted(schema.nothing.of(encoding.name) | {""}), float(encoding.missing))
    field = schema.by_name[encoding.name]
    for code, level in enumerate(encoding.levels):
        codes |= dict.fromkeys(field.spellings(level), float(code))
    return g.op(
        "LabelEncoder", words, domain="ai.onnx.ml", keys_strings=list(codes), values_floats=list(codes.values()),
        default_float=float(encoding.unknown),
    )  # fmt: skip


def _days(g: Graph, encoding: Days, times: str) -> tuple[Block, str]:
    """The block of single days: of its indicators, or of its codes."""
    missing = g.op("IsNaN", times)
    whole = g.cast(g.op("Floor", g.op("Where", missing, g.number(0.0, np.float64), times)), np.int64)
    known = g.op(
        "LabelEncoder", whole, domain="ai.onnx.ml", keys_int64s=list(encoding.levels),
        values_floats=[float(code) for code in encoding.codes.values()], default_float=float(encoding.unknown),
    )  # fmt: skip
    code = g.op("Where", missing, g.number(float(encoding.missing)), known)
    block = encoding.blocks(0)[0]
    return block, _expanded(g, block, code, code)


def _vector(g: Graph, vector: Vector, x: str) -> list[tuple[Block, str]]:
    """Entry by entry; neighbours that are a line each all at once, so that a graph of long vectors is not long."""
    found: list[tuple[Block, str]] = []
    for line, run in groupby(enumerate(vector.numbers), lambda one: _is_line(one[1])):
        places, numbers = zip(*run, strict=True)
        mine = g.op("Slice", x, g.whole(places[0]), g.whole(places[-1] + 1), g.whole(1))
        if line:
            lines = [number.parts[0] for number in numbers]
            every = (tuple(getattr(one, name)[0] for one in lines) for name in ("origin", "slope", "low", "high"))
            filled, missing = _scaled(g, numbers, mine)
            found.append((lines[0], _expanded(g, Clip(0, *every), filled, missing)))
            continue
        for place, number in zip(places, numbers, strict=True):
            found += _number(g, number, g.op("Gather", x, g.whole(place), axis=1))
    return found


def _is_line(number: Number) -> bool:
    return len(number.parts) == 1 and isinstance(number.parts[0], Clip) and number.parts[0].width == number.compact == 1


def _scaled(g: Graph, numbers: Sequence[Number], x: str) -> tuple[str, str]:
    """Numbers side by side in their scales, as float32 of shape (rows, numbers), and where they are missing."""
    centred = g.op("Sub", x, g.constant(np.array([one.scale.center for one in numbers])))
    scaled = g.cast(g.op("Div", centred, g.constant(np.array([one.scale.scale for one in numbers]))), np.float32)
    missing = g.op("IsNaN", scaled)
    filled = g.op("Where", missing, g.floats([one.fill for one in numbers]), scaled)
    return g.op("Clip", filled, g.number(-FAR), g.number(FAR)), missing


def _number(g: Graph, number: Number, x: str) -> list[tuple[Block, str]]:
    filled, missing = _scaled(g, [number], x)
    sources = [filled, _curve(g, number.knots, number.heights, filled)] if number.knots else [filled]
    return [(part, _expanded(g, part, sources[part.source], missing)) for part in number.parts]


def _curve(g: Graph, given_knots: Sequence[float], given_heights: Sequence[float], x: str) -> str:
    """From knot to knot: the share that is behind in each stretch, times how far that stretch goes up."""
    knots, heights = np.array(given_knots, np.float32), np.array(given_heights, np.float32)
    if len(knots) == 1:
        return g.op("Add", g.op("Mul", x, g.number(0.0)), g.number(float(heights[0])))
    share = g.op("Div", g.op("Sub", x, g.floats(knots[:-1])), g.floats(np.diff(knots)))
    share = g.op("Clip", share, g.number(0.0), g.number(1.0))
    return g.op("Add", g.op("MatMul", share, g.floats(np.diff(heights)[:, None])), g.number(float(heights[0])))


def _expanded(g: Graph, block: Block, x: str, missing: str) -> str:
    """The network's inputs of one block, from its column, float32 of shape (rows, 1)."""
    match block:
        case Clip():
            line = g.op("Mul", g.op("Sub", x, g.floats(block.origin)), g.floats(block.slope))
            return g.op("Min", g.op("Max", line, g.floats(block.low)), g.floats(block.high))
        case Smooth():
            line = g.op("Mul", g.op("Sub", x, g.number(block.origin)), g.number(block.slope))
            ratio = g.op("Clip", g.op("Div", line, g.number(block.cap)), g.number(-1e9), g.number(1e9))
            root = g.op("Sqrt", g.op("Add", g.op("Mul", ratio, ratio), g.number(1.0)))
            return g.op("Div", g.op("Mul", ratio, g.number(block.cap)), root)
        case Curve():
            if block.period:
                first = g.number(block.knots[0])
                turns = g.op("Div", g.op("Sub", x, first), g.number(block.period))
                placed = g.op("Sub", x, g.op("Mul", g.op("Floor", turns), g.number(block.period)))
                x = g.op("Where", g.op("Less", g.op("Abs", turns), g.number(ROUNDS)), placed, first)
            return _curve(g, block.knots, block.heights, x)
        case Missing():
            return g.cast(missing, np.float32)
        case Levels():
            return g.cast(g.op("Equal", x, g.floats(np.arange(block.count))), np.float32)
    return x


def _calendar(g: Graph, days: str) -> dict[str, str]:
    """The parts of a date, doubles, NaN where it is missing; after Hinnant's civil_from_days."""
    missing = g.op("IsNaN", days)
    known = g.op("Where", missing, g.number(0.0, np.float64), days)
    whole = g.op("Floor", known)

    def n(value: int) -> str:
        return g.number(value, np.int64)

    def real(x: str) -> str:
        return g.op("Where", missing, g.number(np.nan, np.float64), g.cast(x, np.float64))

    z = g.op("Add", g.cast(whole, np.int64), n(_TO_MARCH_OF_YEAR_0))
    era = g.op("Div", z, n(_ERA_DAYS))
    of_era = g.op("Sub", z, g.op("Mul", era, n(_ERA_DAYS)))
    leaps = g.op("Sub", g.op("Div", of_era, n(36_524)), g.op("Div", of_era, n(1_460)))
    leaps = g.op("Sub", leaps, g.op("Div", of_era, n(146_096)))
    year = g.op("Div", g.op("Add", of_era, leaps), n(365))
    before = g.op("Add", g.op("Mul", year, n(365)), g.op("Sub", g.op("Div", year, n(4)), g.op("Div", year, n(100))))
    month = g.op("Div", g.op("Add", g.op("Mul", g.op("Sub", of_era, before), n(5)), n(2)), n(153))  # 0 is March
    late = g.op("Less", month, n(10))
    civil = g.op("Where", late, g.op("Add", month, n(3)), g.op("Sub", month, n(9)))
    years = g.op("Add", g.op("Add", year, g.op("Mul", era, n(400))), g.op("Where", late, n(0), n(1)))
    weekday = g.op("Mod", g.op("Add", g.cast(whole, np.int64), n(7_000_003)), n(7))
    hour = g.op("Mul", g.op("Sub", known, whole), g.number(24.0, np.float64))
    return {
        "elapsed": days, "year": real(years), "month": real(civil), "weekday": real(weekday), "hour": real(hour),
    }  # fmt: skip
