"""Raw tables: the presets of the table estimators beside scikit-learn's MLP and its gradient boosting.

Adult has its official test rows; of California housing and diamonds a random fifth is to test, another for each seed.
No estimator has an option but its preset and its seed. Kernels are compiled before the clock starts.
"""

from __future__ import annotations

import gzip
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import log_loss, r2_score, root_mean_squared_error
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from chainrule import TableClassifier, TableRegressor, datasets

Split = tuple[pd.DataFrame, np.ndarray, pd.DataFrame, np.ndarray]
WORDS = make_column_selector(dtype_include=["object", "string", "str", "category"])


def adult(seed: int) -> Split:
    table = datasets.load_adult()
    X = pd.DataFrame(table.columns).replace("?", None)
    return X[table.train], table.target[table.train], X[table.test], table.target[table.test]


def california(seed: int) -> Split:
    table = datasets.load_california_housing()
    return _fifth(pd.DataFrame(table.columns), table.target, seed)


def diamonds(seed: int) -> Split:
    with gzip.open(Path(__file__).parent / "data" / "diamonds.csv.gz", "rt") as text:
        table = pd.read_csv(text)
    return _fifth(table.drop(columns="price"), table["price"].to_numpy(), seed)


def _fifth(X: pd.DataFrame, y: np.ndarray, seed: int) -> Split:
    order = np.random.default_rng(seed).permutation(len(X))
    test, train = order[: len(X) // 5], order[len(X) // 5 :]
    return X.iloc[train], y[train], X.iloc[test], y[test]


SETS: dict[str, Callable[[int], Split]] = {"adult": adult, "california": california, "diamonds": diamonds}


def contestants(classes: bool, seed: int) -> dict[str, Any]:
    """Name -> estimator."""
    ours = TableClassifier if classes else TableRegressor
    found: dict[str, Any] = {f"chainrule {p}": ours(preset=p, random_state=seed) for p in ("fast", "default", "best")}
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), WORDS), remainder=StandardScaler()
    )
    mlp = MLPClassifier if classes else MLPRegressor
    found["scikit-learn MLP"] = make_pipeline(columns, mlp(random_state=seed))
    boosting = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
    found["HistGradientBoosting"] = boosting(random_state=seed, categorical_features="from_dtype")
    return found


def measure(model: Any, split: Split) -> dict[str, float]:
    """Scores on the rows to test, and seconds of the fit."""
    X, y, X_test, y_test = split
    if "Hist" in type(model).__name__:
        kinds = {name: pd.CategoricalDtype(sorted(X[name].dropna().unique())) for name in WORDS(X)}
        X, X_test = X.astype(kinds), X_test.astype(kinds)
    started = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, y)
    seconds = time.perf_counter() - started
    if y.dtype.kind not in "if":
        p = model.predict_proba(X_test).astype(float)
        p /= p.sum(axis=1, keepdims=True)
        right = model.classes_[p.argmax(axis=1)] == y_test
        return {"accuracy": right.mean(), "log loss": log_loss(y_test, p), "seconds": seconds}
    found = model.predict(X_test)
    return {"RMSE": root_mean_squared_error(y_test, found), "R2": r2_score(y_test, found), "seconds": seconds}


def main(arguments: Sequence[str] = (), seeds: Sequence[int] = (0, 1, 2)) -> None:
    """Print a Markdown table of means over the seeds; names of data sets may be given."""
    for preset in ("fast", "default", "best"):  # compiles
        TableClassifier(preset=preset, max_iter=1).fit(
            pd.DataFrame({"a": range(600), "b": ["x", "y"] * 300}), [0, 1] * 300
        )
        TableRegressor(preset=preset, max_iter=1).fit(pd.DataFrame({"a": range(600)}), np.arange(600.0))
    for name in arguments or SETS:
        splits = [SETS[name](seed) for seed in seeds]
        classes = splits[0][1].dtype.kind not in "if"
        measures = ("accuracy", "log loss") if classes else ("RMSE", "R2")
        print(f"\n| {name} | {measures[0]} | {measures[1]} | seconds |\n|---|---:|---:|---:|")
        for contestant in contestants(classes, 0):
            runs = [
                measure(contestants(classes, seed)[contestant], split)
                for seed, split in zip(seeds, splits, strict=True)
            ]
            mean = {key: float(np.mean([run[key] for run in runs])) for key in runs[0]}
            first, second = (f"{mean[key]:.4f}" if mean[key] < 10 else f"{mean[key]:.1f}" for key in measures)
            print(f"| {contestant} | {first} | {second} | {mean['seconds']:.1f} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
