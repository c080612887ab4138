"""The loop that follows a job, alone or side by side with other threads, without the interpreter.

A table is a run of instructions [task, words of its record, record ...] and ends in END: what one part does in one
phase. A job is [number of phases, parts in all], then for each phase [parts, parts done when it is over, the address
of each part's table]. All parts of a phase must be done before any of the next begins.

Threads of a team meet at a board. A part belongs to nobody: whoever moves its claim to the number of the phase, by one
atomic exchange, does it. Numbers only grow, so a thread that comes late, in a phase or in a whole job that others have
long finished, finds every claim taken and goes on. Who waits looks for a while and then sleeps until it is woken.
"""

from __future__ import annotations

import platform
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core.cgutils import get_or_insert_function
from numpy.typing import NDArray

from chainrule.engine.kernels.access import MOST_PARTS
from chainrule.engine.kernels.numba_set import on_disk, waiting
from chainrule.engine.kernels.numba_set.tasks import WORD, low_level, word_at

END = 0
LINE = 8  # words of a cache line

# A board, by lines: counters that threads wait for stand alone in theirs.
ISSUED = 0  # twice the number of jobs given out; odd while the next is being written
DONE = 1 * LINE  # parts done since the team began
SLEEPERS = 2 * LINE
JOB, FIRST, BEFORE, SIZE, CALLS = range(3 * LINE, 3 * LINE + 5)  # CALLS: lock, unlock, wait, wake
NEXT = 5 * LINE  # number of the next phase, the leader's own
LOCK = 6 * LINE
CONDITION = 7 * LINE
READING = 8 * LINE  # for each thread, the job that it may be reading, or 0; then, a line each, the claims

#: Looks at a word before a thread sleeps. A look with its pause takes some 10 to 40 ns: time enough for the others to
#: finish what takes as long as the thread's own part, and for the leader to gather the next batch.
PATIENCE = 4_000

# Functions with a signature are compiled when this module is imported: a worker that failed to compile would be
# waited for without end.
_options: dict[str, Any] = dict(nogil=True, cache=True)
#: What tells a core that its thread only waits, and the argument that it takes.
_PAUSES: dict[str, tuple[str, list[int]]] = {
    **dict.fromkeys(("x86_64", "AMD64"), ("llvm.x86.sse2.pause", [])),
    **dict.fromkeys(("aarch64", "arm64"), ("llvm.aarch64.isb", [15])),
}


def board(size: int, calls: tuple[int, int, int, int]) -> NDArray[np.int64]:
    """Room for a team of this many threads, on whole cache lines."""
    words = READING + LINE * (size + MOST_PARTS)
    room = np.zeros(words + LINE, np.int64)
    first = -(room.ctypes.data // 8) % LINE
    made = room[first : first + words]
    made[SIZE], made[NEXT] = size, 1
    made[CALLS : CALLS + 4] = calls
    waiting.prepare(made[LOCK : LOCK + LINE], made[CONDITION : CONDITION + LINE])
    return made


@low_level
def _call(typing: Any, task: Any, record: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        record_type = WORD.as_pointer()
        function = ir.FunctionType(ir.VoidType(), [record_type]).as_pointer()
        builder.call(builder.inttoptr(given[0], function), [builder.inttoptr(given[1], record_type)])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), build


@low_level
def _ask_system(typing: Any, function: Any, one: Any, other: Any) -> Any:
    """Call a function of the system: of lock, unlock and wake the first argument counts, of wait all (without end)."""

    def build(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        place, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(number, [place, place, number, number]).as_pointer()
        places = [builder.inttoptr(address, place) for address in given[1:]]
        builder.call(builder.inttoptr(given[0], kind), [*places, number(-1), number(0)])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), build


@low_level
def _look(typing: Any, address: Any) -> Any:
    """A word that other threads write, and all that they wrote before it."""

    def build(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return builder.load_atomic(builder.inttoptr(given[0], WORD.as_pointer()), "seq_cst", 8)

    return types.int64(types.int64), build


@low_level
def _put(typing: Any, address: Any, value: Any) -> Any:
    """Write a word that other threads look at."""

    def build(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        builder.store_atomic(given[1], builder.inttoptr(given[0], WORD.as_pointer()), "seq_cst", 8)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), build


@low_level
def _add(typing: Any, address: Any, amount: Any) -> Any:
    """Add to a word; what it was before."""

    def build(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return builder.atomic_rmw("add", builder.inttoptr(given[0], WORD.as_pointer()), given[1], "seq_cst")

    return types.int64(types.int64, types.int64), build


@low_level
def _exchange(typing: Any, address: Any, expected: Any, value: Any) -> Any:
    """Put a value where the expected one stands; whether it did."""

    def build(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        place = builder.inttoptr(given[0], WORD.as_pointer())
        return builder.extract_value(builder.cmpxchg(place, given[1], given[2], "seq_cst", "seq_cst"), 1)

    return types.boolean(types.int64, types.int64, types.int64), build


@low_level
def _pause(typing: Any) -> Any:
    """Tell the core that this thread only waits."""

    def build(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        name, arguments = _PAUSES.get(platform.machine(), ("", []))
        if name:
            given = [ir.IntType(32)(argument) for argument in arguments]
            kind = ir.FunctionType(ir.VoidType(), [one.type for one in given])
            builder.call(get_or_insert_function(builder.module, kind, name), given)
        return context.get_dummy_value()

    return types.void(), build


@on_disk.njit(**_options)
def _wait(at: Any, word: Any, least: Any) -> Any:
    """Until a word of the board has come to `least`; what it is then."""
    for _ in range(PATIENCE):
        found = _look(at + 8 * word)
        if found >= least:
            return found
        _pause()
    lock, condition, calls = at + 8 * LOCK, at + 8 * CONDITION, at + 8 * CALLS
    _ask_system(word_at(calls), lock, 0)
    # Who moves a word looks here afterwards, and who goes to sleep looks at the word afterwards: one sees the other.
    _add(at + 8 * SLEEPERS, 1)
    found = _look(at + 8 * word)
    while found < least:
        _ask_system(word_at(calls + 16), condition, lock)
        found = _look(at + 8 * word)
    _add(at + 8 * SLEEPERS, -1)
    _ask_system(word_at(calls + 8), lock, 0)
    return found


@on_disk.njit(**_options)
def _wake(at: Any) -> None:
    """Wake whoever sleeps, after a word was moved."""
    if _look(at + 8 * SLEEPERS):
        lock, condition, calls = at + 8 * LOCK, at + 8 * CONDITION, at + 8 * CALLS
        _ask_system(word_at(calls), lock, 0)
        _ask_system(word_at(calls + 24), condition, 0)
        _ask_system(word_at(calls + 8), lock, 0)


@on_disk.njit(**_options)
def _do(place: Any) -> None:
    """Follow one table."""
    task = word_at(place)
    while task != END:
        _call(task, place + 16)
        place += 16 + 8 * word_at(place + 8)
        task = word_at(place)


@on_disk.njit(**_options)
def _follow(at: Any, job: Any, first: Any, before: Any, thread: Any) -> None:
    """Go through the phases, doing what parts are still to be had."""
    claims = at + 8 * (READING + LINE * word_at(at + 8 * SIZE))
    place = job + 16
    for number in range(first, first + word_at(job)):
        parts, over = word_at(place), before + word_at(place + 8)
        if _look(at + 8 * DONE) < over:
            for turn in range(parts):
                part = (thread + turn) % parts
                claim = claims + 8 * LINE * part
                held = _look(claim)
                if held < number and _exchange(claim, held, number):
                    _do(word_at(place + 16 + 8 * part))
                    if _add(at + 8 * DONE, 1) + 1 == over:
                        _wake(at)
            _wait(at, DONE, over)
        place += 16 + 8 * parts


@on_disk.njit("void(int64, int64, int64)", **_options)
def alone(job: Any, opening: Any, times: Any) -> None:
    """Do all of a job so many times, and each time before it the table that opens it."""
    for _ in range(times):
        _do(opening)
        place = job + 16
        for _ in range(word_at(job)):
            parts = word_at(place)
            for part in range(parts):
                _do(word_at(place + 16 + 8 * part))
            place += 16 + 8 * parts


@on_disk.njit("void(int64[::1], int64, int64, int64)", **_options)
def lead(board: Any, job: Any, opening: Any, times: Any) -> None:
    """The same with the workers: the leader opens the job, gives it out, and goes on when all of it is done."""
    at = board.ctypes.data
    for _ in range(times):
        _do(opening)
        first, before = board[NEXT], _look(at + 8 * DONE)
        _add(at + 8 * ISSUED, 1)
        _put(at + 8 * JOB, job)
        _put(at + 8 * FIRST, first)
        _put(at + 8 * BEFORE, before)
        _add(at + 8 * ISSUED, 1)
        _wake(at)
        _follow(at, job, first, before, 0)
        board[NEXT] = first + word_at(job)


@on_disk.njit("void(int64[::1], int64)", **_options)
def serve(board: Any, thread: Any) -> None:
    """Follow one job after another until the team is dismissed."""
    at = board.ctypes.data
    reading = at + 8 * (READING + LINE * thread)
    issued = 0
    while True:
        issued = _wait(at, ISSUED, issued + 2 - issued % 2)
        _put(reading, issued)
        job, first, before = _look(at + 8 * JOB), _look(at + 8 * FIRST), _look(at + 8 * BEFORE)
        if issued % 2 == 0 and _look(at + 8 * ISSUED) == issued:  # else the next was written meanwhile
            if job == END:
                return
            _follow(at, job, first, before, thread)
        _put(reading, 0)


@on_disk.njit("boolean(int64[::1])", **_options)
def late(board: Any) -> Any:
    """Whether a worker may be reading a job before the last one."""
    at = board.ctypes.data
    issued = _look(at + 8 * ISSUED)
    for thread in range(1, board[SIZE]):
        reading = _look(at + 8 * (READING + LINE * thread))
        if reading != 0 and reading < issued:
            return True
    return False


@on_disk.njit("void(int64[::1])", **_options)
def dismiss(board: Any) -> None:
    """End the team's `serve`."""
    at = board.ctypes.data
    _add(at + 8 * ISSUED, 1)
    _put(at + 8 * JOB, END)
    _add(at + 8 * ISSUED, 1)
    _wake(at)
