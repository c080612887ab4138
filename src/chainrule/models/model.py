"""`Model`: what was learned, ready to predict."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from chainrule.checks import COUNT
from chainrule.diagnosis.probes import Probes
from chainrule.diagnosis.recorder import Recorder
from chainrule.engine.expansion import Expansion
from chainrule.engine.mixture import AnyPredictor, Mixture
from chainrule.engine.network import Network
from chainrule.engine.parameters import AnyParameters
from chainrule.errors import InputError
from chainrule.explanations import Explanation, PartialDependence
from chainrule.formats.document import LIMITS, Limits
from chainrule.models import attributions, explained, saving, shown
from chainrule.models.answers import Answer, Numbers, OfClasses
from chainrule.models.continuation import Continuation
from chainrule.models.inputs import ColumnInput, Input, RowInput
from chainrule.models.progress import Progress
from chainrule.network.layers import Dense, Periodic
from chainrule.network.losses import Loss
from chainrule.tables.encoder import Encoder
from chainrule.training.batches import Data
from chainrule.training.streams import Streams
from chainrule.training.units import Units

Array = NDArray[Any]


def in_words(encoder: Encoder, network: Network) -> str:
    """Networks of tables in words: how they read numbers, and their layers."""
    units = [str(layer.units) for layer in network.layers if isinstance(layer, Dense)][:-1]
    waves = [f", waves of scale {layer.scale:g}" for layer in network.layers if isinstance(layer, Periodic)]
    return f"{encoder.said}, layers of {' and '.join(units)}{''.join(waves)}"


@dataclass(frozen=True, eq=False, repr=False)
class Model:
    """What was learned: how X comes in, the network with its parameters, what its output means, how training went.

    A model is made by the fit of an estimator, whose `model_` it is, or read from a file. It needs no scikit-learn.

    Attributes
    ----------
    kind : name of the estimator that it is of
    input : RowInput, SequenceInput or ColumnInput
    predictor : Predictor, or Mixture of a table's networks that differ
    answer : Classes, Labels or Numbers
    progress : Progress of its training
    streams : of what is drawn
    measured : Recorder of its layers, or the Probes of one of another process; None where nothing was measured
    continuation : what training goes on with

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
    predictor: AnyPredictor
    answer: Answer
    progress: Progress
    streams: Streams
    measured: Recorder | Probes | None = None
    continuation: Continuation = field(default_factory=Continuation, repr=False)

    def __repr__(self) -> str:
        network, members = self.network, self.predictor.members
        several = f", {members} networks" if members > 1 else ""
        return f"<Model of {self.kind}: {network.inputs} inputs, {network.outputs} outputs{several}>"

    def _repr_html_(self) -> str:
        """What a notebook shows: the network, the curves of its training, and the figures that matter most."""
        return shown.html(self, f"Model of {self.kind}")

    @property
    def network(self) -> Network:
        """The network as a value: layers and sizes; `network.describe()` prints it. Of a mixture, the first part's."""
        return self.predictor.network

    @property
    def parameters(self) -> AnyParameters:
        """All parameters by name, running statistics included. Of a mixture, those of the first part."""
        return self.predictor.parameters

    @property
    def loss(self) -> Loss:
        """The loss that it was trained with."""
        return self.answer.loss

    @property
    def draws(self) -> bool:
        """Whether a layer draws at random in training, and in passes of `sampled`: dropout or noise."""
        return any(layer.draws for layer in self.network.layers)

    @property
    def history(self) -> list[Any]:
        """Records of the epochs."""
        return self.progress.records

    @property
    def probes(self) -> Probes | None:
        """What was measured of every layer while it trained."""
        return self.measured.probes() if isinstance(self.measured, Recorder) else self.measured

    @property
    def units(self) -> Units | None:
        """From a loss of the rows held out in training to their error in units of the target, where that follows."""
        probes = self.probes
        survey = None if probes is None else probes.survey
        return self.answer.units(None if survey is None else survey.held_out_constant)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Float type of the network."""
        return self.parameters.vector.dtype

    def read(self, X: Any, what: str = "X") -> Any:
        """X in the form that the methods below take as `rows`: checked, and coded where it is a table.

        Parameters
        ----------
        X : array of shape (rows, features), sequences (padded ones as `chainrule.pack(X, lengths)`), a frame or the
            path of a table's file, as fit took it
        what : how errors call it

        Returns
        -------
        array, packed sequences or coded rows

        Raises
        ------
        InputError, InputTypeError
            For what is not as fit took it: other columns, what is missing or no number.

        Examples
        --------
        >>> from chainrule import MLPRegressor
        >>> model = MLPRegressor(solver="lbfgs", random_state=0).fit([[0.0], [1.0]], [0.0, 1.0]).model_
        >>> model.read([[0.25], [0.75]]).shape
        (2, 1)
        """
        return self.input.read(X, f"{self.kind}: {what}", self.dtype)

    # Predictions of X, as it is given ----------------------------------------------------------------------

    def predict(self, X: Any, n_threads: int | None = None) -> Array:
        """Classes, labels or numbers, one per row, or one per target of it.

        Parameters
        ----------
        X : as in `read`
        n_threads : int, or None for what is available

        Returns
        -------
        array of shape (rows,) or (rows, targets)

        Raises
        ------
        InputError, InputTypeError
            As in `read`.

        Examples
        --------
        >>> from chainrule import MLPClassifier
        >>> model = MLPClassifier(solver="lbfgs", random_state=0).fit([[0.0], [1.0]], ["no", "yes"]).model_
        >>> model.predict([[0.0], [1.0]]).tolist()
        ['no', 'yes']
        """
        return self.answer.said(self.raw(self.read(X), n_threads))

    def predict_proba(self, X: Any, n_threads: int | None = None) -> Array:
        """Probabilities of shape (rows, classes), in the order of the classes; of labels, one column each.

        Parameters
        ----------
        X : as in `read`
        n_threads : int, or None for what is available

        Returns
        -------
        array of shape (rows, classes)

        Raises
        ------
        InputError
            Where the model gives none: it predicts numbers, or was trained with a hinge.

        Examples
        --------
        >>> from chainrule import MLPClassifier
        >>> model = MLPClassifier(solver="lbfgs", random_state=0).fit([[0.0], [1.0]], ["no", "yes"]).model_
        >>> model.predict_proba([[1.0]]).round().tolist(), model.answer.every.tolist()
        ([[0.0, 1.0]], ['no', 'yes'])
        """
        if not (isinstance(self.answer, OfClasses) and self.answer.gives_probabilities):
            raise InputError("predict_proba()", "a loss that gives probabilities", self.loss.name, "Use predict.")
        return self.answer.probabilities(self.raw(self.read(X), n_threads))

    def predict_interval(self, X: Any, coverage: float = 0.9, n_threads: int | None = None) -> tuple[Array, Array]:
        """Between which ends y lies with this probability.

        Parameters
        ----------
        X : as in `read`
        coverage : number in (0, 1)
        n_threads : int, or None for what is available

        Returns
        -------
        low, high : arrays of shape (rows,) or (rows, targets), in units of y

        Raises
        ------
        InputError
            Where the model predicts classes, or knows nothing of its spread: it was not calibrated, and its loss gives
            none.

        Examples
        --------
        >>> import numpy as np
        >>> from chainrule import MLPRegressor
        >>> X = np.linspace(-1, 1, 200)[:, None]
        >>> model = MLPRegressor(loss="gaussian", max_iter=20, tol=1, random_state=0).fit(X, X.ravel()).model_
        >>> low, high = model.predict_interval(X, 0.8)
        >>> bool((low < high).all())
        True
        """
        if not isinstance(self.answer, Numbers):
            raise InputError("predict_interval()", "a model of numbers", self.kind, "Classes have predict_proba.")
        return self.answer.interval(self.raw(self.read(X), n_threads), coverage)

    # Of rows that were read --------------------------------------------------------------------------------

    def raw(self, rows: Any, n_threads: int | None = None) -> Array:
        """What the network predicts, through the link of the loss.

        Parameters
        ----------
        rows : what `read` gave
        n_threads : int, or None for what is available

        Returns
        -------
        array of shape (rows, outputs)

        Examples
        --------
        >>> from chainrule import MLPClassifier
        >>> model = MLPClassifier(solver="lbfgs", random_state=0).fit([[0.0], [1.0]], ["no", "yes"]).model_
        >>> model.raw(model.read([[1.0]])).round().tolist()  # of "yes"
        [[1.0]]
        """
        return self.predictor(rows, n_threads)

    def sampled(self, rows: Any, samples: int | None, n_threads: int | None = None) -> tuple[Array, Array | None]:
        """The prediction and how far apart members of an ensemble are, or passes that draw what dropout drops.

        Parameters
        ----------
        rows : what `read` gave
        samples : passes that draw, or None for none
        n_threads : int, or None for what is available

        Returns
        -------
        mean, deviation : arrays of shape (rows, outputs); the deviation is None of one network without passes, or where
            no layer draws

        Examples
        --------
        >>> from chainrule import MLPRegressor
        >>> model = MLPRegressor(dropout=0.5, max_iter=20, tol=1, random_state=0).fit([[0.0], [1.0]], [0.0, 1.0]).model_
        >>> mean, deviation = model.sampled(model.read([[0.5]]), samples=20)
        >>> bool(deviation[0, 0] > 0)
        True
        """
        one = self.predictor.members == 1
        if samples is not None:
            mean, deviation = self.predictor.sample(rows, samples, self.streams.dropout, n_threads)
            return mean, None if one and not self.draws else deviation
        if one:
            return self.predictor(rows, n_threads), None
        return self.predictor.spread(rows, n_threads)

    def bound(self, rows: int = 1) -> Callable[[Any], Array]:
        """A function of exactly `rows` rows, for predictions one by one.

        Parameters
        ----------
        rows : whole number of 1 or more

        Returns
        -------
        function of an array of shape (rows, features), which it does not check, or of rows of a table as `read` takes
        them, that gives a new array of shape (rows, outputs): probabilities through the link, or numbers in units of y

        Raises
        ------
        InputError
            Of a model of sequences, which have lengths. The function of a table refuses another number of rows, and
            what `read` refuses.

        Examples
        --------
        >>> import numpy as np
        >>> from chainrule import MLPRegressor
        >>> model = MLPRegressor(solver="lbfgs", random_state=0).fit([[0.0], [1.0]], [0.0, 1.0]).model_
        >>> one = model.bound(1)
        >>> bool(one(np.array([[0.5]]))[0, 0] == model.predict([[0.5]])[0])
        True
        """
        COUNT("predict_function(rows=)", rows)
        if not isinstance(self.input, RowInput | ColumnInput):
            raise InputError("predict_function()", "a model of rows", self.kind, "Sequences have lengths: predict(X).")
        predict = self.predictor.bound(int(rows))
        return predict if isinstance(self.input, RowInput) else partial(self._of_table, predict, int(rows))

    def _of_table(self, predict: Callable[[Any], Array], rows: int, X: Any) -> Array:
        """What a function of so many coded rows gives rows of a table."""
        coded = self.read(X)
        if coded.shape[0] != rows:
            raise InputError(
                "predict_function(rows=)", f"{rows} rows in every call", coded.shape[0], "Ask for another."
            )
        return self.answer.in_units(predict(coded))

    # Files -------------------------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str], overwrite: bool = False) -> None:
        """Write the model to a file that `Model.load` reads, and `chainrule.load`: safetensors and JSON, no code.

        Parameters
        ----------
        path : of the file; it is there whole or not at all, whenever the process ends
        overwrite : whether a file of that name is replaced

        Raises
        ------
        InputError, InputTypeError
            The name is taken, the folder is missing, or the network has an activation or a loss of your own.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> from chainrule import MLPRegressor
        >>> model = MLPRegressor(solver="lbfgs", random_state=0).fit([[0.0], [1.0]], [0.0, 1.0]).model_
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save(Path(folder, "line"))
        ...     Path(folder, "line").stat().st_size > 4 * len(model.parameters.vector)
        True
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
        """The model as an ONNX graph, which runs without chainrule; see `chainrule.to_onnx`.

        Returns
        -------
        onnx.ModelProto

        Raises
        ------
        ImportError
            Without the package onnx: `pip install 'chainrule[onnx]'`.
        InputError
            For an activation of your own.

        Examples
        --------
        >>> import importlib.util
        >>> from chainrule import MLPRegressor
        >>> model = MLPRegressor(solver="lbfgs", random_state=0).fit([[0.0], [1.0]], [0.0, 1.0]).model_
        >>> not importlib.util.find_spec("onnx") or len(model.to_onnx().graph.node) > 2
        True
        """
        from chainrule.models.onnx import graph  # which needs the package onnx

        return graph(self)

    # Others ------------------------------------------------------------------------------------------------

    def kinds(self) -> list[tuple[str, int, float]]:
        """The kinds of networks of a table's model, those that count most first.

        Returns
        -------
        list of (what they are, how many there are, their part of a prediction); nothing of other models

        Examples
        --------
        >>> from chainrule import TableClassifier
        >>> rows = {"size": [1.0, 2.0, 3.0, 4.0] * 10}
        >>> model = TableClassifier(preset="fast", random_state=0).fit(rows, ["small", "small", "large", "large"] * 10)
        >>> model.model_.kinds()
        [('numbers in at most 8 bins, layers of 128 and 128', 1, 1.0)]
        """
        if not isinstance(self.input, ColumnInput):
            return []
        parts = self.predictor.parts if isinstance(self.predictor, Mixture) else [None]
        found = []
        for (one, _), part in zip(self.apart(), parts, strict=True):
            assert isinstance(one.input, ColumnInput)
            share = 1.0 if part is None else float(part.share)
            found.append((in_words(one.input.encoder, one.network), one.predictor.members, share))
        return found

    def apart(self) -> list[tuple[Model, Expansion]]:
        """The networks of a table's model, each kind of them as a model of its own, and what expands rows for it."""
        assert isinstance(self.input, ColumnInput)
        if not isinstance(self.predictor, Mixture):
            return [(self, self.input.encoder.expansion)]
        found: list[tuple[Model, Expansion]] = []
        further = self.continuation.parts or [Continuation() for _ in self.predictor.parts]
        for part, later in zip(self.predictor.parts, further, strict=True):
            mine = replace(self.input, encoder=self.input.encoder.alone(part.view))
            progress = self.progress if not found else self.progress.copy()
            measured = self.measured if not found else None
            one = replace(
                self, input=mine, predictor=part.predictor, progress=progress, measured=measured, continuation=later
            )
            found.append((one, part.expansion))
        return found

    def calibrated(self, rows: Data, n_threads: int | None = None, where: str = "calibrate(X)") -> Model:
        """The same with what rows tell that training did not see: how sure its predictions are.

        Parameters
        ----------
        rows : Data, such as `Rows`: X as `read` gives it, and y in the form of the loss and the float type of the
            network, (rows, targets) of numbers and of labels, codes of more than two classes, 0 and 1 in a column of
            two; targets of a table as `answer.form(y)` gives them. Estimators' `calibrate` takes X and y as fit does
        n_threads : int, or None for what is available
        where : how errors call the rows

        Returns
        -------
        Model

        Raises
        ------
        InputError, InputTypeError
            For a loss that cannot be calibrated, and for rows that do not fit the network or its loss.

        Examples
        --------
        >>> import numpy as np
        >>> from chainrule import MLPRegressor, Rows
        >>> X = np.linspace(-1, 1, 100)[:, None]
        >>> model = MLPRegressor(solver="lbfgs", random_state=0).fit(X, X.ravel() ** 2).model_
        >>> low, high = model.calibrated(Rows(X, X**2)).predict_interval(X, 0.9)
        >>> bool(np.mean((low <= X.ravel() ** 2) & (X.ravel() ** 2 <= high)) >= 0.9)
        True
        """
        self.answer.check_calibration(where)
        rows.check(self.network, self.loss, self.dtype)
        predictor, answer = self.answer.calibrated(self.predictor, rows, n_threads, where)
        return replace(self, predictor=predictor, answer=answer)

    def attributions(self, X: Any) -> Array:
        """What each column of a table adds to a prediction to first order; see `TableClassifier.attributions`.

        Parameters
        ----------
        X : as in `read`

        Returns
        -------
        array of shape (rows, columns), in the order of `input.encoder.names`; of several targets or labels, (rows,
            columns, targets)

        Raises
        ------
        InputError
            Of a model that is none of tables; and as in `read`.

        Examples
        --------
        >>> from chainrule import TableClassifier
        >>> rows = {"size": [1.0, 2.0, 3.0, 4.0] * 10}
        >>> model = TableClassifier(preset="fast", random_state=0).fit(rows, ["small", "small", "large", "large"] * 10)
        >>> model.model_.attributions({"size": [1.0, 4.0]}).shape
        (2, 1)
        """
        if not isinstance(self.input, ColumnInput):
            raise InputError("attributions()", "a model of tables", self.kind, "Fit a TableClassifier.")
        return attributions.by_gradient(self.read(X), self)

    def explain(
        self,
        X: Any,
        background: Any = None,
        *,
        method: Literal["auto", "exact", "permutation"] = "auto",
        permutations: int = 2,
        background_rows: int = explained.BACKGROUND,
        link: Literal["identity", "logit"] = "identity",
        random_state: int = 0,
        n_threads: int | None = None,
        progress: Callable[[float], object] | None = None,
    ) -> Explanation:
        """What each column adds to each prediction: Shapley values against rows of a background.

        A value is what the prediction changes by, on average over the background and over all orders in which columns
        may be taken, when the column is taken from the row and no longer from the background (Lundberg and Lee 2017,
        the interventional form). With the mean prediction of the background they add up to the row's prediction. They
        tell what the model does, not what causes what, and combine columns as no real row may have them.

        Parameters
        ----------
        X : rows to explain, as in `read`
        background : rows that they are explained against, such as those of training; None is X itself
        method : 'exact' sums over all subsets, of at most 12 columns; 'permutation' draws orders of the columns, each
            with its reverse, and tells standard errors; 'auto' is 'exact' where it can be. It predicts up to 2^columns
            rows for each row and each of the background, 'permutation' 2 * permutations * (columns - 1)
        permutations : orders that are drawn for each row and each of the background, 2 or more
        background_rows : of a larger background so many rows are drawn
        link : 'identity' explains what is predicted: the probability of the second of two classes, of each of several
            classes or labels, numbers in units of y. 'logit' explains log-odds of a probability
        random_state : whole number; of what is drawn
        n_threads : int, or None for what is available
        progress : function that is told which part is done, from 0 to 1

        Returns
        -------
        Explanation

        Raises
        ------
        InputError, InputTypeError
            As `read`; of sequences; of a single row without a background; of 'exact' with more than 12 columns.

        Examples
        --------
        >>> from chainrule import TableClassifier
        >>> rows = {"size": [1.0, 2.0, 3.0, 4.0] * 10, "colour": ["red", "blue"] * 20}
        >>> model = TableClassifier(preset="fast", random_state=0).fit(rows, ["small", "small", "large", "large"] * 10)
        >>> found = model.model_.explain({"size": [1.0], "colour": ["red"]}, background=rows)
        >>> found.output_names, found.values.shape, bool(found.values[0, 0] > abs(found.values[0, 1]))
        (('small',), (1, 2), True)
        """
        return explained.explain(
            self, X, background, method=method, permutations=permutations, background_rows=background_rows, link=link,
            random_state=random_state, n_threads=n_threads, progress=progress, where=self.kind,
        )  # fmt: skip

    def partial_dependence(
        self,
        X: Any,
        columns: explained.ByName | tuple[explained.ByName, explained.ByName],
        *,
        points: int = 20,
        rows: int = explained.AVERAGED,
        link: Literal["identity", "logit"] = "identity",
        random_state: int = 0,
        n_threads: int | None = None,
    ) -> PartialDependence:
        """How predictions go with one column or two, the others as they are; of two, how strongly they interact.

        Parameters
        ----------
        X : rows whose predictions are averaged, as in `read`
        columns : name or number of a column, or of two; columns of an array without names are x0, x1, ...
        points : values of each, at most: quantiles of numbers and times, the commonest of others
        rows : of more, so many are drawn
        link, random_state, n_threads : as in `explain`

        Returns
        -------
        PartialDependence

        Raises
        ------
        InputError, InputTypeError
            As `read`; of sequences, and for a column that is not there.

        Examples
        --------
        >>> import numpy as np
        >>> from chainrule import MLPRegressor
        >>> X = np.random.default_rng(0).uniform(-1, 1, (200, 3))
        >>> model = MLPRegressor(solver="lbfgs", tol=1e-2, random_state=0).fit(X, X[:, 0] * X[:, 1] + X[:, 2]).model_
        >>> model.partial_dependence(X, "x2").mean.shape
        (20,)
        >>> strong, weak = (model.partial_dependence(X, pair).interaction for pair in [("x0", "x1"), ("x0", "x2")])
        >>> bool(strong > 0.9 > 0.1 > weak)
        True
        """
        return explained.partial_dependence(
            self, X, columns, points=points, rows=rows, link=link, random_state=random_state, n_threads=n_threads,
            where=self.kind,
        )  # fmt: skip

    def score(self, X: Any, y: Any, weight: Any = None, n_threads: int | None = None) -> float:
        """Accuracy of classes and of labels, R2 of numbers: what the estimator's `score` gives.

        Parameters
        ----------
        X : as in `read`
        y : array of shape (rows,) or (rows, targets), as fit took it: classes, a 0/1 matrix of labels, or numbers in
            their units; of a table also the name of its column, which of a file may be None for that of fit
        weight : array of shape (rows,), or None for 1 each
        n_threads : int, or None for what is available

        Returns
        -------
        float, at most 1; of several quantiles, of the one nearest the median

        Raises
        ------
        InputError, InputTypeError
            As in `read`, and for y or weights of another shape, or that cannot be.

        Examples
        --------
        >>> import numpy as np
        >>> from chainrule import MLPRegressor
        >>> X = np.linspace(-1, 1, 100)[:, None]
        >>> line = MLPRegressor(solver="lbfgs", random_state=0).fit(X, X.ravel() ** 2)
        >>> line.model_.score(X, X.ravel() ** 2) == line.score(X, X.ravel() ** 2) > 0.9
        True
        """
        X, y = self.input.split(X, y, f"{self.kind}: X")
        prediction = self.raw(self.read(X), n_threads)
        weights = None if weight is None else np.asarray(weight)
        if weights is not None and (
            weights.shape != prediction.shape[:1] or (weights < 0).any() or not weights.sum() > 0
        ):
            raise InputError(
                "score(weight=)", f"a weight of 0 or more for each of {len(prediction)} rows, one of them above 0",
                repr(weight)[:80], "Leave it None for rows that count alike.",
            )  # fmt: skip
        return self.answer.score_said(prediction, y, weights)
