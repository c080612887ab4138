"""Predictions as columns of a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.models.answers import Classes
from chainrule.models.inputs import ColumnInput
from chainrule.models.labels import word
from chainrule.models.model import Model
from chainrule.tables import arrow

if TYPE_CHECKING:
    from chainrule.engine.expansion import Coded


def names(model: Model, proba: bool = False) -> list[str]:
    """The columns that `predictions` gives."""
    assert isinstance(model.input, ColumnInput)
    name, answer = model.input.target or "prediction", model.answer
    found = answer.names(name)
    return [*found, *(f"{name}={word(label)}" for label in answer.every)] if proba else found  # type: ignore[attr-defined]


def predictions(
    model: Model, rows: Coded, proba: bool = False, threads: int | None = None
) -> Iterator[tuple[str, Any]]:
    """Columns of Arrow by name: what is predicted, under the target's name, and probabilities where `proba` says so.

    Of several labels, targets or quantiles there is a column each, with a number behind the name: "price_0.9".
    """
    import pyarrow as pa

    answer, raw = model.answer, model.raw(rows, threads)
    if isinstance(answer, Classes):
        codes = arrow.array(answer.decide(raw).astype(np.int32))
        columns = [pa.DictionaryArray.from_arrays(codes, arrow.array(answer.labels))]
    else:
        columns = [arrow.array(column) for column in answer.said(raw).reshape(len(raw), -1).T]
    if proba:
        columns += map(arrow.array, answer.probabilities(raw).T)  # type: ignore[attr-defined]
    yield from zip(names(model, proba), columns, strict=True)
