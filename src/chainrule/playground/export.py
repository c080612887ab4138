"""A run to take along: as code that makes it again, as NumPy alone, as ONNX."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.engine.predictor import Predictor
from chainrule.errors import InputError
from chainrule.network.layers import Activation, Dense, Layer, Residual
from chainrule.network.layers.norms import BatchNorm, LayerNorm, RMSNorm
from chainrule.playground.run import Run


def as_chainrule(run: Run) -> dict[str, Any]:
    """Code that trains the same network with chainrule's loop."""
    one, epochs = run.settings, max(len(run.history) - run.single + -(-run.single // run.per_epoch), 1)
    names = sorted({type(layer).__name__ for layer in _every(run.network.layers)})
    inits = [init for init in ("Constant", "Normal") if f"init={init}(" in repr(run.network.layers)]
    code = [
        f"from chainrule import {', '.join(sorted([*names, 'Network', 'Rows', 'StepOptions', 'Trainer', 'train']))}"
    ]
    code += [f"from chainrule.network.initialisers import {', '.join(inits)}"] * bool(inits)
    code += [
        "from chainrule import optimisers",
        "from chainrule.training.penalty import Penalty",
        "",
        *_rows(run),
        "network = Network(",
        "    [",
        *(f"        {layer!r}," for layer in run.network.layers),
        "    ],",
        f"    inputs={run.network.inputs},",
        ")",
        "trainer = Trainer(",
        f"    network, {run.loss.name!r}, optimisers.get({one.optimiser!r}),",
        f"    penalty=Penalty(l2={one.l2}, l1={one.l1}),",
        f"    seed={one.seed}, n_threads=1, schedule={None if one.schedule == 'constant' else one.schedule!r},",
        f"    options=StepOptions(clip_norm={one.clip or None}),",
        ")",
        f"trainer.rate, trainer.planned = {one.rate}, {run.trainer.planned}",
        *["# Steps that were made one by one are counted as whole epochs here: their batches are not these."]
        * bool(run.single),
        f"for record in train(trainer, Rows(X, y), batch_size={one.batch}, epochs={epochs}):",
        "    print(record.epoch, record.loss)",
    ]
    return {"name": "network.py", "text": "\n".join(code) + "\n"}


def _rows(run: Run) -> list[str]:
    """Lines that make X and y, or say what they are."""
    if run.settings.data == "own":
        return ["# X: float32 (rows, inputs), standardised; y: codes of classes, or a float32 column of numbers"]
    about = {name: getattr(run.settings, name) for name in ("data", "rows", "noise", "scale", "seed")}
    said = ", ".join(f"{name}={value!r}" for name, value in about.items())
    return [
        "from chainrule.playground import Settings",
        "from chainrule.playground.task import Task",
        "",
        f"task = Task.drawn(Settings({said}))",
        "X, y = task.read(task.X), task.y",
    ]


def as_numpy(run: Run) -> dict[str, Any]:
    """The trained network as a function of NumPy arrays, with nothing else to install."""
    lines = ["import numpy as np", "", ""]
    lines += ["def predict(X):", '    """What comes out of the last layer, (rows, outputs); X is (rows, inputs)."""']
    lines += [f"    a = (X - np.array({run.task.mean.tolist()})) / np.array({run.task.deviation.tolist()})"]
    lines += _numpy(run.network.layers, "", run, "a")
    lines += ["    return a"]
    if run.task.classes:
        lines += ["", "", "def classes(X):", "    return predict(X).argmax(axis=1)"]
    return {"name": "network_numpy.py", "text": "\n".join(lines) + "\n"}


def _numpy(layers: Any, front: str, run: Run, a: str) -> list[str]:
    """Lines that take `a` through layers."""
    lines: list[str] = []

    def array(name: str) -> str:
        return f"np.array({run.parameters[name].astype(np.float64).tolist()})"

    for place, layer in enumerate(layers):
        name = f"{front}{place}"
        match layer:
            case Dense():
                lines.append(f"    {a} = {a} @ {array(f'{name}.W')}.T + {array(f'{name}.b')}")
                if layer.activation != "identity":
                    lines.append(_function(layer.activation, a))
            case Activation(f):
                lines.append(_function(f, a))
            case BatchNorm():
                lines.append(
                    f"    {a} = ({a} - {array(f'{name}.mean')}) / np.sqrt({array(f'{name}.variance')} + {layer.eps})"
                )
                lines.append(f"    {a} = {array(f'{name}.gain')} * {a} + {array(f'{name}.offset')}")
            case LayerNorm():
                lines.append(f"    {a} = {a} - {a}.mean(axis=1, keepdims=True)")
                lines.append(f"    {a} = {a} / np.sqrt(({a}**2).mean(axis=1, keepdims=True) + {layer.eps})")
                lines.append(f"    {a} = {array(f'{name}.gain')} * {a} + {array(f'{name}.offset')}")
            case RMSNorm():
                lines.append(f"    {a} = {a} / np.sqrt(({a}**2).mean(axis=1, keepdims=True) + {layer.eps})")
                lines.append(f"    {a} = {array(f'{name}.gain')} * {a}")
            case Residual(inner):
                inside = f"{a}_"
                lines += [f"    {inside} = {a}", *_numpy(inner, f"{name}.", run, inside), f"    {a} = {a} + {inside}"]
    return lines


#: The functions in NumPy; erf is not in it.
_NUMPY = {
    "relu": "np.maximum({a}, 0)", "tanh": "np.tanh({a})", "sigmoid": "0.5 + 0.5 * np.tanh(0.5 * {a})",
    "leaky_relu": "np.where({a} > 0, {a}, 0.01 * {a})", "elu": "np.where({a} > 0, {a}, np.expm1(np.minimum({a}, 0)))",
    "silu": "{a} * (0.5 + 0.5 * np.tanh(0.5 * {a}))", "softplus": "np.logaddexp({a}, 0)",
    "mish": "{a} * np.tanh(np.logaddexp({a}, 0))",
    "gelu_tanh": "0.5 * {a} * (1 + np.tanh(np.sqrt(2 / np.pi) * ({a} + 0.044715 * {a}**3)))",
    "gelu": "0.5 * {a} * (1 + np.vectorize(__import__('math').erf)({a} / np.sqrt(2)))",
    "selu": "1.0507009873554805 * np.where({a} > 0, {a}, 1.6732632423543772 * np.expm1(np.minimum({a}, 0)))",
    "identity": "{a}",
}  # fmt: skip


def _function(f: Any, a: str) -> str:
    return f"    {a} = {_NUMPY[str(f)].format(a=a)}"


def as_onnx(run: Run) -> dict[str, Any]:
    """An ONNX graph of the network, from standardised inputs to probabilities or numbers."""
    from chainrule.formats.onnx.network import network_model

    model = network_model(run.network, run.parameters, run.loss)
    return {"name": "network.onnx", "base64": base64.b64encode(model.SerializeToString()).decode()}


def as_model(run: Run) -> dict[str, Any]:
    """A model file, of inputs as they are: what standardises them goes into the first product."""
    from chainrule.models.answers import Answer, Classes, Numbers
    from chainrule.models.inputs import RowInput
    from chainrule.models.model import Model
    from chainrule.models.progress import Progress

    parameters, task = run.parameters.copy(), run.task
    front = "0.0" if isinstance(run.network.layers[0], Residual) else "0"
    if front == "0.0":  # what goes around the first layer would not be standardised
        raise InputError("export", "a first layer without a skip connection", "one", "Take the code along instead.")
    W, b = parameters["0.W"], parameters["0.b"]
    W /= task.deviation
    b -= W @ task.mean
    answer: Answer = Numbers(run.loss, 1)
    if task.classes:
        answer = Classes(run.loss, len(task.classes), np.array(task.classes))
    kind = "MLPClassifier" if task.classes else "MLPRegressor"
    given = RowInput(len(task.inputs), task.inputs)
    predictor = Predictor(run.network, parameters, run.loss)
    model = Model(kind, given, predictor, answer, Progress(records=list(run.history)), run.trainer.streams)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "network.model")
        model.save(path)
        return {"name": path.name, "base64": base64.b64encode(path.read_bytes()).decode()}


def _every(layers: Any) -> list[Layer]:
    found: list[Layer] = []
    for layer in layers:
        found += [layer, *(_every(layer.layers) if isinstance(layer, Residual) else [])]
    return found


FORMS: dict[str, Callable[[Run], dict[str, Any]]] = {
    "chainrule": as_chainrule, "numpy": as_numpy, "onnx": as_onnx, "model": as_model
}  # fmt: skip
