"""The JSON of results: read, written after each run, and looked up."""

from __future__ import annotations

import json
import math
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.tables.one import Job
from benchmarks.tables.scores import LOSS
from chainrule.errors import InputError
from chainrule.files import whole

FORMAT = 1
PACKAGES = ("chainrule", "numpy", "pandas", "scikit-learn", "lightgbm", "catboost", "pytabkit", "torch")

#: What makes two runs the same one.
KEY = ("set", "model", "seed", "score", "rows", "threads")
#: Below it a loss counts as this: a ratio to nothing says nothing.
LEAST = 1e-9

Run = dict[str, Any]


def key(job: Job) -> dict[str, Any]:
    """The part of a run that says what is measured."""
    return {
        "set": job.set.name, "model": job.model.name, "seed": job.seed, "score": job.score, "rows": job.rows,
        "threads": job.threads, "parameters": json.loads(json.dumps(dict(job.model.parameters))),
    }  # fmt: skip


@dataclass
class Results:
    """Runs, and the looks that were taken at test rows."""

    runs: list[Run] = field(default_factory=list)
    looks: list[dict[str, Any]] = field(default_factory=list)
    machine: dict[str, Any] = field(default_factory=dict)

    def add(self, about: Mapping[str, Any], found: Mapping[str, Any]) -> None:
        """A run, in the place of an earlier one of the same; a look where test rows were scored."""
        if about["score"] == "test" and "scores" in found:
            names = ("set", "model", "seed", "parameters")
            when = datetime.now(UTC).isoformat(timespec="seconds")
            self.looks.append({**{name: about[name] for name in names}, "when": when})
        self.runs = [run for run in self.runs if _same(run) != _same(about)] + [{**about, **found}]

    def done(self, about: Mapping[str, Any], limit: float | None = None) -> bool:
        """Whether this run is there, with scores, or over a time that was no shorter than `limit`, in seconds.

        Raises
        ------
        InputError
            A variant of the same name that has other parameters.
        """
        found = [run for run in self.runs if _same(run) == _same(about)]
        if found and found[0]["parameters"] != about["parameters"]:
            raise InputError(
                f"--variant {about['model']}", f"the parameters that it has in --out, {found[0]['parameters']}",
                about["parameters"], "Give the variant another name.",
            )  # fmt: skip
        return bool(found) and ("scores" in found[0] or (limit is not None and found[0].get("limit", 0) >= limit))

    def of(self, **chosen: Any) -> Results:
        """The runs whose values are among those given, such as score=["test"]."""
        runs = [run for run in self.runs if all(run[name] in among for name, among in chosen.items())]
        return Results(runs, self.looks, self.machine)

    def names(self, what: str) -> list[Any]:
        """Sets, models or seeds, as they came."""
        return list(dict.fromkeys(run[what] for run in self.runs))

    def seeds(self, of_set: str, model: str) -> dict[int, Run]:
        """Seed -> run, of those that have scores."""
        both = [run for run in self.runs if run["set"] == of_set and run["model"] == model and "scores" in run]
        return {run["seed"]: run for run in both}

    def write(self, path: Path) -> None:
        data = {"format": FORMAT, "machine": self.machine, "looks_at_test_rows": self.looks, "runs": self.runs}
        with whole(path) as file:
            file.write(json.dumps(data, indent=1).encode())


def _same(run: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(run[name] for name in KEY)


def read(path: Path) -> Results:
    """Results of a file.

    Raises
    ------
    InputError
        A file that cannot be read, or is none of results.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(str(path), "a JSON file that --out wrote", str(error), "Name another.") from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise InputError(str(path), f"results of format {FORMAT}", "something else", "Name a file that --out wrote.")
    return Results(data["runs"], data["looks_at_test_rows"], data["machine"])


def machine() -> dict[str, Any]:
    """Processor, cores, Python, versions of packages, and the commit."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "packages": versions,
        "commit": _commit(),
    }


def _commit() -> str | None:
    """That of this repository, and whether something has changed since."""
    told = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    try:
        return subprocess.run(told, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def loss(run: Run) -> float:
    """Log loss or RMSE: what models are compared by."""
    return max(float(run["scores"][LOSS[run["task"]]]), LEAST)


def mean(values: Iterable[float]) -> float:
    found = list(values)
    return math.fsum(found) / len(found)


def geometric_mean(ratios: Iterable[float]) -> float:
    """The mean by which ratios multiply; of none, nan."""
    found = list(ratios)
    return math.exp(mean(map(math.log, found))) if found else math.nan
