"""Microseconds of a training step, in this package and in other libraries.

    python -m benchmarks.steps --cases small medium --rounds 7 --json steps.json

Every library lives in a process of its own, so that their pools of threads stay apart. The
processes train one epoch each in turn, round after round, and only one works at a time: when the
machine slows down it slows them all, and the medians stay comparable.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from time import sleep
from typing import Any

from benchmarks.cases import CASES, Case, data
from benchmarks.timing import REST

OURS, FLOOR = "chainrule", "floor"
PEERS = (OURS, "jax", "torch", "sklearn", FLOOR)
PACKAGES = ("chainrule", "jax", "torch", "scikit-learn", "numpy", "numba")
#: Batches of an epoch, so that it takes some tenths of a second.
BATCHES = {"small": 400, "medium": 100, "image": 50, "large": 4}
FEWEST_ROUNDS = 5
NOISY = 1.5  # a median this many times the minimum says that the machine was busy

Times = dict[str, list[float]]  # seconds per step in every round, by peer


def serve(pipe: Connection, peer: str, case: Case, batches: int, rich: bool) -> None:
    """Child: build the peer, say None or why it cannot run, then answer True with seconds."""
    module = peer if peer == FLOOR else f"{peer}_peer"
    try:
        X, y = data(case, batches, seed=0)
        epoch = import_module(f"benchmarks.peers.{module}").make(case, X, y, rich)
    except (ImportError, NotImplementedError) as reason:
        pipe.send(str(reason))
        return
    pipe.send(None)
    with suppress(EOFError):  # the parent is gone
        while pipe.recv():
            pipe.send(epoch())


class Peer:
    """A peer warmed up in a process of its own; `missing` says why it cannot run, or is None."""

    def __init__(self, name: str, case: Case, batches: int, rich: bool) -> None:
        spawn = multiprocessing.get_context("spawn")
        self.name = name
        self._pipe, theirs = spawn.Pipe()
        arguments = (theirs, name, case, batches, rich)
        self._process = spawn.Process(target=serve, args=arguments, daemon=True)
        self._process.start()
        theirs.close()
        self.missing: str | None = self._answer()

    def epoch(self) -> float:
        """Seconds of one epoch, after a rest that lets the threads of the last peer settle."""
        sleep(REST)
        self._pipe.send(True)
        seconds: float = self._answer()
        return seconds

    def close(self) -> None:
        """End the process."""
        with suppress(OSError):  # it has already ended
            self._pipe.send(False)
        self._process.join()

    def _answer(self) -> Any:
        try:
            return self._pipe.recv()
        except EOFError:
            raise SystemExit(f"{self.name}: its process ended; its error is above") from None


def measure(case: Case, rounds: int, rich: bool) -> Times:
    """Seconds per step of every peer that can run, in every round."""
    batches = BATCHES[case.name]
    with ExitStack() as stack:
        peers = []
        for name in PEERS:
            peer = Peer(name, case, batches, rich)
            stack.callback(peer.close)
            if peer.missing is None:
                peers.append(peer)
            else:
                print(f"{case.name}: {name} is left out: {peer.missing}", file=sys.stderr)
        times: Times = {peer.name: [] for peer in peers}
        for _ in range(rounds):
            for peer in peers:
                times[peer.name].append(peer.epoch() / batches)
    for name, seconds in times.items():
        excess = median(seconds) / min(seconds)
        if excess > NOISY:
            print(f"{case.name}: {name} is noisy: median {excess:.1f} x minimum", file=sys.stderr)
    return times


def table(results: Mapping[str, Times]) -> str:
    """Median microseconds per step, and their ratios, as Markdown."""
    ratios = [(peer, OURS) for peer in PEERS if peer not in (OURS, FLOOR)] + [(OURS, FLOOR)]
    header = ["µs per step", *PEERS, *(f"{above}/{below}" for above, below in ratios)]
    lines = [header, ["---", *["---:"] * (len(header) - 1)]]
    for case, times in results.items():
        medians = {peer: median(seconds) for peer, seconds in times.items()}
        cells = [f"{medians[peer] * 1e6:,.0f}" if peer in medians else "" for peer in PEERS]
        for above, below in ratios:
            known = above in medians and below in medians
            cells.append(f"{medians[above] / medians[below]:.2f}" if known else "")
        lines.append([case, *cells])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def surroundings() -> dict[str, object]:
    """What the times depend on: processors, interpreter and the versions that are installed."""
    versions = {}
    for package in PACKAGES:
        with suppress(PackageNotFoundError):
            versions[package] = version(package)
    return {
        "processors": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "versions": versions,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the options, measure, print the table."""
    parser = argparse.ArgumentParser(prog="benchmarks.steps", description=__doc__.split("\n")[0])
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--rounds", type=int, default=7, help="epochs of every peer; default 7")
    parser.add_argument("--rich", action="store_true", help="batch norm, GELU and dropout")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the time of every round")
    options = parser.parse_args(arguments)
    if options.rounds < FEWEST_ROUNDS:
        parser.error(f"--rounds: at least {FEWEST_ROUNDS} are needed for a median")
    results = {name: measure(CASES[name], options.rounds, options.rich) for name in options.cases}
    print(table(results))
    if options.json:
        report = surroundings() | {"rich": options.rich, "seconds_per_step": results}
        options.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
