"""Levels that a model does not know, counted over all parts of a table and told once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from chainrule.models.model import Model
    from chainrule.tables.table import Table
    from chainrule.tables.unseen import Levels, Portion


class Unknown:
    """Reads the parts of a table for a model, and keeps what it does not know.

    Parameters
    ----------
    model : of tables
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._encoder = cast(Any, model.input).encoder
        self._levels: dict[str, Levels] = {}
        self._rows = 0

    def read(self, part: Table) -> Any:
        """Coded rows of a part."""
        from chainrule.tables import unseen
        from chainrule.tables.encodings import Category

        coded = self._model.read(part)
        self._rows += len(part)
        first = 0
        for one in self._encoder.encodings:
            # Cells of unknown levels are below 0, and those that hold nothing may be: most parts have neither.
            if isinstance(one, Category) and (coded.values[:, first] < 0).any():
                columns, _ = self._encoder.schema.read(part, [one.name], "X")
                self._levels.setdefault(one.name, unseen.Levels()).add(unseen.levels(one, columns[one.name]))
            first += one.compact
        return coded

    def found(self) -> dict[str, Portion]:
        """By column, where there are any."""
        return {name: one.among(self._rows) for name, one in self._levels.items() if one.cells}

    def tell(self) -> None:
        """Warn of each column."""
        from chainrule.warn import DataWarning, warn

        for name, one in self.found().items():
            cells = f"{one.cells:,} of {one.of:,} cells {'is a level' if one.cells == 1 else 'are levels'}"
            warn(f"column {name!r}: {cells} unknown to the model, for example {one.shown[0]!r}.", DataWarning)

    def data(self) -> list[dict[str, Any]]:
        """As a document has it."""
        return [{"column": name, "cells": one.cells, "examples": one.shown} for name, one in self.found().items()]
