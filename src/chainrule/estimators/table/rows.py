"""What a user gives to a table estimator, as a Table, a target and weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import _check_feature_names

from chainrule.errors import InputError, unknown_name
from chainrule.models.inputs import by_name, path_of
from chainrule.tables.reading import read_numbers
from chainrule.tables.table import Column, Table

Array = NDArray[Any]


@dataclass(frozen=True)
class GivenTable:
    """Rows as a user gives them to fit: X, y and weights, the latter two perhaps as names of columns."""

    X: Any
    y: Any
    weight: Any = None

    @property
    def nothing(self) -> bool:
        return self.X is None


def where(estimator: Any, X: Any, what: str = "X") -> str:
    """How errors call rows: by their file, or by the parameter."""
    return path_of(X) or f"{type(estimator).__name__}: {what}"


def names_of(estimator: Any, X: Any, found: Table) -> tuple[str, ...] | None:
    """The columns' names by scikit-learn's rules, or None where they have none."""
    if by_name(X):
        return found.names
    draft = estimator._unfitted()
    _check_feature_names(draft, X, reset=True)
    names = getattr(draft, "feature_names_in_", None)
    return None if names is None else tuple(map(str, names))


def check_names(estimator: Any, X: Any, found: Table, target: str | None) -> Table:
    """Rows to predict, whose columns are those of fit.

    Frames follow scikit-learn's rule: the same names in the same order. Of a file columns are found by name; it may
    have others, in any order. An array has as many columns as in fit. A column of the target is passed over.
    """
    where = f"{type(estimator).__name__}: X"
    if len(found) == 0:
        raise InputError(where, "at least 1 row", "0 sample(s)", "a minimum of 1 is required.")
    if by_name(X):
        return found
    if target in found.names:
        found = found.without(str(target))
    else:
        _check_feature_names(estimator, X, reset=False)
    if len(found.names) != estimator.n_features_in_:
        raise InputError(
            where, f"{estimator.n_features_in_} features, as in fit", f"{len(found.names)}",
            f"X has {len(found.names)} features, but {type(estimator).__name__} is expecting "
            f"{estimator.n_features_in_} features as input.",
        )  # fmt: skip
    return found


def split_target(found: Table, y: Any, where: str) -> tuple[Table, Any, str | None]:
    """The columns to learn from, the target, and its name where it is a column of the table."""
    if not isinstance(y, str):
        return found, y, None
    if y not in found.names:
        raise unknown_name(f"{where}, target", y, found.names)
    column = found[y]
    if column.missing.any():
        raise InputError(
            f"{where}, target {y!r}", "a value in every row",
            f"{int(column.missing.sum())} missing, the first in row {column.first + int(column.missing.argmax())}",
            "Leave these rows out.",
        )  # fmt: skip
    return found.without(y), values(column), y


def split_weight(found: Table, weight: Any, where: str) -> tuple[Table, Any]:
    """The other columns, and the weights, where those are a column of the table."""
    if not isinstance(weight, str):
        return found, weight
    if weight not in found.names:
        raise unknown_name(f"{where}: sample_weight", weight, found.names)
    weights = read_numbers(found[weight], weight, where, "as weights are")
    bad = ~(weights >= 0)
    if bad.any():
        row = int(bad.argmax())
        raise InputError(
            f"{where}, column {weight!r}, row {found[weight].first + row}", "weights >= 0", f"{weights[row]:g}",
            "0 leaves a row out, 2 counts it twice.",
        )  # fmt: skip
    return found.without(weight), weights


def values(column: Column) -> Array:
    """A column's values as an array: numbers, words, or truth values."""
    if column.storage != "words":
        found = column.values
        whole = column.storage == "numbers" and bool((found == np.floor(found)).all()) and np.abs(found).max() < 2**53
        return found.astype(np.int64) if whole else found
    levels = np.array(column.levels)
    if set(column.levels) <= {"False", "True"}:
        levels = levels == "True"
    return np.asarray(levels[column.values])
