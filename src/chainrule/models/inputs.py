"""How X comes in: rows of numbers, sequences, or columns of a table; checked, and in the form that a network reads."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

from chainrule.engine.expansion import Coded
from chainrule.engine.feeds import Packed, check_sparse, pack
from chainrule.errors import InputError, InputTypeError
from chainrule.tables import files, frames
from chainrule.tables.encoder import Encoder
from chainrule.tables.files import TableFile
from chainrule.tables.reading import split_target
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
        if issparse(X):
            found = check_sparse(where, X).tocsr().astype(dtype, copy=False)
        else:
            try:
                with np.errstate(over="ignore"):
                    found = np.ascontiguousarray(X, dtype)
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
        if given and given != self.names:
            raise InputError(
                where, f"the columns of fit, {list(self.names or ())}"[:200], str(list(given))[:200], "X[names of fit]."
            )


@dataclass(frozen=True)
class SequenceInput(Input):
    """Sequences of steps, each a row of numbers."""

    features: int

    def read(self, X: Any, where: str, dtype: Any) -> Packed:
        found = pack(X, where=where)
        if found.shape[1] != self.features:
            raise InputError(
                where, f"{self.features} features, as in fit", found.shape[1],
                "The last axis of a sequence holds the features.",
            )  # fmt: skip
        found = pack(found, dtype=dtype)
        finite(where, found.steps)
        return found


@dataclass(frozen=True)
class ColumnInput(Input):
    """Columns of a table, each in its encoding.

    Attributes
    ----------
    encoder : of the columns
    target : name of the column that is predicted, where it has one
    """

    encoder: Encoder
    features: int
    names: tuple[str, ...] | None = None
    target: str | None = None

    @property
    def width(self) -> int:
        return self.encoder.expansion.width

    def read(self, X: Any, where: str, dtype: Any) -> Coded:
        """Frames have the columns of fit in their order; of files, those are found by name, and others passed over."""
        if isinstance(X, Coded):
            return X
        found = table_of(X, where)
        if len(found) == 0:
            raise InputError(where, "at least 1 row", "0 sample(s)", "a minimum of 1 is required.")
        if not by_name(X):
            found = found.without(self.target) if self.target in found.names else found
            if found.named and self.names is not None and found.names != self.names:
                raise InputError(
                    where, f"the columns of fit, in their order: {list(self.names)}"[:200],
                    str(list(found.names))[:200], "Reorder them: X[names of fit].",
                )  # fmt: skip
            self.check_count(found, where)
        return self.encoder.code(found, path_of(X) or where)

    def split(self, X: Any, y: Any, where: str) -> tuple[Any, Any]:
        if not (isinstance(y, str) or path_of(X)):
            return X, y
        where = path_of(X) or where
        found, y, _ = split_target(table_of(X, where), self.target if y is None else y, where)
        return found, y

    def check_count(self, found: Table, where: str) -> None:
        """Refuse a table of more or fewer columns than in fit."""
        if len(found.names) != self.features:
            raise InputError(
                where, f"{self.features} columns, as in fit", f"X has {len(found.names)} features",
                f"the model is expecting {self.features} features as input.",
            )  # fmt: skip

    def feature_names(self) -> tuple[str, ...]:
        return tuple(self.encoder.feature_names())


def finite(where: str, values: Any) -> Any:
    """The values again, dense or sparse, after a look for NaN and infinity."""
    entries: Any = values.data if issparse(values) else values  # type: ignore[attr-defined]
    with np.errstate(all="ignore"):
        if np.isfinite(entries.sum()) or np.isfinite(entries).all():
            return values
    good = np.isfinite(entries)
    axes = ("entry",) if entries is not values else ("row", "column")
    place = np.argwhere(~good)[0]
    first = ", ".join(f"{axis} {i}" for axis, i in zip(axes, place, strict=False))
    bad = "NaN" if np.isnan(entries[tuple(place)]) else "infinity or a value too large for its dtype"
    raise InputError(
        where, f"finite numbers of dtype {entries.dtype}",
        f"{bad} in {int((~good).sum())} places, the first at {first}",
        "Fill missing values or leave their rows out, and scale huge ones.",
    )  # fmt: skip


def path_of(X: Any) -> str:
    """The name of the file that rows are in, or nothing."""
    if isinstance(X, TableFile):
        return str(X.path)
    return str(X) if isinstance(X, (str, os.PathLike)) else ""


def table_of(X: Any, where: str) -> Table:
    """Rows in memory, from a frame, an array, a file or its path."""
    if isinstance(X, (str, os.PathLike)):
        X = files.open_file(X)
    return X.read() if isinstance(X, TableFile) else frames.table(X, where)


def by_name(X: Any) -> bool:
    """Whether columns are found by their names, whatever their order."""
    return isinstance(X, (str, os.PathLike, TableFile, Table, Mapping))
