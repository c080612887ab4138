"""What a network's output means: classes, labels or numbers; y as the loss wants it, and back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.feeds import is_sparse
from chainrule.engine.mixture import AnyPredictor
from chainrule.errors import InputError
from chainrule.models.as_labels import WORDS, labels
from chainrule.models.as_numbers import numbers
from chainrule.models.intervals import Band, Margins, interval
from chainrule.models.truth import Truth
from chainrule.network import losses
from chainrule.network.losses import Loss
from chainrule.tables.targets import TargetScale
from chainrule.training.batches import Data
from chainrule.training.units import Units

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Answer(ABC):
    """What is predicted, and by which loss it is learned.

    Attributes
    ----------
    loss : Loss
    outputs : of the network
    """

    loss: Loss
    outputs: int

    classifies: ClassVar[bool]
    scored_as: ClassVar[str]

    @abstractmethod
    def back(self, y: Array) -> Array:
        """y as it was given to fit, from the loss's form."""

    @abstractmethod
    def said(self, prediction: Array) -> Array:
        """What `predict` gives of a network's prediction, (rows, outputs)."""

    def names(self, name: str) -> list[str]:
        """The columns of what is said of a target of this name: of each label, number and quantile one."""
        several, levels = self.loss.targets(self.outputs), getattr(self.loss, "levels", (None,))
        names = [name] if several == 1 else [f"{name}_{place}" for place in range(several)]
        return names if len(levels) == 1 else [f"{one}_{level:g}" for one in names for level in levels]

    def in_units(self, prediction: Array) -> Array:
        """A network's prediction, (rows, outputs), in units of y; probabilities have none."""
        return prediction

    @abstractmethod
    def score(self, prediction: Array, y: Array, weight: Array | None = None) -> float:
        """Accuracy or R2 of predictions against y in the loss's form; higher is better."""

    def units(self, constant: float | None) -> Units | None:
        """From a loss to an error in units of y; None where the loss does not tell that.

        Parameters
        ----------
        constant : loss of the best prediction that is the same for all rows, None where it is not known
        """
        return None

    @abstractmethod
    def true(self, y: Any, where: str = "score(y)") -> Any:
        """y as a user gives it in the form of what is said: classes of the fit's type, numbers; none is missing."""

    @abstractmethod
    def score_said(self, prediction: Array, y: Any, weight: Array | None = None) -> float:
        """The same against y as it was given to fit."""

    @abstractmethod
    def calibrated(
        self, predictor: AnyPredictor, rows: Data, n_threads: int | None, where: str
    ) -> tuple[AnyPredictor, Answer]:
        """The two with what rows tell that training did not see: how sure predictions are."""

    @property
    def gives_probabilities(self) -> bool:
        return False

    def check_calibration(self, where: str) -> None:
        """Refuse a loss whose predictions cannot be calibrated; every loss of numbers has intervals."""
        return

    def fits(self, other: Answer) -> bool:
        """Whether training may go on from this one with the other: of the same kind, loss and number of outputs."""
        return (type(self), self.loss, self.outputs) == (type(other), other.loss, other.outputs)


class OfClasses(Answer):
    """What classes and labels have in common: probabilities, and a temperature that makes them right."""

    classifies = True
    scored_as = "accuracy"

    @property
    def gives_probabilities(self) -> bool:
        return self.loss.link != "identity"

    @property
    def border(self) -> float:
        """Above which prediction a label is there."""
        return 0.5 if self.loss.link == "sigmoid" else 0.0

    @property
    @abstractmethod
    def every(self) -> Array:
        """All classes, or the numbers of all labels."""

    @abstractmethod
    def codes(self, y: Array) -> Array:
        """Codes of classes, or a 0/1 matrix of labels, from the loss's form."""

    @abstractmethod
    def decide(self, prediction: Array) -> Array:
        """The same of the most probable classes."""

    @abstractmethod
    def probabilities(self, p: Array) -> Array:
        """(rows, classes), of what the network predicts."""

    @abstractmethod
    def deviations(self, spread: Array) -> Array:
        """The same of deviations of what the network predicts."""

    def true(self, y: Any, where: str = "score(y)") -> Any:
        return y if is_sparse(y) else labels(Truth.of(y, where))

    def score_said(self, prediction: Array, y: Any, weight: Array | None = None) -> float:
        said = self.said(prediction)
        true = _as_said(self.true(y), said.shape)
        if (true.dtype.kind in WORDS) != (said.dtype.kind in WORDS):
            raise InputError(
                "score(y)", f"classes as in fit, {self.every}", repr(true[:3]), "Give them as fit had them."
            )
        right = true == said
        return float(np.average(right.all(axis=1) if right.ndim == 2 else right, weights=weight))

    def check_calibration(self, where: str) -> None:
        if self.loss.link not in ("sigmoid", "softmax"):
            raise InputError(where, "a loss that gives probabilities", self.loss.name, "Use loss='auto'.")

    def calibrated(
        self, predictor: AnyPredictor, rows: Data, n_threads: int | None, where: str
    ) -> tuple[AnyPredictor, Answer]:
        from chainrule.models.temperature import fit_temperature  # SciPy's minimisation: not needed to predict

        y, weight = rows.counted()
        z = predictor.before_link(rows.X, n_threads, rows.subset)
        if len(y) < 2:
            raise InputError(where, "at least 2 rows", len(y), "Hold out more.")
        codes = self.codes(y)
        y = codes if self.loss.link == "softmax" else codes.reshape(z.shape[1:])
        T = fit_temperature(z, y, weight, predictor.shares)
        return predictor.at(T), self


@dataclass(frozen=True, eq=False)
class Classes(OfClasses):
    """One class of a row.

    Attributes
    ----------
    classes : all that there are, ascending
    known : places among them of those that the network tells apart, or None for all
    """

    classes: Array
    known: Array | None = None

    @classmethod
    def of(cls, loss: Loss, classes: Array) -> Classes:
        """Of these classes, two or one of which take a single output."""
        return cls(loss, 1 if len(classes) <= 2 else len(classes), classes)

    @property
    def every(self) -> Array:
        return self.classes

    @property
    def labels(self) -> Array:
        """The classes that the network tells apart."""
        return self.classes if self.known is None else self.classes[self.known]

    def names(self, name: str) -> list[str]:
        return [name]

    def form(self, codes: Array) -> Array:
        """The loss's form of codes of classes."""
        if self.outputs == 1:
            return codes.reshape(-1, 1)
        return codes if self.loss.target == "classes" else np.eye(self.outputs)[codes]

    def codes(self, y: Array) -> Array:
        return y.argmax(axis=1) if y.ndim == 2 and y.shape[1] > 1 else y.astype(int).reshape(len(y))

    def decide(self, prediction: Array) -> Array:
        if prediction.shape[1] == 1:
            return ((prediction[:, 0] > self.border) & (len(self.labels) == 2)).astype(int)
        found: Array = prediction.argmax(axis=1)
        return found

    def back(self, y: Array) -> Array:
        return np.asarray(self.labels[self.codes(y)])

    def said(self, prediction: Array) -> Array:
        return np.asarray(self.labels[self.decide(prediction)])

    def probabilities(self, p: Array) -> Array:
        if p.shape[1] == 1:
            p = np.ones_like(p) if len(self.labels) == 1 else np.hstack([1 - p, p])
        return self._of_all(p)

    def deviations(self, spread: Array) -> Array:
        return self._of_all(np.hstack([spread, spread]) if spread.shape[1] == 1 < len(self.labels) else spread)

    def _of_all(self, found: Array) -> Array:
        if self.known is None:
            return found
        whole = np.zeros((len(found), len(self.classes)), found.dtype)  # of a class that no training row has
        whole[:, self.known] = found
        return whole

    def score(self, prediction: Array, y: Array, weight: Array | None = None) -> float:
        return float(np.average(self.decide(prediction) == self.codes(y), weights=weight))


@dataclass(frozen=True, eq=False)
class Labels(OfClasses):
    """Several labels of a row, each there or not: a 0/1 matrix of a column each."""

    @property
    def every(self) -> Array:
        return np.arange(self.outputs)

    def form(self, y: Array) -> Array:
        return y

    def codes(self, y: Array) -> Array:
        return y.astype(int)

    def decide(self, prediction: Array) -> Array:
        return (prediction > self.border).astype(int)

    def back(self, y: Array) -> Array:
        return y.astype(int)

    def said(self, prediction: Array) -> Array:
        return self.decide(prediction)

    def probabilities(self, p: Array) -> Array:
        return p

    def deviations(self, spread: Array) -> Array:
        return spread

    def score(self, prediction: Array, y: Array, weight: Array | None = None) -> float:
        return float(np.average((self.decide(prediction) == self.codes(y)).all(axis=1), weights=weight))


@dataclass(frozen=True, eq=False)
class Numbers(Answer):
    """Numbers of a row, one per target.

    Attributes
    ----------
    scale : of the targets, or None where the network learns them in their own units
    margins : of calibrated intervals, in units of the network, or None
    """

    scale: TargetScale | None = None
    margins: Margins | None = None

    classifies = False
    scored_as = "R2"

    def form(self, y: Array) -> Array:
        """The loss's form of targets, (rows, targets)."""
        return y if self.scale is None else self.scale(y)

    def back(self, y: Array) -> Array:
        return _flat(self._unscaled(y))

    def point(self, prediction: Array) -> Array:
        """One number per target, in units of the network: the mean, or the quantile nearest the median."""
        return self.loss.split(self.loss.predict(prediction))[self.middle]

    def point_in_units(self, prediction: Array) -> Array:
        """The same in units of y, (rows,) or (rows, targets)."""
        return self.back(self.point(prediction))

    @property
    def middle(self) -> int:
        """Which of a target's outputs is its point."""
        levels = self.loss.levels if isinstance(self.loss, losses.Quantile) else (0.5,)
        return int(np.abs(np.array(levels) - 0.5).argmin())

    def said(self, prediction: Array) -> Array:
        """(rows,), or (rows, targets); of several quantiles, (rows, levels) or (rows, targets, levels)."""
        loss = self.loss
        if isinstance(loss, losses.Quantile) and loss.per_target > 1:
            levels = [self._unscaled(part) for part in loss.split(loss.predict(prediction))]
            by_level = np.stack(levels, axis=2)
            return by_level[:, 0] if by_level.shape[1] == 1 else by_level
        if isinstance(loss, losses.Gaussian):
            return self.point_in_units(prediction)
        return _flat(self._unscaled(prediction))

    def in_units(self, prediction: Array) -> Array:
        if self.scale is None:
            return prediction
        if isinstance(self.loss, losses.Gaussian):  # means, and logarithms of variances
            mean, deviation = self.loss.split(self.loss.predict(prediction))
            return np.hstack([self.scale.back(mean), 2 * np.log(self.scale.spread(mean, deviation))])
        return np.hstack([self.scale.back(part) for part in self.loss.split(prediction)])

    def deviation(self, prediction: Array, spread: Array | None) -> Array | None:
        """The deviation that was learned, or else that of passes or members; None where there is neither."""
        if isinstance(self.loss, losses.Gaussian):
            spread = self.loss.split(self.loss.predict(prediction))[1]
        elif isinstance(self.loss, losses.Quantile) and self.loss.per_target > 1:
            return None
        if spread is None:
            return None
        return _flat(spread if self.scale is None else self.scale.spread(self.point(prediction), spread))

    def interval(self, prediction: Array, coverage: float) -> tuple[Array, Array]:
        """Lower and upper ends, (rows,) or (rows, targets), in units of y; see `intervals.interval`.

        They may lie beyond all y of fit, as y does.
        """
        lower, upper = interval(self.loss, prediction, self.margins, coverage)
        if self.scale is not None:
            lower, upper = self.scale.unbounded(lower), self.scale.unbounded(upper)
        return _flat(lower), _flat(upper)

    def units(self, constant: float | None) -> Units | None:
        squared = isinstance(self.loss, losses.SquaredError) and self.loss.targets(self.outputs) == 1
        if not squared or (self.scale is not None and self.scale.log):
            return None
        return Units(1.0 if self.scale is None else self.scale.scale[0], constant)

    def _unscaled(self, values: Array) -> Array:
        return values if self.scale is None else self.scale.back(values)

    def score(self, prediction: Array, y: Array, weight: Array | None = None) -> float:
        return r2(y, self.point(prediction), weight)

    def true(self, y: Any, where: str = "score(y)") -> Any:
        return numbers(Truth.of(y, where))

    def score_said(self, prediction: Array, y: Any, weight: Array | None = None) -> float:
        predicted = self._unscaled(self.point(prediction))
        true = _as_said(self.true(y), predicted.shape)
        floats = [one.dtype for one in (true, predicted, weight) if one is not None and one.dtype.kind == "f"]
        dtype = np.result_type(*floats)
        return r2(true.astype(dtype), predicted.astype(dtype), None if weight is None else weight.astype(dtype))

    def calibrated(
        self, predictor: AnyPredictor, rows: Data, n_threads: int | None, where: str
    ) -> tuple[AnyPredictor, Answer]:
        y, weight = rows.counted()
        prediction = predictor(rows.X, n_threads, rows.subset)
        distances = Band.of(self.loss, prediction).distances(y.astype(np.float64))
        return predictor, Numbers(self.loss, self.outputs, self.scale, Margins.of(distances, weight))


def r2(true: Array, predicted: Array, weight: Array | None = None) -> float:
    """1 - squared errors over squared distances from the mean, the mean over the targets; NaN of a single row.

    A target that is the same in every row has R2 1 where it is predicted exactly, else 0, as in scikit-learn.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.models.answers import r2
    >>> r2(np.array([[1.0], [2.0], [3.0]]), np.array([[1.0], [2.0], [2.0]]))
    0.5
    """
    if len(predicted) < 2:
        return float("nan")
    weights = 1.0 if weight is None else weight[:, None]
    errors = (weights * (true - predicted) ** 2).sum(axis=0)
    spread = (weights * (true - np.average(true, axis=0, weights=weight)) ** 2).sum(axis=0)
    found = np.ones(true.shape[1], errors.dtype)
    found[spread != 0] = 1 - (errors[spread != 0] / spread[spread != 0])
    found[(spread == 0) & (errors != 0)] = 0.0
    return float(np.average(found))


def _as_said(y: Any, shape: tuple[int, ...]) -> Array:
    """y as an array of this shape; of one target, a column is a row."""
    found = y.toarray() if is_sparse(y) else np.asarray(y)
    if found.shape != shape and found.reshape(len(found) if found.ndim else 1, -1).shape != (*shape, 1)[:2]:
        raise InputError("score(y)", f"shape {shape}, as predicted", found.shape, "Give a value for each row of X.")
    return found.reshape(shape)


def _flat(values: Array) -> Array:
    """(rows,) of a single target."""
    return values[:, 0] if values.shape[1] == 1 else values
