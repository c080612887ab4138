"""Model files as commands see them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chainrule.errors import ModelFileError

#: Estimators that take raw tables.
TABLES = ("TableClassifier", "TableRegressor")


def load(path: Path, threads: int | None = None) -> Any:
    """The estimator of tables in a file.

    Raises
    ------
    ModelFileError
        Where there is none.
    """
    from chainrule.estimators.loading import load as load_any

    model = load_any(path)
    name = type(model).__name__
    if name not in TABLES:
        raise ModelFileError(
            str(path), f"a {' or a '.join(TABLES)}", name, "`chainrule inspect` shows it; predict with it in Python."
        )
    if threads is not None:
        model.model_.set_params(n_threads=threads)
    return model


def classifies(model: Any) -> bool:
    return type(model).__name__ == TABLES[0]


def word(label: Any) -> str:
    """A class as it stands in a file: 1 rather than 1.0."""
    value = label.item() if hasattr(label, "item") else label  # of words in an object array, str
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
