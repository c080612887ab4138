"""`load`: an estimator from a file. scikit-learn is imported when the file has been read and found whole."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

from chainrule.formats.document import LIMITS, Limits
from chainrule.models.model import Model
from chainrule.models.saving import Content, read

#: Where the estimators are.
HOMES = {
    "MLPClassifier": "classifier",
    "MLPRegressor": "regressor",
    "SequenceClassifier": "sequences",
    "SequenceRegressor": "sequences",
    "TableClassifier": "table.classifier",
    "TableRegressor": "table.regressor",
}


def load(path: str | os.PathLike[str], limits: Limits = LIMITS) -> Any:
    """The estimator that `save` wrote: it predicts the same bits, and can be cloned, inspected and trained on.

    Parameters
    ----------
    path : of the file
    limits : how large the file may be, and what is in it

    Returns
    -------
    estimator : fitted, of the class that was saved

    Raises
    ------
    ModelFileError
        A `ValueError`: the file is not there, not whole, no model file, changed since it was written, larger than the
        limits, of a later version, or holds what no model can be. Nothing in a file is run.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import chainrule
    >>> model = chainrule.MLPRegressor(solver="lbfgs", random_state=0).fit([[0.0], [1.0]], [0.0, 1.0])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.save(Path(folder, "model"))
    ...     again = chainrule.load(Path(folder, "model"))
    >>> type(again).__name__, bool((again.predict([[0.5]]) == model.predict([[0.5]])).all())
    ('MLPRegressor', True)
    """
    return read(path, _estimator, limits)


def _estimator(content: Content) -> Any:
    from chainrule.estimators import serial

    kind = getattr(import_module(f"chainrule.estimators.{HOMES[content.kind]}"), content.kind)
    left_out = content.asked.rest()["left_out"]
    made = kind(**serial.from_data(kind, content.asked))
    model = Model(**content.model)
    model.progress.left_out = tuple(left_out)
    made._put_in_place(model)
    return made
