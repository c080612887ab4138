"""A model under a name and a version: what it reads, what it gives, and predictions of tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.expansion import Coded
from chainrule.errors import CellError, InputError, InputTypeError, ModelFileError
from chainrule.models.answers import Classes, Numbers
from chainrule.models.inputs import ColumnInput, RowInput
from chainrule.models.labels import word
from chainrule.models.model import Model
from chainrule.network.losses import Quantile
from chainrule.serving.inference.bodies.cells import Cells
from chainrule.serving.inference.shapley import OUTPUTS, Background, Shapley
from chainrule.serving.inference.signature import USUAL, Asked, Gives, Reads, columns_of, outputs_of
from chainrule.tables.column import Column
from chainrule.tables.field import Bad
from chainrule.tables.row_coder import RowCoder
from chainrule.tables.seen import Seen, seen
from chainrule.tables.table import Table

Array = NDArray[Any]

#: Of an interval that is asked for without a coverage.
COVERAGE = 0.9
#: Rows of a request up to which they are coded row by row; of more, columns are faster.
FEW = 64


class Taken(NamedTuple):
    """Rows as the model takes them, and what of them is to be told."""

    rows: Any
    warnings: tuple[str, ...] = ()


class Served:
    """A model that answers.

    Parameters
    ----------
    name, version : under which clients know it
    model : of rows or of tables
    path : of its file, as errors call it, where it has one
    background : where rows are that predictions are explained against, for Shapley values; without them explanations
        are gradient times input, of a model of tables

    Attributes
    ----------
    shapley : gives Shapley values, where there is a background
    count : is told what rows held
    seconds : that a short request has taken lately

    Raises
    ------
    ModelFileError
        Of a model of sequences, which is not served.
    InputError, InputTypeError
        For a background that the model cannot read.

    Examples
    --------
    >>> from chainrule import TableClassifier
    >>> from chainrule.serving.inference.served import Served
    >>> from chainrule.tables.frames import table
    >>> rows = {"size": [1.0, 2.0, 3.0, 4.0] * 10}
    >>> model = TableClassifier(preset="fast", random_state=0).fit(rows, ["small", "small", "large", "large"] * 10)
    >>> served = Served("sizes", "1", model.model_)
    >>> served.predict(table({"size": [1.0, 4.0]}))["label"].tolist()
    ['small', 'large']
    """

    def __init__(
        self, name: str, version: str, model: Model, path: Path | None = None, background: Background | None = None
    ) -> None:
        if not isinstance(model.input, (ColumnInput, RowInput)):
            raise ModelFileError(
                str(path or name), "a model of tables or of rows", model.kind, "Predict with it in Python."
            )
        self.name, self.version, self.model = name, version, model
        self.count: Callable[[Seen], None] = lambda seen: None
        self.seconds = 0.0
        self.shapley = None if background is None else self._against(background)

    @classmethod
    def load(cls, name: str, version: str, path: Path, background: Background | None = None) -> Self:
        """The model of a file, which has predicted a row: what it needs for that is in memory."""
        found = cls(name, version, Model.load(path), path, background)
        found.warm()
        return found

    def took(self, seconds: float) -> None:
        """How long a short request has just taken: `seconds` is what they have taken lately."""
        self.seconds += (seconds - self.seconds) / 8

    def warm(self) -> None:
        """Predict a row of nothing, alone and as one of two."""
        source, dtype = self.model.input, self.model.dtype
        rows: Any = np.zeros((2, source.features), dtype)
        if isinstance(source, ColumnInput):
            expansion = source.encoder.expansion
            rows = Coded(np.tile(np.array(expansion.fills, np.float32), (2, 1)), expansion)
        self.answer(Taken(rows))
        self.answer(_parts(rows, [1])[0], Asked(explain=self.shapley is not None))

    def _against(self, background: Background) -> Shapley:
        """What explains predictions against the rows of a background."""
        try:
            rows = self._read(background.read([one.name for one in self.reads])).rows
            codes = rows.values if isinstance(rows, Coded) else rows
            return Shapley(self.model, codes, background.evaluations)
        except (InputError, InputTypeError) as error:
            where, *rest = error.args
            where = where.replace(str(background.file), str(background.path)).removeprefix("rows, ")
            where = where if str(background.path) in where else f"{background.path}, {where}"
            raise (InputTypeError if isinstance(error, InputTypeError) else InputError)(where, *rest[:3]) from error

    @property
    def _encoder(self) -> Any:
        return self.model.input.encoder  # type: ignore[attr-defined]

    @cached_property
    def reads(self) -> tuple[Reads, ...]:
        """The columns, in the order in which a matrix has them."""
        return columns_of(self.model)

    @property
    def target(self) -> str:
        """Name of what is predicted."""
        return getattr(self.model.input, "target", None) or "prediction"

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes in the order of their probabilities; none of a model of labels or of numbers."""
        answer = self.model.answer
        return tuple(map(word, answer.every.tolist())) if isinstance(answer, Classes) else ()

    @cached_property
    def levels(self) -> tuple[str, ...]:
        """Those of several quantiles, in the order of predictions."""
        loss = self.model.loss
        return tuple(f"{one:g}" for one in loss.levels) if isinstance(loss, Quantile) and len(loss.levels) > 1 else ()

    @cached_property
    def gives(self) -> tuple[Gives, ...]:
        """The outputs."""
        return outputs_of(self.model, self.shapley)

    @property
    def explains(self) -> dict[str, Any]:
        """What explanations are, where there are any."""
        if self.shapley is not None:
            return {**self.shapley.about, "rows_at_most": self.shapley.most}
        return {"method": "gradient times input"} if isinstance(self.model.input, ColumnInput) else {}

    def is_long(self, asked: Asked) -> bool:
        """Whether an answer takes long, however few its rows are."""
        return self.shapley is not None and (asked.explain or not set(OUTPUTS).isdisjoint(asked.only or ()))

    # Rows in -----------------------------------------------------------------------------------------------

    def read(self, requests: Sequence[Cells | Table]) -> list[Taken | Exception]:
        """Rows of several requests as the model takes them, or what is wrong with each.

        Simple ones are coded together; a row tells nothing of another's.
        """
        if len(requests) > 1 and all(isinstance(one, Cells) for one in requests):
            together = self._coded([one for one in requests if isinstance(one, Cells)])
            if together is not None and not together[1].unknown:  # which is told to those whose rows have such
                self.count(together[1])
                return list(_parts(together[0], [one.rows for one in requests]))
        found: list[Taken | Exception] = []
        for one in requests:
            try:
                found.append(self._read(one))
            except Exception as error:  # which is told to who sent it, or is a defect
                found.append(error)
        return found

    def _coded(self, requests: Sequence[Cells]) -> tuple[Coded, Seen] | None:
        """Rows of simple cells, and what they hold; None of others, or where a column is absent."""
        coder, names = self._coder, [one.name for one in self.reads]
        if coder is None or any(len(one.columns) < len(names) for one in requests):
            return None
        columns = requests[0].columns
        if len(requests) > 1:
            columns = {name: [cell for one in requests for cell in one.columns[name]] for name in names}
        return coder(columns, sum(one.rows for one in requests))

    @cached_property
    def _coder(self) -> RowCoder | None:
        """What codes simple rows, of a model of tables."""
        suits = isinstance(self.model.input, ColumnInput) and RowCoder.suits(self._encoder)
        return RowCoder(self._encoder) if suits else None

    def _read(self, request: Cells | Table) -> Taken:
        if isinstance(request, Cells):
            coded = self._coded([request]) if request.rows <= FEW else None
            if coded is not None:
                self.count(coded[1])
                return Taken(coded[0], tuple(_unknown(coded[1])))
        named = request.columns
        absent = [one.name for one in self.reads if one.name not in named]
        if absent:
            raise CellError(
                "rows", f"the columns {absent[:20]}", "none named so", "Add them; cells may be missing.", absent[0]
            )
        columns: dict[str, Column] = {}
        bad: dict[str, Bad] = {}
        for one in self.reads:
            columns[one.name], strange = _column(one, request)
            if strange is not None:
                bad[one.name] = strange
        rows = request.rows
        if isinstance(self.model.input, RowInput):
            return Taken(self._matrix(columns, rows))
        encoder = self._encoder
        held = seen(encoder.encodings, columns, bad, rows)
        self.count(held)
        told = [f"column {name!r}: {cells} cannot be read and are taken as missing" for name, cells in bad.items()]
        return Taken(encoder.coded(columns, rows), (*told, *_unknown(held)))

    def _matrix(self, columns: dict[str, Column], rows: int) -> Array:
        """Rows of numbers, none of which may be missing."""
        for name, column in columns.items():
            gone = column.missing
            if gone.any():
                row = column.row(int(gone.argmax()))
                raise CellError(
                    f"rows, column {name!r}, row {row}", "a number", "a missing value", "Give one.", name, row
                )
        values = np.column_stack([column.values for column in columns.values()])
        found: Array = self.model.input.nameless().read(values, "rows", self.model.dtype)
        self.count(Seen(rows))
        return found

    @cached_property
    def _one(self) -> Callable[[Any], Array]:
        """A function of one row, which gives the bits of `raw`."""
        return self.model.predictor.bound(1)

    # Predictions out ---------------------------------------------------------------------------------------

    def predict(self, request: Cells | Table, asked: Asked = USUAL) -> dict[str, Array]:
        """Outputs by name of the rows of one request.

        Raises
        ------
        InputError, InputTypeError
            For rows that the model cannot take.
        """
        (taken,) = self.read([request])
        if isinstance(taken, Exception):
            raise taken
        return self.answer(taken, asked)

    def answer(self, taken: Taken, asked: Asked = USUAL) -> dict[str, Array]:
        """Outputs by name, a row each for every row, on one thread: alone or among others, the same to the bit.

        Raises
        ------
        InputError
            For an interval that the model cannot give.
        Problem
            422 for more rows than can be explained at a time.
        """
        model, answer = self.model, self.model.answer
        names = asked.only or tuple(
            one.name for one in self.gives
            if not one.asked or (one.name in OUTPUTS and asked.explain)
            or (one.name in ("low", "high") and asked.coverage is not None)
        )  # fmt: skip
        raw = self._one(taken.rows) if taken.rows.shape[0] == 1 else model.raw(taken.rows, 1)
        found: dict[str, Array] = {}
        if asked.coverage is not None or "low" in names or "high" in names:
            if not isinstance(answer, Numbers):
                raise InputError("coverage", "a model of numbers", model.kind, "Classes have probabilities.")
            found["low"], found["high"] = answer.interval(raw, asked.coverage or COVERAGE)
        if self.shapley is not None and self.is_long(asked):
            found |= self.shapley(taken.rows)
        elif asked.explain or "explanation" in names:
            found["explanation"] = model.attributions(taken.rows)
        if "probability" in names:
            found["probability"] = answer.probabilities(raw)  # type: ignore[attr-defined]
        found["label" if answer.classifies else "prediction"] = answer.said(raw)
        return {name: found[name] for name in names}


def _column(one: Reads, request: Cells | Table) -> tuple[Column, Bad | None]:
    """A column as its schema reads it.

    Raises
    ------
    CellError
        For what is none of it.
    """
    try:
        if isinstance(request, Cells):
            return request.read(one)
        return one.field.read(request[one.name], one.nothing, "rows")
    except CellError:
        raise
    except InputError as error:
        where, expected, received, mend = error.args
        raise CellError(where, expected, received, mend, one.name) from error


def _unknown(seen: Seen) -> Iterator[str]:
    """Levels of categories that the model does not know, in words."""
    for name, cells in seen.unknown.items():
        yield f"column {name!r}: {cells} of {seen.rows} cells are of levels that are unknown to the model"


def _parts(rows: Any, counts: Sequence[int]) -> list[Taken]:
    """Rows of several requests, each by itself again."""
    found, first = [], 0
    for count in counts:
        place = slice(first, first + count)
        found.append(Taken(Coded(rows.values[place], rows.expansion) if isinstance(rows, Coded) else rows[place]))
        first += count
    return found
