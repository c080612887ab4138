"""Wrote the files beside it, once for each version of the form; they stay as they are, so that old files go on loading.

python tests/formats/data/write.py
"""

import json
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas

from chainrule import (
    MLPClassifier,
    MLPRegressor,
    SequenceRegressor,
    TableClassifier,
    TableRegressor,
    averaging,
    optimisers,
    schedules,
)
from chainrule.estimators.table import presets
from chainrule.formats.header import VERSION
from chainrule.models import selection

HERE = Path(__file__).parent
X = np.random.default_rng(0).normal(size=(60, 3)).astype("f4")
FRAME = pandas.DataFrame(X, columns=["a", "b", "c"])
TABLE = {
    "number": np.where(X[:, 0] > 1, np.nan, X[:, 0]).astype(float),
    "word": np.array(["a", "b", None], object)[np.arange(60) % 3],
    "day": (np.datetime64("2026-01-01") + np.arange(60)).astype(str),
}  # fmt: skip
TINY = {"hidden_layer_sizes": (6,), "bins": 8, "max_iter": 3, "random_state": 0}
SMALL = {"random_state": 0, "max_iter": 5, "dtype": "float32", "early_stopping": True}

MODELS = {
    "classifier": (
        MLPClassifier((4,), norm="batch", residual=True, calibration=True, dropout=0.1, **SMALL), FRAME,
        np.array(["low", "middle", "high"])[np.arange(60) % 3],
    ),
    "regressor": (
        MLPRegressor(
            "gaussian", (4, 3), ("gelu", "tanh"), n_members=2, calibration=True, validation_fraction=0.5,
            solver=optimisers.Muon(), learning_rate=schedules.Cosine(), averaging=averaging.EMA(0.9), **SMALL,
        ), X, X[:, 0] * X[:, 1],
    ),
    "sequences": (
        SequenceRegressor(hidden_layer_sizes=(4,), pool="max", head_layer_sizes=(3,), norm="layer", **SMALL),
        X.reshape(20, 3, 3), X[:20, 0],
    ),
    "table-classifier": (
        TableClassifier(preset="fast", **TINY), TABLE,
        np.array(["low", "middle", "high"])[np.arange(60) % 3],
    ),
    "table-regressor": (
        TableRegressor(n_members=2, log_target=True, numbers="quantile", **TINY), TABLE,
        np.exp(X[:, 0]),
    ),
}  # fmt: skip


#: Since version 4, networks of a table may differ: as many rows as it takes, of small networks.
MANY = {name: np.resize(values, 1000) for name, values in TABLE.items()}
if VERSION > 3:
    MODELS["table-regressor-of-several"] = (
        TableRegressor(max_iter=1, random_state=0), MANY, np.resize(np.sin(6 * X[:, 1]), 1000)
    )  # fmt: skip


def small(preset, ranked, few):
    """Kinds of networks that take little room in a file."""
    return [(replace(preset, hidden_layer_sizes=(4,), n_members=2, bins=8), one) for one in ranked]


def answers(name, model, X):
    """What is compared: predictions of the first rows."""
    found = model.predict_proba(X) if name.endswith("classifier") else model.predict(X)
    return np.asarray(found)[:5].tolist()


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    presets.variants, presets.NEAR, selection.WORTHWHILE = small, 1e9, 0.0
    for name, (model, X, y) in MODELS.items():
        if (HERE / f"{name}-{VERSION}.model").exists():
            continue
        model.fit(X, y).save(HERE / f"{name}-{VERSION}.model")
        table = isinstance(X, dict)
        given = {key: values[:5].tolist() for key, values in X.items()} if table else np.asarray(X)[:5].tolist()
        text = json.dumps({"X": given, "answers": answers(name, model, X), "parameters": repr(model)}, indent=1)
        (HERE / f"{name}-{VERSION}.json").write_text(text + "\n")
