"""What each column adds to each prediction, as a value: Shapley values beside the rows that they explain."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from chainrule.checks import Number
from chainrule.errors import InputError, MissingExtraError, unknown_name

Array = NDArray[Any]


#: Characters of a cell that are printed.
CELL = 40


class Importance(NamedTuple):
    """How much a column moves predictions.

    Attributes
    ----------
    name : of the column
    mean : of the absolute values of all rows, and of all outputs where there are several
    low, high : ends of an interval of that mean, for rows drawn as these were; NaN of a single row
    """

    name: str
    mean: float
    low: float
    high: float


class Sizes:
    """How large values are by column, of explanations of some rows after others.

    Attributes
    ----------
    rows : how many there were
    """

    def __init__(self) -> None:
        self.rows = 0
        self._names: tuple[str, ...] = ()
        self._mean, self._squares = np.zeros(1), np.zeros(1)  # the mean, and the squares of differences from it

    def add(self, explanation: Explanation) -> None:
        """Those of more rows."""
        values = explanation.values
        self._names = explanation.feature_names
        if not len(values):
            return
        sizes = np.abs(values).reshape(*values.shape[:2], -1).mean(axis=2)
        rows, mean = len(sizes), sizes.mean(axis=0)
        apart, both = mean - self._mean, self.rows + rows
        self._squares = self._squares + ((sizes - mean) ** 2).sum(axis=0) + apart**2 * self.rows * rows / both
        self._mean, self.rows = self._mean + apart * rows / both, both

    def importances(self, coverage: float = 0.95) -> list[Importance]:
        """As `Explanation.importances`, of all rows."""
        Number(0, 1, open_low=True, open_high=True)("explanation.importances(coverage=)", coverage)
        mean, rows = self._mean if self.rows else np.full(len(self._names), np.nan), self.rows
        error = np.sqrt(self._squares / (rows - 1) / rows) if rows > 1 else np.full(len(mean), np.nan)
        half = deviations_of(coverage) * error
        low, high = np.maximum(mean - half, 0), mean + half
        return [Importance(self._names[j], float(mean[j]), float(low[j]), float(high[j])) for j in np.argsort(-mean)]


@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """Shapley values of predictions: `base_values` and a row's `values` add up to its prediction.

    Its fields are named as those of `shap.Explanation`, which `to_shap` makes of it. `explanation[3]`,
    `explanation[:10]` and `explanation[mask]` are those of some rows, `explanation.of("class")` those of one output.

    Attributes
    ----------
    values : array of shape (rows, columns), or (rows, columns, outputs) where a prediction is several numbers
    base_values : the mean prediction of the background, (rows,) or (rows, outputs)
    data : the rows as numbers, (rows, columns): numbers as they are, codes of categories, days since 1970 of dates, NaN
        of what is missing or is no number
    display_data : the rows as they are written, (rows, columns) of numbers and texts
    feature_names : of the columns
    output_names : of the outputs, such as a class or a target
    error_std : standard errors of the values from drawing orders of the columns, of their shape; 0 where they are exact
    method : 'exact' or 'permutation'
    link : 'identity', or 'logit' where log-odds are explained
    background : how many rows the mean prediction is of
    ordered : of each column, whether its data are numbers or times, whose order tells something; empty where all are

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import MLPRegressor
    >>> X = np.random.default_rng(0).uniform(size=(200, 3))
    >>> model = MLPRegressor(solver="lbfgs", random_state=0).fit(X, X[:, 0] - 2 * X[:, 1])
    >>> found = model.explain(X[:5], background=X)
    >>> found.values.shape, bool(np.allclose(found.predictions, model.predict(X[:5]), atol=1e-6))
    ((5, 3), True)
    >>> [name for name, *_ in found.importances()][:2]
    ['x1', 'x0']
    """

    values: Array
    base_values: Array
    data: Array
    display_data: Array
    feature_names: tuple[str, ...]
    output_names: tuple[str, ...]
    error_std: Array
    method: str = "exact"
    link: str = "identity"
    background: int = 0
    ordered: tuple[bool, ...] = ()

    def __repr__(self) -> str:
        rows, columns, *outputs = self.values.shape
        several = f", {outputs[0]} outputs" if outputs else ""
        return f"<Explanation of {rows} rows: {columns} columns{several}, {self.method}>"

    def __str__(self) -> str:
        how = "exact" if self.method == "exact" else f"errors of at most {self.error_std.max(initial=0):.2g}"
        what = "log-odds" if self.link == "logit" else "prediction"
        of = f"the {what} of {', '.join(self.output_names)}"
        width = max(map(len, self.feature_names), default=0)
        if len(self) == 1 and self.values.ndim == 2:
            return "\n".join([f"Shapley values of {of} against {self.background} rows, {how}", *self._row(width)])
        rows = f"{len(self)} row" + "s" * (len(self) != 1)
        lines = [
            f"Shapley values of {rows} against {self.background} of the background, {how}",
            f"How far each column moves {of}, mean" + ("" if len(self) == 1 else " and 95 % interval")
            + ("" if self.values.ndim == 2 else "; all outputs together, .of(name) is one"),
        ]  # fmt: skip
        for name, mean, low, high in self.importances():
            lines.append(
                f"  {name:<{width}}  {mean:10.4g}" + ("" if len(self) == 1 else f"  {low:10.4g} to {high:.4g}")
            )
        return "\n".join(lines)

    def _row(self, width: int) -> list[str]:
        """From the base to the prediction of a single row, the columns that move it most first."""
        lines = [f"  {'base':<{width}}  {self.base_values[0]:+10.4g}"]
        for place in np.argsort(-np.abs(self.values[0]), kind="stable"):
            error = f" +- {self.error_std[0, place]:.2g}" if self.error_std.any() else ""
            cell = str(self.display_data[0, place])[:CELL]
            lines.append(f"  {self.feature_names[place]:<{width}}  {self.values[0, place]:+10.4g}{error}  {cell}")
        return [*lines, f"  {'':<{width}}  {self.predictions[0]:+10.4g}"]

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows: Any) -> Self:
        """That of some rows: a number, a slice, numbers or truth values."""
        if isinstance(rows, (int, np.integer)):
            place = range(len(self))[rows]
            rows = slice(place, place + 1)
        cut: dict[str, Any] = {name: getattr(self, name)[rows] for name in _OF_ROWS}
        return replace(self, **cut)

    @property
    def predictions(self) -> Array:
        """What the values and the base add up to, (rows,) or (rows, outputs)."""
        found: Array = self.base_values + self.values.sum(axis=1)
        return found

    @property
    def errors(self) -> Array:
        """Half of the 95 % interval of each value for the orders that were drawn; 0 where values are exact."""
        found: Array = deviations_of(0.95) * self.error_std
        return found

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
        place = place_of(output, self.output_names, "explanation.of(output)")
        if self.values.ndim == 2:
            return self
        cut: dict[str, Any] = {"values": self.values[..., place], "error_std": self.error_std[..., place]}
        base = self.base_values[:, place]
        return replace(self, **cut, base_values=base, output_names=(self.output_names[place],))

    def importances(self, coverage: float = 0.95) -> list[Importance]:
        """How much each column moves predictions, the most first.

        Parameters
        ----------
        coverage : of the intervals, number in (0, 1); they are of the mean over rows, by its normal approximation

        Returns
        -------
        list of Importance (name, mean, low, high), in units of the prediction
        """
        sizes = Sizes()
        sizes.add(self)
        return sizes.importances(coverage)

    def to_shap(self) -> Any:
        """The same as a `shap.Explanation`, which shap's plots take.

        Returns
        -------
        shap.Explanation

        Raises
        ------
        MissingExtraError
            An `ImportError`: without the package shap.
        """
        try:
            import shap
        except ImportError as error:
            raise MissingExtraError("explanation.to_shap()", "the package shap", "none", "pip install shap") from error
        one = self.values.ndim == 2
        return shap.Explanation(
            self.values, self.base_values, self.data, self.display_data, feature_names=list(self.feature_names),
            output_names=self.output_names[0] if one else list(self.output_names), error_std=self.error_std,
        )  # fmt: skip


#: Of Explanation, what has a row for each row.
_OF_ROWS = ("values", "base_values", "data", "display_data", "error_std")


def place_of(output: str | int, names: tuple[str, ...], where: str) -> int:
    """Which of the outputs is meant, by its name or its number.

    Raises
    ------
    InputError
        For an output that is not there.
    """
    if len(names) == 1 and output not in (names[0], 0, -1):
        raise InputError(
            where, f"{names[0]!r}, the only output", repr(output),
            "Of two classes the second is explained; the values of the first have the other sign.",
        )  # fmt: skip
    if isinstance(output, str) and output not in names:
        raise unknown_name(where, output, names)
    place = names.index(output) if isinstance(output, str) else output
    if not -len(names) <= place < len(names):
        raise InputError(where, f"one of {len(names)} outputs", place, "Name it.")
    return place


def deviations_of(coverage: float) -> float:
    """How many deviations about the mean of a normal distribution hold so much of it."""
    from statistics import NormalDist

    return NormalDist().inv_cdf((1 + coverage) / 2)
