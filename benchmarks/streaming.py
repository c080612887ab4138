"""Tables larger than memory: rows a second and peak memory of a streamed fit, and a million rows through `predict`.

Adult's rows, drawn with replacement and their numbers shaken, are written to a folder of Parquet files that is removed
in the end. Every fit is a process of its own. The peak is that of resident memory (VmHWM): Linux only. `ulimit -v`
would count what NumPy, Numba and the BLAS reserve and never touch.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from chainrule import TableClassifier, datasets

#: Rows of a row group.
GROUP = 50_000

FIT = r"""
import re, sys, time
from pathlib import Path
from chainrule import TableClassifier
path, memory, epochs = sys.argv[1], sys.argv[2], int(sys.argv[3])
seconds = []
model = TableClassifier(preset="fast", max_iter=epochs, n_iter_no_change=epochs, memory=int(memory), random_state=0,
                        callbacks=[lambda record: seconds.append(record.seconds)])
model.fit(path, "income")
rows = sum(record.seconds for record in model.history_)
peak = int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024
print(min(seconds), peak)
"""


def rows(count: int, seed: int) -> pd.DataFrame:
    """Adult-like rows."""
    adult, generator = datasets.load_adult(), np.random.default_rng(seed)
    drawn = generator.integers(0, len(adult.target), count)
    frame = pd.DataFrame({name: column[drawn] for name, column in adult.columns.items()})
    frame["fnlwgt"] += generator.normal(0, 1000, count).round()
    return frame.assign(income=adult.target[drawn])


def write(folder: Path, count: int) -> None:
    """A folder of Parquet files of ten row groups each."""
    for number, start in enumerate(range(0, count, 10 * GROUP)):
        some = rows(min(10 * GROUP, count - start), number)
        some.to_parquet(folder / f"part-{number:04d}.parquet", row_group_size=GROUP, index=False)


def fit(folder: Path, memory: int, epochs: int = 2) -> tuple[float, float]:
    """Seconds of the fastest epoch, and the peak in MiB."""
    done = subprocess.run(
        [sys.executable, "-c", FIT, str(folder), str(memory), str(epochs)], capture_output=True, text=True, check=True
    )
    seconds, peak = map(float, done.stdout.split())
    return seconds, peak


def streaming(count: int) -> None:
    """A folder that would take this many rows of memory, streamed; and a tenth of it both ways."""
    print("| rows | as a table in memory, MiB | how | rows a second | peak, MiB |\n|---:|---:|---|---:|---:|")
    with tempfile.TemporaryDirectory() as place:
        for amount, ways in ((count // 10, ("in memory", "streamed")), (count, ("streamed",))):
            folder = Path(place) / str(amount)
            folder.mkdir()
            write(folder, amount)
            for way in ways:
                seconds, peak = fit(folder, 1 if way == "streamed" else 2**40)
                size = amount * 15 * 8 / 2**20
                print(f"| {amount:,} | {size:,.0f} | {way} | {amount / seconds:,.0f} | {peak:,.0f} |", flush=True)


def predicting(count: int) -> None:
    """Parquet to CSV, here by the command, in scikit-learn by its pipeline."""
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    train, words = rows(20_000, 99), make_column_selector(dtype_include=["object", "string", "str"])
    print("| rows | by | seconds | rows a second |\n|---:|---|---:|---:|")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write(folder, count)
        for preset in ("fast", "default", "best"):
            model = TableClassifier(preset=preset, max_iter=1, random_state=0).fit(train, "income")
            model.save(folder / f"{preset}.model")
            command = [sys.executable, "-m", "chainrule", "predict", str(folder / f"{preset}.model"), str(folder)]
            started = time.perf_counter()
            subprocess.run([*command, "-o", str(folder / f"{preset}.csv"), "--proba"], check=True, capture_output=True)
            _row(count, f"chainrule predict, preset {preset}", time.perf_counter() - started)
        columns = make_column_transformer(
            (OneHotEncoder(handle_unknown="ignore", sparse_output=False), words), remainder=StandardScaler()
        )
        pipe = make_pipeline(columns, MLPClassifier((128, 128), max_iter=1))
        pipe.fit(train.drop(columns="income"), train["income"])
        started = time.perf_counter()
        frame = pd.read_parquet(sorted(folder.glob("*.parquet")), columns=list(train.columns[:-1]))
        p = pipe.predict_proba(frame)
        found = pd.DataFrame({"prediction": pipe.classes_[p.argmax(axis=1)], "no": p[:, 0], "yes": p[:, 1]})
        found.to_csv(folder / "theirs.csv", index=False)
        _row(count, "scikit-learn pipeline of 2 x 128, pandas", time.perf_counter() - started)


def _row(count: int, who: str, seconds: float) -> None:
    print(f"| {count:,} | {who} | {seconds:.1f} | {count / seconds:,.0f} |", flush=True)


def main(arguments: Sequence[str] = ()) -> None:
    """Print two Markdown tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=18_000_000, help="of the large folder: 2 GiB as a table in memory")
    parser.add_argument("--predict", type=int, default=1_000_000)
    given = parser.parse_args(list(arguments))
    streaming(given.rows)
    print()
    predicting(given.predict)


if __name__ == "__main__":
    main(sys.argv[1:])
