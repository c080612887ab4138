"""Shapley values in a server's answers: each row by itself, against rows of a background."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.expansion import Coded
from chainrule.errors import InputError
from chainrule.explanations.game import Game
from chainrule.explanations.orders import by_orders
from chainrule.explanations.subsets import by_subsets
from chainrule.models import explained
from chainrule.models.model import Model
from chainrule.serving.inference import defaults
from chainrule.serving.inference.problems import unfit
from chainrule.tables.files import open_file
from chainrule.tables.sampling import sample
from chainrule.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

Array = NDArray[Any]

#: Columns up to which all their subsets are predicted: 64. Of more, so many orders are drawn, each with its reverse.
EXACT, ORDERS = 6, 2
#: By which orders, and rows of a background, are drawn.
SEED = 0
#: Outputs that are explanations.
OUTPUTS = ("explanation", "base_value", "explanation_error")


@dataclass(frozen=True)
class Background:
    """Where rows are that predictions are explained against.

    Attributes
    ----------
    path : of a table in a file
    rows : so many are drawn of more
    evaluations : rows that the explanations of a request may predict
    copy : a copy of the file that is read in its place
    """

    path: Path
    rows: int = defaults.BACKGROUND
    evaluations: int = defaults.EVALUATIONS
    copy: Path | None = None

    @property
    def file(self) -> Path:
        """That is read."""
        return self.copy or self.path

    def read(self, names: Sequence[str]) -> Table:
        """Rows of these columns, as far as the file has them.

        Raises
        ------
        InputError, InputTypeError
            Where the file cannot be read, or has no rows.
        """
        file = open_file(self.file)
        known = [name for name in names if name in file.names]
        found = sample(file.parts(known), self.rows, SEED) if known else None
        if found is None:
            raise InputError(
                str(self.path), f"rows of the model's columns {list(names)[:20]}", "none", "Give rows of training."
            )
        return found

    def copied(self, copy: Path) -> Self:
        """The same, read from a copy; its name ends as that of the file, which says what it holds."""
        return replace(self, copy=copy.with_name(copy.name + "".join(self.path.suffixes[-2:])))


@dataclass(frozen=True, eq=False)
class Shapley:
    """Shapley values of predictions.

    Parameters
    ----------
    model : of tables or of rows
    background : coded rows, (background, codes)
    evaluations : rows that the explanations of a request may predict

    Raises
    ------
    InputError
        Where a single row would take more.
    """

    model: Model
    background: Array
    evaluations: int = defaults.EVALUATIONS

    def __post_init__(self) -> None:
        if not self.most:
            raise InputError(
                "the background", f"at most {self.evaluations // self._plays} rows, for {len(self._columns)} columns",
                len(self.background), "Lower --background-rows, or raise --max-evaluations.",
            )  # fmt: skip

    @cached_property
    def _columns(self) -> tuple[NDArray[np.intp], ...]:
        return explained.code_columns(self.model.input)

    @cached_property
    def _outputs(self) -> tuple[Callable[[Array], Array], tuple[str, ...]]:
        return explained.outputs(self.model, "identity", 1)

    @property
    def names(self) -> tuple[str, ...]:
        """Of what is explained: the second of two classes, each of several, targets, labels, quantiles."""
        return self._outputs[1]

    @property
    def exact(self) -> bool:
        """Whether all subsets are predicted."""
        return len(self._columns) <= EXACT

    @property
    def _plays(self) -> int:
        """Rows that are predicted for a row and one of the background, at most."""
        columns = len(self._columns)
        return 1 << columns if self.exact else 2 * ORDERS * (columns - 1)

    @property
    def most(self) -> int:
        """Rows of a request that can be explained."""
        return self.evaluations // (self._plays * len(self.background))

    @property
    def about(self) -> dict[str, Any]:
        """What the values are, as JSON tells it."""
        return {
            "method": "exact" if self.exact else "permutation", "background_rows": len(self.background),
            "outputs": list(self.names),
        }  # fmt: skip

    def __call__(self, rows: Any) -> dict[str, Array]:
        """Values (rows, columns, outputs), base values (rows, outputs), and standard errors where orders are drawn; of
        one output without that axis. Alone or among others, a row has the same bits.

        Raises
        ------
        Problem
            422 for more rows than can be explained at a time.
        """
        codes = rows.values if isinstance(rows, Coded) else rows
        if len(codes) > self.most:
            raise unfit(
                f"rows: expected at most {self.most:,} to explain; received {len(codes):,}.",
                remedy="Send fewer at a time.",
            )
        each = [self._of(codes[place : place + 1]) for place in range(len(codes))]
        parts = [np.concatenate(one) for one in zip(*each, strict=True)]
        if len(self.names) == 1:
            parts = [one[..., 0] for one in parts]
        return dict(zip(OUTPUTS, (one.astype(self.model.dtype) for one in parts), strict=False))

    def _of(self, row: Array) -> tuple[Array, ...]:
        """Of one row: its values, the base value, and standard errors of values that have some."""
        game = Game(self._outputs[0], row, self.background, self._columns)
        base = game.of_background.mean(axis=0)[None]
        if self.exact:
            return by_subsets(game, _silent), base
        values, errors = by_orders(game, ORDERS, np.random.default_rng(SEED), _silent)
        return values, base, errors


def _silent(pairs: int) -> None:
    """Nobody follows an answer."""
