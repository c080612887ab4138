"""Planted faults and healthy networks through `chainrule.diagnose`: recall, false alarms, and what remedies mend.

python -m benchmarks.faults.run --half reported --mend
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.faults import healthy, on_tables, plans, tables
from benchmarks.faults.data import HALVES, Half
from benchmarks.faults.planting import Case
from benchmarks.faults.trial import Diagnose, Healthy, trial

#: Cases of every rule, and settings of every healthy kind, in each half; of raw tables two thirds of the latter.
FAULTS, HEALTHY = 24, 12

#: Rules that faults are planted for, in networks or in raw tables alone.
RULES = tuple(dict.fromkeys((*plans.RULES, *on_tables.RULES)))


@dataclass(frozen=True)
class Job:
    """Which case to run: a process of its own makes it anew.

    `rule` is empty for healthy networks; with `raw`, the case is one of a table estimator on a raw table.
    """

    half: Half
    rule: str
    count: int
    place: int
    raw: bool = False

    def case(self) -> Case | Healthy:
        return _cases(self.half, self.rule, self.count, self.raw)[self.place]

    def run(self, diagnose: Diagnose, mend: bool) -> dict[str, Any]:
        """The result, with what it is of."""
        return {"half": self.half, "raw": self.raw, "rule": self.rule, **trial(self.case(), diagnose, mend)}


@cache
def _cases(half: Half, rule: str, count: int, raw: bool) -> list[Any]:
    if raw:
        return list(on_tables.faulty(rule, half, count) if rule else on_tables.healthy(half, count))
    return list(plans.cases(rule, half, count) if rule else healthy.cases(half, count))


def jobs(halves: Sequence[Half], rules: Sequence[str], faults: int = FAULTS, sound: int = HEALTHY) -> list[Job]:
    """All cases of these halves and rules, and healthy networks, `sound` of each kind; then those of raw tables."""
    wanted = [(rule, faults, False) for rule in rules if rule in plans.RULES] + [("", sound, False)]
    wanted += [(rule, faults, True) for rule in on_tables.RULES if rule in rules] + [("", -(-2 * sound // 3), True)]
    return [
        Job(half, rule, count, place, raw)
        for half in halves
        for rule, count, raw in wanted
        if count
        for place in range(len(_cases(half, rule, count, raw)))
    ]


def _run(job: Job, diagnose: Diagnose | None, mend: bool) -> dict[str, Any]:
    if diagnose is None:
        from chainrule import diagnose
    return job.run(diagnose, mend)


def results(
    todo: Sequence[Job], diagnose: Diagnose | None = None, mend: bool = False, processes: int = 1
) -> Iterator[dict[str, Any]]:
    """What came of every job, in their order.

    Parameters
    ----------
    todo : the jobs
    diagnose : a function to hold in its place, or None for `chainrule.diagnose`
    mend : whether to try the first remedies
    processes : how many work at once, one thread each
    """
    if processes == 1:
        yield from (_run(job, diagnose, mend) for job in todo)
        return
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        many = len(todo)
        yield from pool.map(_run, todo, [diagnose] * many, [mend] * many, chunksize=4)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables of both halves, or of one."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults.run", description=__doc__.splitlines()[0])
    parser.add_argument("--half", choices=HALVES, action="append", help="this half alone")
    parser.add_argument("--only", choices=[*RULES, "healthy"], action="append", help="this rule, or healthy networks")
    parser.add_argument("--raw", action="store_true", help="table estimators on raw tables alone")
    parser.add_argument("--plans", action="store_true", help="print what is planted, and run nothing")
    parser.add_argument("--mend", action="store_true", help="apply the first remedies, and train again")
    parser.add_argument("--details", action="store_true", help="name what was missed, and every false alarm")
    parser.add_argument("--json", type=Path, help="a file for all results")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--faults", type=int, default=FAULTS, help="cases of a rule in a half")
    parser.add_argument("--healthy", type=int, default=HEALTHY, help="settings of a healthy kind in a half")
    chosen = parser.parse_args(arguments)
    if chosen.plans:
        print("\n".join(plans.described()))
        return

    start = perf_counter()
    rules = [rule for rule in RULES if not chosen.only or rule in chosen.only]
    sound = chosen.healthy if not chosen.only or "healthy" in chosen.only else 0
    todo = jobs(chosen.half or HALVES, rules, chosen.faults, sound)
    todo = [one for one in todo if one.raw or not chosen.raw]
    came = []
    for one in results(todo, mend=chosen.mend, processes=chosen.jobs):
        came.append(one)
        if sys.stderr.isatty():
            print(f"\r{len(came)} of {len(todo)}", end="", file=sys.stderr)
    if chosen.json:
        chosen.json.write_text(json.dumps(came, indent=1))
    for half in chosen.half or HALVES:
        for raw, what in ((False, ""), (True, ", table estimators")):
            some = [one for one in came if one["half"] == half and one["raw"] == raw]
            print(f"\n### {half}{what}\n")
            print("\n".join([*tables.recall(some), "", *(tables.alarms(some) if sound else [])]))
            if chosen.details:
                print("\n".join(["", *tables.details(some)]))
    print(f"\n{len(came)} cases in {perf_counter() - start:.0f} seconds, {chosen.jobs} processes.")


if __name__ == "__main__":
    main()
