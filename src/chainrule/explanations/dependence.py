"""How predictions go with one column, or with two of them, the others as they are: partial dependence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from chainrule.explanations.explanation import place_of
from chainrule.explanations.game import Array, Whole

#: Rows that an interaction is computed of, at most: it takes the square of them.
OF_PAIRS = 100


@dataclass(frozen=True, eq=False, repr=False)
class PartialDependence:
    """The mean prediction of some rows, had they all this value in a column, or these in two (Friedman 2001).

    Attributes
    ----------
    names : of the columns, one or two
    grids : of each column the values: numbers and times (datetime64) in their order, levels by how many rows have them
    mean : array of shape (values,), or (values, values of the second); of several outputs one more axis
    low, high : ends of 95 % intervals of the mean, for rows drawn as these were
    individual : each row's prediction, (rows, values) and an axis of outputs where there are several; of two columns
        None
    output_names : of the outputs
    interaction : of two columns, how far their joint effect is no sum of an effect of each: Friedman and Popescu's H
        (2008), 0 of none, 1 where nothing else is there; None of one. An array of several outputs
    ordered : of each column, whether its values are numbers or times
    """

    names: tuple[str, ...]
    grids: tuple[NDArray[Any], ...]
    mean: Array
    low: Array
    high: Array
    individual: Array | None
    output_names: tuple[str, ...]
    interaction: Any
    ordered: tuple[bool, ...]

    def __repr__(self) -> str:
        of = " and ".join(f"{name!r} ({len(grid)} values)" for name, grid in zip(self.names, self.grids, strict=True))
        joint = "" if self.interaction is None else f", interaction {np.round(self.interaction, 3)}"
        return f"<PartialDependence of {of}{joint}>"

    def of(self, output: str | int) -> Self:
        """That of one output alone.

        Parameters
        ----------
        output : its name, or its number

        Raises
        ------
        InputError
            For an output that is not there.
        """
        place = place_of(output, self.output_names, "dependence.of(output)")
        if self.mean.ndim == len(self.names):
            return self
        cut: dict[str, Any] = {name: getattr(self, name)[..., place] for name in ("mean", "low", "high")}
        cut |= {
            name: None if (found := getattr(self, name)) is None else found[..., place]
            for name in ("individual", "interaction")
        }
        return replace(self, **cut, output_names=(self.output_names[place],))


def as_read(data: NDArray[Any], display: NDArray[Any], ordered: bool) -> NDArray[Any]:
    """Cells of a column as numbers, as times (datetime64), or as levels.

    Parameters
    ----------
    data : (rows,), numbers; of times the days since 1970
    display : (rows,), as they are written: of times texts
    ordered : whether they are numbers or times

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.explanations.dependence import as_read
    >>> print(as_read(np.array([0.0, 31.0]), np.array(["1970-01-01", "1970-02-01"], object), True))
    ['1970-01-01' '1970-02-01']
    """
    if not ordered:
        return display
    if not len(data) or not isinstance(display[0], str):
        return data
    whole = bool((data == np.round(data)).all())
    return np.round(data * (1 if whole else 86_400_000)).astype("datetime64[D]" if whole else "datetime64[ms]")


def chosen_values(data: NDArray[Any], display: NDArray[Any], points: int, ordered: bool) -> Whole:
    """Rows that have the values of a grid: quantiles of numbers and times, the commonest of others.

    Parameters
    ----------
    data : (rows,), numbers that tell values apart; NaN of a missing one, which is no value of a grid
    display : (rows,), as they are written
    points : how many, at most
    ordered : whether they are numbers or times
    """
    known = np.flatnonzero(~np.isnan(data)) if ordered else np.arange(len(data))
    values = data[known] if ordered else display[known].astype(str)
    _, first, counts = np.unique(values, return_index=True, return_counts=True)
    if not ordered:
        return known[first[np.argsort(-counts, kind="stable")[:points]]]
    if len(first) > points:
        ends = np.quantile(np.arange(len(values)), np.linspace(0, 1, points)).round().astype(int)
        first = np.argsort(values, kind="stable")[ends]
        first = first[np.unique(values[first], return_index=True)[1]]
    return known[first]


def predictions_at(
    predict: Callable[[Array], Array], rows: Array, columns: Sequence[Whole], given: Sequence[Array]
) -> Array:
    """Predictions of rows whose columns are replaced: (values of the first column, ..., rows, outputs).

    Parameters
    ----------
    predict : from coded rows to (rows, outputs)
    rows : coded rows, (rows, codes)
    columns : of each column, which of the codes are its own
    given : of each column the codes that it takes, (values, its codes)
    """
    if not columns:
        return predict(rows)
    found = []
    for codes in given[0]:
        changed = rows.copy()
        changed[:, columns[0]] = codes
        found.append(predictions_at(predict, changed, columns[1:], given[1:]))
    return np.stack(found)


def interaction(predict: Callable[[Array], Array], rows: Array, pair: Sequence[Whole]) -> Array:
    """Friedman and Popescu's H of two columns by output: the root of the share of the variance of their joint effect
    that is not the sum of their own.

    Parameters
    ----------
    predict : from coded rows to (rows, outputs)
    rows : coded rows, of which the square is predicted
    pair : of each of the two columns, which of the codes are its own
    """

    def effect(places: Whole) -> Array:
        found = predictions_at(predict, rows, [places], [rows[:, places]]).mean(axis=1)
        centred: Array = found - found.mean(axis=0)
        return centred

    joint = effect(np.concatenate(pair))
    rest = joint - effect(pair[0]) - effect(pair[1])
    whole = (joint**2).sum(axis=0)
    share = np.divide((rest**2).sum(axis=0), whole, out=np.zeros_like(whole), where=whole > 0)
    return np.sqrt(share)
