"""A model as a document, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from chainrule.checks import POSITIVE
from chainrule.diagnosis.probes import Probes
from chainrule.engine.mixture import AnyPredictor, Mixture, Part
from chainrule.engine.network import Network
from chainrule.engine.parameters import AnyParameters, Members, Parameters
from chainrule.engine.predictor import Predictor
from chainrule.errors import InputError, unknown_name
from chainrule.formats.fields import Fields
from chainrule.models import labels, measured
from chainrule.models.answers import Answer, Classes, Labels, Numbers, OfClasses
from chainrule.models.inputs import ColumnInput, Input, RowInput, SequenceInput
from chainrule.models.intervals import Margins
from chainrule.models.progress import Progress
from chainrule.network import serial
from chainrule.network.layers import Layer, Residual
from chainrule.network.losses import Loss, domains
from chainrule.network.signs import has_signs
from chainrule.tables.encoder import Encoder
from chainrule.tables.field import Field
from chainrule.tables.serial import ENCODINGS
from chainrule.tables.targets import TargetScale
from chainrule.training.callbacks.base import Outlook
from chainrule.training.records import Record
from chainrule.training.serial import CONFIGURATION
from chainrule.training.streams import Streams, streams
from chainrule.values import fits, hints

Array = NDArray[Any]


class Kind(NamedTuple):
    """What a model of an estimator reads, and what it answers."""

    reads: type[Input]
    classifies: bool


#: The models that a file may hold, by the names of their estimators.
KINDS = {
    "MLPClassifier": Kind(RowInput, True),
    "MLPRegressor": Kind(RowInput, False),
    "SequenceClassifier": Kind(SequenceInput, True),
    "SequenceRegressor": Kind(SequenceInput, False),
    "TableClassifier": Kind(ColumnInput, True),
    "TableRegressor": Kind(ColumnInput, False),
}

#: What a file keeps of an outlook.
OUTLOOK = ("name", "epochs", "done", "rows", "held_out", "batch_size", "parameters")
#: The array of the numbers of encodings.
ENCODED = "encoder.numbers"
#: In front of the names of arrays.
WEIGHTS, MARGINS = "parameters.", "margins."

CHANGED = "The file was changed since it was written."

#: Layers of a network that is read, inner ones included: naming their parameters takes time by the square.
MOST_LAYERS = 10_000

#: Losses of classes: y of these are labels, a column each, where one may stand for two classes; or codes, or shares.
OF_LABELS = (domains.LABELS, domains.SHARES)
OF_CLASSES = (*OF_LABELS, domains.CODES, domains.DISTRIBUTIONS)
#: y of these can be any numbers, counts, or sizes.
OF_NUMBERS = (domains.ANY, domains.NOT_NEGATIVE, domains.POSITIVE)

#: Numbers of training: their names in a file, in `Progress`, and what they can be.
NUMBERS: dict[str, tuple[str, Any]] = {
    "n_iter_": ("epochs", int),
    "t_": ("rows", int),
    "loss_": ("loss", float),
    "best_loss_": ("best_loss", float | None),
    "best_validation_score_": ("best_score", float | None),
    "validation_scores_": ("scores", tuple[float, ...] | None),
    "stopped_": ("stopped", bool),
    "mixed_": ("mixed", float),
}


#: Of these, what is left out where there is none.
MAY_LACK = ("stopped_", "mixed_")

#: What of the rows a fit takes by a path or a name.
GIVEN = ("X", "y", "sample_weight", "groups", "X_val", "y_val", "sample_weight_val")


class Written(Protocol):
    """What of a model is written."""

    @property
    def kind(self) -> str: ...
    @property
    def input(self) -> Input: ...
    @property
    def predictor(self) -> AnyPredictor: ...
    @property
    def answer(self) -> Answer: ...
    @property
    def progress(self) -> Progress: ...
    @property
    def streams(self) -> Streams: ...
    @property
    def probes(self) -> Probes | None: ...


def to_data(model: Written) -> tuple[dict[str, Any], dict[str, Array]]:
    """All but data, buffers, and the moments of the optimiser: plain data, and arrays by name.

    Raises
    ------
    InputError, InputTypeError
        For code in the network.
    """
    where, predictor, records = f"{model.kind}.save()", model.predictor, model.progress.records
    parts = [part.predictor for part in predictor.parts] if isinstance(predictor, Mixture) else [predictor]
    history = {one.name: [getattr(record, one.name) for record in records] for one in fields(Record)}
    learned = {name: getattr(model.progress, of) for name, (of, _) in NUMBERS.items()}
    learned = {name: value for name, value in learned.items() if value is not None or name not in MAY_LACK}
    data: dict[str, Any] = {
        "network": _network_to_data(parts[0]),
        "loss": serial.loss_to_data(predictor.loss),
        "temperature": float(predictor.temperature),
        "streams": model.streams.state(),
        "learned": {name: CONFIGURATION.out(where, value) for name, value in learned.items()},
        "history": {name: CONFIGURATION.out(where, column) for name, column in history.items()},
        "given": dict(model.progress.given),
    }
    given, arrays = _input_to_data(where, model.input)
    data |= given
    if model.progress.outlook is not None:
        data["outlook"] = {name: getattr(model.progress.outlook, name) for name in OUTLOOK}
    for place, part in enumerate(parts):
        arrays |= {_front(place) + name: array for name, array in part.parameters.items()}
    if isinstance(predictor, Mixture):
        data["mixture"] = [
            {**({"network": _network_to_data(part.predictor)} if place else {}),
             "view": part.view, "shares": list(part.shares)}
            for place, part in enumerate(predictor.parts)
        ]  # fmt: skip
    if model.probes is not None:
        data["probes"], histograms = measured.to_data(where, model.probes)
        arrays |= histograms
    answer = model.answer
    if isinstance(answer, OfClasses):
        data["classes"] = labels.to_data(answer.every)
        if isinstance(answer, Classes) and answer.known is not None:
            data["known"] = answer.known.tolist()
    if isinstance(answer, Numbers):
        if answer.scale is not None:
            data["target"] = ENCODINGS.out(where, answer.scale)
        if answer.margins is not None:
            arrays |= {MARGINS + name: array for name, array in asdict(answer.margins).items()}
    return data, arrays


def from_data(kind: str, content: Fields, arrays: Mapping[str, Array]) -> dict[str, Any]:
    """The attributes of the model of an estimator of this name, from what `to_data` wrote; every value is untrusted.

    Raises
    ------
    InputError, InputTypeError
        Where anything in it does not fit the rest, or is unknown.
    """
    reads, classifies = KINDS[kind]
    arrays = dict(arrays)
    if "inside" in content:  # as tables were written before version 2
        content = _flattened(content)
    network, parameters = _network(content.inside("network"), arrays)
    loss, temperature = serial.loss_from_data(content.take("loss")), content.take("temperature")
    POSITIVE("content, temperature", temperature)
    if network.pools != (reads is SequenceInput):
        raise InputError("content, network", "a Pool in a model of sequences, and only there", network.layers, CHANGED)
    given = _input_from_data(reads, content, network.inputs, arrays)
    answer = _classes(content, loss, network.outputs) if classifies else _numbers_of(content, loss, network, arrays)
    first = Predictor(network, parameters, loss)
    predictor: AnyPredictor = first
    if "mixture" in content:
        predictor = _mixture(content.items("mixture"), first, given, arrays)
    elif isinstance(given, ColumnInput) and given.encoder.others:
        raise InputError("content, encoder", "one view of the columns", len(given.encoder.others) + 1, CHANGED)
    elif given.width != network.inputs:
        raise InputError("content, encoder", f"encodings of {network.inputs} inputs", given.width, CHANGED)
    _check_directions(network, given, 0)
    if temperature != 1:
        if not classifies:
            raise InputError("content, temperature", "1 of numbers", temperature, CHANGED)
        answer.check_calibration("content, temperature")
        predictor = predictor.at(float(temperature))
    drawn = streams(0)
    drawn.load(_streams(content.take("streams")))
    progress = _progress(content)
    probes = None
    if "probes" in content:
        probes = measured.from_data(content.inside("probes"), arrays, network, answer.loss)
    content.end()
    for name in arrays:
        raise unknown_name("arrays", name, (WEIGHTS + known for known in network.layout.places))
    return {
        "kind": kind, "input": given, "predictor": predictor, "answer": answer, "progress": progress,
        "streams": drawn, "measured": probes,
    }  # fmt: skip


def _flattened(content: Fields) -> Fields:
    """What stood inside an estimator inside, beside what stood around it."""
    inside = Fields("content, inside", content.take("inside"))
    for name in ("parameters", "left_out"):
        inside.take(name)
    data = dict(inside.rest())
    within = data.pop("classes", None)
    data |= content.rest()
    if "classes" in data and within is not None:
        codes = labels.from_data(Fields("content, inside, classes", within))
        every = labels.from_data(Fields("content, classes", data["classes"]))
        if codes.dtype.kind not in "iu" or codes.min() < 0 or codes.max() >= len(every):
            raise InputError("content, classes", f"{codes.max()} classes or more", len(every), CHANGED)
        if len(codes) < len(every):
            data["known"] = codes.tolist()
    return Fields("content", data)


def _input_to_data(where: str, given: Input) -> tuple[dict[str, Any], dict[str, Array]]:
    found: dict[str, Any] = {} if given.names is None else {"features": list(given.names)}
    arrays: dict[str, Array] = {}
    if isinstance(given, ColumnInput):
        numbers: list[float] = []
        found["encoder"] = ENCODINGS.out(where, given.encoder, numbers)
        if numbers:
            arrays[ENCODED] = np.array(numbers)
        found["target_name"], found["columns"] = given.target, int(given.features)
        if given.target_field is not None:
            found["target_field"] = ENCODINGS.out(where, given.target_field)
    if isinstance(given, SequenceInput) and given.padded:
        found["padded"] = True
    return found, arrays


def _input_from_data(reads: type[Input], content: Fields, inputs: int, arrays: dict[str, Array]) -> Input:
    features = content.whole("columns", least=1) if reads is ColumnInput else inputs
    names = None
    if "features" in content:
        names = tuple(content.items("features", str, "names"))
        if len(names) != features:
            raise InputError("content, features", f"{features} names", len(names), CHANGED)
    if reads is SequenceInput:
        return SequenceInput(features, "padded" in content and content.flag("padded"))
    if reads is RowInput:
        return RowInput(features, names)
    target = content.take("target_name")
    if target is not None and not isinstance(target, str):
        raise InputError("content, target_name", "a name or nothing", repr(target)[:80], CHANGED)
    field = _encodings(Field, content, "target_field") if "target_field" in content else None
    numbers = arrays.pop(ENCODED, None)
    return ColumnInput(_encodings(Encoder, content, "encoder", numbers), features, names, target, field)


def _encodings(kind: type[Any], content: Fields, name: str, numbers: Array | None = None) -> Any:
    if numbers is not None and (numbers.ndim != 1 or numbers.dtype != np.float64):
        raise InputError(f"arrays, {ENCODED}", "numbers in a row", f"{numbers.dtype} of {numbers.shape}", CHANGED)
    found = ENCODINGS.back(f"content, {name}", content.take(name), numbers)
    if not isinstance(found, kind):
        raise InputError(f"content, {name}", f"an {kind.__name__}", type(found).__name__, CHANGED)
    return found


def _classes(content: Fields, loss: Loss, outputs: int) -> Classes | Labels:
    """The classes that a network of so many outputs tells apart with this loss."""
    classes = labels.from_data(content.inside("classes"))
    known = _known(content, len(classes)) if "known" in content else None
    count = len(classes) if known is None else len(known)
    if loss.domain not in OF_CLASSES:
        raise InputError("content, loss", "a loss for classes", repr(loss), CHANGED)
    if outputs != count and not (outputs == 1 and count <= 2 and loss.domain in OF_LABELS):
        raise InputError("content, classes", f"classes for {outputs} outputs", count, CHANGED)
    if outputs > 1 and loss.target == "values" and loss.domain != domains.DISTRIBUTIONS:
        return Labels(loss, outputs)
    return Classes(loss, outputs, classes, known)


def _known(content: Fields, count: int) -> Array:
    found = np.array(content.items("known", int, "whole numbers"), np.intp)
    if not len(found) or (np.diff(found) <= 0).any() or found[0] < 0 or found[-1] >= count:
        raise InputError("content, known", f"ascending places of {count} classes", found.tolist()[:8], CHANGED)
    return found


def _numbers_of(content: Fields, loss: Loss, network: Network, arrays: dict[str, Array]) -> Answer:
    if loss.domain not in OF_NUMBERS:
        raise InputError("content, loss", "a loss for numbers", repr(loss), CHANGED)
    targets = loss.targets(network.outputs)
    scale = _encodings(TargetScale, content, "target") if "target" in content else None
    if scale is not None and len(scale.center) != targets:
        raise InputError("content, target", f"scales of {targets} targets", len(scale.center), CHANGED)
    return Numbers(loss, network.outputs, scale, _margins(arrays, targets))


def _network(given: Fields, arrays: dict[str, Array], before: str = WEIGHTS) -> tuple[Network, AnyParameters]:
    """The network, and its parameters in one vector; shapes are compared before that is made."""
    layers = serial.from_data(given.items("layers"))
    inputs, members = given.whole("inputs", least=1), given.whole("members", least=1)
    monotone = given.items("monotone", int, "1, -1 or 0") if "monotone" in given else ()
    given.end()
    if _count(layers) > MOST_LAYERS:
        raise InputError(given.where, f"at most {MOST_LAYERS} layers", _count(layers), CHANGED)
    network = Network(layers, inputs, monotone)
    front = () if members == 1 else (members,)
    found = {}
    for p in network.layout.parameters:
        name = before + p.name
        if name not in arrays:
            raise InputError("arrays", name, f"only {sorted(arrays)}"[:200], CHANGED)
        array = found[p.name] = arrays.pop(name)
        if array.shape != (*front, *p.shape):
            raise InputError(name, f"shape {(*front, *p.shape)}", array.shape, CHANGED)
        if p.kind == "variance" and (array < 0).any():
            raise InputError(name, "variances, at least 0", float(array.min()), CHANGED)
        if not has_signs(p, array):
            raise InputError(name, "the signs of a monotone network", "others", CHANGED)
    dtypes = {array.dtype for array in found.values()}
    if len(dtypes) != 1 or not dtypes <= {np.dtype("f4"), np.dtype("f8")}:
        raise InputError("arrays", "float32 or float64, one of them in all", sorted(map(str, dtypes)), CHANGED)
    vector = np.empty(members * network.layout.size, dtypes.pop())
    kind = Parameters if members == 1 else Members
    parameters: AnyParameters = kind(network.layout, vector)
    for name, array in found.items():
        parameters[name][...] = array
    return network, parameters


def _front(place: int) -> str:
    """What stands in front of the names of the parameters of a part."""
    return f"{WEIGHTS}{place}/" if place else WEIGHTS


def _network_to_data(predictor: Predictor) -> dict[str, Any]:
    network = predictor.network
    found = {"layers": serial.to_data(network.layers), "inputs": int(network.inputs), "members": predictor.members}
    return found | ({"monotone": list(network.monotone)} if network.monotone else {})


def _mixture(data: Sequence[Any], first: Predictor, given: Input, arrays: dict[str, Array]) -> Mixture:
    """The networks of a mixture, the first of which is known, and how each reads the columns."""
    if not isinstance(given, ColumnInput):
        raise InputError("content, mixture", "a model of tables", type(given).__name__, CHANGED)
    if len(given.encoder.others) >= max(1, len(data)):
        raise InputError("content, encoder", f"at most {len(data)} views", len(given.encoder.others) + 1, CHANGED)
    views, parts = given.encoder.expansions, list[Part]()
    for place, one in enumerate(data):
        about = Fields(f"content, mixture, {place}", one)
        predictor, view, shares = first, about.whole("view"), about.items("shares", float, "numbers")
        if place:
            network, parameters = _network(about.inside("network"), arrays, _front(place))
            predictor = Predictor(network, parameters, first.loss)
        about.end()
        network = predictor.network
        if view >= len(views) or views[view].width != network.inputs or network.outputs != first.network.outputs:
            raise InputError(about.where, f"a network of the columns, {network.inputs} inputs", view, CHANGED)
        _check_directions(network, given, view)
        if predictor.parameters.vector.dtype != first.parameters.vector.dtype:
            raise InputError(about.where, "one float type in all", predictor.parameters.vector.dtype, CHANGED)
        parts.append(Part(predictor, views[view], tuple(shares), view))
    if {part.view for part in parts} != set(range(len(views))):
        raise InputError("content, mixture", f"networks for each of {len(views)} views", "others", CHANGED)
    return Mixture(parts)


def _check_directions(network: Network, given: Input, view: int) -> None:
    """A network has the directions of the columns that it reads in this way, and of no others."""
    wanted = given.encoder.directions(view) if isinstance(given, ColumnInput) else ()
    if tuple(network.monotone) != (wanted if any(wanted) else ()):
        raise InputError("content, network, monotone", "the directions of its columns", "others", CHANGED)


def _count(layers: Sequence[Layer]) -> int:
    return sum(1 + (_count(layer.layers) if isinstance(layer, Residual) else 0) for layer in layers)


def _streams(data: Any) -> dict[str, Any]:
    """Where the streams of random numbers stand; NumPy checks the states of its generators itself."""
    given = Fields("content, streams", data)
    whole = {name: given.whole(name) for name in ("split", "dropout")}
    if max(whole.values()) >= 2**32:
        raise InputError("content, streams", "seeds of 32 bits", whole, CHANGED)
    states = {name: given.take(name) for name in ("shuffle", "mixup")}
    given.end()
    return {**whole, **states}


def _progress(content: Fields) -> Progress:
    """Numbers of the last fit, and the record of all of training."""
    given, found = content.inside("learned"), Progress()
    for name, (of, hint) in NUMBERS.items():
        if name in given:
            value = _number(f"{given.where}, {name}", given.take(name), hint)
            setattr(found, of, list(value) if isinstance(value, tuple) else value)
    given.end()
    history = content.inside("history")
    names = [one.name for one in fields(Record)]
    columns = [
        [_number(f"{history.where}, {name}", one, hints(Record)[name]) for one in history.items(name)]
        for name in names
    ]  # fmt: skip
    history.end()
    if len({len(column) for column in columns}) != 1:
        raise InputError(history.where, "lists of one length", [len(column) for column in columns], CHANGED)
    if "given" in content:  # since version 2
        found.given = _given(content.take("given"))
    if "outlook" in content:
        found.outlook = _outlook(content.inside("outlook"))
    found.records = [Record(**dict(zip(names, row, strict=True))) for row in zip(*columns, strict=True)]
    return found


def _given(data: Any) -> dict[str, str | None]:
    """What fit was given."""
    sound = isinstance(data, Mapping) and set(data) <= set(GIVEN)
    if not sound or not all(isinstance(one, str | None) for one in data.values()):
        raise InputError("content, given", "names or nothing, of what fit takes", repr(data)[:80], CHANGED)
    return dict(data)


def _outlook(content: Fields) -> Outlook:
    """What the last call of fit set out with."""
    found = {name: content.text(name) if name == "name" else content.whole(name) for name in OUTLOOK}
    content.end()
    return Outlook(**found)  # type: ignore[arg-type]


def _number(where: str, data: Any, hint: Any) -> Any:
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
