"""`load`: an estimator from a file. scikit-learn is imported when the file has been read and found whole."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

from chainrule.errors import InputError, InputTypeError, ModelFileError, unknown_name
from chainrule.formats import model_file
from chainrule.formats.document import LIMITS, Document, Limits
from chainrule.formats.fields import Fields

#: Every estimator that a file may hold, and the module that it is in.
KINDS = {
    "MLPClassifier": "classifier",
    "MLPRegressor": "regressor",
    "SequenceClassifier": "sequences",
    "SequenceRegressor": "sequences",
    "TableClassifier": "table.classifier",
    "TableRegressor": "table.regressor",
}

#: What code that is given strangers' values raises where it has no check of its own for them.
STRANGE = (TypeError, ValueError, LookupError, ArithmeticError, AttributeError, RecursionError)


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
    document = model_file.read(path, limits)
    try:
        envelope = Fields("model", document.model)
        name = envelope.text("estimator")
        if name not in KINDS:
            raise unknown_name("model, estimator", name, KINDS)
        written = envelope.inside("written")
        for what in ("date", "chainrule", "numpy", "python"):
            written.text(what)
        written.end()
        content = envelope.take("content")
        envelope.end()
        kind = getattr(import_module(f"chainrule.estimators.{KINDS[name]}"), name)
        return kind._from_document(Document(content, document.arrays))
    except (InputError, InputTypeError) as error:
        raise model_file.refusal(path, error) from error
    except STRANGE as error:
        raise ModelFileError(
            f"{path}, content", "a model that an estimator's save() wrote", f"{error!r}"[:200], "Save it anew."
        ) from error
