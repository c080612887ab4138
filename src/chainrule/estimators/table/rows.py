"""What a user gives to a table estimator, as a Table, a target and weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from sklearn.utils.validation import _check_feature_names

from chainrule.errors import InputError, unknown_name
from chainrule.models.inputs import by_name, path_of
from chainrule.tables.reading import read_numbers
from chainrule.tables.reading import split_target as split_target
from chainrule.tables.reading import values as values
from chainrule.tables.table import Table

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


def split_weight(found: Table, weight: Any, where: str) -> tuple[Table, Any]:
    """The other columns, and the weights, where those are a column of the table."""
    if not isinstance(weight, str):
        return found, weight
    if weight not in found.names:
        raise unknown_name(f"{where}: sample_weight", weight, found.names)
    weights = read_numbers(found[weight], weight, where)
    bad = ~(weights >= 0)
    if bad.any():
        row = int(bad.argmax())
        raise InputError(
            f"{where}, column {weight!r}, row {found[weight].first + row}", "weights >= 0", f"{weights[row]:g}",
            "0 leaves a row out, 2 counts it twice.",
        )  # fmt: skip
    return found.without(weight), weights
