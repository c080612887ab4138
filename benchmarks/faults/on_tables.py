"""The table estimators on raw tables: faults that can be planted in them, and healthy kinds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

from benchmarks.faults import raw
from benchmarks.faults.after import few, noisy
from benchmarks.faults.before import shuffled
from benchmarks.faults.data import Half
from benchmarks.faults.planting import Case, Fault, Setting, drawn
from benchmarks.faults.proofs import BUILT_IN, GAP, IGNORED, LOW, NOTHING, harm
from benchmarks.faults.raw import TableSplit
from chainrule import TableClassifier, TableRegressor

Frame = pd.DataFrame
Change = Callable[[Frame, NDArray[Any], np.random.Generator], Frame]


class TableSetting(Setting):
    """A raw table and a seed; the network is the preset's."""

    @property
    def split(self) -> Any:
        return raw.load(self.data)

    def model(self, split: Any, **parameters: Any) -> Any:
        kind = TableClassifier if split.task == "classes" else TableRegressor
        return kind(**{"preset": "fast", "random_state": self.seed, "n_threads": 1, **parameters})


def columns(change: Change) -> Callable[[TableSplit, Setting], TableSplit]:
    """Changes all of X, by y if need be."""
    return lambda split, setting: split.over_columns(lambda X, y: change(X, y, setting.random))


def leak(noise: float) -> Callable[[TableSplit, Setting], TableSplit]:
    """The target in other units as a column, with this much noise."""

    def change(X: Frame, y: NDArray[Any], random: np.random.Generator) -> Frame:
        return X.assign(later=3 - (y - y.mean()) / y.std() - noise * random.normal(size=len(y)))

    return columns(change)


def bare(X: Frame, y: NDArray[Any], random: np.random.Generator) -> Frame:
    """Every column in an order of its own: as it was, and without a word of the target."""
    return pd.DataFrame({name: X[name].to_numpy()[random.permutation(len(X))] for name in X})


def beside(count: int) -> Change:
    """Columns of noise beside X."""
    return lambda X, y, random: X.assign(**{f"noise{k}": random.normal(size=len(X)) for k in range(count)})


def rare(share: float) -> Callable[[TableSplit, Setting], TableSplit]:
    """Two classes, the second of which is this share of all rows: the last of the old ones, thinned out; and gaps."""

    def thinned(X: Frame, y: NDArray[Any], random: np.random.Generator) -> tuple[Frame, NDArray[Any]]:
        other, one = np.flatnonzero(y == 0), np.flatnonzero(y)
        kept = random.permutation(np.concatenate([other, one[: max(5, round(share * len(other)))]]))
        gaps = random.random((len(kept), X.shape[1])) < 0.6
        return X.iloc[kept].astype(object).mask(gaps).infer_objects().reset_index(drop=True), y[kept]

    def change(split: TableSplit, setting: Setting) -> TableSplit:
        two = split.over_target(lambda y: (y == y.max()).astype(np.int64))
        held = thinned(two.X_held, two.y_held, setting.random)
        return TableSplit(two.task, *thinned(two.X, two.y, setting.random), *held)

    return change


def held(change: Callable[[Frame, np.random.Generator], Frame]) -> Callable[[TableSplit, Setting], TableSplit]:
    """Changes the rows held out alone."""
    return lambda split, setting: replace(split, X_held=change(split.X_held, setting.random))


def mixed(word: str, share: float) -> Callable[[TableSplit, Setting], TableSplit]:
    """A word in place of some numbers of the first column that has any."""

    def change(X: Frame, y: NDArray[Any], random: np.random.Generator) -> Frame:
        name = next(one for one in X if X[one].dtype.kind in "if")
        texts = [word if lost else None if pd.isna(v) else str(v)
                 for v, lost in zip(X[name], random.random(len(X)) < share, strict=True)]  # fmt: skip
        return X.assign(**{name: texts})

    return columns(change)


def tickets(X: Frame, y: NDArray[Any], random: np.random.Generator) -> Frame:
    """Words of which most stand in a row or two."""
    return X.assign(ticket=[f"T{k}" for k in random.integers(0, 2 * len(X), len(X))])


def towns(X: Frame, y: NDArray[Any], random: np.random.Generator) -> Frame:
    """A word of no meaning beside X."""
    return X.assign(town=random.choice(["Bonn", "Trier", "Worms", "Speyer"], len(X)))


def elsewhere(X: Frame, random: np.random.Generator) -> Frame:
    """A fifth of the towns are others."""
    return X.assign(town=X["town"].where(random.random(len(X)) > 0.2, "Ulm"))


def dated(X: Frame, y: NDArray[Any], random: np.random.Generator) -> Frame:
    """Days of a year beside X."""
    return X.assign(seen=np.datetime64("2023-01-01", "ns") + random.integers(0, 365, len(X)).astype("m8[D]"))


def later(days: int) -> Callable[[Frame, np.random.Generator], Frame]:
    """Days that lie so much later."""
    return lambda X, random: X.assign(seen=X["seen"] + np.timedelta64(days, "D"))


def then(*changes: Any) -> Callable[[TableSplit, Setting], TableSplit]:
    """One change after the other."""

    def change(split: TableSplit, setting: Setting) -> TableSplit:
        for one in changes:
            split = one(split, setting)
        return split

    return change


def like(**parameters: Any) -> Callable[[Setting], dict[str, Any]]:
    """The same parameters in every setting."""
    return lambda setting: parameters


NO_STOP = like(max_iter=60, n_iter_no_change=60)
FAULTS: tuple[Fault, ...] = (
    Fault("label-leak", "the target as a column", BUILT_IN, spoil=leak(0.0)),
    Fault("label-leak", "the target as a column, with 1 % of noise", BUILT_IN, spoil=leak(0.01)),
    Fault("label-leak", "the class as a word", BUILT_IN, tasks=("classes",),
          spoil=columns(lambda X, y, random: X.assign(later=np.array(list("zyxwvutsrq"))[y]))),
    Fault("shuffled-labels", "all targets", BUILT_IN, spoil=shuffled(1.0)),
    Fault("shuffled-labels", "19 of 20 targets", BUILT_IN, spoil=shuffled(0.95)),
    Fault("shuffled-labels", "all targets, after 12 epochs", BUILT_IN, like(max_iter=12), spoil=shuffled(1.0)),
    Fault("like-a-constant", "every column in an order of its own", NOTHING, spoil=columns(bare)),
    Fault("like-a-constant", "every column in an order of its own, 300 rows", NOTHING,
          spoil=columns(bare), shared=few(300)),
    Fault("rate-too-high", "a rate of 3", harm(0.05), like(learning_rate_init=3.0)),
    Fault("rate-too-high", "a rate of 30", harm(0.05), like(learning_rate_init=30.0)),
    Fault("rate-too-low", "a rate of 1e-6", harm(0.05), like(learning_rate_init=1e-6)),
    Fault("rate-too-low", "a rate of 1e-5", harm(0.05), like(learning_rate_init=1e-5)),
    Fault("overfitting", "120 rows, 40 columns of noise beside them", GAP, NO_STOP, shared=few(120),
          spoil=columns(beside(40))),
    Fault("overfitting", "300 rows, three labels in ten wrong", GAP, NO_STOP, spoil=then(few(300), noisy(0.3))),
    Fault("underfitting", "dropout of 0.98", LOW, like(dropout=0.98)),
    Fault("underfitting", "three epochs at a rate of 1e-4", LOW, like(learning_rate_init=1e-4, max_iter=3)),
    Fault("underfitting", "one unit in each of two layers", LOW, like(hidden_layer_sizes=(1, 1))),
    Fault("class-imbalance", "one in a hundred", IGNORED, shared=rare(0.01), twin=like(class_weight="balanced"),
          tasks=("classes",)),
    Fault("class-imbalance", "one in thirty", IGNORED, shared=rare(0.03), twin=like(class_weight="balanced"),
          tasks=("classes",)),
    Fault("mixed-column", "a word in two of a hundred numbers", BUILT_IN, spoil=mixed("over the limit", 0.02)),
    Fault("id-among-inputs", "numbers of the rows, in no order", BUILT_IN,
          spoil=columns(lambda X, y, random: X.assign(ref=random.permutation(len(X)) + 1))),
    Fault("id-among-inputs", "account numbers of seven figures", BUILT_IN,
          spoil=columns(lambda X, y, random: X.assign(account=random.choice(9_000_000, len(X), False) + 1_000_000))),
    Fault("id-among-inputs", "customers of a row or two, by a number that is called so", BUILT_IN,
          spoil=columns(lambda X, y, random: X.assign(customer_id=random.integers(0, 8 * len(X), len(X)) ** 2))),
    Fault("id-among-inputs", "tickets, as words, of a row or two", BUILT_IN,
          spoil=columns(tickets)),
    Fault("dates-beyond-training", "two months after a year", BUILT_IN, spoil=then(columns(dated), held(later(60)))),
    Fault("dates-beyond-training", "two years after a year", BUILT_IN, spoil=then(columns(dated), held(later(730)))),
    Fault("unknown-levels", "a town in a fifth of the rows held out", BUILT_IN,
          spoil=then(columns(towns), held(elsewhere))),
    Fault("unknown-levels", "small letters in the rows held out", BUILT_IN,
          spoil=then(columns(towns), held(lambda X, random: X.assign(town=X["town"].str.lower())))),
)  # fmt: skip
RULES: tuple[str, ...] = tuple(dict.fromkeys(one.rule for one in FAULTS))


@dataclass(frozen=True)
class HealthyTable:
    """A table estimator that should learn."""

    kind: str
    setting: TableSetting

    @property
    def name(self) -> str:
        return f"healthy: {self.kind}, {self.setting.data}, seed {self.setting.seed}"

    def network(self) -> tuple[Any, Any]:
        """The estimator, unfitted, and its data."""
        parameters, rows = KINDS[self.kind]
        split = self.setting.split if rows is None else self.setting.split.first(rows)
        return self.setting.model(split, **parameters), split

    def reference(self) -> float:
        """Held-out score of gradient boosting on as many rows."""
        return reference(self.setting.data, KINDS[self.kind][1])


#: Healthy kinds: parameters, and how many rows, None for all.
KINDS: dict[str, tuple[dict[str, Any], int | None]] = {
    "fast": ({}, None),
    "fast, 500 rows": ({}, 500),
    "default": ({"preset": "default"}, None),
    "default, 500 rows": ({"preset": "default"}, 500),
    "dropout of 0.2": ({"dropout": 0.2}, None),
    "one layer": ({"hidden_layer_sizes": (64,)}, None),
    "four layers, GELU": ({"hidden_layer_sizes": (64,) * 4, "activation": "gelu"}, None),
    "quantiles": ({"numbers": "quantile"}, None),
    "a rate of 0.002, batches of 64": ({"learning_rate_init": 0.002, "batch_size": 64}, None),
    "weights that decay": ({"weight_decay": 0.05}, None),
    "three members": ({"n_members": 3}, None),
    "12 epochs": ({"max_iter": 12}, None),
}


def faulty(rule: str, half: Half, count: int) -> list[Case]:
    """`count` cases of a rule, and a few more where its faults are many."""
    faults = [one for one in FAULTS if one.rule == rule]
    each = -(-count // len(faults))
    return [
        Case(fault, setting)
        for fault in faults
        for setting in _settings(f"{half} table {rule} {fault.name}", raw.names(half, fault.tasks), each)
    ]


def healthy(half: Half, each: int) -> list[HealthyTable]:
    """`each` settings of every healthy kind."""
    return [
        HealthyTable(kind, one) for kind in KINDS for one in _settings(f"{half} table {kind}", raw.names(half), each)
    ]


def _settings(key: str, names: tuple[str, ...], count: int) -> list[TableSetting]:
    return [TableSetting(one.data, 0, 0, one.seed) for one in drawn(key, names, (0,), (0,), count)]


@cache
def reference(name: str, rows: int | None) -> float:
    """Held-out score of gradient boosting, its words as codes."""
    split = raw.load(name) if rows is None else raw.load(name).first(rows)
    kind = HistGradientBoostingClassifier if split.task == "classes" else HistGradientBoostingRegressor
    words = [one for one in split.X if split.X[one].dtype.kind not in "biuf"]
    code = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    model = make_pipeline(make_column_transformer((code, words), remainder="passthrough"), kind(random_state=0))
    return float(model.fit(split.X, split.y).score(split.X_held, split.y_held))
