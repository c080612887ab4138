"""A Parquet folder larger than the memory of the process, and a million predictions from Parquet to CSV.

    python -m benchmarks.streaming [gigabytes]

Rows are UCI Adult's, drawn with replacement, with noise on the numbers; words are written plainly, so that the folder
is about as large as the rows are. The process that trains may have 1 GiB of data: RLIMIT_DATA counts what it allocates,
not the code of the libraries that it maps. Its peak is VmHWM, all pages that it ever held at once. Linux only.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

TARGET = "income"
LIMIT = 1 << 30
#: Rows of a file, and of its row groups.
FILE, GROUP = 1 << 20, 1 << 16
#: Rows that the path beside it holds in memory.
HELD = 1 << 20
PREDICTED = 1_000_000
EPOCHS = 2


def write(folder: Path, rows: int) -> int:
    """Adult-like rows into a folder, the same ones every time; its bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from chainrule.datasets import load_adult

    adult = load_adult()
    words = {name: np.unique(adult.columns[name], return_inverse=True) for name in adult.categories}
    words[TARGET] = np.unique(adult.target, return_inverse=True)
    folder.mkdir()
    for number, first in enumerate(range(0, rows, FILE)):
        random = np.random.default_rng([0, number])
        chosen = random.integers(len(adult.target), size=min(FILE, rows - first))
        columns: dict[str, Any] = {
            name: adult.columns[name][chosen] * random.uniform(0.99, 1.01, len(chosen)) for name in adult.numbers
        }
        for name, (levels, codes) in words.items():
            coded = pa.DictionaryArray.from_arrays(pa.array(codes[chosen], pa.int32()), pa.array(levels))
            columns[name] = coded.cast(pa.string())
        table, file = pa.table(columns), folder / f"{number:03}.parquet"
        pq.write_table(table, file, row_group_size=GROUP, use_dictionary=False, compression="none")
    return sum(file.stat().st_size for file in folder.iterdir())


def peak() -> float:
    """MiB that this process held at most."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else float("nan")


def fit(folder: Path, memory: int | str) -> Any:
    """A model of the preset for seconds, with a few epochs."""
    from chainrule import TableClassifier

    return TableClassifier(preset="fast", max_iter=EPOCHS, memory=memory, random_state=0).fit(folder, TARGET)


def train(folder: Path, rows: int, memory: int | str) -> None:
    """Print rows per second, seconds in all, and the peak. Scores would tell nothing: held-out rows come many times."""
    fit(folder.with_name("small"), memory if isinstance(memory, str) else 1)  # kernels are compiled
    started = time.perf_counter()
    model = fit(folder, memory)
    seconds = time.perf_counter() - started
    best = min(record.seconds for record in model.history_)
    print(rows / best, seconds, peak())


def under_limit(folder: Path, rows: int) -> None:
    """`train` in a process that may not have more than the limit."""
    import resource

    resource.setrlimit(resource.RLIMIT_DATA, (LIMIT, LIMIT))
    train(folder, rows, "auto")


def in_memory(folder: Path, rows: int) -> None:
    """`train` on rows that are held."""
    train(folder, rows, 1 << 40)


def streamed(folder: Path, rows: int) -> None:
    """`train` on the same rows, read in every epoch."""
    train(folder, rows, 1)


def ours(folder: Path, rows: int) -> None:
    """Predict a folder part by part."""
    import pyarrow as pa
    from pyarrow import csv

    from chainrule.tables.files import open_file

    model = fit(folder.with_name("small"), "auto")
    started = time.perf_counter()
    with (folder.with_name("ours.csv")).open("wb") as out:
        for number, part in enumerate(open_file(folder).parts(model.encoder_.names)):
            shares = model.predict_proba(part)
            codes = pa.array(shares.argmax(axis=1).astype(np.int32))
            predicted = pa.DictionaryArray.from_arrays(codes, pa.array(model.classes_)).cast(pa.string())
            found = pa.table({TARGET: predicted, "probability": shares[:, 1]})
            csv.write_csv(found, out, csv.WriteOptions(include_header=number == 0))
    print(rows / (time.perf_counter() - started), time.perf_counter() - started, peak())


def scikit_learn(folder: Path, rows: int) -> None:
    """The same by a pipeline of scikit-learn."""
    import pandas as pd
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    small = pd.read_parquet(folder.with_name("small"))
    columns = make_column_transformer(
        (StandardScaler(), make_column_selector(dtype_include="number")),
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")),
    )
    network = MLPClassifier((128, 128), max_iter=EPOCHS, early_stopping=True, random_state=0)
    model = make_pipeline(columns, network).fit(small.drop(columns=TARGET), small[TARGET])
    started = time.perf_counter()
    shares = model.predict_proba(pd.read_parquet(folder).drop(columns=TARGET))
    found = pd.DataFrame({TARGET: model.classes_[shares.argmax(axis=1)], "probability": shares[:, 1]})
    found.to_csv(folder.with_name("theirs.csv"), index=False)
    print(rows / (time.perf_counter() - started), time.perf_counter() - started, peak())


WAYS: dict[str, Callable[[Path, int], None]] = {
    f.__name__: f for f in (under_limit, in_memory, streamed, ours, scikit_learn)
}


def measured(way: str, folder: Path, rows: int) -> list[float]:
    """What a way prints, in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.streaming", "--way", way, str(folder), str(rows)]
    return [
        float(word) for word in subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    ]


def main(gigabytes: float = 2.0) -> None:
    """Print two Markdown tables."""
    with TemporaryDirectory() as place:
        small, held, whole = (Path(place) / name for name in ("small", "held", "whole"))
        write(small, 20_000)
        per_row = write(held, HELD) / HELD
        rows = int(gigabytes * 2**30 / per_row)
        size = write(whole, rows) / 2**20
        print("| training | rows | MiB of Parquet | rows per second | seconds in all | peak, MiB |")
        print("|---|---:|---:|---:|---:|---:|")
        for title, way, folder, count, held_size in (
            ("in memory", "in_memory", held, HELD, HELD * per_row / 2**20),
            ("streamed", "streamed", held, HELD, HELD * per_row / 2**20),
            (f"streamed, under a limit of {LIMIT >> 20} MiB", "under_limit", whole, rows, size),
        ):
            speed, seconds, most = measured(way, folder, count)
            print(f"| {title} | {count:,} | {held_size:,.0f} | {speed:,.0f} | {seconds:.0f} | {most:.0f} |", flush=True)
        asked = Path(place) / "asked"
        write(asked, PREDICTED)
        print("\n| Parquet to CSV, 1,000,000 rows | seconds | rows per second | peak, MiB |")
        print("|---|---:|---:|---:|")
        for title, way in (("chainrule", "ours"), ("scikit-learn", "scikit_learn")):
            speed, seconds, most = measured(way, asked, PREDICTED)
            print(f"| {title} | {seconds:.1f} | {speed:,.0f} | {most:.0f} |", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--way"]:
        WAYS[sys.argv[2]](Path(sys.argv[3]), int(sys.argv[4]))
    else:
        main(*map(float, sys.argv[1:]))
