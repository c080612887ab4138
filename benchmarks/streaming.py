"""Tables larger than memory: rows a second and peak memory of a streamed fit, and a million rows through `predict`.

Adult's rows, drawn with replacement and their numbers shaken, are written to a folder of Parquet files that is removed
in the end; words are written plainly, so that the folder is as large as the rows are. Every fit is a process of its
own, a streamed one may have 1 GiB (RLIMIT_DATA, what a process allocates: `ulimit -v` would also count the libraries
that it maps). The peak is that of resident memory (VmHWM). Linux only.
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

#: Bytes that a streamed fit may have.
LIMIT = 1 << 30

FIT = r"""
import re, resource, sys
from pathlib import Path
from chainrule import TableClassifier
path, memory, epochs, limit = sys.argv[1], *map(int, sys.argv[2:])
if limit:
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
seconds = []
model = TableClassifier(preset="fast", max_iter=epochs, n_iter_no_change=epochs, memory=memory, random_state=0,
                        callbacks=[lambda record: seconds.append(record.seconds)])
model.fit(path, "income")
peak = int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024
print(min(seconds), peak)
"""


def rows(count: int, seed: int) -> pd.DataFrame:
    """Adult-like rows."""
    adult, generator = datasets.load_adult(), np.random.default_rng(seed)
    drawn = generator.integers(0, len(adult.target), count)
    columns = {**adult.columns, "income": adult.target}
    frame = pd.DataFrame({name: pd.array(column.tolist())[drawn] for name, column in columns.items()})
    frame["fnlwgt"] += generator.normal(0, 1000, count).round()
    return frame


def write(folder: Path, count: int) -> None:
    """A folder of Parquet files of ten row groups each."""
    for number, start in enumerate(range(0, count, 10 * GROUP)):
        some, file = rows(min(10 * GROUP, count - start), number), folder / f"part-{number:04d}.parquet"
        some.to_parquet(file, row_group_size=GROUP, index=False, use_dictionary=False, compression=None)


def fit(folder: Path, memory: int, limit: int, epochs: int = 2) -> tuple[float, float]:
    """Seconds of the fastest epoch, and the peak in MiB, under a limit of so many bytes, or of none."""
    done = subprocess.run(
        [sys.executable, "-c", FIT, str(folder), *map(str, (memory, epochs, limit))],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    seconds, peak = map(float, done.stdout.split())
    return seconds, peak


def streaming(count: int) -> None:
    """A folder that would take this many rows of memory, streamed; and a tenth of it both ways."""
    print("| rows | Parquet, MiB | how | rows a second | peak, MiB |\n|---:|---:|---|---:|---:|")
    with tempfile.TemporaryDirectory() as place:
        for amount, ways in ((count // 10, ("in memory", "streamed")), (count, ("streamed",))):
            folder = Path(place) / str(amount)
            folder.mkdir()
            write(folder, amount)
            size = sum(file.stat().st_size for file in folder.iterdir()) / 2**20
            for way in ways:
                seconds, peak = fit(folder, *((1, LIMIT) if way == "streamed" else (2**40, 0)))
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
    parser.add_argument("--rows", type=int, default=14_000_000, help="of the large folder")
    parser.add_argument("--predict", type=int, default=1_000_000)
    given = parser.parse_args(list(arguments))
    streaming(given.rows)
    print()
    predicting(given.predict)


if __name__ == "__main__":
    main(sys.argv[1:])
