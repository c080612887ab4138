"""Remedies: what to change where a finding says that something is wrong, as data, and how an estimator takes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

from chainrule.errors import InputError, InputTypeError
from chainrule.network import activations
from chainrule.network.layers import GLU, NORMS, Activation, Dense, Dropout, Layer, Norm, Residual
from chainrule.training import optimisers

#: Parameters that say what the hidden layers are. Where an estimator has `layers`, these are rewritten instead.
OF_LAYERS = ("activation", "init", "norm", "residual", "dropout")

#: Solvers that an estimator's parameters describe, and what an optimiser of another kind calls these.
BY_PARAMETERS = ("adam", "sgd", "lbfgs")
OF_OPTIMISER = {"learning_rate_init": "learning_rate", "weight_decay": "weight_decay"}


@runtime_checkable
class Mendable(Protocol):
    """An estimator as remedies see it."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """scikit-learn's."""

    def _with_scaled_inputs(self) -> Any:
        """An unfitted estimator that standardises its inputs, with this one after them."""


@dataclass(frozen=True)
class Remedy:
    """A change of an estimator.

    Attributes
    ----------
    name : for machines, "relu-residual"
    text : for people: what to do and why it helps
    changes : (parameter, value) pairs to set; all else stays
    scale : whether inputs are to be standardised
    """

    name: str
    text: str
    changes: tuple[tuple[str, Any], ...] = ()
    scale: bool = False

    @property
    def can_be_applied(self) -> bool:
        """Whether it is a change of the estimator; other remedies are for the data or for the user."""
        return self.scale or bool(self.changes)

    def suits(self, parameters: Mapping[str, Any]) -> bool:
        """Whether an estimator with these parameters has those that change."""
        return all(name in parameters for name, _ in self.changes)

    def apply(self, estimator: Any) -> Any:
        """A new, unfitted estimator with the change.

        Parameters
        ----------
        estimator : one of chainrule's; it stays as it is

        Returns
        -------
        estimator of the same class; a pipeline of a scaler and that where inputs are to be scaled

        Raises
        ------
        InputError
            A `ValueError`: the remedy is nothing that an estimator can do, or this one has no such parameter.

        Examples
        --------
        >>> from chainrule.diagnosis.remedies import Remedy
        >>> from chainrule import MLPClassifier
        >>> deep = MLPClassifier((64,) * 20, activation="logistic")
        >>> Remedy("relu-residual", "", (("activation", "relu"), ("residual", True))).apply(deep)
        MLPClassifier(hidden_layer_sizes=(64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
                                          64, 64, 64, 64, 64, 64, 64, 64, 64),
                      residual=True)
        """
        if not isinstance(estimator, Mendable):
            raise InputTypeError(
                f"Remedy({self.name!r}).apply(estimator)", "an estimator of chainrule", type(estimator).__name__,
                "Of a pipeline, give its last step: pipeline[-1].",
            )  # fmt: skip
        parameters = estimator.get_params(deep=False)
        where = f"Remedy({self.name!r}).apply(estimator)"
        if not self.can_be_applied:
            raise InputError(where, "a remedy that changes the estimator", self.text, "Change the data by hand.")
        if not self.suits(parameters):
            names = [name for name, _ in self.changes if name not in parameters]
            raise InputError(
                where, f"an estimator with {', '.join(names)}", type(estimator).__name__, "Take another remedy."
            )
        made = type(estimator)(**{**parameters, **changed(parameters, dict(self.changes))})
        return made._with_scaled_inputs() if self.scale else made


def changed(parameters: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """What to set of an estimator's parameters, so that the changes come about."""
    found = dict(changes)
    solver = found.get("solver", parameters.get("solver", "adam"))
    if solver not in BY_PARAMETERS:
        moved = {field: found.pop(name) for name, field in OF_OPTIMISER.items() if name in found}
        if moved:
            found["solver"] = replace(optimisers.get(solver), **moved)
    if parameters.get("layers") is not None:
        of_layers = {name: found.pop(name) for name in OF_LAYERS if name in found}
        found["layers"] = rewritten(parameters["layers"], of_layers)
    return found


def rewritten(layers: Sequence[Layer], changes: Mapping[str, Any]) -> tuple[Layer, ...]:
    """Hidden layers as an estimator would build them with these parameters.

    Examples
    --------
    >>> from chainrule import Dense
    >>> from chainrule.diagnosis.remedies import rewritten
    >>> rewritten([Dense(8, "sigmoid", init="xavier_normal")], {"activation": "relu", "init": "auto", "residual": True})
    (Residual(layers=(Dense(units=8, activation='relu', bias=True, init='auto'),)),)
    """
    found: list[Layer] = []
    for layer in layers:
        found += _rewritten(layer, changes)
    return tuple(found)


def _rewritten(layer: Layer, changes: Mapping[str, Any]) -> list[Layer]:
    """What one layer becomes."""
    match layer:
        case Residual(inner):
            return [Residual(rewritten(inner, {**changes, "residual": False}))]
        case Activation(name):
            return [Activation(changes.get("activation", name))]
        case Dropout() if "dropout" in changes:
            return []
        case Norm() if "norm" in changes:
            return []
        case Dense() | GLU():
            return _product(layer, changes)
    return [layer]


def _product(layer: Dense | GLU, changes: Mapping[str, Any]) -> list[Layer]:
    """A product with what its parameters ask for around it; the norm of a GLU stands behind its gates."""
    f = changes.get("activation", layer.activation)
    linear = activations.get(layer.activation).name == "identity"  # its function, if any, is a layer of its own
    product = replace(layer, init=changes.get("init", layer.init), activation=layer.activation if linear else f)
    block: list[Layer] = [product]
    if changes.get("norm"):
        norm: Layer = NORMS[changes["norm"]]()
        if isinstance(product, GLU):
            block = [product, norm]
        else:
            block = [replace(product, activation="identity"), norm, *([] if linear else [Activation(f)])]
    if changes.get("dropout"):
        block.append(Dropout(changes["dropout"]))
    return [Residual(block)] if changes.get("residual") else block
