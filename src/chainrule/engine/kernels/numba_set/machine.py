"""The loop that follows a table of tasks, alone or side by side with the other members of a team.

A table is a run of instructions [task, words of its record, record ...]. MEET makes members wait until all have come
that far; END ends the table. Waiting members watch one counter: for a moment at full speed, then letting others run.
"""

from __future__ import annotations

import sys
from typing import Any

import numba
from llvmlite import ir
from numba import types

from chainrule.engine.kernels.numba_set.tasks import WORD, low_level, word_at

MEET, END = 0, -1
#: A team's board, a cache line apart: members that have arrived, jobs given out, address of the tables' addresses.
ARRIVED, JOBS, TABLES, START, WORDS = 0, 8, 16, 17, 24
PATIENCE = 2000  # looks at the counter before others may run

# Functions with a signature are compiled when this module is imported: a member that failed to compile would be
# waited for without end.
_options: dict[str, Any] = dict(nogil=True, cache=True)


@low_level
def _call(typing: Any, task: Any, record: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        record_type = WORD.as_pointer()
        function = ir.FunctionType(ir.VoidType(), [record_type]).as_pointer()
        builder.call(builder.inttoptr(given[0], function), [builder.inttoptr(given[1], record_type)])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), build


@low_level
def _look(typing: Any, address: Any) -> Any:
    """A word that other threads write, and all that they wrote before it."""

    def build(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return builder.load_atomic(builder.inttoptr(given[0], WORD.as_pointer()), "acquire", 8)

    return types.int64(types.int64), build


@low_level
def _add(typing: Any, address: Any, amount: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return builder.atomic_rmw("add", builder.inttoptr(given[0], WORD.as_pointer()), given[1], "acq_rel")

    return types.int64(types.int64, types.int64), build


if sys.platform == "win32":  # no yield of this name there: waiting members spin

    @numba.njit(**_options)
    def _let_others_run() -> None:
        pass

else:
    _let_others_run = types.ExternalFunction("sched_yield", types.int32())


@numba.njit(**_options)
def _wait(address: Any, least: Any) -> Any:
    looks = 0
    found = _look(address)
    while found < least:
        looks += 1
        if looks > PATIENCE:
            _let_others_run()
        found = _look(address)
    return found


@numba.njit(**_options)
def _follow(place: Any, board: Any, arrived: Any, members: Any) -> None:
    task = word_at(place)
    while task != END:
        if task == MEET:
            arrived += members
            _add(board + 8 * ARRIVED, 1)
            _wait(board + 8 * ARRIVED, arrived)
        else:
            _call(task, place + 16)
        place += 16 + 8 * word_at(place + 8)
        task = word_at(place)


@numba.njit("void(int64)", **_options)
def alone(table: Any) -> None:
    """Follow a table that has no MEET."""
    _follow(table, 0, 0, 1)


@numba.njit("void(int64[::1], int64, int64)", **_options)
def lead(board: Any, tables: Any, members: Any) -> None:
    """Give a team its tables, each of which ends in a MEET, and follow the first."""
    arrived = board[ARRIVED]
    board[TABLES] = tables
    board[START] = arrived
    _add(board.ctypes.data + 8 * JOBS, 1)
    _follow(word_at(tables), board.ctypes.data, arrived, members)


@numba.njit("void(int64[::1], int64, int64)", **_options)
def serve(board: Any, member: Any, members: Any) -> None:
    """Follow one table after another until the board's tables are 0."""
    at = board.ctypes.data
    job = 0
    while True:
        job += 1
        _wait(at + 8 * JOBS, job)
        tables = word_at(at + 8 * TABLES)
        if tables == 0:
            return
        _follow(word_at(tables + 8 * member), at, word_at(at + 8 * START), members)


@numba.njit("void(int64[::1])", **_options)
def dismiss(board: Any) -> None:
    """End the team's `serve`."""
    board[TABLES] = 0
    _add(board.ctypes.data + 8 * JOBS, 1)
