"""What users of other libraries do to a table first: dates to numbers, words to levels or strings, one-hot columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from benchmarks.tables.splits import moments

#: Parts of a time, beside its elapsed days.
PARTS = ("year", "month", "day", "day_of_week", "hour")
#: Levels that HistGradientBoosting takes of one column; of more, their codes are numbers.
MOST_LEVELS = 255


@dataclass(frozen=True)
class Kinds:
    """What the columns of a table are: dates and texts as told, words and numbers as pandas read them."""

    dates: tuple[str, ...]
    texts: tuple[str, ...]
    words: tuple[str, ...]
    numbers: tuple[str, ...]

    @classmethod
    def of(cls, X: pd.DataFrame, dates: tuple[str, ...], texts: tuple[str, ...]) -> Self:
        rest = [name for name in X if name not in {*dates, *texts}]
        words = tuple(name for name in rest if not pd.api.types.is_numeric_dtype(X[name]))
        there = {*X.columns}
        return cls(
            tuple(name for name in dates if name in there),
            tuple(name for name in texts if name in there),
            words,
            tuple(name for name in rest if name not in words),
        )


def numbers(X: pd.DataFrame, kinds: Kinds) -> pd.DataFrame:
    """Numbers and truth values as floats; of each date the elapsed days and the parts of the time, behind them."""
    found = {name: X[name].astype("float64") for name in kinds.numbers}
    for name in kinds.dates:
        when = moments(X[name], f"the column {name!r}")
        if pd.api.types.is_numeric_dtype(when):
            found[name] = when.astype("float64")
            continue
        found[f"{name} days"] = (when - pd.Timestamp(0)) / pd.Timedelta(days=1)
        found |= {f"{name} {part}": getattr(when.dt, part).astype("float64") for part in PARTS}
    return pd.DataFrame(found, index=X.index)


def strings(X: pd.DataFrame, names: tuple[str, ...], nothing: str | None = None) -> pd.DataFrame:
    """Words and texts as strings; what is missing is `nothing`, or stays missing."""
    found = X[list(names)].astype(object).map(str, na_action="ignore")
    return found if nothing is None else found.fillna(nothing)


@dataclass
class Levels:
    """A frame of floats and categories, whose levels are those of the training rows: another one is missing.

    Parameters
    ----------
    kinds : of the columns
    most : levels of a category; where a column has more, their codes in the order of words are numbers
    filled : whether missing numbers become the mean of their column
    """

    kinds: Kinds
    most: int | None = None
    filled: bool = False

    def fit(self, X: pd.DataFrame) -> Self:
        words = strings(X, self.kinds.words + self.kinds.texts)
        self.levels = {name: pd.CategoricalDtype(sorted(words[name].dropna().unique())) for name in words}
        self.means = numbers(X, self.kinds).mean().fillna(0.0) if self.filled else None
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        known = numbers(X, self.kinds)
        found = known if self.means is None else known.fillna(self.means)
        words = strings(X, self.kinds.words + self.kinds.texts)
        for name, levels in self.levels.items():
            column = words[name].where(words[name].isin(levels.categories)).astype(levels)
            if self.most is not None and len(levels.categories) > self.most:
                column = column.cat.codes.where(column.notna()).astype("float64")
            found[name] = column
        return found.set_axis([f"x{i}" for i in range(found.shape[1])], axis=1)  # LightGBM refuses some names


@dataclass
class Strings:
    """A frame of floats and strings, as CatBoost takes it: it has no missing words."""

    kinds: Kinds

    def fit(self, X: pd.DataFrame) -> Self:
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        words = strings(X, self.kinds.words, "missing"), strings(X, self.kinds.texts, "")
        return pd.concat([numbers(X, self.kinds), *words], axis=1)


@dataclass
class OneHot:
    """Standardised numbers, gaps filled with the mean; a column for each level; texts by TF-IDF: scikit-learn's way."""

    kinds: Kinds

    def fit(self, X: pd.DataFrame) -> Self:
        kinds, known = self.kinds, list(numbers(X, self.kinds))
        steps: list[Any] = []
        if known:
            steps.append((make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler()), known))
        if kinds.words:
            steps.append((OneHotEncoder(handle_unknown="ignore"), list(kinds.words)))
        steps += [(TfidfVectorizer(), name) for name in kinds.texts]
        self.columns = make_column_transformer(*steps).fit(self._plain(X))
        return self

    def transform(self, X: pd.DataFrame) -> Any:
        return self.columns.transform(self._plain(X))

    def _plain(self, X: pd.DataFrame) -> pd.DataFrame:
        return Strings(self.kinds).transform(X)


Prepare = Levels | Strings | OneHot


@dataclass
class Prepared:
    """A model of another library behind what is done to its tables."""

    prepare: Prepare
    model: Any

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> Self:
        self.model.fit(self.prepare.fit(X).transform(X), y)
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        return self.model.predict(self.prepare.transform(X))

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        return self.model.predict_proba(self.prepare.transform(X))

    @property
    def classes_(self) -> np.ndarray:
        return np.asarray(self.model.classes_)
