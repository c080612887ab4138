"""`ExplanationDisplay`: what the pictures of Shapley values share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from chainrule.checks import at_least
from chainrule.errors import InputTypeError
from chainrule.explanations import Explanation
from chainrule.plots import reading
from chainrule.plots.display import Display

#: Columns that are drawn each in a row of its own.
MOST = 12
#: Letters of a column's name beside its row.
NAME = 28
#: Whole numbers below this are written with all their digits.
LONG = 1e15

_MOST = at_least(1, "The others are added up.")


@dataclass(eq=False)
class ExplanationDisplay(Display):
    """A picture of what columns add to predictions.

    Parameters
    ----------
    explanation : Explanation, what `explain` gave
    """

    explanation: Explanation

    def __post_init__(self) -> None:
        where = type(self).__name__
        if not isinstance(self.explanation, Explanation):
            raise InputTypeError(
                f"{where}(explanation)", "an Explanation of chainrule", type(self.explanation).__name__,
                "Give what model.explain(X) returned.",
            )  # fmt: skip
        _MOST(f"{where}(most=)", getattr(self, "most", MOST))

    @classmethod
    def read(cls, estimator: Any, X: Any, background: Any = None, **chosen: Any) -> Self:
        """From the explanation of rows, by `estimator.explain(X, background)`.

        Parameters
        ----------
        estimator : fitted estimator of chainrule that has `explain`, or its model
        X, background : rows, as `explain` takes them. For its other options, such as `link`, call it, and make the
            display of what it gives
        chosen : what else the display takes, by name

        Returns
        -------
        the display

        Raises
        ------
        InputError, InputTypeError
            As `explain`; for what is no estimator of chainrule, or not fitted; of several outputs without `output`.
        """
        return cls(
            reading.explaining(cls.__name__, estimator, chosen.get("output", 0)).explain(X, background), **chosen
        )


def one_output(where: str, explanation: Explanation, output: str | int | None) -> Explanation:
    """That of one output, which has to be chosen where there are several.

    Raises
    ------
    InputError
        For none of several, and for one that is not there.
    """
    reading.check_output(where, explanation.output_names, output)
    return explanation if output is None else explanation.of(output)


def summed(explanation: Explanation, most: int) -> Explanation:
    """The same with the columns that matter most first, and all but `most` of them added up to one, the last.

    A single column that would be left stays what it is. Of the sum, `display_data` is None: it has no value of its own.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.explanations import Explanation
    >>> from chainrule.plots.explained import summed
    >>> values, names = np.array([[1.0, -3.0, 0.5, 2.0]]), ("a", "b", "c", "d")
    >>> found = summed(Explanation(values, np.zeros(1), values, values, names, ("y",), 0 * values), 2)
    >>> found.feature_names, found.values
    (('b', 'd', '2 other columns'), array([[-3. ,  2. ,  1.5]]))
    """
    rows, columns = explanation.values.shape[:2]
    order = np.argsort(-np.abs(explanation.values).reshape(rows, columns, -1).mean(axis=(0, 2)), kind="stable")
    first, rest = (order, order[:0]) if columns <= most + 1 else (order[:most], order[most:])
    lost = np.full((rows, 1), np.nan)
    names = tuple(explanation.feature_names[place] for place in first)
    ordered = tuple(is_ordered(explanation, place) for place in first)
    one = replace(
        explanation, values=explanation.values[:, first], error_std=explanation.error_std[:, first],
        data=explanation.data[:, first], display_data=explanation.display_data[:, first], feature_names=names,
        ordered=ordered,
    )  # fmt: skip
    if not len(rest):
        return one
    values = explanation.values[:, rest].sum(axis=1, keepdims=True)
    return replace(
        one, values=np.hstack([one.values, values]), error_std=np.hstack([one.error_std, np.full_like(values, np.nan)]),
        data=np.hstack([one.data, lost]), display_data=np.hstack([one.display_data.astype(object), _nothing(rows)]),
        feature_names=(*names, f"{len(rest):,} other columns"), ordered=(*ordered, False),
    )  # fmt: skip


def _nothing(rows: int) -> NDArray[Any]:
    return np.full((rows, 1), None, object)


def is_ordered(explanation: Explanation, column: int) -> bool:
    """Whether a column holds numbers or times."""
    return not explanation.ordered or explanation.ordered[column]


def between(data: NDArray[Any]) -> NDArray[Any]:
    """Where numbers stand between low, 0, and high, 1; the twentieth part at either end does not stretch the scale.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.plots.explained import between
    >>> between(np.array([1.0, 2.0, 3.0, np.nan]))
    array([0. , 0.5, 1. , nan])
    """
    known = data[np.isfinite(data)]
    if not len(known):
        return np.full(len(data), np.nan)
    low, high = np.quantile(known, [0.05, 0.95])
    if low == high:
        low, high = known.min(), known.max()
    if low == high:
        return np.where(np.isfinite(data), 0.5, np.nan)
    return np.clip((data - low) / (high - low), 0, 1)


def subject(explanation: Explanation) -> str:
    """What is explained, in words."""
    what = "log-odds" if explanation.link == "logit" else "prediction"
    names = explanation.output_names
    if len(names) > 1:
        return f"{what} of {len(names)} outputs"
    return what if names[0] == "prediction" else f"{what} of {names[0]}"


def cell(value: Any) -> str:
    """A cell of a table for a reader.

    Examples
    --------
    >>> from chainrule.plots.explained import cell
    >>> cell(94110.0), cell(0.123456), cell(float("nan")), cell("red")
    ('94110', '0.1235', 'missing', 'red')
    """
    if isinstance(value, str):
        return value
    if value != value:
        return "missing"
    return f"{value:.0f}" if value == round(value, 0) and abs(value) < LONG else f"{value:.4g}"
