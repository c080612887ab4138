"""From the start of a process to the end of its first epoch, with a cold and a warm kernel cache."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from statistics import median

IMPORT = "import time; start = time.perf_counter(); import {0}; print(time.perf_counter() - start)"
FIT = """
import time
import numpy as np
from chainrule import MLPClassifier
X = np.random.default_rng(0).normal(size=(2000, 20)).astype("f")
y = (X[:, 0] > 0).astype(int)
import warnings; warnings.simplefilter("ignore")
model = MLPClassifier((64, 64), max_iter=2).fit(X, y)
print(time.time(), model.history_[1].seconds)
"""


def run(code: str, **environment: str) -> str:
    """What a fresh interpreter prints for this code."""
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environment, capture_output=True, text=True, check=True
    )
    return done.stdout


def first_epoch(cache: str) -> tuple[float, float]:
    """Seconds from the start of a process until its first step is done at full speed, and until its first epoch is.

    The first of two epochs compiles or loads kernels: what it takes over the second counts as start.
    """
    started = time.time()
    ended, epoch = map(float, run(FIT, NUMBA_CACHE_DIR=cache).split())
    return ended - started - 2 * epoch, ended - started - epoch


def shares() -> list[tuple[str, float]]:
    """The slowest imports of a first fit, own time in seconds, by top-level package."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "from chainrule import MLPClassifier; import numba"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    totals: dict[str, float] = {}
    for own, name in re.findall(r"import time:\s+(\d+) \|\s+\d+ \| +([\w.]+)", done.stderr):
        package = name.split(".")[0]
        totals[package] = totals.get(package, 0) + int(own) / 1e6
    return sorted(totals.items(), key=lambda item: -item[1])[:8]


def main() -> None:
    """Print import times, the time to a first epoch cold and warm, and the share of each import."""
    numpy = median(float(run(IMPORT.format("numpy"))) for _ in range(5))
    ours = median(float(run(IMPORT.format("numpy, chainrule"))) for _ in range(5))
    print(f"import chainrule, over import numpy: {max(0.0, ours - numpy) * 1000:.0f} ms")
    with tempfile.TemporaryDirectory() as cache:
        cold = first_epoch(cache)
        warm = sorted(first_epoch(cache) for _ in range(5))[2]
    print("| kernel cache | process start to training, s | to the first epoch's end, s |")
    print("|---|---:|---:|")
    print(f"| cold | {cold[0]:.2f} | {cold[1]:.2f} |")
    print(f"| warm | {warm[0]:.2f} | {warm[1]:.2f} |")
    print("imports, own seconds: " + ", ".join(f"{name} {seconds:.2f}" for name, seconds in shares()))


if __name__ == "__main__":
    main()
