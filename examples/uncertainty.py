"""
How sure is a prediction?
=========================

90 % intervals on California housing, and probabilities of Adult, before and after calibration; three seeds, unless
`--seeds` says otherwise. The page of this script on the site ran `--seeds 1`.
"""

from __future__ import annotations

import argparse
import time
import warnings

import numpy as np
from encoding import encode
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import QuantileTransformer

from chainrule import MLPClassifier, MLPRegressor
from chainrule.datasets import load_adult, load_california_housing
from chainrule.network.losses import Gaussian, Loss, Quantile, SquaredError

#: For each loss, what its interval is called before and after calibration.
INTERVALS: dict[Loss, tuple[str | None, str]] = {
    SquaredError(): (None, "squared error, split conformal"),
    Quantile((0.05, 0.95)): ("quantiles 0.05 and 0.95", "quantiles, conformalised"),
    Gaussian(): ("gaussian", "gaussian, conformal"),
}


def regressor(loss: Loss, seed: int, **others: object) -> MLPRegressor:
    settings = {"hidden_layer_sizes": (64, 64), "batch_size": 256, "learning_rate_init": 3e-3, "max_iter": 40}
    return MLPRegressor(loss=loss, random_state=seed, early_stopping=True, scoring="loss", **settings | others)


def housing(seed: int) -> list[np.ndarray]:
    """X of training, calibration (16 %) and test (20 %) rows, then y of them; columns normalised by their ranks."""
    table = load_california_housing()
    X, y = np.column_stack(list(table.columns.values())), table.target
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.2, random_state=seed)
    X, X_cal, y, y_cal = train_test_split(X, y, test_size=0.2, random_state=seed)
    scaler = QuantileTransformer(output_distribution="normal", random_state=0).fit(X)
    return [*(scaler.transform(rows).astype(np.float32).clip(-3, 3) for rows in (X, X_cal, X_test)), y, y_cal, y_test]


def coverage_and_width(model: MLPRegressor, X: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    low, high = model.predict_interval(X, coverage=0.9)
    return float(((low <= y) & (y <= high)).mean()), float((high - low).mean())


def calibration_error(p: np.ndarray, y: np.ndarray, bins: int = 15) -> float:
    """Expected calibration error (Naeini et al. 2015): sureness less share of right ones, over bins of sureness."""
    sure, right = p.max(axis=1), p.argmax(axis=1) == y
    place = np.minimum((sure * bins).astype(int), bins - 1)
    return float(abs(np.bincount(place, sure - right, bins)).sum() / len(y))


def intervals(seeds: int) -> None:
    found: dict[str, list[tuple[float, float]]] = {}
    for seed in range(seeds):
        X, X_cal, X_test, y, y_cal, y_test = housing(seed)
        for loss, (plain, conformal) in INTERVALS.items():
            model = regressor(loss, seed).fit(X, y)
            if plain:
                found.setdefault(plain, []).append(coverage_and_width(model, X_test, y_test))
            found.setdefault(conformal, []).append(coverage_and_width(model.calibrate(X_cal, y_cal), X_test, y_test))
            model = regressor(loss, seed, calibration=True, validation_fraction=0.2)
            model.fit(np.r_[X, X_cal], np.r_[y, y_cal])
            name = f"{conformal}, on the rows that stopped it"
            found.setdefault(name, []).append(coverage_and_width(model, X_test, y_test))
    print(f"{'90 % intervals, test rows of California housing':<60}{'coverage':>30}{'width, $':>12}")
    for name, each in sorted(found.items()):
        covered = "  ".join(f"{coverage:.1%}" for coverage, _ in each)
        print(f"{name:<60}{covered:>30}{100_000 * np.mean([width for _, width in each]):>12,.0f}")


def probabilities(seeds: int) -> None:
    adult = load_adult()
    X, y = encode(adult)
    X_train, X_cal, y_train, y_cal = train_test_split(X[adult.train], y[adult.train], test_size=0.2, random_state=0)
    X_test, y_test = X[adult.test], y[adult.test]
    print(f"\n{'UCI Adult, 30 epochs without a stop':<60}{'log loss':>18}{'calibration error':>24}")
    for seed in range(seeds):
        model = MLPClassifier((128, 128), batch_size=256, alpha=0.0, max_iter=30, random_state=seed)
        model.fit(X_train, y_train)
        before = model.predict_proba(X_test)
        after = model.calibrate(X_cal, y_cal).predict_proba(X_test)
        for name, p in (("as trained", before), (f"at temperature {model.temperature_:.2f}", after)):
            said = f"seed {seed}, {name}"
            print(f"{said:<60}{log_loss(y_test, p):>18.4f}{calibration_error(p, y_test):>24.4f}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=3)
    seeds = parser.parse_args().seeds
    started = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the number of epochs is chosen here
        intervals(seeds)
        probabilities(seeds)
    print(f"\n{time.perf_counter() - started:.0f} s in all")


if __name__ == "__main__":
    main()
