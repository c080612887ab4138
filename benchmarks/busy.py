"""A fit on a machine that does other work: beside busy loops, and several fits at once.

    python -m benchmarks.busy --cases medium --rounds 7

Every fit is a process of its own; all take turns, so that a slow moment slows them all. Two figures of each load: the
time with every core allowed over the time on one thread, which should never be much above 1, and the time over that
of the same fit alone, here and in other libraries.
"""

from __future__ import annotations

import argparse
import multiprocessing
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
from multiprocessing.connection import Connection
from statistics import median
from time import sleep
from typing import Any

import numpy as np

from benchmarks.cases import CASES, data
from benchmarks.timing import REST, seconds

#: Busy loops beside it, and how many of the same fit at once.
LOADS = ((0, 1), (1, 1), (2, 1), (4, 1), (0, 2), (0, 4))
BATCHES = {"small": 3000, "medium": 300, "image": 100}
OURS, ONE = "chainrule", "chainrule, one thread"
PEERS = {"small": (OURS, ONE, "sklearn", "torch"), "medium": (OURS, ONE, "sklearn", "torch"), "adult": (OURS, ONE)}


def ours(case: str, n_threads: int | None) -> Callable[[], float]:
    """Seconds of an epoch, or of a fit of the table."""
    if case == "adult":
        from chainrule import TableClassifier, datasets

        adult = datasets.load_adult()
        rows = np.flatnonzero(adult.train)[:10_000]
        X, y = {name: column[rows] for name, column in adult.columns.items()}, adult.target[rows]
        model = TableClassifier(preset="fast", n_threads=n_threads, random_state=0)
        model.fit(X, y)
        return lambda: seconds(lambda: model.fit(X, y))
    from benchmarks.peers.chainrule_peer import network
    from chainrule import Rows, Trainer, optimisers

    trainer = Trainer(
        network(CASES[case], rich=False), "cross_entropy", optimisers.AdamW(1e-3), seed=0, n_threads=n_threads
    )
    rows = Rows(*data(CASES[case], BATCHES[case], seed=0))
    trainer.epoch(rows, CASES[case].batch)
    return lambda: trainer.epoch(rows, CASES[case].batch).seconds


def serve(pipe: Connection, peer: str, case: str) -> None:
    """Child: one epoch for every message."""
    try:
        if peer in (OURS, ONE):
            epoch = ours(case, None if peer == OURS else 1)
        else:
            X, y = data(CASES[case], BATCHES[case], seed=0)
            epoch = import_module(f"benchmarks.peers.{peer}_peer").make(CASES[case], X, y, False)
    except ImportError as reason:
        pipe.send(str(reason))
        return
    pipe.send(None)
    with suppress(EOFError):
        while pipe.recv():
            pipe.send(epoch())


class Fits:
    """So many fits at once, each in a process of its own; the time is that of the slowest."""

    def __init__(self, peer: str, case: str, copies: int) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._pipes, self._processes = [], []
        for _ in range(copies):
            pipe, theirs = spawn.Pipe()
            process = spawn.Process(target=serve, args=(theirs, peer, case), daemon=True)
            process.start()
            theirs.close()
            self._pipes.append(pipe)
            self._processes.append(process)
        self.missing = [reason for reason in (pipe.recv() for pipe in self._pipes) if reason]

    def __call__(self) -> float:
        for pipe in self._pipes:
            pipe.send(True)
        return max(pipe.recv() for pipe in self._pipes)

    def close(self) -> None:
        for pipe, process in zip(self._pipes, self._processes, strict=True):
            with suppress(OSError):
                pipe.send(False)
            process.join()


@contextmanager
def busy(loops: int) -> Iterator[None]:
    """So many busy loops beside what is done inside the block."""
    beside = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(loops)]
    try:
        yield
    finally:
        for loop in beside:
            loop.kill()
            loop.wait()


def measure(case: str, rounds: int) -> Iterator[tuple[str, dict[str, float]]]:
    """For each load, the median seconds of every peer."""
    for loops, copies in LOADS:
        times: dict[str, list[float]] = {}
        with ExitStack() as stack:
            peers: dict[str, Any] = {}
            for name in PEERS[case]:
                fits = Fits(name, case, copies)
                stack.callback(fits.close)
                if not fits.missing:
                    peers[name] = fits
            stack.enter_context(busy(loops))
            for _ in range(rounds):
                for name, fits in peers.items():
                    sleep(REST)
                    times.setdefault(name, []).append(fits())
        load = f"{loops} busy loops" if copies == 1 else f"{copies} fits at once"
        yield load, {name: median(found) for name, found in times.items()}


def main(arguments: Sequence[str] = ()) -> None:
    """Print a Markdown table for each case, row by row."""
    parser = argparse.ArgumentParser(prog="benchmarks.busy", description=__doc__.split("\n")[0])
    parser.add_argument("--cases", nargs="+", choices=PEERS, default=list(PEERS))
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args(arguments)
    for case in options.cases:
        others = [name for name in PEERS[case] if name not in (OURS, ONE)]
        print(f"\n| {case} | ms, all cores | ms, one thread | ratio | " + " | ".join(
            f"{name}, times as slow as alone" for name in (OURS, *others)) + " |")  # fmt: skip
        print("|---|" + "---:|" * (4 + len(others)))
        alone: dict[str, float] = {}
        for load, found in measure(case, options.rounds):
            alone = alone or found
            slower = [f"{found[name] / alone[name]:.2f}" if name in found else "" for name in (OURS, *others)]
            cells = [
                f"{found[OURS] * 1e3:,.0f}",
                f"{found[ONE] * 1e3:,.0f}",
                f"{found[OURS] / found[ONE]:.2f}",
                *slower,
            ]
            print("| " + " | ".join([load, *cells]) + " |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
