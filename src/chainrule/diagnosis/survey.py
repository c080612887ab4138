"""The survey: what the rows to train on are like, before any network has seen them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.diagnosis.relations import told
from chainrule.engine.feeds import is_sparse
from chainrule.errors import InputError
from chainrule.network.losses import Loss

Array = NDArray[Any]

#: Rows that are looked at, drawn evenly over all; fewer of many columns, but not below FEWEST.
LOOKED_AT, NUMBERS, FEWEST = 2_000, 500_000, 200

#: Targets that the loss of a constant is taken of, drawn evenly over all.
TARGETS = 20_000

#: Most columns that are named.
NAMED = 20

#: How far apart two standardised columns may be that count as one: rounding of float32 in other units.
SAME = 1e-4

#: Deviation over root mean square below which a column says nothing.
STILL = 1e-6


@dataclass(frozen=True)
class Survey:
    """What a sample of the rows shows.

    Attributes
    ----------
    rows, columns : of the whole
    looked_at : rows of the sample
    largest : largest root mean square of a column, 0 where there is none that varies
    median : median root mean square of the columns that vary
    constant, n_constant : the first columns that do not vary, and how many there are
    duplicate, n_duplicate : the first columns that repeat an earlier one, in whatever units, and how many there are
    leak : column that tells the target most closely, -1 where none varies
    leak_correlation : its absolute correlation with the target, or with all of its classes
    relation : the largest absolute correlation of a column with the target, or with one of its classes, None where it
        is not known
    shares : of a classification, the share of each class, else empty
    target_rms : of a regression, the largest root mean square of an output, else 0
    variance : of a regression, the mean variance of the outputs, else 0
    counts : of a regression, whether targets are whole numbers from 0 on
    target_skew : of a regression, the largest skewness of an output, else 0
    constant_loss : loss of the best prediction that is the same for all rows, None where it is not known
    held_out_constant : the same of the rows held out, None where there are none
    """

    rows: int
    columns: int
    looked_at: int = 0
    largest: float = 0.0
    median: float = 0.0
    constant: tuple[int, ...] = ()
    n_constant: int = 0
    duplicate: tuple[int, ...] = ()
    n_duplicate: int = 0
    leak: int = -1
    leak_correlation: float = 0.0
    shares: tuple[float, ...] = ()
    target_rms: float = 0.0
    variance: float = 0.0
    counts: bool = False
    target_skew: float = 0.0
    constant_loss: float | None = None
    relation: float | None = None
    held_out_constant: float | None = None

    def __post_init__(self) -> None:
        whole = all(isinstance(one, int) for one in (*self.constant, *self.duplicate))
        sized = 0 <= self.median <= self.largest and (self.median > 0) == (self.largest > 0)
        if not whole or not sized or not all(isinstance(one, float) and 0 <= one <= 1 for one in self.shares):
            raise InputError(
                "Survey", "sizes and places of columns, and shares of classes", self, "Make it with survey(X, y)."
            )


def survey(
    X: Any,
    y: Array,
    classes: int,
    weight: Array | None = None,
    subset: NDArray[np.intp] | None = None,
    loss: Loss | None = None,
    owners: Sequence[int] = (),
) -> Survey:
    """Look at rows.

    Parameters
    ----------
    X : array of shape (rows, features), or what gives rows by X[places], as a sparse matrix, with a `toarray`
    y : class codes, (rows,), or shares of the second of two classes, (rows, 1), where `classes` is not 0; else values,
        (rows,) or (rows, outputs)
    classes : how many there are, 0 of a regression
    weight : of each row, or None for 1 each
    subset : the rows that count, or None for all; no others are read
    loss : in whose form y is, or None
    owners : of each column, the number of what it was made of, where several are made of one; or nothing

    Examples
    --------
    >>> from chainrule.diagnosis.survey import survey
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(100, 3)) * [1, 1000, 0]
    >>> found = survey(X, (X[:, 0] > 0).astype(int), classes=2)
    >>> found.largest > 500, found.constant
    (True, (2,))
    """
    rows, columns = X.shape[0] if subset is None else len(subset), X.shape[1]
    most = int(np.clip(NUMBERS / columns, FEWEST, LOOKED_AT))
    places = np.unique(np.linspace(0, rows - 1, min(rows, most)).astype(np.intp))
    places = places if subset is None else subset[places]
    seen = X[places]
    sample = np.asarray(seen if isinstance(seen, np.ndarray) else seen.toarray(), np.float64)
    constant_loss = None if loss is None else loss_of_constant(y, classes, weight, subset, loss)
    y, w = np.asarray(y)[places], None if weight is None else weight[places]
    if classes and y.ndim > 1:
        y = (y.ravel() > 0.5).astype(np.intp)
    size, deviation = _size(seen, sample), sample.std(axis=0)
    varies = deviation > STILL * size
    constant, duplicate = np.flatnonzero(~varies), _repeated(sample, varies)
    leak, correlation, relation = told(sample, varies, y, classes, owners)
    about: dict[str, Any] = {
        "rows": rows,
        "looked_at": len(places),
        "columns": columns,
        "leak": leak,
        "leak_correlation": correlation,
        "relation": relation,
        "constant_loss": constant_loss,
    }
    if varies.any():
        about |= {"largest": float(size[varies].max()), "median": float(np.median(size[varies]))}
    if classes:
        counts = np.bincount(y, w, minlength=classes)
        about["shares"] = tuple((counts / max(counts.sum(), STILL)).tolist())
    else:
        values = y.reshape(len(y), -1).astype(np.float64)
        about |= {
            "variance": float(values.var(axis=0).mean()),
            "counts": bool((values >= 0).all() and (values == np.round(values)).all()),
            "target_rms": float(np.sqrt((values**2).mean(axis=0)).max()),
            "target_skew": _skewness(values),
        }
    return Survey(
        **about,
        constant=tuple(constant[:NAMED].tolist()),
        n_constant=len(constant),
        duplicate=tuple(duplicate[:NAMED].tolist()),
        n_duplicate=len(duplicate),
    )


def loss_of_constant(
    y: Array, classes: int, weight: Array | None, subset: NDArray[np.intp] | None, loss: Loss
) -> float | None:
    """Loss of the best prediction that is the same for all of the rows that count."""
    places = np.arange(len(y)) if subset is None else subset
    places = places[:: -(-len(places) // TARGETS)]
    some = np.asarray(y)[places]
    return loss.constant(some, classes or some.size // len(some), None if weight is None else weight[places])


def _size(seen: Any, sample: Array) -> Array:
    """Root mean square of each column; of a sparse one, of what is not zero in it."""
    squares = (sample**2).sum(axis=0)
    if not is_sparse(seen):
        return np.sqrt(squares / len(sample))
    return np.sqrt(squares / np.maximum(np.count_nonzero(sample, axis=0), 1))


def _skewness(values: Array) -> float:
    """The largest third moment of a standardised output, 0 where none varies."""
    deviation = values.std(axis=0)
    varies = deviation > STILL * np.abs(values).max(axis=0)
    if not varies.any():
        return 0.0
    centred = (values - values.mean(axis=0))[:, varies] / deviation[varies]
    return float(np.abs((centred**3).mean(axis=0)).max())


def _repeated(sample: Array, varies: Array) -> Array:
    """Columns that are another one in other units, turned round or not.

    Standardised, these are equal, and stand side by side when sorted by their product with a random vector.
    """
    columns = np.flatnonzero(varies)
    alike = sample[:, columns] - sample[:, columns].mean(axis=0)
    alike /= alike.std(axis=0)
    marks = np.random.default_rng(0).normal(size=len(sample)) @ alike
    alike, marks = alike * np.sign(marks), np.abs(marks)
    order = np.argsort(marks, kind="stable")
    found: list[int] = []
    first = order[0] if len(order) else 0
    for place in order[1:]:
        near = marks[place] - marks[first] < len(sample) * SAME
        if near and np.allclose(alike[:, place], alike[:, first], atol=SAME):
            found.append(max(columns[place], columns[first]))
        else:
            first = place
    return np.array(sorted(found), np.intp)
