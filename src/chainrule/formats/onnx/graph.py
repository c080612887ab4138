"""A graph in the making: names, constants, nodes. Numbers are float32, the type that every runtime has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule import __version__
from chainrule.errors import MissingExtraError

#: Of the standard operators, and of those for tables.
OPSET, ML_OPSET = 18, 3
#: The oldest form of a file that has them.
IR_VERSION = 8

Array = NDArray[Any]


class Graph:
    """Nodes in order; every method that adds some gives the name of what comes out.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.formats.onnx.graph import Graph
    >>> g = Graph()
    >>> x = g.input("x", np.float32, 2)
    >>> g.output("twice", g.op("Mul", x, g.number(2.0)), np.float32, 2)
    >>> [node.op_type for node in g.model("doubling").graph.node]
    ['Mul', 'Identity']
    """

    def __init__(self) -> None:
        self.onnx = _onnx()
        self.nodes: list[Any] = []
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []
        self.constants: list[Any] = []
        self._known: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        self._opset, self._ir_version = OPSET, IR_VERSION

    def needs(self, opset: int, ir_version: int) -> None:
        """Say that operators come from this set, which files of this form have."""
        self._opset, self._ir_version = max(self._opset, opset), max(self._ir_version, ir_version)

    def first(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """One node with two outputs, of which the first is used."""
        out = self.op(kind, *inputs, **attributes)
        self.nodes[-1].output.append(f"{out}_second")
        return out

    def op(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """One node with one output."""
        out = f"/{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(kind, list(inputs), [out], name=out, domain=domain, **attributes))
        return out

    def constant(self, values: Array) -> str:
        """An array of the graph, once however often it is asked for; floats as float32."""
        array = np.array(values, order="C")
        if array.dtype.kind == "U":
            array = array.astype(object)
        key = str(array.dtype), array.shape, array.tobytes() if array.dtype != object else repr(array.tolist()).encode()
        if key not in self._known:
            self._known[key] = name = f"/constant_{len(self._known)}"
            self.constants.append(self.onnx.numpy_helper.from_array(array, name))
        return self._known[key]

    def number(self, value: float, dtype: Any = np.float32) -> str:
        return self.constant(np.array(value, dtype))

    def floats(self, values: Any) -> str:
        return self.constant(np.asarray(values, np.float32))

    def whole(self, *values: int) -> str:
        """Whole numbers, such as axes."""
        return self.constant(np.array(values, np.int64))

    def cast(self, x: str, dtype: Any) -> str:
        return self.op("Cast", x, to=self.type_of(dtype))

    def input(self, name: str, dtype: Any, axes: int, last: int | None = None) -> str:
        """An input under this name, or one near it where that is empty, taken, or one of the graph's own."""
        name = f"_{name}" if not name or name.startswith("/") else name
        while any(name == given.name for given in self.inputs):
            name += "_"
        shape: list[Any] = ["rows", *(f"{name}_axis_{k}" for k in range(1, axes))]
        if last is not None:
            shape[-1] = last
        self.inputs.append(self.onnx.helper.make_tensor_value_info(name, self.type_of(dtype), shape))
        return name

    def output(self, name: str, value: str, dtype: Any, axes: int) -> None:
        while any(name == given.name for given in self.inputs):  # a column of this name
            name += "_"
        shape: list[Any] = ["rows", *(f"{name}_axis_{k}" for k in range(1, axes))]
        self.nodes.append(self.onnx.helper.make_node("Identity", [value], [name], name=f"/out_{name}"))
        self.outputs.append(self.onnx.helper.make_tensor_value_info(name, self.type_of(dtype), shape))

    def model(self, name: str, about: Mapping[str, str] | None = None) -> Any:
        """The graph as an `onnx.ModelProto`, checked."""
        helper = self.onnx.helper
        graph = helper.make_graph(self.nodes, name, self.inputs, self.outputs, self.constants)
        imports = [helper.make_opsetid("", self._opset), helper.make_opsetid("ai.onnx.ml", ML_OPSET)]
        model = helper.make_model(
            graph, opset_imports=imports, ir_version=self._ir_version,
            producer_name="chainrule", producer_version=__version__,
        )  # fmt: skip
        helper.set_model_props(model, dict(about or {}))
        self.onnx.checker.check_model(model)
        return model

    def type_of(self, dtype: Any) -> int:
        """The number that ONNX has for a type."""
        if dtype is str:
            return int(self.onnx.TensorProto.STRING)
        return int(self.onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))


def concatenated(g: Graph, parts: Sequence[str], axis: int = 1) -> str:
    """Arrays side by side."""
    return parts[0] if len(parts) == 1 else g.op("Concat", *parts, axis=axis)


def _onnx() -> Any:
    try:
        import onnx
        import onnx.checker
        import onnx.helper
        import onnx.numpy_helper
    except ImportError as error:
        raise MissingExtraError("to_onnx()", "the package onnx", "none", "pip install 'chainrule[onnx]'") from error
    return onnx
