"""Members of an ensemble trained at once, against as many trainers one after the other."""

from __future__ import annotations

from statistics import median
from time import perf_counter

from benchmarks.cases import CASES, Case, data
from benchmarks.peers.chainrule_peer import network
from chainrule.training.batches import Rows
from chainrule.training.optimisers import AdamW
from chainrule.training.trainer import Trainer

MEMBERS, ROUNDS = 8, 11
BATCHES = {"small": 200, "medium": 40, "image": 15, "large": 2}


def measure(case: Case) -> tuple[float, float, float]:
    """Medians over the rounds: microseconds per step of a member, alone and at once, and the ratio of the two.

    An epoch of all members at once and one of each alone take turns, so that a slow machine slows both.
    """
    net, batches = network(case, rich=False), BATCHES[case.name]
    rows = Rows(*data(case, batches, seed=0))
    at_once = Trainer(net, "cross_entropy", AdamW(), seed=0, n_members=MEMBERS)
    alone = [Trainer(net, "cross_entropy", AdamW(), seed=seed) for seed in range(MEMBERS)]
    times = []
    for _ in range(ROUNDS + 1):
        start = perf_counter()
        for one in alone:
            one.epoch(rows, case.batch)
        between = perf_counter()
        at_once.epoch(rows, case.batch)
        times.append((between - start, perf_counter() - between))
    steps = MEMBERS * batches
    counted = times[1:]  # the first makes plans and buffers
    before, since = (median(each) / steps * 1e6 for each in zip(*counted, strict=True))
    return before, since, median(one / other for one, other in counted)


def main() -> None:
    """Print a Markdown table."""
    print(f"| network | µs per step, {MEMBERS} one after the other | {MEMBERS} at once | times as fast |")
    print("|---|---:|---:|---:|")
    for name in BATCHES:
        before, since, ratio = measure(CASES[name])
        print(f"| {name} | {before:,.1f} | {since:,.1f} | {ratio:.2f} |", flush=True)


if __name__ == "__main__":
    main()
