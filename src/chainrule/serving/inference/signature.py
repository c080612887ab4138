"""What a model reads and gives: columns in, outputs out, with the types that the Open Inference Protocol knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from chainrule.models.answers import Answer, Classes, Numbers, OfClasses
from chainrule.models.inputs import ColumnInput, RowInput
from chainrule.models.model import Model
from chainrule.network.losses import Gaussian, Quantile
from chainrule.serving.inference.shapley import Shapley
from chainrule.tables.field import Field


class Reads(NamedTuple):
    """A column that a model reads.

    Attributes
    ----------
    field : its name, its kind, and how its cells are written
    nothing : words that stand for a missing value
    may_lack : whether a cell may be missing
    """

    field: Field
    nothing: frozenset[str] = frozenset(("",))
    may_lack: bool = True

    @property
    def name(self) -> str:
        return self.field.name

    @property
    def datatype(self) -> str:
        """As the Open Inference Protocol names it."""
        return {"number": "FP64", "vector": "FP64", "boolean": "BOOL"}.get(self.field.kind, "BYTES")

    @property
    def shape(self) -> list[int]:
        """Of its tensor; -1 is any number of rows."""
        return [-1, self.field.width] if self.field.width else [-1]


class Gives(NamedTuple):
    """An output of a model: a name, and of its tensor the type and the shape; `asked` ones come only if asked for."""

    name: str
    datatype: str
    shape: list[int]
    asked: bool = False


class Asked(NamedTuple):
    """What is asked for beside predictions: intervals of a coverage, explanations; or these outputs and no others."""

    coverage: float | None = None
    explain: bool = False
    only: tuple[str, ...] | None = None


#: Predictions, and nothing beside them.
USUAL = Asked()


def columns_of(model: Model) -> tuple[Reads, ...]:
    """The columns that a model of tables or of rows reads, in their order."""
    source = model.input
    if isinstance(source, RowInput):
        names = source.names or tuple(f"x{k}" for k in range(source.features))
        return tuple(Reads(Field(name, "number"), may_lack=False) for name in names)
    assert isinstance(source, ColumnInput)
    schema = source.encoder.schema
    return tuple(Reads(schema.by_name[one.name], schema.nothing.of(one.name)) for one in source.encoder.encodings)


def outputs_of(model: Model, shapley: Shapley | None = None) -> tuple[Gives, ...]:
    """The outputs of a model, and explanations: Shapley values, or of a model of tables gradient times input."""
    answer, float_ = model.answer, "FP64" if model.dtype == np.float64 else "FP32"
    found = list(_outputs(answer, float_))
    if shapley is not None:
        several = _several(len(shapley.names))
        values = [-1, len(columns_of(model)), *several]
        found += [Gives("explanation", float_, values, True), Gives("base_value", float_, [-1, *several], True)]
        found += [Gives("explanation_error", float_, values, True)] * (not shapley.exact)
    elif isinstance(model.input, ColumnInput):
        several = [] if isinstance(answer, Classes) else _several(answer.loss.targets(answer.outputs))
        found.append(Gives("explanation", "FP32", [-1, len(model.input.encoder.encodings), *several], asked=True))
    return tuple(found)


def _outputs(answer: Answer, float_: str) -> Sequence[Gives]:
    """What a network's output means, as tensors."""
    targets = _several(answer.loss.targets(answer.outputs))
    if isinstance(answer, OfClasses):
        kinds = {"b": "BOOL", "i": "INT64", "u": "UINT64", "f": "FP64"}
        label = kinds.get(answer.every.dtype.kind, "BYTES")
        one = isinstance(answer, Classes)
        found = [Gives("label", label if one else "INT64", [-1] if one else [-1, len(answer.every)])]
        return [*found, *[Gives("probability", float_, [-1, len(answer.every)])] * answer.gives_probabilities]
    levels = _several(len(answer.loss.levels)) if isinstance(answer.loss, Quantile) else []
    found = [Gives("prediction", float_, [-1, *targets, *levels])]
    if isinstance(answer, Numbers) and (answer.margins is not None or isinstance(answer.loss, (Gaussian, Quantile))):
        found += [Gives(name, float_, [-1, *targets], asked=True) for name in ("low", "high")]
    return found


def _several(count: int) -> list[int]:
    """An axis of so many, where it is not one."""
    return [count] if count > 1 else []
