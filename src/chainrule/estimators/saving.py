"""`save`: an estimator into a file."""

from __future__ import annotations

import os
import platform
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from chainrule import __version__
from chainrule.errors import InputError
from chainrule.estimators.loading import KINDS
from chainrule.estimators.one_value import at_rest
from chainrule.formats import model_file
from chainrule.formats.document import Document


class Saved(ABC):
    """An estimator that can be a document, and be made of one again; `loading.KINDS` names those that there are."""

    @abstractmethod
    def _document(self) -> Document:
        """All that predicts, what was chosen and how training went, as data and arrays."""

    @classmethod
    @abstractmethod
    def _from_document(cls, document: Document) -> Self:
        """The fitted estimator that gave a document; every value of it is a stranger's."""

    @classmethod
    @abstractmethod
    def _check_parameters(cls, parameters: Mapping[str, Any]) -> None:
        """Hold parameters, all of them by name, against their rules."""

    @abstractmethod
    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """scikit-learn's."""

    def save(self, path: str | os.PathLike[str], overwrite: bool = False) -> None:
        """Write the fitted estimator to a file that `chainrule.load` reads, in the safetensors form, without pickle.

        The file has the parameters, the network, the weights, classes and names of features, calibration, the record
        of training, versions and date. Left out, and listed there as `left_out`: callbacks, checkpoints,
        validation_split, and a random_state, a scoring, a schedule or an initialiser that is code; when loaded, these
        have their defaults. Moments of the optimiser are left out too: training that goes on begins with fresh ones.

        Parameters
        ----------
        path : of the file; it is there whole or not at all, whenever the process ends
        overwrite : whether a file of that name is replaced

        Raises
        ------
        InputError
            A `ValueError`: the name is taken, the folder is missing, a parameter breaks its rule, or the network has
            an activation or a loss of your own, which is code.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> import chainrule
        >>> model = chainrule.MLPRegressor(solver="lbfgs", random_state=0).fit([[0.0], [1.0]], [0.0, 1.0])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save(Path(folder) / "line.model")
        ...     again = chainrule.load(Path(folder) / "line.model")
        >>> bool((again.predict([[0.5]]) == model.predict([[0.5]])).all())
        True
        """
        check_is_fitted(self)
        kind, estimator = type(self), at_rest(self)
        if kind.__module__ != f"chainrule.estimators.{KINDS.get(kind.__name__)}":
            raise InputError(
                f"{kind.__name__}.save()", f"one of {sorted(KINDS)}", f"{kind.__module__}.{kind.__qualname__}",
                "A class of your own is code: pickle it.",
            )  # fmt: skip
        document = estimator._document()
        versions = {"chainrule": __version__, "numpy": np.__version__, "python": platform.python_version()}
        written = {"date": datetime.now(UTC).isoformat(timespec="seconds"), **versions}
        envelope = {"estimator": kind.__name__, "written": written, "content": document.model}
        model_file.write(path, Document(envelope, document.arrays), overwrite)
