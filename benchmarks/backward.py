"""Backward over forward time of a training step. The theory says 2: two products per layer against one."""

from __future__ import annotations

from statistics import median

from benchmarks.cases import CASES, Case, data
from benchmarks.peers.chainrule_peer import network
from benchmarks.timing import seconds
from chainrule.engine import threads
from chainrule.network.losses import CROSS_ENTROPY


def forward_and_backward(case: Case, rich: bool) -> tuple[float, float]:
    """Median seconds of the forward program with its loss, and of the backward program."""
    X, y = data(case, 1, seed=0)
    net = network(case, rich)
    count = threads.suitable(None, net.largest_product(case.batch))
    plan = net.plan(net.init(0), case.batch, loss=CROSS_ENTROPY, n_threads=count)
    run = plan.run(case.batch)
    run.arrays["x"][...], run.arrays["y"][...], run.arrays["w"][...] = X, y, 1
    with plan.team() as team:
        run(team)
        pairs = [
            (seconds(lambda: run.forward(team)), seconds(lambda: run.backward(team)))
            for _ in range(15 if case.name == "large" else 200)
        ]
    return median(f for f, _ in pairs), median(b for _, b in pairs)


def main() -> None:
    """Print a Markdown table over the four networks, plain and with batch norm, GELU and dropout."""
    print("| network | forward, µs | backward, µs | backward / forward |")
    print("|---|---:|---:|---:|")
    for rich in (False, True):
        for case in CASES.values():
            forward, backward = forward_and_backward(case, rich)
            name = f"{case.name}{', rich' if rich else ''}"
            print(f"| {name} | {forward * 1e6:,.0f} | {backward * 1e6:,.0f} | {backward / forward:.2f} |")


if __name__ == "__main__":
    main()
