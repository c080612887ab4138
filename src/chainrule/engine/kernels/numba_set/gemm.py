"""Matrix products of our own, as a task: out = x @ y for views of C-ordered arrays, as small as a training step's are.

out is made in panels of columns. What y has for a panel is packed, row after row, into a room that stays in the cache;
then tile below tile is summed in registers over the whole depth, and written once. A BLAS that is made for large
matrices packs x as well, fills out with zeros and then adds to it: an eighth to a third of the time of a step's
products, and two thirds of that of a few rows.

A tile or panel that would reach over the edge is moved back to end at it: what is computed twice is the same to the
bit. Every entry is summed in the order of the depth, however out is cut for the threads of a team.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numba
import numpy as np
from numba.core.registry import cpu_target

from chainrule.engine import threads
from chainrule.engine.kernels.numba_set import on_disk, tiles
from chainrule.engine.kernels.numba_set.tasks import SIGNATURE, Room, word_at
from chainrule.engine.kernels.specialise import rebound

#: The processors, in OpenBLAS's words, whose kernels these products were measured to be faster than.
OUTDONE = {"Haswell", "Zen"}
MOST_BYTES = 1 << 21  # of out: a larger one leaves the cache between panel and panel
MOST_DEPTH = 1 << 13
CUT_FROM = 256  # columns


class Tile(NamedTuple):
    """Rows of a tile, rows of a lower one, and the vectors that both are wide."""

    tall: int
    short: int
    vectors: int


class Target(NamedTuple):
    """Bytes of a vector, and tiles whose sums fill the registers; `narrow` ones make the columns that are left."""

    vector: int
    wide: Tile
    narrow: Tile

    def lanes(self, dtype: np.dtype[Any]) -> int:
        """Entries of a vector."""
        return self.vector // dtype.itemsize


#: By what the processor has, the first that is met. AVX2's is measured: rows that start 4,096 bytes apart, as those of
#: an x that is 1,024 wide do, share eight places of the first cache, so that twelve of them drive each other out.
TARGETS = {
    "avx512f": Target(64, Tile(12, 8, 2), Tile(12, 12, 1)),
    "avx2": Target(32, Tile(6, 4, 2), Tile(6, 6, 1)),
    "neon": Target(16, Tile(12, 8, 2), Tile(12, 12, 1)),
    "": Target(16, Tile(6, 4, 2), Tile(6, 6, 1)),
}


@cache
def target() -> Target:
    """That of the processor that Numba compiles for."""
    features = cpu_target.target_context.codegen().magic_tuple()[2].split(",")
    return next(target for feature, target in TARGETS.items() if not feature or f"+{feature}" in features)


def suits(x: Any, y: Any, out: Any) -> bool:
    """Whether this product is done here, not by the BLAS: a matter of its shape, and of which BLAS it is."""
    return possible(y) and out.nbytes <= MOST_BYTES and len(y) <= MOST_DEPTH and _outdone()


def possible(y: Any) -> bool:
    """Whether y is as wide as a vector and, where it must be turned, as deep."""
    lanes = target().lanes(y.dtype)
    return y.shape[1] >= lanes and (_steps(y)[1] == 1 or len(y) >= lanes)


@cache
def _outdone() -> bool:
    found = threads.blas_processors()
    return bool(found) and found <= OUTDONE


def words(room: Room, x: Any, y: Any, out: Any) -> list[int]:
    """The record of a product: arrays and their steps, shapes, whether strips are cut of x, room for what is packed."""
    (rows, columns), depth, goal = out.shape, len(y), target()
    cut = _steps(x)[0] == 1 and rows >= goal.wide.tall and columns >= CUT_FROM
    width = goal.lanes(out.dtype) * goal.wide.vectors + (rows + goal.wide.tall if cut else 0)
    return [
        x.ctypes.data, *_steps(x), y.ctypes.data, *_steps(y), out.ctypes.data, *_steps(out),
        rows, columns, depth, int(cut), room.place(depth * width * out.itemsize),
    ]  # fmt: skip


def _steps(array: Any) -> tuple[int, int]:
    """Entries from a row to the next, and from a column to the next."""
    if array.flags.c_contiguous:
        return int(array.shape[1]), 1
    down, along = (int(stride) // array.itemsize for stride in array.strides)
    return down, along


def multiply(record: Any) -> None:
    """The text of a product's task; the names that it lacks are put in place."""
    x, x_down, x_along = record[0], record[1], record[2]
    y, y_down, y_along = record[3], record[4], record[5]
    out, out_down = record[6], record[7]
    rows, columns, depth, cut = record[9], record[10], record[11], record[12]
    packed, strips = word_at(record[13]), 0
    if cut:
        strips = packed + SIZE * WIDTH * depth
        cut_strips(x, x_along, strips, rows, depth)
    j = 0
    while j < columns:
        if columns >= WIDTH and columns - j > LANES:
            j = min(j, columns - WIDTH)
            here, there = y + SIZE * j * y_along, out + SIZE * j
            wide(x, x_down, x_along, strips, here, y_down, y_along, packed, there, out_down, rows, depth)
            j += WIDTH
        else:
            j = min(j, columns - LANES)
            here, there = y + SIZE * j * y_along, out + SIZE * j
            narrow(x, x_down, x_along, 0, here, y_down, y_along, packed, there, out_down, rows, depth)
            j += LANES


def panel(
    x: Any, x_down: Any, x_along: Any, strips: Any, y: Any, y_down: Any, y_along: Any, packed: Any,
    out: Any, out_down: Any, rows: Any, depth: Any,
) -> None:  # fmt: skip
    """Some columns of out, all rows of them."""
    if y_along == 1:
        pack(y, y_down, packed, depth)
    else:
        turn(y, y_along, packed, depth)
    i = 0
    while i < rows:
        height = height_of(rows - i)
        start = max(0, min(i, rows - height))
        here, down, along = x + SIZE * start * x_down, x_down, x_along
        if strips:
            here, down, along = strips + SIZE * i * depth, 1, height
        there = out + SIZE * start * out_down
        if height == TALL:
            tall(here, down, along, packed, there, out_down, rows - start, depth)
        else:
            short(here, down, along, packed, there, out_down, rows - start, depth)
        i += height


def cut_strips(x: Any, along: Any, strips: Any, rows: Any, depth: Any) -> None:
    """Bring together what each tile reads of an x whose columns are rows in memory: far apart, and by powers of two,
    these would drive each other out of the cache between panel and panel."""
    i = 0
    while i < rows:
        height = height_of(rows - i)
        here, there = x + SIZE * max(0, min(i, rows - height)), strips + SIZE * i * depth
        if height == TALL:
            pack_tall(here, along, there, depth)
        else:
            pack_short(here, along, there, depth)
        i += height


def height_of(left: Any) -> Any:
    """The height of the next tile, such that 64, 128 or 256 rows come out even."""
    return SHORT if 0 < left % TALL <= SHORT else TALL


SIZE: Any = None  # placeholders
WIDTH: Any = None
LANES: Any = None
TALL: Any = None
SHORT: Any = None
wide: Any = None
narrow: Any = None
pack: Any = None
turn: Any = None
tall: Any = None
short: Any = None
pack_tall: Any = None
pack_short: Any = None


@cache
def task(dtype: np.dtype[Any], sources: str, goal: Target | None = None) -> Any:
    """The task of products in this float type, kept on disk under the hash of its sources."""
    goal = goal or target()
    kind, size, lanes = numba.from_dtype(dtype), dtype.itemsize, goal.lanes(dtype)

    def inline(text: Any, names: dict[str, Any]) -> Any:
        return numba.njit(forceinline=True, error_model="numpy")(rebound(text, names, text.__name__))

    def heights(tile: Tile) -> dict[str, Any]:
        names = {"SIZE": size, "TALL": tile.tall, "SHORT": tile.short}
        return names | {"height_of": inline(height_of, names)}

    def panel_of(tile: Tile) -> Any:
        low = {
            "pack": tiles.pack(kind, lanes * tile.vectors), "turn": tiles.turn(kind, lanes, tile.vectors),
            "tall": tiles.tile(kind, lanes, tile.vectors, tile.tall),
            "short": tiles.tile(kind, lanes, tile.vectors, tile.short),
        }  # fmt: skip
        return inline(panel, low | heights(tile))

    packs = {"pack_tall": tiles.pack(kind, goal.wide.tall), "pack_short": tiles.pack(kind, goal.wide.short)}
    names = heights(goal.wide) | {
        "LANES": lanes, "WIDTH": lanes * goal.wide.vectors,
        "wide": panel_of(goal.wide), "narrow": panel_of(goal.narrow),
        "cut_strips": inline(cut_strips, packs | heights(goal.wide)),
    }  # fmt: skip
    label = f"multiply.{dtype.name}.{goal.vector}.{goal.wide.tall}.{sources}"
    return on_disk.cfunc(SIGNATURE, cache=True)(rebound(multiply, names, label))
