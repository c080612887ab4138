"""Explanations of a model's predictions: its rows as a game of columns, its answer as numbers to explain."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from chainrule.checks import COUNT, at_least
from chainrule.engine.expansion import Coded
from chainrule.engine.feeds import is_sparse
from chainrule.errors import InputError, InputTypeError, listed, unknown_name
from chainrule.explanations.dependence import (
    OF_PAIRS,
    PartialDependence,
    as_read,
    chosen_values,
    interaction,
    predictions_at,
)
from chainrule.explanations.explanation import Explanation, deviations_of
from chainrule.explanations.game import Game
from chainrule.explanations.orders import by_orders
from chainrule.explanations.subsets import MOST, by_subsets
from chainrule.models.answers import Answer, Classes, OfClasses
from chainrule.models.inputs import ColumnInput, Input, RowInput, path_of, table_of
from chainrule.models.labels import word
from chainrule.tables.column import Column, vector_text
from chainrule.tables.table import Table

Array = NDArray[Any]
SEED = at_least(0, "For example 0.")
Link = Literal["identity", "logit"]
#: A column, by its name or its number.
ByName = str | int
Method = Literal["auto", "exact", "permutation"]

#: Rows of the background that are drawn of more, and rows that a partial dependence is the mean of.
BACKGROUND, AVERAGED = 100, 500
#: How near to 0 and 1 a probability may be for its log-odds: what a float32 tells apart.
SURE = 2.0**-24


class Explained(Protocol):
    """What of a model is looked at."""

    @property
    def kind(self) -> str: ...
    @property
    def input(self) -> Input: ...
    @property
    def answer(self) -> Answer: ...
    @property
    def dtype(self) -> np.dtype[Any]: ...
    def raw(self, rows: Any, n_threads: int | None = None) -> Array: ...


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows as the network reads them and as their reader does.

    Attributes
    ----------
    codes : (rows, codes), what the network is given
    columns : of each column, which of the codes are its own
    names : of the columns
    data, display : (rows, columns), as in `Explanation`
    ordered : of each column, whether it holds numbers or times
    """

    codes: Array
    columns: tuple[NDArray[np.intp], ...]
    names: tuple[str, ...]
    data: Array
    display: Array
    ordered: tuple[bool, ...]

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, some: Any) -> Rows:
        return replace(self, codes=self.codes[some], data=self.data[some], display=self.display[some])


def drawn(rows: Any, most: int, random_state: int) -> Any:
    """So many of an array's rows or of a table's, in their order; all where there are no more."""
    count = rows.shape[0] if hasattr(rows, "shape") else len(rows)
    if count <= most:
        return rows
    some = np.sort(np.random.default_rng(random_state).choice(count, most, replace=False))
    return rows.take(some) if isinstance(rows, Table) else rows[some]


def read(model: Explained, X: Any, where: str, most: int = sys.maxsize, random_state: int = 0) -> Rows:
    """Rows of a table or an array; of more than `most`, some that are drawn.

    Raises
    ------
    InputError, InputTypeError
        As `Model.read`, and of a model of sequences.
    """
    given = model.input
    if isinstance(given, RowInput):
        found = given.read(X, where, model.dtype)
        found = drawn(found, most, random_state)
        found = found.toarray() if is_sparse(found) else found
        names = given.names or tuple(f"x{place}" for place in range(given.features))
        data = found.astype(np.float64)
        return Rows(found, code_columns(given), names, data, data, (True,) * given.features)
    if not isinstance(given, ColumnInput):
        raise InputError(where, "a model of rows", model.kind, "Sequences have no columns to take from elsewhere.")
    where = path_of(X) or where
    table = drawn(given.checked(table_of(X, where, given.encoder.names), X, where), most, random_state)
    read = given.encoder.told(table, where)
    codes = given.encoder.coded(read, len(table)).values
    names = given.encoder.names
    shown = [_shown(read[name]) for name in names]
    data, display = (np.column_stack(parts) for parts in zip(*shown, strict=True))
    ordered = tuple(read[name].storage in ("numbers", "times") for name in names)
    return Rows(codes, code_columns(given), tuple(map(str, names)), data, display, ordered)


def code_columns(given: Input) -> tuple[NDArray[np.intp], ...]:
    """Of each column, which of the codes of a row are its own; of rows or tables."""
    if isinstance(given, ColumnInput):
        return tuple(given.encoder.compact_columns(name) for name in given.encoder.names)
    return tuple(np.array([place]) for place in range(given.features))


def _shown(column: Column) -> tuple[Array, Array]:
    """The cells as numbers and as they are written."""
    if column.storage == "numbers":
        return column.values, column.values.astype(object)
    if column.storage == "vectors":
        nothing = np.full(len(column), np.nan)
        return nothing, np.array([*map(vector_text, column.values), None], object)[:-1]
    words = column.as_words()
    display = np.array([*words.levels, "missing"], object)[words.values]
    if column.storage == "times":
        return column.values, display
    numbers = np.where(words.values < 0, np.nan, words.values) if column.storage == "words" else np.nan
    return np.broadcast_to(numbers, len(column)).astype(np.float64), display


def outputs(model: Explained, link: Link, n_threads: int | None) -> tuple[Callable[[Array], Array], tuple[str, ...]]:
    """What is explained: a function from codes to numbers (rows, outputs), float64, and the names of the outputs.

    Raises
    ------
    InputError
        For a link that is unknown, or log-odds of what has no probability.
    """
    answer, expansion = model.answer, None
    if link not in get_args(Link):
        raise unknown_name("link", link, get_args(Link))
    chance = isinstance(answer, OfClasses) and answer.gives_probabilities
    if link == "logit" and not chance:
        raise InputError("link", "'identity'", "'logit', of predictions that are no probabilities", "Leave it out.")
    if isinstance(model.input, ColumnInput):
        expansion = model.input.encoder.expansion
    two = isinstance(answer, Classes) and answer.outputs == 1

    def predict(codes: Array) -> Array:
        found = model.raw(codes if expansion is None else Coded(codes, expansion), n_threads)
        if chance:
            found = answer.probabilities(found)  # type: ignore[attr-defined]
            found = found[:, -1:] if two else found
        elif not isinstance(answer, OfClasses):
            found = answer.said(found).reshape(len(found), -1)
        found = found.astype(np.float64)
        if link == "identity":
            return found
        sure = np.clip(found, SURE, 1 - SURE)
        odds: Array = np.log(sure / (1 - sure))
        return odds

    name = getattr(model.input, "target", None) or "prediction"
    if isinstance(answer, Classes):
        classes = [str(word(one)) for one in answer.every]
        return predict, tuple(classes[-1:] if two else classes)
    return predict, tuple(answer.names(name))


def explain(
    model: Explained,
    X: Any,
    background: Any,
    *,
    method: Method,
    permutations: int,
    background_rows: int,
    link: Link,
    random_state: int,
    n_threads: int | None,
    progress: Callable[[float], object] | None,
    where: str,
) -> Explanation:
    """Shapley values of predictions; see `Model.explain`."""
    if method not in get_args(Method):
        raise unknown_name("explain(method=)", method, get_args(Method))
    at_least(2, "Errors are told by how orders differ.")("explain(permutations=)", permutations)
    COUNT("explain(background_rows=)", background_rows)
    SEED("explain(random_state=)", random_state)
    rows = read(model, X, f"{where}: X")
    others = drawn(rows, background_rows, random_state)
    if background is not None:
        others = read(model, background, f"{where}: background", background_rows, random_state)
    if background is None and len(others) < 2:
        raise InputError(
            "explain(background=)", "rows that X is explained against", "None, and a single row of X",
            "Give rows of training, background=X_train: values tell what moves a prediction away from their mean.",
        )  # fmt: skip
    exact = method == "exact" or (method == "auto" and len(rows.columns) <= MOST)
    if exact and len(rows.columns) > MOST:
        raise InputError(
            "explain(method='exact')", f"at most {MOST} columns", len(rows.columns),
            "Leave it 'auto': random orders of the columns, with standard errors.",
        )  # fmt: skip
    predict, names = outputs(model, link, n_threads)
    game = Game(predict, rows.codes, others.codes, rows.columns)
    told = _Told(progress, len(rows) * len(others))
    if exact:
        values = by_subsets(game, told)
        errors = np.zeros_like(values)
    else:
        values, errors = by_orders(game, permutations, np.random.default_rng(random_state), told)
    base = np.broadcast_to(game.of_background.mean(axis=0), game.of_rows.shape).copy()
    if len(names) == 1:
        values, errors, base = values[..., 0], errors[..., 0], base[:, 0]
    how = "exact" if exact else "permutation"
    return Explanation(
        values, base, rows.data, rows.display, rows.names, names, errors, how, link, len(others), rows.ordered
    )


class _Told:
    """Adds up the pairs that are done, and tells which part of all they are."""

    def __init__(self, tell: Callable[[float], object] | None, pairs: int) -> None:
        self._tell, self._pairs, self._done = tell, pairs, 0

    def __call__(self, pairs: int) -> None:
        self._done += pairs
        if self._tell is not None:
            self._tell(self._done / self._pairs)


def _place(column: Any, names: tuple[str, ...]) -> int:
    """Where a column stands, by its name or by its number."""
    where = "partial_dependence(columns=)"
    if str(column) in names:
        return names.index(str(column))
    if isinstance(column, str):
        raise unknown_name(where, column, names)
    if isinstance(column, bool) or not isinstance(column, (int, np.integer)):
        raise InputTypeError(where, "the name of a column, or of two", repr(column)[:80], f"There are {listed(names)}.")
    if not 0 <= column < len(names):
        raise InputError(where, f"a column's name, or its number from 0 to {len(names) - 1}", column, "Name it.")
    return int(column)


def partial_dependence(
    model: Explained,
    X: Any,
    columns: ByName | tuple[ByName, ByName],
    *,
    points: int,
    rows: int,
    link: Link,
    random_state: int,
    n_threads: int | None,
    where: str,
) -> PartialDependence:
    """How predictions go with one or two columns; see `Model.partial_dependence`."""
    at_least(2)("partial_dependence(points=)", points)
    COUNT("partial_dependence(rows=)", rows)
    SEED("partial_dependence(random_state=)", random_state)
    found = read(model, X, f"{where}: X", rows, random_state)
    places = [_place(one, found.names) for one in (columns if isinstance(columns, (tuple, list)) else (columns,))]
    asked = tuple(found.names[place] for place in places)
    if len(asked) not in (1, 2) or len(set(asked)) < len(asked):
        received = listed(asked) or "none"
        raise InputError("partial_dependence(columns=)", "a column, or two that differ", received, "Name them.")
    mine = [found.columns[place] for place in places]
    chosen = [
        chosen_values(found.data[:, place], found.display[:, place], points, found.ordered[place]) for place in places
    ]
    for name, some in zip(asked, chosen, strict=True):
        if not len(some):
            raise InputError("partial_dependence(X)", f"rows with a value in {name!r}", "none", "Give others.")
    predict, names = outputs(model, link, n_threads)
    given = [found.codes[some][:, codes] for some, codes in zip(chosen, mine, strict=True)]
    each = predictions_at(predict, found.codes, mine, given)  # (values, ..., rows, outputs)
    mean, count = each.mean(axis=-2), len(found)
    half = deviations_of(0.95) * each.std(axis=-2, ddof=1) / np.sqrt(count) if count > 1 else np.full_like(mean, np.nan)
    pair = len(asked) == 2
    strength = interaction(predict, drawn(found.codes, OF_PAIRS, random_state), mine) if pair else None
    single = None if pair else np.moveaxis(each, 1, 0)

    def flat(values: Array | None) -> Any:
        return values if values is None or len(names) > 1 else values[..., 0]

    grids = tuple(
        as_read(found.data[some, place], found.display[some, place], found.ordered[place])
        for some, place in zip(chosen, places, strict=True)
    )
    return PartialDependence(
        asked, grids, flat(mean), flat(mean - half), flat(mean + half), flat(single), names, flat(strength),
        tuple(found.ordered[place] for place in places),
    )  # fmt: skip
