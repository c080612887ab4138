"""The columns of a raw table as rules read them: what a fitted encoder tells, and what rows tell beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from chainrule.diagnosis.columns import ColumnSeen, Naming, naming
from chainrule.engine.expansion import Coded, Expansion
from chainrule.estimators.table import rows
from chainrule.estimators.table.base import BaseTable
from chainrule.models.answers import Answer, Classes
from chainrule.models.inputs import ColumnInput
from chainrule.models.model import Model
from chainrule.tables import settle, unseen
from chainrule.tables.column import Column
from chainrule.tables.encoder import Encoder
from chainrule.tables.encodings import Category, Date, Encoding, Number
from chainrule.tables.unseen import Levels, Portion
from chainrule.training.batches import Data

Array = NDArray[Any]


def known(model: Model) -> tuple[ColumnSeen, ...]:
    """What fit says of the columns that it learned; nothing of rows that are no table's."""
    if not isinstance(model.input, ColumnInput):
        return ()
    encoder = model.input.encoder
    return tuple(_known(one, encoder) for one in encoder.encodings)


def seen(estimator: Any, X: Any, y: Any, data: Data) -> tuple[ColumnSeen, ...]:
    """The same, and what the cells of rows are, of which `data` are some in the form of the loss."""
    model = estimator.model_
    if not isinstance(estimator, BaseTable) or isinstance(X, Coded):
        return known(model)
    assert isinstance(model.input, ColumnInput)
    table, *_ = rows.split(estimator._given(X, y), rows.where(estimator, X), model.input)
    encoder = model.input.encoder
    columns, bad = encoder.read(table if data.subset is None else table.take(data.subset), "diagnose")
    target, classes = _target(model.answer, data.counted()[0])
    found = []
    for about, encoding in zip(known(model), encoder.encodings, strict=True):
        column = columns[about.name]
        names_rows = _naming(encoding, column, target, classes)
        about = replace(_of_cells(about, encoding, column), naming=names_rows)
        if about.name in bad:
            cells = bad[about.name]
            shown = tuple(dict.fromkeys(text for _, text in cells.first))
            about = replace(about, unread=Portion(cells.count, len(column), shown))
        found.append(about)
    return tuple(found)


def _known(encoding: Encoding, encoder: Encoder) -> ColumnSeen:
    field = encoder.schema.by_name[encoding.name]
    levels = len(encoding.levels) if isinstance(encoding, Category) else 0
    named = settle.is_row_number(encoding.name)
    return ColumnSeen(encoding.name, encoding.kind, field.why, field.lenient, levels, called_id=named)


def _of_cells(about: ColumnSeen, encoding: Encoding, column: Column) -> ColumnSeen:
    """With what rows hold that fit did not see, or saw rarely."""
    if isinstance(encoding, Date):
        return replace(about, beyond=unseen.dates(encoding, column))
    if not isinstance(encoding, Category):
        return about
    held = column.values >= 0
    rare = float((encoding.code(column)[held] == encoding.unknown).mean()) if encoding.rare and held.any() else 0.0
    unknown = Levels()
    unknown.add(unseen.levels(encoding, column))
    return replace(about, unknown=unknown.among(len(column)), rare=rare)


def _naming(encoding: Encoding, column: Column, y: Array, classes: int) -> Naming | None:
    """Whether a number names rows; the inputs that are made of it are held against the target."""
    if not isinstance(encoding, Number):
        return None
    coded = Coded(encoding.code(column), Expansion(encoding.blocks(0), encoding.fills()))
    return naming(column.values, coded.toarray, y, classes)


def _target(answer: Answer, y: Array) -> tuple[Array, int]:
    """Codes of classes and how many there are, or numbers and 0."""
    return (answer.codes(y), len(answer.labels)) if isinstance(answer, Classes) else (y, 0)
