"""What products are made of, in LLVM's own instructions: a tile summed in registers, and rows packed for it.

Addresses are integers; `down` and `along` are entries from row to row and from column to column.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from chainrule.engine.kernels.numba_set.tasks import WORD, low_level

_PLACE = ir.IntType(32)  # of an entry in a vector
_FUSED = ("contract",)  # a product and a sum may be rounded once


class _Memory:
    """Entries at an address, read and written one at a time or as vectors."""

    def __init__(self, builder: Any, address: Any, entry: Any) -> None:
        self._builder = builder
        self._start = builder.inttoptr(address, entry.as_pointer())
        self._align = 4 if entry == ir.FloatType() else 8

    def load(self, place: Any, kind: Any) -> Any:
        return self._builder.load(self._at(place, kind), align=self._align)

    def store(self, value: Any, place: Any) -> None:
        self._builder.store(value, self._at(place, value.type), align=self._align)

    def _at(self, place: Any, kind: Any) -> Any:
        return self._builder.bitcast(self._builder.gep(self._start, [place]), kind.as_pointer())


def _word(number: int) -> Any:
    return ir.Constant(WORD, number)


def _picked(builder: Any, x: Any, y: Any, places: list[int]) -> Any:
    """The entries of x, and after them those of y, at these places."""
    return builder.shuffle_vector(x, y, ir.Constant(ir.VectorType(_PLACE, len(places)), places))


def pack(kind: Any, width: int) -> Any:
    """A function of compiled code: to = the first `width` columns of x, `depth` rows."""

    @low_level
    def packing(typing: Any, x: Any, down: Any, to: Any, depth: Any) -> Any:
        def build(context: Any, builder: Any, signature: Any, given: Any) -> Any:
            entry = context.get_data_type(kind)
            source, target = _Memory(builder, given[0], entry), _Memory(builder, given[2], entry)
            with cgutils.for_range(builder, given[3]) as loop:
                row = source.load(builder.mul(loop.index, given[1]), ir.VectorType(entry, width))
                target.store(row, builder.mul(loop.index, _word(width)))
            return context.get_dummy_value()

        return types.void(x, down, to, depth), build

    return packing


def turn(kind: Any, lanes: int, vectors: int) -> Any:
    """A function of compiled code: to = the first rows of x as columns, `depth` entries of each.

    It takes squares of lanes by lanes, the last of which ends where the rows do: depth is at least lanes.
    """

    @low_level
    def turning(typing: Any, x: Any, down: Any, to: Any, depth: Any) -> Any:
        def build(context: Any, builder: Any, signature: Any, given: Any) -> Any:
            entry, square = context.get_data_type(kind), _word(lanes)
            source, target = _Memory(builder, given[0], entry), _Memory(builder, given[2], entry)
            last = builder.sub(given[3], square)
            squares = builder.sdiv(builder.add(given[3], _word(lanes - 1)), square)
            with cgutils.for_range(builder, squares) as loop:
                place = builder.mul(loop.index, square)
                place = builder.select(builder.icmp_signed("<", place, last), place, last)
                for column in range(0, vectors * lanes, lanes):
                    starts = [builder.mul(_word(column + i), given[1]) for i in range(lanes)]
                    rows = [source.load(builder.add(start, place), ir.VectorType(entry, lanes)) for start in starts]
                    for i, turned in enumerate(_transposed(builder, rows)):
                        row = builder.mul(builder.add(place, _word(i)), _word(vectors * lanes))
                        target.store(turned, builder.add(row, _word(column)))
            return context.get_dummy_value()

        return types.void(x, down, to, depth), build

    return turning


def _transposed(builder: Any, rows: list[Any]) -> list[Any]:
    """A square: blocks of 1, then 2, 4 ... entries on either side of the diagonal change places."""
    lanes, block = len(rows), 1
    while block < lanes:
        upper = [i + (lanes - block if i & block else 0) for i in range(lanes)]
        lower = [i + (lanes if i & block else block) for i in range(lanes)]
        rows = [
            _picked(builder, rows[i - block], row, lower)
            if i & block
            else _picked(builder, row, rows[i + block], upper)
            for i, row in enumerate(rows)
        ]
        block *= 2
    return rows


def tile(kind: Any, lanes: int, vectors: int, rows: int) -> Any:
    """A function of compiled code: out = x @ packed for a tile of these rows, `there` of which are there."""

    @low_level
    def multiplying(
        typing: Any, x: Any, down: Any, along: Any, packed: Any, out: Any, out_down: Any, there: Any, depth: Any
    ) -> Any:
        def build(context: Any, builder: Any, signature: Any, given: Any) -> Any:
            entry = context.get_data_type(kind)
            vector = ir.VectorType(entry, lanes)
            x, y, out = (_Memory(builder, given[place], entry) for place in (0, 3, 4))
            zero, none = ir.Constant(vector, None), ir.Constant(vector, ir.Undefined)
            sums = [[cgutils.alloca_once_value(builder, zero) for _ in range(vectors)] for _ in range(rows)]

            def starts(down: Any) -> list[Any]:
                """Where rows start. One that is not there is the last that is, again."""
                found = [_word(0)]
                for row in range(1, rows):
                    is_there = builder.icmp_signed("<", _word(row), given[6])
                    found.append(builder.add(found[-1], builder.select(is_there, down, _word(0))))
                return found

            of_x, of_out = starts(given[1]), starts(given[5])
            with cgutils.for_range(builder, given[7]) as loop:
                row = builder.mul(loop.index, _word(vectors * lanes))
                ys = [y.load(builder.add(row, _word(v * lanes)), vector) for v in range(vectors)]
                place = builder.mul(loop.index, given[2])
                for start, totals in zip(of_x, sums, strict=True):
                    one = x.load(builder.add(start, place), entry)
                    one = builder.insert_element(none, one, ir.Constant(_PLACE, 0))
                    all_lanes = _picked(builder, one, none, [0] * lanes)
                    for total, y_ in zip(totals, ys, strict=True):
                        product = builder.fmul(all_lanes, y_, flags=_FUSED)
                        builder.store(builder.fadd(builder.load(total), product, flags=_FUSED), total)
            for start, totals in zip(of_out, sums, strict=True):
                for v, total in enumerate(totals):
                    out.store(builder.load(total), builder.add(start, _word(v * lanes)))
            return context.get_dummy_value()

        return types.void(x, down, along, packed, out, out_down, there, depth), build

    return multiplying
