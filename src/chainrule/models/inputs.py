"""How X comes in: rows of numbers, sequences, or columns of a table; checked, and in the form that a network reads."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.expansion import Coded
from chainrule.engine.feeds import Packed, check_lengths, check_real, check_sparse, is_sparse, pack
from chainrule.errors import InputError, InputTypeError
from chainrule.models.truth import Truth, truth_in
from chainrule.tables import files, frames
from chainrule.tables.column import Column
from chainrule.tables.encoder import Encoder
from chainrule.tables.field import Field
from chainrule.tables.files import TableFile
from chainrule.tables.reading import split_column, target_field
from chainrule.tables.table import Table

Array = NDArray[Any]


class Input(ABC):
    """What a fit has seen of X, and what is needed to read other rows like those.

    Attributes
    ----------
    features : columns of X, features of a step
    names : of the columns, where they have some
    """

    features: int
    names: tuple[str, ...] | None = None

    @property
    def width(self) -> int:
        """Inputs of the network."""
        return self.features

    @abstractmethod
    def read(self, X: Any, where: str, dtype: Any) -> Any:
        """X as a predictor takes it.

        Parameters
        ----------
        X : as it was given
        where : how errors call it
        dtype : float type of the network

        Raises
        ------
        InputError, InputTypeError
            For what cannot be read, has other columns than in fit, or is not finite.
        """

    def split(self, X: Any, y: Any, where: str) -> tuple[Any, Any]:
        """Rows to predict and their y, which may be in a column of a table: by its name, or that of fit where None."""
        return X, y

    def feature_names(self) -> tuple[str, ...]:
        """A name for each input of the network, where there are any."""
        return self.names or ()

    def nameless(self) -> Input:
        """The same, of rows that have lost their columns' names."""
        return self


@dataclass(frozen=True)
class RowInput(Input):
    """Rows of numbers, dense or sparse."""

    features: int
    names: tuple[str, ...] | None = None

    def read(self, X: Any, where: str, dtype: Any) -> Any:
        self._check_names(X, where)
        if is_sparse(X):
            found = check_real(where, check_sparse(where, X)).tocsr().astype(dtype, copy=False)
        else:
            try:
                with np.errstate(over="ignore"):
                    found = np.ascontiguousarray(check_real(where, np.asarray(X)), dtype)
            except InputError:
                raise
            except (TypeError, ValueError) as error:
                raise InputTypeError(where, "numbers", type(X).__name__, f"{error}.") from error
        if found.ndim != 2 or not found.shape[0] or found.shape[1] != self.features:
            raise InputError(
                where, f"rows of {self.features} features, as in fit", f"shape {found.shape}", "A row is X[:1]."
            )
        return finite(where, found)

    def nameless(self) -> RowInput:
        return RowInput(self.features)

    def _check_names(self, X: Any, where: str) -> None:
        given = tuple(map(str, getattr(X, "columns", ()))) if self.names else ()
        if given and self.names:
            check_names(self.names, given, where)


@dataclass(frozen=True)
class SequenceInput(Input):
    """Sequences of steps, each a row of numbers.

    Attributes
    ----------
    padded : whether fit was given padded arrays and their lengths, so that an array alone does not tell its sequences
    """

    features: int
    padded: bool = False

    def read(self, X: Any, where: str, dtype: Any) -> Packed:
        found = pack(check_lengths(where, X) if self.padded else X, where=where)
        if found.shape[1] != self.features:
            raise InputError(
                where, f"{self.features} features, as in fit", found.shape[1],
                "The last axis of a sequence holds the features.",
            )  # fmt: skip
        found = pack(found, dtype=dtype)
        finite(where, found)
        return found


@dataclass(frozen=True)
class ColumnInput(Input):
    """Columns of a table, each in its encoding.

    Attributes
    ----------
    encoder : of the columns
    target : name of the column that is predicted, where it has one
    target_field : how that column is read
    """

    encoder: Encoder
    features: int
    names: tuple[str, ...] | None = None
    target: str | None = None
    target_field: Field | None = None

    @property
    def width(self) -> int:
        return self.encoder.expansion.width

    def read(self, X: Any, where: str, dtype: Any) -> Coded:
        if isinstance(X, Coded):
            return X
        where = path_of(X) or where
        return self.encoder.code(self.checked(table_of(X, where, self.encoder.names), X, where), where)

    def checked(self, found: Table, X: Any, where: str) -> Table:
        """The columns that X was read as, which have to be those of fit.

        A frame has them in their order, an array as many. Of a file they are found by name; it may have others, in any
        order. A column of the target is passed over.
        """
        if len(found) == 0:
            raise InputError(where, "at least 1 row", "0 sample(s)", "a minimum of 1 is required.")
        if by_name(X):
            return found
        if self.target in found.columns:
            found = found.without(str(self.target))
        if found.named and self.names is not None:
            check_names(self.names, found.names, where)
        if len(found.names) != self.features:
            raise InputError(
                where, f"{self.features} features, as in fit", f"{len(found.names)}",
                f"X has {len(found.names)} features, but this is expecting {self.features} features as input.",
            )  # fmt: skip
        return found

    def split(self, X: Any, y: Any, where: str) -> tuple[Any, Any]:
        if not (isinstance(y, str) or files.is_source(X)):
            return X, y
        where = path_of(X) or where
        name = self.target if y is None else y
        whole = table_of(X, where, [*self.encoder.names, name])
        table, column = split_column(whole, name, where, "target")
        return table, self.read_target(column, str(name), where) if isinstance(column, Column) else column

    def read_target(self, column: Column, name: str, where: str) -> Truth:
        """What a column says is true, read as in fit."""
        nothing, field = self.encoder.schema.nothing.of(name), self.target_field
        if field is None:
            field = target_field(name, column, nothing, where)
        return truth_in(column, replace(field, name=name), nothing, where)

    def feature_names(self) -> tuple[str, ...]:
        return tuple(self.encoder.feature_names())


def finite(where: str, values: Any) -> Any:
    """The values again, dense, sparse or packed, after a look for NaN and infinity."""
    found = not_finite(values)
    if found:
        raise InputError(
            where, f"finite numbers of dtype {values.dtype}", found,
            "Fill missing values or leave their rows out, and scale huge ones.",
        )  # fmt: skip
    return values


def not_finite(values: Any) -> str:
    """What of some values is NaN or infinite, and where the first of it stands; nothing where all are finite."""
    entries: Any = values
    if isinstance(values, Packed):
        entries = values.steps
    elif is_sparse(values):
        entries = values.data
    with np.errstate(all="ignore"):
        if np.isfinite(entries.sum()):
            return ""
    good = np.isfinite(entries)
    if good.all():
        return ""
    place = np.argwhere(~good)[0]
    bad = "NaN" if np.isnan(entries[tuple(place)]) else "infinity or a value too large for its dtype"
    axes: tuple[str, ...] = ("row", "column") if entries is values else ("entry",)
    if isinstance(values, Packed):
        sequence = int(np.searchsorted(values.boundaries, place[0], "right")) - 1
        axes, place = ("sequence", "step", "feature"), (sequence, place[0] - values.boundaries[sequence], place[1])
    first = ", ".join(f"{axis} {i}" for axis, i in zip(axes, place, strict=False))
    return f"{bad} in {int((~good).sum())} places, the first at {first}"


def check_names(names: tuple[str, ...], given: tuple[str, ...], where: str) -> None:
    """Refuse other columns than those of fit, or in another order; what is amiss is said in scikit-learn's words."""
    if given == names:
        return
    unseen, missing = sorted(set(given).difference(names)), sorted(set(names).difference(given))
    mend = "The feature names should match those that were passed during fit.\n"
    if unseen:
        mend += f"Feature names unseen at fit time:\n{_listed(unseen)}"
    if missing:
        mend += f"Feature names seen at fit time, yet now missing:\n{_listed(missing)}"
    if not (unseen or missing):
        mend += "Feature names must be in the same order as they were in fit.\n"
    if not missing:
        mend += "Give these columns alone, in this order; of a dict or a file they are found by name."
    raise InputError(where, f"the columns of fit in their order, {list(names)}"[:200], str(list(given))[:200], mend)


def _listed(names: list[str]) -> str:
    """A line for each of the first five."""
    return "".join(f"- {name}\n" for name in names[:5]) + "- ...\n" * (len(names) > 5)


def path_of(X: Any) -> str:
    """The name of what rows are read from, or nothing."""
    if isinstance(X, TableFile):
        return str(X.path)
    return files.called(X) if files.is_path(X) else ""


def table_of(X: Any, where: str, columns: Iterable[Any] | None = None) -> Table:
    """Rows in memory, from a frame, an array or a source; of a source, only these columns, as far as it has them."""
    source = files.source(X, where)
    if source is None:
        return frames.table(X, where)
    asked = None if columns is None else [name for name in dict.fromkeys(columns) if name in source.names]
    return source.read(asked or None)


def by_name(X: Any) -> bool:
    """Whether columns are found by their names, whatever their order."""
    return isinstance(X, (Table, Mapping)) or files.is_source(X)
