"""A fitted estimator of rows or sequences as a document, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier

from chainrule.checks import POSITIVE
from chainrule.engine.network import Network
from chainrule.engine.parameters import AnyParameters, Members, Parameters
from chainrule.engine.predictor import Predictor
from chainrule.errors import InputError, unknown_name
from chainrule.estimators import chosen, labels, recorded
from chainrule.estimators.intervals import Margins
from chainrule.estimators.session import Session
from chainrule.formats.document import Document
from chainrule.formats.fields import Fields
from chainrule.network import serial
from chainrule.network.layers import Layer, Residual
from chainrule.training.records import Record
from chainrule.training.serial import CONFIGURATION
from chainrule.training.streams import streams
from chainrule.values import fits, hints

if TYPE_CHECKING:
    from chainrule.estimators.base import BaseMLP

Array = NDArray[Any]
Estimator = TypeVar("Estimator", bound="BaseMLP")

#: In front of the names of arrays.
WEIGHTS, MARGINS = "parameters.", "margins."

CHANGED = "The file was changed since it was written."

#: Layers of a network that is read, inner ones included: naming their parameters takes time by the square.
MOST_LAYERS = 10_000

#: Learned numbers, which stand in the file under their names, and what they can be.
NUMBERS: dict[str, Any] = {
    "n_iter_": int,
    "t_": int,
    "loss_": float,
    "best_loss_": float | None,
    "best_validation_score_": float | None,
    "validation_scores_": tuple[float, ...] | None,
    "stopped_": bool,
}


def of(estimator: BaseMLP) -> Document:
    """All but data, buffers, and the moments of the optimiser.

    Raises
    ------
    InputError, InputTypeError
        For code in the network, or a parameter that breaks its rule.
    """
    session, learned = estimator._session, vars(estimator)  # which is at rest
    predictor = session.predictor
    network, parameters = predictor.network, predictor.parameters
    where = f"{type(estimator).__name__}.save()"
    history = {one.name: [getattr(record, one.name) for record in estimator.history_] for one in fields(Record)}
    model: dict[str, Any] = {
        **chosen.to_data(estimator),
        "network": {
            "layers": serial.to_data(network.layers),
            "inputs": int(network.inputs),
            "members": predictor.members,
        },
        "loss": serial.loss_to_data(predictor.loss),
        "temperature": float(predictor.temperature),
        "streams": session.streams.state(),
        "learned": {name: CONFIGURATION.out(where, learned[name]) for name in NUMBERS if name in learned},
        "history": {name: CONFIGURATION.out(where, column) for name, column in history.items()},
    }
    arrays = {WEIGHTS + name: array for name, array in parameters.items()}
    if session.probes is not None:
        model["probes"], measured = recorded.to_data(where, session.probes)
        arrays |= measured
    if "classes_" in learned:
        model["classes"] = labels.to_data(learned["classes_"])
    if "feature_names_in_" in learned:
        model["features"] = learned["feature_names_in_"].tolist()
    if session.margins is not None:
        arrays |= {MARGINS + name: array for name, array in asdict(session.margins).items()}
    return Document(model, arrays)


def estimator(kind: type[Estimator], document: Document) -> Estimator:
    """The estimator that gave a document.

    Raises
    ------
    InputError, InputTypeError
        Where anything in it does not fit the rest, or is unknown.
    """
    content, arrays = Fields("content", document.model), dict(document.arrays)
    made = kind(**chosen.from_data(kind, content))
    network, parameters = _network(content.inside("network"), arrays)
    loss, temperature = serial.loss_from_data(content.take("loss")), content.take("temperature")
    POSITIVE("content, temperature", temperature)
    if network.pools != ("pool" in made.get_params(deep=False)):
        raise InputError(
            "content, network",
            "a Pool in an estimator of sequences, and only there",
            network.layers,
            CHANGED,
        )
    session = Session(Predictor(network, parameters, loss), streams(0))
    if temperature != 1:
        made._check_calibration("content, temperature", loss)
        session.predictor = session.predictor.at(float(temperature))
    session.streams.load(_streams(content.take("streams")))
    made._adopt(session)
    made.n_features_in_ = network.inputs
    _learned(made, content)
    session.margins = _margins(arrays, 0 if is_classifier(made) else loss.targets(network.outputs))
    if "probes" in content:
        session.recorded = recorded.from_data(content.inside("probes"), arrays, network)
    content.end()
    for name in arrays:
        raise unknown_name("arrays", name, (WEIGHTS + known for known in network.layout.places))
    made._check_learned(loss, network.outputs)
    made._put_in_place(made)
    return made


def _network(given: Fields, arrays: dict[str, Array]) -> tuple[Network, AnyParameters]:
    """The network, and its parameters in one vector; shapes are compared before that is made."""
    layers = serial.from_data(given.items("layers"))
    inputs, members = given.whole("inputs", least=1), given.whole("members", least=1)
    given.end()
    if _count(layers) > MOST_LAYERS:
        raise InputError(given.where, f"at most {MOST_LAYERS} layers", _count(layers), CHANGED)
    network = Network(layers, inputs)
    front = () if members == 1 else (members,)
    found = {}
    for p in network.layout.parameters:
        if WEIGHTS + p.name not in arrays:
            raise InputError("arrays", f"{WEIGHTS}{p.name}", f"only {sorted(arrays)}"[:200], CHANGED)
        array = found[p.name] = arrays.pop(WEIGHTS + p.name)
        if array.shape != (*front, *p.shape):
            raise InputError(WEIGHTS + p.name, f"shape {(*front, *p.shape)}", array.shape, CHANGED)
        if p.kind == "variance" and (array < 0).any():
            raise InputError(WEIGHTS + p.name, "variances, at least 0", float(array.min()), CHANGED)
    dtypes = {array.dtype for array in found.values()}
    if len(dtypes) != 1 or not dtypes <= {np.dtype("f4"), np.dtype("f8")}:
        raise InputError("arrays", "float32 or float64, one of them in all", sorted(map(str, dtypes)), CHANGED)
    vector = np.empty(members * network.layout.size, dtypes.pop())
    kind = Parameters if members == 1 else Members
    parameters: AnyParameters = kind(network.layout, vector)
    for name, array in found.items():
        parameters[name][...] = array
    return network, parameters


def _count(layers: Sequence[Layer]) -> int:
    return sum(1 + (_count(layer.layers) if isinstance(layer, Residual) else 0) for layer in layers)


def _streams(data: Any) -> dict[str, Any]:
    """Where the streams of random numbers stand; NumPy checks the states of its generators itself."""
    given = Fields("content, streams", data)
    whole = {name: given.whole(name) for name in ("split", "dropout")}
    if whole["split"] >= 2**31 or whole["dropout"] >= 2**32:
        raise InputError("content, streams", "seeds of 32 bits", whole, CHANGED)
    states = {name: given.take(name) for name in ("shuffle", "mixup")}
    given.end()
    return {**whole, **states}


def _learned(made: BaseMLP, content: Fields) -> None:
    """Attributes of the last fit, and the record of all of training."""
    given = content.inside("learned")
    for name, hint in NUMBERS.items():
        if name in given:
            value = _numbers(f"{given.where}, {name}", given.take(name), hint)
            setattr(made, name, list(value) if isinstance(value, tuple) else value)
    given.end()
    history = content.inside("history")
    names = [one.name for one in fields(Record)]
    columns = [
        [_numbers(f"{history.where}, {name}", one, hints(Record)[name]) for one in history.items(name)]
        for name in names
    ]  # fmt: skip
    history.end()
    if len({len(column) for column in columns}) != 1:
        raise InputError(history.where, "lists of one length", [len(column) for column in columns], CHANGED)
    made.history_ = [Record(**dict(zip(names, row, strict=True))) for row in zip(*columns, strict=True)]
    made.loss_curve_ = [record.loss for record in made.history_]
    if is_classifier(made):
        made.classes_ = labels.from_data(content.inside("classes"))
    if "features" in content:
        names = content.items("features", str, "names")
        if len(names) != made.n_features_in_:
            raise InputError("content, features", f"{made.n_features_in_} names", len(names), CHANGED)
        made.feature_names_in_ = np.array(names, object)


def _numbers(where: str, data: Any, hint: Any) -> Any:
    """What stands in a file for numbers that training found: it may have diverged."""
    value = CONFIGURATION.back(where, data)
    if not fits(value, hint, finite=False):
        said = hint.__name__ if isinstance(hint, type) else hint
        raise InputError(where, f"numbers of training, {said}", repr(value)[:80], CHANGED)
    return value


def _margins(arrays: dict[str, Array], targets: int) -> Margins | None:
    """The margins of intervals, where there are any."""
    found = {name: arrays.pop(MARGINS + name) for name in ("distances", "weights") if MARGINS + name in arrays}
    if not found:
        return None
    if len(found) != 2:
        raise InputError("arrays", "distances and weights of margins", sorted(found), CHANGED)
    margins = Margins(**found)
    for name, array in found.items():
        right = array.shape == margins.distances.shape and array.ndim == 2 and array.shape[1] == targets and len(array)
        if not right or array.dtype != np.float64 or (np.diff(array, axis=0) < 0).any():
            wanted, found_ = f"ascending float64 of shape (rows, {targets})", f"{array.dtype} of shape {array.shape}"
            raise InputError(MARGINS + name, wanted, found_, CHANGED)
    return margins
