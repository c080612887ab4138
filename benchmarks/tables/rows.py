"""The rows of a set: those to train on, and those that are scored."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from benchmarks.tables.sets import TableSet
from benchmarks.tables.splits import ByOrder, Said
from chainrule.errors import InputError, unknown_name
from chainrule.models.task import MOST, ROWS_EACH, Task

Score = Literal["held-out", "test"]


@dataclass(frozen=True)
class Division:
    """Raw frames and targets. `dropped` rows had no target."""

    task: Task
    X: pd.DataFrame
    y: np.ndarray
    X_scored: pd.DataFrame
    y_scored: np.ndarray
    dropped: int


def division(one: TableSet, folder: Path, score: Score, most: int, seed: int) -> Division:
    """Rows of a set, at most so many to train on; held-out ones are never among them, and never those to test.

    Raises
    ------
    InputError
        A file that cannot be read, columns that are not there, or no rows left.
    """
    table = _read(one, folder)
    there = table[one.target].notna()
    dropped, table = int((~there).sum()), table[there].reset_index(drop=True)
    task = one.task or found_task(table[one.target])
    test = one.split.test(table)
    train = table[~test].reset_index(drop=True)
    if score == "held-out":
        scored = one.split.held_out(train, seed)
        train, scored_rows = train[~scored].reset_index(drop=True), train[scored]
    else:
        scored_rows = table[test]
    if not len(train) or not len(scored_rows):
        raise InputError(
            f"the set {one.name!r}", "rows to train on and rows to score", f"{len(train)} and {len(scored_rows)}",
            "See to its split.",
        )  # fmt: skip
    if len(train) > most:
        train = train.iloc[np.sort(np.random.default_rng(seed).permutation(len(train))[:most])]
    return Division(task, *_parted(one, train), *_parted(one, scored_rows), dropped)


def found_task(target: pd.Series) -> Task:
    """Words, truth values and few whole numbers are classes; as the command has it."""
    if not pd.api.types.is_numeric_dtype(target) or pd.api.types.is_bool_dtype(target):
        return "classification"
    different = target.nunique()
    few = different <= min(MOST, max(2, len(target) // ROWS_EACH))
    return "classification" if few and (target == target.round()).all() else "regression"


def _read(one: TableSet, folder: Path) -> pd.DataFrame:
    path, where = folder / one.file, f"the set {one.name!r}"
    try:
        if path.suffix == ".parquet":
            table = pd.read_parquet(path)
        else:
            table = pd.read_csv(path, na_values=list(one.missing), low_memory=False)
    except (OSError, ValueError) as error:
        raise InputError(where, f"a CSV or Parquet file at {one.file}", str(error), "See to --folder.") from error
    by = (one.split.column,) if isinstance(one.split, Said) else ()
    by = (one.split.by,) if isinstance(one.split, ByOrder) else by
    for name in (one.target, *by, *one.drop, *one.dates, *one.texts):
        if name not in table:
            raise unknown_name(f"{where}, column", name, table.columns)
    return table


def _parted(one: TableSet, table: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    said = {one.split.column} if isinstance(one.split, Said) else set()
    X = table.drop(columns=list({one.target, *one.drop} | said)).reset_index(drop=True)
    return X, table[one.target].to_numpy()
