"""This tree beside another one, such as the commit before a change: the same work in both, turn about.

    git worktree add ../before a0bf9b5
    python -m benchmarks.against ../before --rounds 15

Each tree lives in a process of its own and runs its own benchmarks. Only one works at a time, and they take turns in
going first, so that a machine that slows down slows both: what is printed is the median over the rounds of the ratio.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median, quantiles
from time import sleep

HERE = Path(__file__).resolve().parents[1]
FEWEST_ROUNDS = 3

Measure = Callable[[], float]  # seconds of one round


def steps(case: str, rich: bool) -> Measure:
    """An epoch of a trainer."""
    from benchmarks import steps
    from benchmarks.cases import CASES, data
    from benchmarks.peers import chainrule_peer

    return chainrule_peer.make(CASES[case], *data(CASES[case], steps.BATCHES[case], seed=0), rich)


def fit(case: str, members: int) -> Measure:
    """A short fit of an estimator, as users call it."""
    from benchmarks import several
    from benchmarks.cases import CASES
    from benchmarks.timing import seconds

    return lambda: seconds(lambda: several.fit(CASES[case], None, n_members=members))


def watched(way: str) -> Measure:
    """A fit that somebody watches."""
    import tempfile
    import warnings

    from benchmarks import watching
    from benchmarks.timing import seconds

    warnings.simplefilter("ignore")  # it has not converged
    run = watching.fits("small", Path(tempfile.mkdtemp()))[way]
    return lambda: seconds(run)


def updates() -> Measure:
    """What stands behind the gradient."""
    from benchmarks import updates
    from benchmarks.cases import CASES
    from chainrule.training.optimisers import AdamW
    from chainrule.training.schedules import Cosine

    return updates.make(CASES["medium"], AdamW(), updates.RICH, Cosine())


def predictions(rows: int, calls: int) -> Measure:
    """Probabilities of so many rows, so many times."""
    import numpy as np

    from benchmarks import predicting
    from benchmarks.timing import seconds

    sizes = predicting.ONE if rows == 1 else predicting.MANY
    predict = predicting.chainrule_predictor(sizes)
    X = np.random.default_rng(0).standard_normal((rows, sizes[0]), dtype=np.float32)
    return lambda: seconds(lambda: [predict(X) for _ in range(calls)])


#: Each row of the table, made in the process of a tree.
ROWS: Mapping[str, Callable[[], Measure]] = {
    **{
        f"step, {case}{', rich' if rich else ''}": lambda case=case, rich=rich: steps(case, rich)  # type: ignore[misc]
        for rich in (False, True)
        for case in ("small", "medium", "image", "large")
    },
    "step, medium, clipped and averaged": updates,
    **{
        f"fit, {case}, {members} members": lambda case=case, members=members: fit(case, members)  # type: ignore[misc]
        for case in ("small", "medium")
        for members in (1, 8)
    },
    **{f"fit, small, {way}": lambda way=way: watched(way) for way in ("the recorder", "three callbacks")},  # type: ignore[misc]
    "predict, 1 row": lambda: predictions(1, 2000),
    "predict, 100,000 rows": lambda: predictions(100_000, 3),
}


class Tree:
    """One row of a tree in a process of its own, warmed up."""

    def __init__(self, root: Path, row: str) -> None:
        path = os.pathsep.join([str(root / "src"), str(root)])
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--serve", row], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            cwd=root, env={**os.environ, "PYTHONPATH": path},
        )  # fmt: skip
        self.seconds()

    def seconds(self) -> float:
        """One round."""
        process = self._process
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write("\n")
        process.stdin.flush()
        said = process.stdout.readline()
        if not said:
            raise SystemExit("A process ended; its error is above.")
        return float(said)

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def serve(row: str) -> None:
    """Child: seconds of a round for every line of standard input."""
    measure = ROWS[row]()
    for _ in sys.stdin:
        print(measure(), flush=True)


def compare(other: Path, row: str, rounds: int) -> tuple[float, list[float]]:
    """Median seconds of the other tree, and the ratios of this one to it."""
    from benchmarks.timing import REST

    trees, times = (Tree(other, row), Tree(HERE, row)), list[tuple[float, float]]()
    for turn in range(rounds):
        found = dict[Tree, float]()
        for tree in trees[:: 1 if turn % 2 else -1]:
            sleep(REST)
            found[tree] = tree.seconds()
        times.append((found[trees[0]], found[trees[1]]))
    for tree in trees:
        tree.close()
    return median(before for before, _ in times), [since / before for before, since in times]


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("other", type=Path, help="a checkout of another commit")
    parser.add_argument("--rows", nargs="+", metavar="ROW", help="beginnings of rows; all where none is given")
    parser.add_argument("--rounds", type=int, default=11)
    options = parser.parse_args()
    print("| | ms, the other | this one / the other | half of the rounds between |\n|---|---:|---:|---|")
    for row in ROWS:
        if options.rows is None or row.startswith(tuple(options.rows)):
            before, ratios = compare(options.other.resolve(), row, max(options.rounds, FEWEST_ROUNDS))
            low, _, high = quantiles(ratios)
            print(f"| {row} | {before * 1e3:,.2f} | {median(ratios):.3f} | {low:.3f} to {high:.3f} |", flush=True)


if __name__ == "__main__":
    serve(sys.argv[2]) if sys.argv[1:2] == ["--serve"] else main()
