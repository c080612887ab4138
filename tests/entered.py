"""How many files of the package a fit enters: those in which a function of Python is called.

python tests/entered.py            both fits, their files by room
"""

from __future__ import annotations

import sys
import tempfile
import threading
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

import chainrule
from chainrule import MLPClassifier, TableClassifier

ROOT = Path(chainrule.__file__).parent


def entered(call: Callable[[], object]) -> list[str]:
    """The files, below the package, that a call enters, in any thread."""
    found: set[str] = set()

    def look(frame: object, event: str, argument: object) -> None:
        if event == "call":
            found.add(frame.f_code.co_filename)  # type: ignore[attr-defined]

    threading.setprofile(look)
    sys.setprofile(look)
    try:
        call()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)  # type: ignore[arg-type]
    files = (Path(name) for name in found)
    return sorted(file.relative_to(ROOT).as_posix() for file in files if file.is_relative_to(ROOT))


def of_rows() -> list[str]:
    """By `MLPClassifier.fit` of an array, kernels compiled before."""
    X = np.random.default_rng(0).normal(size=(200, 5)).astype(np.float32)
    y = X[:, 0] > 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        MLPClassifier((8,), max_iter=2, random_state=0).fit(X, y)
        return entered(lambda: MLPClassifier((8,), max_iter=2, random_state=0).fit(X, y))


def of_a_table() -> list[str]:
    """By `TableClassifier.fit` of a CSV file."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "table.csv")
        lines = [f"{k % 17},{'ab'[k % 2]},{'yn'[k % 3 > 0]}" for k in range(200)]
        place.write_text("\n".join(["size,word,y", *lines]) + "\n")

        def fit() -> object:
            return TableClassifier(preset="fast", max_iter=2, random_state=0).fit(place, "y")

        fit()
        return entered(fit)


def main() -> None:
    for name, files in (("MLPClassifier.fit(X, y)", of_rows()), ("TableClassifier.fit(path)", of_a_table())):
        rooms = Counter(file.split("/")[0] for file in files)
        print(f"{name}: {len(files)} files, " + ", ".join(f"{room} {n}" for room, n in sorted(rooms.items())))
        for file in files:
            print(f"    {file}")


if __name__ == "__main__":
    main()
