"""Model files as commands see them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chainrule.errors import ModelFileError

if TYPE_CHECKING:
    from chainrule.models.model import Model

#: Estimators whose models take raw tables.
TABLES = ("TableClassifier", "TableRegressor")


def load(path: Path) -> Model:
    """The model of tables in a file.

    Raises
    ------
    ModelFileError
        Where there is none.
    """
    from chainrule.models.model import Model

    model = Model.load(path)
    if model.kind not in TABLES:
        raise ModelFileError(
            str(path),
            f"a {' or a '.join(TABLES)}",
            model.kind,
            "`chainrule inspect` shows it; predict with it in Python.",
        )
    return model


def columns(model: Model) -> list[str]:
    """The columns that a model of tables reads."""
    return list(model.input.encoder.names)  # type: ignore[attr-defined]


def target(model: Model) -> str | None:
    """The name of the column that a model of tables predicts, where it has one."""
    return model.input.target  # type: ignore[attr-defined]
