"""`Model`: what was learned, ready to predict."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from chainrule.checks import COUNT
from chainrule.diagnosis.probes import Probes
from chainrule.diagnosis.recorder import Recorder
from chainrule.engine.network import Network
from chainrule.engine.parameters import AnyParameters
from chainrule.engine.predictor import Predictor
from chainrule.errors import InputError
from chainrule.formats.document import LIMITS, Limits
from chainrule.models import saving
from chainrule.models.answers import Answer, Numbers, OfClasses
from chainrule.models.inputs import ColumnInput, Input, RowInput
from chainrule.models.progress import Progress
from chainrule.network.losses import Loss
from chainrule.training.batches import Data
from chainrule.training.stopping import Stopping
from chainrule.training.streams import Streams
from chainrule.training.trainer import Trainer

Array = NDArray[Any]


class Later:
    """What training goes on with, given to one call: another, in another thread, begins with fresh."""

    def __init__(self, trainer: Trainer | None = None, stopping: Stopping | None = None) -> None:
        self._kept = [(trainer, stopping)]

    @property
    def trainer(self) -> Trainer | None:
        """The trainer, where nobody has taken it."""
        return next((trainer for trainer, _ in self._kept), None)

    @property
    def stopping(self) -> Stopping | None:
        return next((stopping for _, stopping in self._kept), None)

    def take(self) -> tuple[Trainer | None, Stopping | None]:
        try:
            return self._kept.pop()
        except IndexError:  # to look first would be a race
            return None, None


@dataclass(frozen=True, eq=False)
class Model:
    """What was learned: how X comes in, the network with its parameters, what its output means, how training went.

    A model is made by the fit of an estimator, whose `model_` it is, or read from a file. It needs no scikit-learn.

    Attributes
    ----------
    kind : name of the estimator that it is of
    input : RowInput, SequenceInput or ColumnInput
    predictor : Predictor
    answer : Classes, Labels or Numbers
    progress : Progress of its training
    streams : of what is drawn
    measured : Recorder of its layers, or the Probes of one of another process; None where nothing was measured

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import MLPRegressor
    >>> X = np.linspace(0, 1, 50)[:, None]
    >>> model = MLPRegressor(solver="lbfgs", random_state=0).fit(X, X.ravel()).model_
    >>> model.predict(X[:2]).shape, model.network.inputs, len(model.history) > 0
    ((2,), 1, True)
    """

    kind: str
    input: Input
    predictor: Predictor
    answer: Answer
    progress: Progress
    streams: Streams
    measured: Recorder | Probes | None = None
    later: Later = field(default_factory=Later, repr=False)

    @property
    def network(self) -> Network:
        """The network as a value: layers and sizes; `network.describe()` prints it."""
        return self.predictor.network

    @property
    def parameters(self) -> AnyParameters:
        """All parameters by name, running statistics included."""
        return self.predictor.parameters

    @property
    def loss(self) -> Loss:
        return self.answer.loss

    @property
    def history(self) -> list[Any]:
        """Records of the epochs."""
        return self.progress.records

    @property
    def probes(self) -> Probes | None:
        """What was measured of every layer while it trained."""
        return self.measured.probes() if isinstance(self.measured, Recorder) else self.measured

    @property
    def dtype(self) -> np.dtype[Any]:
        """Float type of the network."""
        return self.parameters.vector.dtype

    def read(self, X: Any, what: str = "X") -> Any:
        """X in the form that the methods below take as `rows`: checked, and coded where it is a table.

        Parameters
        ----------
        X : array of shape (rows, features), sequences, a frame or the path of a table's file, as fit took it
        what : how errors call it

        Raises
        ------
        InputError, InputTypeError
        """
        return self.input.read(X, f"{self.kind}: {what}", self.dtype)

    # Predictions of X, as it is given ----------------------------------------------------------------------

    def predict(self, X: Any, n_threads: int | None = None) -> Array:
        """Classes, labels or numbers, one per row, or one per target of it.

        Parameters
        ----------
        X : as in `read`
        n_threads : int, or None for what is available
        """
        return self.answer.said(self.raw(self.read(X), n_threads))

    def predict_proba(self, X: Any, n_threads: int | None = None) -> Array:
        """Probabilities of shape (rows, classes), in the order of the classes; of labels, one column each.

        Parameters
        ----------
        X : as in `read`
        n_threads : int, or None for what is available

        Raises
        ------
        InputError
            Where the model gives none.
        """
        if not (isinstance(self.answer, OfClasses) and self.answer.gives_probabilities):
            raise InputError("predict_proba()", "a loss that gives probabilities", self.loss.name, "Use predict.")
        return self.answer.probabilities(self.raw(self.read(X), n_threads))

    def predict_interval(self, X: Any, coverage: float = 0.9, n_threads: int | None = None) -> tuple[Array, Array]:
        """Between which ends y lies with this probability; see `MLPRegressor.predict_interval`."""
        if not isinstance(self.answer, Numbers):
            raise InputError("predict_interval()", "a model of numbers", self.kind, "Classes have predict_proba.")
        return self.answer.interval(self.raw(self.read(X), n_threads), coverage)

    # Of rows that were read --------------------------------------------------------------------------------

    def raw(self, rows: Any, n_threads: int | None = None) -> Array:
        """What the network predicts, through the link: (rows, outputs)."""
        return self.predictor(rows, n_threads)

    def sampled(self, rows: Any, samples: int | None, n_threads: int | None = None) -> tuple[Array, Array | None]:
        """The prediction and, where there are several members, their deviation; or both of passes that draw."""
        if samples is not None:
            return self.predictor.sample(rows, samples, self.streams.dropout, n_threads)
        if self.predictor.members == 1:
            return self.predictor(rows, n_threads), None
        return self.predictor.spread(rows, n_threads)

    def bound(self, rows: int = 1) -> Callable[[Any], Array]:
        """A function of exactly `rows` rows in the network's form, which checks nothing; see `predict_function`."""
        COUNT("predict_function(rows=)", rows)
        if not isinstance(self.input, RowInput | ColumnInput):
            raise InputError("predict_function()", "a model of rows", self.kind, "Sequences have lengths: predict(X).")
        return self.predictor.bound(int(rows))

    # Files -------------------------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str], overwrite: bool = False) -> None:
        """Write the model to a file that `Model.load` reads, and `chainrule.load`; see the `save` of estimators.

        Parameters
        ----------
        path : of the file; it is there whole or not at all, whenever the process ends
        overwrite : whether a file of that name is replaced

        Raises
        ------
        InputError, InputTypeError
            The name is taken, the folder is missing, or the network has an activation or a loss of your own.
        """
        saving.write(path, self, {"parameters": {}, "left_out": []}, overwrite)

    @classmethod
    def load(cls, path: str | os.PathLike[str], limits: Limits = LIMITS) -> Self:
        """The model in a file, without the estimator: scikit-learn is not imported.

        Parameters
        ----------
        path : of the file
        limits : how large the file may be, and what is in it

        Raises
        ------
        ModelFileError
            A `ValueError`: the file is not there, not whole, or not to be trusted; see `chainrule.load`.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> from chainrule import Model, MLPRegressor
        >>> line = MLPRegressor(solver="lbfgs", random_state=0).fit([[0.0], [1.0]], [0.0, 1.0])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     line.save(Path(folder, "line"))
        ...     model = Model.load(Path(folder, "line"))
        >>> bool((model.predict([[0.5]]) == line.predict([[0.5]])).all())
        True
        """
        return saving.read(path, lambda content: cls(**content.model), limits)

    def to_onnx(self) -> Any:
        """The model as an `onnx.ModelProto`; see `chainrule.to_onnx`."""
        from chainrule.models.onnx import graph  # which needs the package onnx

        return graph(self)

    # Others ------------------------------------------------------------------------------------------------

    def calibrated(self, rows: Data, n_threads: int | None = None, where: str = "calibrate(X)") -> Model:
        """The same with what rows tell that training did not see: how sure its predictions are.

        Parameters
        ----------
        rows : in the form of the loss
        n_threads : int, or None for what is available
        where : how errors call the rows
        """
        predictor, answer = self.answer.calibrated(self.predictor, rows, n_threads, where)
        return replace(self, predictor=predictor, answer=answer)

    def score(self, rows: Any, y: Array, weight: Array | None = None, n_threads: int | None = None) -> float:
        """Accuracy or R2 of rows against y in the loss's form."""
        return self.answer.score(self.raw(rows, n_threads), y, weight)
