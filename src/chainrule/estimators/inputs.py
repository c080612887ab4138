"""What comes in: X, y and row weights checked, and whatever cannot be used refused in our one form of error."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_regressor
from sklearn.utils.validation import check_array, column_or_1d, validate_data

from chainrule.engine.feeds import check_sparse, is_sparse
from chainrule.errors import InputError, InputTypeError
from chainrule.models.as_labels import labels
from chainrule.models.as_numbers import numbers
from chainrule.models.inputs import not_finite
from chainrule.models.truth import Truth

Array = NDArray[Any]


@contextmanager
def one_form(where: str, expected: str, *received: Any) -> Iterator[None]:
    """Give what scikit-learn and NumPy refuse inside the form of our errors, and keep their words in it.

    Numbers too large for a float type become infinite without NumPy's warning: `finite` tells of them.
    """
    try:
        with np.errstate(over="ignore"):
            yield
    except (InputError, InputTypeError):
        raise
    except (ValueError, IndexError, TypeError) as error:
        kind = InputTypeError if isinstance(error, TypeError) else InputError
        raise kind(where, expected, " and ".join(map(_described, received)), str(error)) from error


def _described(value: Any) -> str:
    kind, shape = type(value).__name__, getattr(value, "shape", None)
    return kind if shape is None else f"{kind} of shape {tuple(shape)}"


def check_X(estimator: Any, X: Any, dtype: Any) -> Any:
    """Rows to predict, as scikit-learn checks them, in the float type of the network."""
    name = type(estimator).__name__
    if _needs_nothing(estimator, X, dtype):
        return finite(name, "X", X)
    with one_form(f"{name}: X", "a table of numbers with the features seen in fit", X):
        check_sparse(f"{name}: X", X)
        return finite(name, "X", validate_data(estimator, X, reset=False, **_options(dtype)))


def _needs_nothing(estimator: Any, X: Any, dtype: Any) -> bool:
    """Whether scikit-learn would hand X back as it is: its checks take longer than to predict a row."""
    return bool(
        type(X) is np.ndarray
        and X.dtype == dtype
        and X.ndim == 2
        and X.shape[1] == estimator.n_features_in_
        and len(X)
        and X.flags.c_contiguous
        and estimator.model_.input.names is None
    )


@dataclass(frozen=True)
class Given:
    """Rows as a user gives them to fit."""

    X: Any
    y: Any
    weight: Any = None

    @property
    def nothing(self) -> bool:
        return self.X is None and self.y is None and self.weight is None

    def checked(
        self, estimator: Any, dtype: Any, reset: bool, suffix: str = "", where: str = "fit"
    ) -> tuple[Any, Array, Array | None]:
        """X, y and weights that training can use; errors call them X, y and sample_weight with this suffix.

        y comes back with shape (rows,), or (rows, outputs) where there are several. `dtype` None keeps float32 and
        turns all else to float64, as scikit-learn does. X is copied only where its type or its order in memory has to
        change.
        """
        name, numeric = type(estimator).__name__, is_regressor(estimator)
        X, y = self.X, self.y
        with one_form(f"{name}.{where}", f"a table X{suffix} of numbers and one y{suffix} per row", X, y):
            check_sparse(f"{name}: X{suffix}", X)
            if y is not None:
                y = true_of(f"{name}: y{suffix}", y, numeric)
            elif suffix:
                raise ValueError(f"X{suffix} and y{suffix} go together.")
            options = _options(dtype) | {"multi_output": True, "y_numeric": numeric}
            X, y = validate_data(estimator, X, y, reset=reset, **options)
            finite(name, f"X{suffix}", X)
            if y.ndim == 2 and y.shape[1] == 1:
                y = column_or_1d(y, warn=True)
            if numeric:
                y = as_floats(name, f"y{suffix}", y, X.dtype)
        return X, y, check_weight(name, self.weight, X.shape[0], X.dtype, suffix)


class GivenItems(Given, ABC):
    """Items that scikit-learn's checks of a table do not fit, and a y for each."""

    noun: ClassVar[str]

    @abstractmethod
    def items(self, estimator: Any, dtype: Any, reset: bool, what: str) -> Any:
        """X as training takes it."""

    def checked(
        self, estimator: Any, dtype: Any, reset: bool, suffix: str = "", where: str = "fit"
    ) -> tuple[Any, Array, Array | None]:
        name = type(estimator).__name__
        X = self.items(estimator, dtype, reset, f"X{suffix}")
        rows = X.shape[0]
        with one_form(f"{name}.{where}", f"one y{suffix} per {self.noun}", self.y):
            if self.y is None:
                raise ValueError(f"requires y{suffix} to be passed, but the target y{suffix} is None.")
            numeric = is_regressor(estimator)
            y = true_of(f"{name}: y{suffix}", self.y, numeric)
            y = check_array(y, ensure_2d=False, dtype=None, input_name=f"y{suffix}")
            if len(y) != rows:
                raise ValueError(f"{rows} {self.noun}s and {len(y)} targets do not go together.")
            if y.ndim == 2 and y.shape[1] == 1:
                y = column_or_1d(y, warn=True)
            if numeric:
                y = as_floats(name, f"y{suffix}", y, X.dtype)
        return X, y, check_weight(name, self.weight, rows, X.dtype, suffix)


def true_of(where: str, y: Any, numeric: bool) -> Array:
    """y as an array of numbers, or of classes of one type, in which nothing is missing."""
    given = Truth.of(check_sparse(where, y).toarray() if is_sparse(y) else y, where)
    return numbers(given) if numeric else labels(given)


def _options(dtype: Any) -> dict[str, Any]:
    wanted = [np.float64, np.float32] if dtype is None else np.dtype(dtype).type
    return {"accept_sparse": "csr", "dtype": wanted, "order": "C", "ensure_all_finite": False}


def as_floats(name: str, what: str, values: Any, dtype: Any) -> Array:
    """Values as a finite array of this float type; one too large for it is refused."""
    with one_form(f"{name}: {what}", "numbers", values):
        return np.asarray(finite(name, what, np.ascontiguousarray(values, dtype)))


def finite(name: str, what: str, values: Any) -> Any:
    """The values again, after a look for NaN and infinity."""
    found = not_finite(values) if values.dtype.kind == "f" else ""
    if not found:
        return values
    raise InputError(
        f"{name}: Input {what}",
        f"finite numbers of dtype {values.dtype}",
        found,
        f"{name} does not accept missing values encoded as NaN: fill them (SimpleImputer) or drop the rows, "
        "and scale huge values (StandardScaler).",
    )


def check_weight(name: str, weight: Any, rows: int, dtype: Any, suffix: str = "") -> Array | None:
    """Row weights as an array of shape (rows,), or None where there are none; a single number weighs every row."""
    if weight is None:
        return None
    found = as_floats(name, f"sample_weight{suffix}", weight, dtype)
    if np.ndim(np.asarray(weight)) == 0:
        found = np.full(rows, found[0])
    if found.shape != (rows,):
        raise InputError(
            f"{name}: sample_weight{suffix}", f"one number per row, shape ({rows},)", f"shape {found.shape}",
            "Sample weights must be 1D and as many as the rows of X.",
        )  # fmt: skip
    if found.min() < 0 or found.max() == 0:
        raise InputError(
            f"{name}: sample_weight{suffix}", "weights >= 0, at least one above zero",
            f"numbers from {found.min():g} to {found.max():g}", "0 leaves a row out, 2 counts it twice.",
        )  # fmt: skip
    return found
