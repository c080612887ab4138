"""What a second thread gains, where a step's time goes, and what more cores would give.

    python -m benchmarks.scaling

Times are those of the compiled job of a step, on one thread and on two, phase by phase: between two meetings every part
goes its own way. What one part alone does in a phase is serial.
"""

from __future__ import annotations

from collections import defaultdict
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.cases import CASES, Case, data
from benchmarks.peers.chainrule_peer import network
from chainrule.engine import threads
from chainrule.engine.meetings import Step, phases
from chainrule.engine.work import compiled
from chainrule.training.batches import Rows
from chainrule.training.optimisers import AdamW
from chainrule.training.trainer import Trainer

ROUNDS = 15
REPEATS = {"small": 200, "medium": 40, "image": 15, "large": 2}
#: Kernels by what they are for.
KINDS = {"dot": "products", "optimise_2": "optimiser"}
#: Microseconds that a meeting of two threads takes on a quiet machine: one line of cache, there and back.
MEETING = 0.5


def bound(case: Case, n_threads: int, rich: bool) -> tuple[Any, Any]:
    """A plan with its update, and a run that holds a batch."""
    trainer = Trainer(network(case, rich), "cross_entropy", AdamW(1e-3), seed=0, n_threads=n_threads)
    rows = Rows(*data(case, 2, seed=0))
    trainer.epoch(rows, case.batch)
    assert trainer._bound is not None
    (plan,) = trainer._bound[0].each
    return plan, plan.run(case.batch)


def microseconds(plan: Any, steps: list[Step], repeats: int) -> float:
    """Of these instructions, the median of some rounds."""
    job = compiled(plan.parameters.vector.dtype, [steps])
    times = []
    with plan.team() as team:
        for _ in range(ROUNDS):
            start = perf_counter()
            job(team, repeats)
            times.append((perf_counter() - start) / repeats * 1e6)
    return median(times)


def measure(case: Case, rich: bool) -> str:
    """A row of the table."""
    threads.PER_THREAD = 1  # two threads wherever two are asked for
    repeats = REPEATS[case.name]
    plan, run = bound(case, 1, rich)
    steps = run.steps + run.behind
    one = microseconds(plan, steps, repeats)
    shares: dict[str, float] = defaultdict(float)
    for step in steps:
        shares[KINDS.get(step[0].name, "passes")] += microseconds(plan, [step], repeats)
    pair, run_of_two = bound(case, 2, rich)
    steps_of_two = run_of_two.steps + run_of_two.behind
    two = microseconds(pair, steps_of_two, repeats)
    alone = [step for step in steps_of_two if sum(bool(given) for given in step[1]) == 1]
    serial = sum(microseconds(pair, [step], repeats) for step in alone) / one
    meetings = len(phases(steps_of_two))
    gains = [1 / (serial + (1 - serial) / cores + meetings * MEETING * cores**0.5 / one) for cores in (16, 64)]
    whole = sum(shares.values())
    return (
        f"| {case.name}{', rich' if rich else ''} | {one:,.0f} | {two:,.0f} | {one / two:.2f} | {meetings} | "
        f"{' | '.join(f'{shares[kind] / whole:.0%}' for kind in ('products', 'passes', 'optimiser'))} | "
        f"{serial:.1%} | {gains[0]:.0f}, {gains[1]:.0f} |"
    )


def main() -> None:
    """Print a Markdown table."""
    print(
        "| network | µs, one thread | µs, two | times as fast | meetings | products | passes | optimiser | serial "
        "| at most, on 16 and 64 cores |"
    )
    print("|---|" + "---:|" * 9)
    for rich in (False, True):
        for name in REPEATS:
            print(measure(CASES[name], rich), flush=True)


if __name__ == "__main__":
    main()
