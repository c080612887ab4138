"""What an estimator has learned is one model, put in place in one assignment; its learned attributes are read off that.

A fit learns beside the estimator. When it ends, its model takes the place of what was there; until then, whoever
predicts, saves or looks in another thread has the model of before. Whoever reads more than one thing of it does so of
a copy, by `at_rest`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar, Concatenate, Generic, ParamSpec, Self, TypeVar, overload

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from chainrule.models.answers import OfClasses
from chainrule.models.model import Model

Array = NDArray[Any]
Given = ParamSpec("Given")
Answer = TypeVar("Answer")
Kind = TypeVar("Kind", bound="Fitted")
Value = TypeVar("Value")

#: scikit-learn's names of the links.
OUT_ACTIVATIONS = {"sigmoid": "logistic", "identity": "identity", "softmax": "softmax", "exp": "exp"}


class learned(Generic[Value]):
    """A method of a model as a learned attribute; what is set on the estimator itself goes first."""

    def __init__(self, read: Callable[[Model], Value]) -> None:
        self._read = read
        self.__doc__ = read.__doc__

    def __set_name__(self, kind: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, estimator: None, kind: type) -> Self: ...
    @overload
    def __get__(self, estimator: Fitted, kind: type | None = None) -> Value: ...
    def __get__(self, estimator: Fitted | None, kind: type | None = None) -> Self | Value:
        if estimator is None:
            return self
        model = vars(estimator).get("_model")
        value = None if model is None else self._read(model)
        if value is None and (model is None or self._name in ABSENT):
            raise AttributeError(f"{type(estimator).__name__!r} object has no attribute {self._name!r}")
        return value  # type: ignore[return-value]


#: Attributes that are not there where they would be None.
ABSENT = {"feature_names_in_", "classes_", "stopped_"}


class Fitted:
    """Learned attributes of the last fit."""

    _model: Model
    _names: ClassVar[frozenset[str]]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        every = (pair for kind in cls.__mro__ for pair in vars(kind).items())
        cls._names = frozenset(name for name, value in every if isinstance(value, learned))

    def __sklearn_is_fitted__(self) -> bool:
        return "_model" in vars(self)

    @property
    def model_(self) -> Model:
        """What was learned: input, network, parameters, answer, progress; it needs no scikit-learn."""
        try:
            return self._model
        except AttributeError:  # scikit-learn's check takes longer than to predict a row
            check_is_fitted(self)
            raise

    @learned
    def n_features_in_(model: Model) -> int:
        return model.input.features

    @learned
    def feature_names_in_(model: Model) -> Any:
        return None if model.input.names is None else np.array(model.input.names, object)

    @learned
    def n_outputs_(model: Model) -> int:
        return model.answer.outputs

    @learned
    def out_activation_(model: Model) -> str:
        return OUT_ACTIVATIONS[model.loss.link]

    @learned
    def n_layers_(model: Model) -> int:
        return 1 + sum(p.name.endswith(".W") for p in model.network.layout.parameters)

    @learned
    def n_iter_(model: Model) -> int:
        return model.progress.epochs

    @learned
    def t_(model: Model) -> int:
        return model.progress.rows

    @learned
    def loss_(model: Model) -> float:
        return model.progress.loss

    @learned
    def best_loss_(model: Model) -> Any:
        return model.progress.best_loss

    @learned
    def loss_curve_(model: Model) -> list[float]:
        return [record.loss for record in model.progress.records]

    @learned
    def validation_scores_(model: Model) -> Any:
        return model.progress.scores

    @learned
    def best_validation_score_(model: Model) -> Any:
        return model.progress.best_score

    @learned
    def history_(model: Model) -> list[Any]:
        """Records, one per epoch."""
        return model.progress.records

    @learned
    def outlook_(model: Model) -> Any:
        """What the last fit set out with; None of a loaded model."""
        return model.progress.outlook

    @learned
    def stopped_(model: Model) -> Any:
        """Whether the last partial_fit has exhausted the patience."""
        return model.progress.stopped

    @learned
    def classes_(model: Model) -> Any:
        return model.answer.every if isinstance(model.answer, OfClasses) else None

    @property
    def coefs_(self) -> list[Array]:
        """Weights per layer, each of shape (inputs, units): views, so a change is a change of the model.

        With `n_members` above 1, arrays have a leading axis of members.
        """
        return [np.swapaxes(W, -1, -2) for W in self._of_kind("weight")]

    @property
    def intercepts_(self) -> list[Array]:
        """Biases per layer, each of shape (units,), or (members, units): views."""
        return self._of_kind("bias")

    @property
    def network_(self) -> Any:
        """The network as a value: layers and sizes; `network_.describe()` prints it."""
        return self.model_.network

    @property
    def parameters_(self) -> Any:
        """All parameters by name, running statistics included; `parameters_[k]` are those of member k of several."""
        return self.model_.parameters

    @property
    def probes_(self) -> Any:
        """What was measured of every layer while it trained; None with `probes=False` and with solver="lbfgs"."""
        return self.model_.probes

    def _of_kind(self, kind: str) -> list[Array]:
        model = self.model_
        return [model.parameters[p.name] for p in model.network.layout.parameters if p.kind == kind]

    # One model at a time ----------------------------------------------------------------------------------

    def _put_in_place(self, model: Model) -> None:
        """Let this be what was learned."""
        self._model = model
        for name in self._names:  # an attribute that somebody has set would go before that of the model
            vars(self).pop(name, None)

    def _forget(self) -> None:
        """Be unfitted."""
        for name in ("_model", *self._names):
            vars(self).pop(name, None)

    def _at_rest(self) -> Self:
        """This estimator as it is now, whatever is put in place later."""
        return self._with(vars(self).copy())

    def _unfitted(self) -> Self:
        """One with the same parameters that has learned nothing."""
        own = vars(self)
        return self._with({name: own[name] for name in own if name != "_model" and name not in self._names})

    def _of(self, model: Model) -> Self:
        """One with the same parameters that has learned this."""
        return self._with({**vars(self._unfitted()), "_model": model})

    def _with(self, attributes: dict[str, Any]) -> Self:
        made = object.__new__(type(self))
        made.__dict__ = attributes
        return made


def at_rest(estimator: Any) -> Any:
    """An estimator of chainrule as it is now, whatever is put in place later; anything else as it is."""
    return estimator._at_rest() if isinstance(estimator, Fitted) else estimator


def reads_once(method: Callable[Concatenate[Kind, Given], Answer]) -> Callable[Concatenate[Kind, Given], Answer]:
    """A method that goes by what was learned when it was called, to its end."""

    @wraps(method)
    def call(self: Kind, /, *args: Given.args, **kwargs: Given.kwargs) -> Answer:
        return method(self._at_rest(), *args, **kwargs)

    return call
