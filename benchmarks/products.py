"""The matrix products of a training step: the BLAS's against ours, one thread, as a table of GFLOP/s.

    python -m benchmarks.products --cases small medium --members 2

Both follow tables of the same products in turn, and the shortest times count. A processor whose OpenBLAS is slower in
nearly all of them belongs in `gemm.OUTDONE`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from unittest.mock import patch

import numpy as np

from benchmarks.cases import CASES, Case
from benchmarks.peers.chainrule_peer import network
from benchmarks.timing import seconds
from chainrule.engine import threads
from chainrule.engine.kernels.numba_set import gemm
from chainrule.engine.meetings import Step
from chainrule.engine.work import compiled

ROUNDS = 200
WORK = 4_000_000  # multiplications of a table, against the cost of the call


def products(case: Case, members: int) -> Iterator[Step]:
    """Those of a step, as one of so many members has them."""
    net = network(case, rich=False)
    plan = net.plan(net.init(0), case.batch, loss="cross_entropy", n_threads=members)
    for kernel, given in plan.run(case.batch).steps:
        if kernel.name == "dot":
            yield kernel, given[-1:]


def compare(step: Step) -> tuple[float, float]:
    """Seconds of a product by the BLAS, and by ours."""
    x, _, out = step[1][0]
    repeats = max(1, WORK // (out.size * x.shape[1]))
    dtype, works = np.dtype(np.float32), []
    for ours in (False, True):
        with patch.object(gemm, "_outdone", lambda ours=ours: ours):
            works.append(compiled(dtype, [[step] * repeats]))
    rounds = [[seconds(work) for work in works] for _ in range(ROUNDS)]
    blas, ours = (min(times) / repeats for times in zip(*rounds, strict=True))
    return blas, ours


def row(step: Step) -> str:
    """A line of the table."""
    x, y, out = step[1][0]
    blas, ours = compare(step)
    order = "".join("N" if a.flags.c_contiguous or a.strides[1] == a.itemsize else "T" for a in (x, y))
    shape = f"{order} {out.shape[0]} x {out.shape[1]} x {len(y)}"
    speeds = (f"{s * 1e6:,.1f} | {2e-9 * out.size * len(y) / s:.0f}" for s in (blas, ours))
    return f"| {shape} | {' | '.join(speeds)} | {blas / ours:.2f} |"


def main() -> None:
    """Read the options, measure, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.products", description=__doc__.split("\n")[0])
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--members", type=int, default=1, help="threads that share a step; what one has is measured")
    options = parser.parse_args()
    print(f"OpenBLAS: {', '.join(threads.blas_processors())}; ours: vectors of {gemm.target().vector} bytes")
    print("| product | BLAS, µs | GFLOP/s | ours, µs | GFLOP/s | BLAS / ours |\n|---|---:|---:|---:|---:|---:|")
    with threads.limited(1):
        for name in options.cases:
            for step in products(CASES[name], options.members):
                print(row(step), flush=True)


if __name__ == "__main__":
    main()
