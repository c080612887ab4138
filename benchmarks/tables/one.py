"""One run, in a process of its own: rows, a fit, predictions, scores; time, memory and the size of the saved file.

Linux only: memory is what /proc tells, and a fit that takes too long is ended by an alarm of the system, which also
reaches code that is not Python.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import joblib
import numpy as np
import pandas as pd

from benchmarks.tables import scores
from benchmarks.tables.columns import Kinds
from benchmarks.tables.models import Model
from benchmarks.tables.rows import Division, Score, division
from benchmarks.tables.sets import TableSet
from benchmarks.timing import seconds

#: Read when a library is loaded, hence set before the process starts.
THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
#: Rows that are predicted at once, at most, and how often one row is.
MOST_PREDICTED, ONE_ROW_TRIALS = 100_000, 9
#: Rows of the fit before the clock starts.
WARM = 600


@dataclass(frozen=True)
class Job:
    """What to run. `rows` to train on at most; `limit` seconds of the fit."""

    set: TableSet
    model: Model
    seed: int
    folder: Path
    score: Score
    rows: int
    threads: int
    limit: float | None


def run(job: Job) -> dict[str, Any]:
    """What was measured, or why nothing was, under "failed"."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    with _threads(job.threads):
        process = spawn.Process(target=_serve, args=(theirs, job))
        process.start()
    theirs.close()
    found: dict[str, Any] = {}
    with ours, suppress(EOFError):
        found = ours.recv()
    process.join()
    if found:
        return found
    if process.exitcode == -signal.SIGALRM:
        return {"failed": f"over {job.limit / 60:g} minutes", "limit": job.limit}
    return {"failed": f"its process ended with {process.exitcode}"}


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """The environment of processes that start meanwhile."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, str(count)))
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


def _serve(pipe: Connection, job: Job) -> None:
    """Child: what libraries print is not wanted."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    warnings.simplefilter("ignore")
    try:
        pipe.send(measured(job))
    except Exception as error:  # of whatever library: the other runs go on
        pipe.send({"failed": f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error) else ''}"})


def measured(job: Job) -> dict[str, Any]:
    """The run itself."""
    rows = division(job.set, job.folder, job.score, job.rows, job.seed)
    kinds = Kinds.of(rows.X, job.set.dates, job.set.texts)
    model = job.model.estimator(rows.task, kinds, job.seed, job.threads)
    if job.model.ours:
        _warm(model, rows)
    loaded = _peak()
    signal.setitimer(signal.ITIMER_REAL, job.limit or 0)
    cpu, wall = process_time(), perf_counter()
    model.fit(rows.X, rows.y)
    wall, cpu = perf_counter() - wall, process_time() - cpu
    signal.setitimer(signal.ITIMER_REAL, 0)
    peak = _peak()

    predict = model.predict_proba if rows.task == "classification" else model.predict
    found = predict(rows.X_scored)
    some, one = rows.X_scored.iloc[:MOST_PREDICTED], rows.X_scored.iloc[:1]
    return {
        "task": rows.task,
        "columns": rows.X.shape[1],
        "train_rows": len(rows.X),
        "scored_rows": len(rows.X_scored),
        "rows_without_target": rows.dropped,
        "scores": _scores(model, rows, found),
        "fit_seconds": wall,
        "fit_cpu_seconds": cpu,
        "loaded_mib": loaded,
        "peak_mib": peak,
        "predicted_rows": len(some),
        "predict_seconds": seconds(lambda: predict(some)),
        "one_row_seconds": median(seconds(lambda: predict(one)) for _ in range(ONE_ROW_TRIALS)),
        "file_bytes": _size(job.model, model),
    }


def _warm(model: Any, rows: Division) -> None:
    """A fit of some rows, each class twice among them: kernels are compiled, or read, once a machine."""
    some = pd.Series(rows.y).groupby(rows.y).head(2).index if rows.task == "classification" else []
    chosen = np.union1d(np.arange(min(WARM, len(rows.y))), some).astype(int)
    type(model)(**{**model.get_params(), "max_iter": 1}).fit(rows.X.iloc[chosen], rows.y[chosen])


def _scores(model: Any, rows: Division, found: Any) -> dict[str, float]:
    if rows.task == "classification":
        return scores.of_classes(rows.y_scored, np.asarray(model.classes_), np.asarray(found, float))
    return scores.of_numbers(rows.y_scored, np.asarray(found, float))


def _peak() -> float:
    """MiB that this process has had at most."""
    return int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024


def _size(model: Model, fitted: Any) -> int:
    """Bytes of the file: ours its own, of others what joblib writes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        if model.ours:
            fitted.save(path)
        else:
            joblib.dump(fitted, path)
        return sum(one.stat().st_size for one in Path(folder).rglob("*") if one.is_file())
