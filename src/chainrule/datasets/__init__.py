"""Real data that the package carries, with its licences in LICENSES.md."""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

Column = NDArray[Any]


@dataclass(frozen=True)
class Table:
    """A table as columns, with its target and the official split.

    Attributes
    ----------
    columns : name -> array of shape (rows,), floats for numbers and str for categories
    target : array of shape (rows,)
    train, test : bool arrays of shape (rows,)
    """

    columns: dict[str, Column]
    target: Column
    train: NDArray[np.bool_]
    test: NDArray[np.bool_]

    @property
    def numbers(self) -> list[str]:
        """Names of the columns that hold numbers."""
        return [name for name, column in self.columns.items() if column.dtype.kind == "f"]

    @property
    def categories(self) -> list[str]:
        """Names of the columns that hold categories."""
        return [name for name, column in self.columns.items() if column.dtype.kind != "f"]


_ADULT_NUMBERS = {"age", "fnlwgt", "educational-num", "capital-gain", "capital-loss", "hours-per-week"}


def load_adult() -> Table:
    """UCI Adult: does a person earn more than 50,000 dollars? 32,561 rows to train on, 16,281 to test.

    A missing category is "?". Source: Becker and Kohavi, 1996, UCI Machine Learning Repository, CC BY 4.0.

    Examples
    --------
    >>> from chainrule.datasets import load_adult
    >>> adult = load_adult()
    >>> int(adult.train.sum()), int(adult.test.sum()), len(adult.numbers), len(adult.categories)
    (32561, 16281, 6, 8)
    """
    found = _read("adult.csv.gz")
    split, target = found.pop("split"), found.pop("income")
    columns = {n: c.astype(np.float64) if n in _ADULT_NUMBERS else c for n, c in found.items()}
    return Table(columns, target, split == "train", split == "test")


def load_california_housing() -> Table:
    """Median house values (MedHouseVal, in 100,000 dollars) of 20,640 districts of California, census of 1990.

    There is no official split: one row in five, drawn once and for all, is to test. Values above 500,000 dollars
    stand as 5.00001. Source: Pace and Barry, 1997, StatLib.

    Examples
    --------
    >>> from chainrule.datasets import load_california_housing
    >>> housing = load_california_housing()
    >>> int(housing.train.sum()), int(housing.test.sum()), len(housing.numbers), housing.target.dtype
    (16512, 4128, 8, dtype('float32'))
    """
    found = {name: column.astype(np.float32) for name, column in _read("california_housing.csv.gz").items()}
    target = found.pop("MedHouseVal")
    test = np.zeros(len(target), bool)
    test[np.random.default_rng(0).permutation(len(target))[: len(target) // 5]] = True
    return Table(found, target, ~test, test)


def _read(name: str) -> dict[str, Column]:
    """The columns of a file beside this one, as text."""
    with (
        (files(__name__) / name).open("rb") as raw,
        gzip.open(raw, "rt", encoding="utf-8", newline="") as text,
    ):
        names, *rows = csv.reader(text)
    return dict(zip(names, map(np.array, zip(*rows, strict=True)), strict=True))
