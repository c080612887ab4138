"""What a report tells of single predictions: values of some of its rows, and how predictions go with some columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.explanations import Explanation, PartialDependence
from chainrule.models.answers import OfClasses
from chainrule.models.explained import drawn
from chainrule.models.inputs import ColumnInput, RowInput, table_of
from chainrule.models.model import Model

#: Rows of the background, rows that are explained, and as few as say something of all.
BACKGROUND, ROWS, FEWEST = 50, 60, 12
#: Products of numbers that a report's explanations may take, about: a second of two cores.
WORK = 1e10
#: What a prediction takes at least, in such products.
OF_ROW = 10_000
#: Columns whose dependence is drawn, values that are tried of each, and rows of the mean.
COLUMNS, POINTS, AVERAGED = 3, 16, 150


@dataclass(frozen=True, eq=False)
class Explained:
    """Of one output.

    Attributes
    ----------
    explanation : of some of the rows, against others of them
    dependences : on the columns that matter most
    outputs : how many there are
    """

    explanation: Explanation
    dependences: tuple[PartialDependence, ...]
    outputs: int


def explained(model: Model, X: Any, n_threads: int | None) -> Explained | None:
    """Of the rows of a report; None of sequences, of a single row, and where it would take too long."""
    rows, columns = _rows(model, X)
    if rows is None:
        return None
    count = rows.shape[0] if hasattr(rows, "shape") else len(rows)
    exact = 2**columns if columns < 8 else np.inf
    orders = 4 * max(columns - 1, 1)
    pairs = int(WORK / max(model.predictor.trained, OF_ROW) / min(exact, orders))
    some = min(ROWS, count, pairs // BACKGROUND)
    if count < 2 or some < min(FEWEST, count):
        return None
    method: Any = "exact" if exact <= orders else "permutation"
    whole = model.explain(drawn(rows, some, 1), rows, method=method, background_rows=BACKGROUND, n_threads=n_threads)
    # Of several classes or labels the one that is most probable, of numbers the first.
    place = int(np.argmax(whole.predictions.mean(axis=0))) if isinstance(model.answer, OfClasses) else 0
    outputs, one = len(whole.output_names), whole.of(0 if len(whole.output_names) == 1 else place)
    dependences = []
    for found in one.importances()[:COLUMNS]:
        column = one.feature_names.index(found.name)
        if not one.ordered[column] or np.isfinite(one.data[:, column]).any():
            along = model.partial_dependence(rows, column, points=POINTS, rows=AVERAGED, n_threads=n_threads)
            dependences.append(along.of(one.output_names[0]) if outputs > 1 else along)
    return Explained(one, tuple(dependences), outputs)


def _rows(model: Model, X: Any) -> tuple[Any, int]:
    """Rows that some can be drawn from, and how many columns they have; None of sequences."""
    where = f"{model.kind}: X"
    match model.input:
        case RowInput() as given:
            return given.read(X, where, model.dtype), given.features
        case ColumnInput() as given:
            return given.checked(table_of(X, where, given.encoder.names), X, where), len(given.encoder.names)
    return None, 0
