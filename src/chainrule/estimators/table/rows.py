"""What a user gives to a table estimator, as a Table, a target, weights and groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from numpy.typing import NDArray
from sklearn.utils.validation import _check_feature_names

from chainrule.errors import InputError, unknown_name
from chainrule.estimators.inputs import one_form
from chainrule.models.inputs import ColumnInput, by_name, path_of, table_of
from chainrule.models.truth import truth_in
from chainrule.tables.column import Column
from chainrule.tables.field import Field
from chainrule.tables.learn import Said
from chainrule.tables.reading import read_numbers, split_column, target, target_field
from chainrule.tables.schema import Nothing
from chainrule.tables.table import Table

Array = NDArray[Any]


@dataclass(frozen=True)
class GivenTable:
    """Rows as a user gives them: X, y and weights, the latter two perhaps as names of columns."""

    X: Any
    y: Any
    weight: Any = None

    @property
    def nothing(self) -> bool:
        return self.X is None and self.y is None and self.weight is None


class Split(NamedTuple):
    """The columns to learn from, and what is none of them; and what a target is that is a column of the table."""

    table: Table
    y: Any
    weight: Any
    groups: Any
    target: Field | None


def where(estimator: Any, X: Any, what: str = "X") -> str:
    """How errors call rows: by their file, or by the parameter."""
    return path_of(X) or f"{type(estimator).__name__}: {what}"


def names_of(estimator: Any, X: Any, found: Table) -> tuple[str, ...] | None:
    """The names of the columns found in X by scikit-learn's rules, or None where they have none."""
    if by_name(X):
        return found.names
    draft = estimator._unfitted()
    with one_form(where(estimator, X), "columns that are all named by texts, or all by numbers", X):
        _check_feature_names(draft, X, reset=True)
    return found.names if hasattr(draft, "feature_names_in_") else None


def split(given: GivenTable, where: str, like: ColumnInput | Said, groups: Any = None) -> Split:
    """Rows in memory, cut into their parts.

    Those like the rows of a fit have its columns, and are read as they were; of others, what a user says of them tells
    which words stand for nothing.
    """
    source, nothing = (like, like.encoder.schema.nothing) if isinstance(like, ColumnInput) else (None, like.nothing)
    named = (name for name in (given.y, given.weight, groups) if isinstance(name, str))
    asked = None if source is None else [*source.encoder.names, source.target, *named]
    table, y = table_of(given.X, where, asked), given.y
    if y is None and source is not None and (path_of(given.X) or source.target in table.columns):
        y = source.target
    table, y = split_column(table, y, where, "target")
    field = None
    if isinstance(y, Column) and source is not None:
        y = source.read_target(y, str(given.y or source.target), where)
    elif isinstance(y, Column):
        assert isinstance(like, Said)
        words = nothing.of(given.y)
        field = target_field(given.y, y, words, where, like.of_target(given.y), like.decimal)
        y = truth_in(y, field, words, where)
    table, weight = split_weight(table, given.weight, where, nothing)
    table, found = split_column(table, groups, where, "groups")
    if isinstance(found, Column):
        words = nothing.of(groups)
        found = target(found, target_field(groups, found, words, where), words, where, "groups")
    return Split(table if source is None else source.checked(table, given.X, where), y, weight, found, field)


def split_weight(found: Table, weight: Any, where: str, nothing: Nothing) -> tuple[Table, Any]:
    """The other columns, and the weights, where those are a column of the table."""
    if not isinstance(weight, str):
        return found, weight
    if weight not in found.names:
        raise unknown_name(f"{where}: sample_weight", weight, found.names)
    weights = read_numbers(found[weight], weight, where, nothing.of(weight), "as weights are")
    bad = ~(weights >= 0)
    if bad.any():
        row = int(bad.argmax())
        raise InputError(
            f"{where}, column {weight!r}, row {found[weight].row(row)}", "weights >= 0", f"{weights[row]:g}",
            "0 leaves a row out, 2 counts it twice.",
        )  # fmt: skip
    return found.without(weight), weights
