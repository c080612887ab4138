"""Rows as they come in to a fit of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.expansion import F32, Coded
from chainrule.estimators.held_out import Indices
from chainrule.estimators.prepare import in_form
from chainrule.models.answers import Answer
from chainrule.models.inputs import ColumnInput
from chainrule.tables.column import Column
from chainrule.tables.encoder import Encoder
from chainrule.training.batches import Rows

Array = NDArray[Any]


class Coming(NamedTuple):
    """Rows as they come in: coded, y in the loss's form, weights or None; what both mean; and groups of all rows.

    Attributes
    ----------
    columns : as they were read
    others : encoders that may suit them better than that of `input`; None where that is settled
    """

    X: Coded
    y: Array
    weight: Array | None
    input: ColumnInput
    answer: Answer
    groups: Any = None
    columns: Mapping[str, Column] = {}
    others: Sequence[Encoder] | None = None

    def take(self, chosen: Any) -> Coming:
        weight = None if self.weight is None else self.weight[chosen]
        return self._replace(X=self.X[chosen], y=self.y[chosen], weight=weight)

    def some(self, chosen: Array) -> Coming:
        """Rows by their numbers, their columns, too."""
        return self.take(chosen)._replace(columns={name: column.take(chosen) for name, column in self.columns.items()})

    def by(self, made: Encoder) -> Coming:
        """The same rows by this encoder."""
        if made is self.input.encoder:
            return self
        X = made.recoded(self.X, self.input.encoder, self.columns)
        return self._replace(X=X, input=replace(self.input, encoder=made))

    def all(self) -> Indices:
        """The numbers of all rows."""
        return np.arange(len(self.y))

    def rows(self) -> Rows:
        return Rows(self.X, in_form(self.answer.loss, self.y, F32), self.weight)
