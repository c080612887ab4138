"""Tensors of the Open Inference Protocol, version 2: in JSON, or in binary behind it.

https://github.com/kserve/open-inference-protocol, and the binary tensor data extension of Triton's HTTP protocol: the
header `Inference-Header-Content-Length` says how long the JSON is, and tensors with `binary_data_size` follow it in
their order, little-endian, row after row; texts with their length in four bytes before each.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.serving.inference.bodies import cells
from chainrule.serving.inference.bodies.cells import Cells
from chainrule.serving.inference.bodies.json_text import dump, parse
from chainrule.serving.inference.bodies.plain import told
from chainrule.serving.inference.limits import LIMITS, Limits
from chainrule.serving.inference.problems import Problem, checked_coverage, malformed
from chainrule.serving.inference.served import Served
from chainrule.serving.inference.signature import Asked

Array = NDArray[Any]

#: Types of tensors by the protocol's names; BYTES are texts.
DTYPES = {
    "BOOL": np.dtype("?"), "FP16": np.dtype("<f2"), "FP32": np.dtype("<f4"), "FP64": np.dtype("<f8"),
    **{f"INT{8 * size}": np.dtype(f"<i{size}") for size in (1, 2, 4, 8)},
    **{f"UINT{8 * size}": np.dtype(f"<u{size}") for size in (1, 2, 4, 8)},
}  # fmt: skip
BYTES = "BYTES"
#: The header that says how long the JSON is.
LENGTH = "Inference-Header-Content-Length"


@dataclass(frozen=True)
class Wanted:
    """An output that is asked for, and whether its numbers come in binary."""

    name: str
    binary: bool


@dataclass(frozen=True)
class Inference:
    """A request for inference.

    Attributes
    ----------
    cells : of the rows
    asked : what of them
    wanted : the outputs in the order in which they are answered; None for the usual ones
    id : that the answer bears, too
    binary : whether outputs that are not named come in binary
    """

    cells: Cells
    asked: Asked
    wanted: tuple[Wanted, ...] | None
    id: str | None
    binary: bool


def read(body: bytes, json_length: int | None, served: Served, limits: Limits) -> Inference:
    """A request from its body.

    Parameters
    ----------
    body : JSON, or JSON with tensors behind it
    json_length : how long the JSON is, None for all of it
    served : the model
    limits : of rows, columns and texts

    Raises
    ------
    Problem
        400 for what the protocol does not allow, 422 for rows that the model does not take.
    """
    if json_length is not None and not 0 <= json_length <= len(body):
        raise malformed(f"{LENGTH}: expected a whole number up to {len(body)}; received {json_length}.")
    try:
        content = parse(body if json_length is None else body[:json_length], limits)
    except Problem as problem:  # of which the protocol knows one
        raise malformed(problem.said) from None
    if not isinstance(content, dict):
        raise malformed("body: expected an object with `inputs`; received something else.")
    given = content.get("inputs")
    if not isinstance(given, list) or not given or not all(isinstance(one, dict) for one in given):
        raise malformed("inputs: expected a list of tensors; received something else.")
    cells.check_columns(len(given), limits)
    behind = _Behind(b"" if json_length is None else body[json_length:])
    tensors = [_tensor(one, behind) for one in given]
    behind.check_end()
    name = content.get("id")
    if "id" in content and not isinstance(name, str):
        raise malformed("id: expected a text; received something else.")
    parameters = _parameters(content, "parameters")
    wanted = _wanted(content.get("outputs", []), served, bool(parameters.get("binary_data_output", False)))
    return Inference(
        _cells(tensors, served, limits), _asked(parameters, wanted), wanted, name,
        parameters.get("binary_data_output") is True,
    )  # fmt: skip


def write(request: Inference, outputs: Mapping[str, Array], served: Served) -> tuple[bytes, int | None]:
    """The answer's body, and how long its JSON is where tensors in binary follow."""
    wanted = request.wanted or tuple(Wanted(name, request.binary) for name in outputs)
    kinds = {one.name: one.datatype for one in served.gives}
    found, parts = [], []
    for one in wanted:
        values = outputs[one.name]
        tensor: dict[str, Any] = {"name": one.name, "shape": list(values.shape), "datatype": kinds[one.name]}
        if one.binary:
            part = _packed(values, kinds[one.name])
            parts.append(part)
            tensor["parameters"] = {"binary_data_size": len(part)}
        else:
            tensor["data"] = _texts(values) if kinds[one.name] == BYTES else told(values.ravel())
        found.append(tensor)
    content: dict[str, Any] = {"model_name": served.name, "model_version": served.version}
    if request.id is not None:
        content["id"] = request.id
    head = dump({**content, "outputs": found})
    return (head, None) if not parts else (b"".join([head, *parts]), len(head))


def infer(
    body: bytes, served: Served, limits: Limits = LIMITS, json_length: int | None = None
) -> tuple[bytes, int | None]:
    """The answer to a request's body, for servers of others: `read`, predict, `write`.

    Raises
    ------
    Problem, InputError, InputTypeError
        See `problems.problem`, which tells what they mean to a client.

    Examples
    --------
    >>> import json
    >>> from chainrule import TableClassifier
    >>> from chainrule.serving.inference.bodies.tensors import infer
    >>> from chainrule.serving.inference.served import Served
    >>> rows = {"size": [1.0, 2.0, 3.0, 4.0] * 10}
    >>> model = TableClassifier(preset="fast", random_state=0).fit(rows, ["small", "small", "large", "large"] * 10)
    >>> tensor = {"name": "size", "shape": [2], "datatype": "FP64", "data": [1.0, 4.0]}
    >>> answer, _ = infer(json.dumps({"inputs": [tensor]}).encode(), Served("sizes", "1", model.model_))
    >>> json.loads(answer)["outputs"][0]["data"]
    ['small', 'large']
    """
    request = read(body, json_length, served, limits)
    return write(request, served.predict(request.cells, request.asked), served)


# Inputs ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Tensor:
    """One input: its values in a row, as Python's."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    values: list[Any]


class _Behind:
    """The bytes behind the JSON, which tensors take one after another."""

    def __init__(self, data: bytes) -> None:
        self.data, self.taken = memoryview(data), 0

    def take(self, size: int, name: str) -> memoryview:
        if not 0 <= size <= len(self.data) - self.taken:
            raise malformed(
                f"input {name!r}: expected {size} bytes behind the JSON; {len(self.data) - self.taken} are left."
            )
        self.taken += size
        return self.data[self.taken - size : self.taken]

    def check_end(self) -> None:
        if self.taken != len(self.data):
            raise malformed(f"body: {len(self.data) - self.taken} bytes stand behind the last tensor.")


def _parameters(content: Mapping[str, Any], what: str) -> dict[str, Any]:
    found = content.get("parameters", {})
    if not isinstance(found, dict):
        raise malformed(f"{what}: expected an object; received something else.")
    return found


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 48


def _tensor(given: Mapping[str, Any], behind: _Behind) -> _Tensor:
    name, datatype, shape = given.get("name"), given.get("datatype"), given.get("shape")
    if not isinstance(name, str):
        raise malformed("inputs: expected a name for each tensor.")
    if not isinstance(datatype, str) or datatype not in (*DTYPES, BYTES):
        known = ", ".join([*DTYPES, BYTES])
        raise malformed(f"input {name!r}, datatype: expected one of {known}; received {str(datatype)[:40]!r}.")
    if not isinstance(shape, list) or not 1 <= len(shape) <= 8 or not all(map(_whole, shape)):
        raise malformed(f"input {name!r}, shape: expected a list of whole numbers, the first of them rows.")
    count, size = prod(shape), _parameters(given, f"input {name!r}, parameters").get("binary_data_size")
    if size is not None:
        if not _whole(size) or "data" in given:
            raise malformed(f"input {name!r}: expected bytes behind the JSON, as binary_data_size says, and no data.")
        values = _unpacked(behind.take(size, name), datatype, count, name)
    else:
        values = _checked(_flat(given.get("data"), name, count), datatype, name)
    return _Tensor(name, datatype, tuple(shape), values)


def _flat(data: Any, name: str, count: int) -> list[Any]:
    """Data in a row, however it is nested."""
    if not isinstance(data, list):
        raise malformed(f"input {name!r}, data: expected a list; received something else.")
    while any(isinstance(one, list) for one in data):
        if not all(isinstance(one, list) for one in data):
            raise malformed(f"input {name!r}, data: expected lists of one depth.")
        data = [value for one in data for value in one]
    if len(data) != count:
        raise malformed(f"input {name!r}: expected {count} values, as its shape says; received {len(data)}.")
    return data


def _checked(values: list[Any], datatype: str, name: str) -> list[Any]:
    """The values, each of the datatype, or null for a missing one; clients may write 1 as 1.0, and true as 1."""
    kinds: dict[str, set[type]] = {"BOOL": {bool}, BYTES: {str}}
    whole = "INT" in datatype
    fits = kinds.get(datatype, {int} if whole else {int, float}) | {type(None)}
    if not set(map(type, values)) <= fits:
        if whole or datatype == "BOOL":
            values = [_as_whole(value, datatype) for value in values]
        _refuse([value for value in values if type(value) not in fits], datatype, name)
    if whole:
        info = np.iinfo(DTYPES[datatype])
        _refuse([v for v in values if v is not None and not info.min <= v <= info.max], datatype, name)
    return values


def _as_whole(value: Any, datatype: str) -> Any:
    """A float that is a whole number as such, 0 and 1 as truth values where these are wanted; else as it is."""
    found = int(value) if isinstance(value, float) and value.is_integer() else value
    return bool(found) if datatype == "BOOL" and type(found) is int and found in (0, 1) else found


def _refuse(wrong: list[Any], datatype: str, name: str) -> None:
    if wrong:
        raise malformed(f"input {name!r}, data: expected {datatype}; received {repr(wrong[0])[:40]}.")


def _unpacked(part: memoryview, datatype: str, count: int, name: str) -> list[Any]:
    """Numbers, truth values or texts, from their bytes."""
    if datatype != BYTES:
        dtype = DTYPES[datatype]
        if len(part) != count * dtype.itemsize:
            raise malformed(f"input {name!r}: expected {count * dtype.itemsize} bytes; received {len(part)}.")
        values = np.frombuffer(part, np.uint8).astype(bool) if datatype == "BOOL" else np.frombuffer(part, dtype)
        return list(values.tolist())
    found, place = [], 0
    try:
        while place < len(part):
            length = struct.unpack_from("<I", part, place)[0]
            place += 4 + length
            if place > len(part):
                raise struct.error
            found.append(str(part[place - length : place], "utf-8"))
    except struct.error:
        raise malformed(f"input {name!r}: expected texts with their lengths; the last is broken off.") from None
    except UnicodeDecodeError:
        raise malformed(f"input {name!r}: expected texts in UTF-8; received other bytes.") from None
    if len(found) != count:
        raise malformed(f"input {name!r}: expected {count} texts, as its shape says; received {len(found)}.")
    return found


def _cells(tensors: Sequence[_Tensor], served: Served, limits: Limits) -> Cells:
    """A tensor for each column, or one for all of them."""
    names = [one.name for one in served.reads]
    if len(tensors) == 1 and tensors[0].name not in names and len(tensors[0].shape) == 2:
        return _of_matrix(tensors[0], served, limits)
    given = {tensor.name: tensor for tensor in tensors}
    if len(given) < len(tensors):
        raise malformed("inputs: expected tensors of different names.")
    unknown, absent = [name for name in given if name not in names], [name for name in names if name not in given]
    if unknown or absent:
        said = [f"none named {unknown[:20]}"] * bool(unknown) + [f"also {absent[:20]}"] * bool(absent)
        raise malformed(f"inputs: expected the model's columns, {' and '.join(said)}. Model metadata lists them.")
    rows = {tensor.shape[0] for tensor in tensors}
    if len(rows) > 1:
        raise malformed(f"inputs: expected as many rows in every tensor; received {sorted(rows)}.")
    cells.check_rows(rows.pop(), limits)
    found = {}
    for one in served.reads:
        tensor, width = given[one.name], one.field.width
        if tensor.shape[1:] not in (((width,),) if width else ((), (1,))):
            shape = f"expected shape {one.shape}, -1 for any rows; received {list(tensor.shape)}."
            raise malformed(f"input {one.name!r}: {shape}")
        values = tensor.values
        found[one.name] = [values[k : k + width] for k in range(0, len(values), width)] if width else values
    return cells.checked(found, served.reads, limits)


def _of_matrix(tensor: _Tensor, served: Served, limits: Limits) -> Cells:
    """One tensor of a column for each that the model reads, in the order of its metadata."""
    rows, columns = tensor.shape
    if columns != len(served.reads) or any(one.field.width for one in served.reads):
        names = ", ".join(one.name for one in served.reads[:20])
        raise malformed(
            f"input {tensor.name!r}: expected a tensor for each column ({names}), or one of shape "
            f"[rows, {len(served.reads)}]; received {list(tensor.shape)}."
        )
    cells.check_rows(rows, limits)
    by_name = {one.name: tensor.values[place::columns] for place, one in enumerate(served.reads)}
    return cells.checked(by_name, served.reads, limits)


# Outputs ---------------------------------------------------------------------------------------------------


def _wanted(given: Any, served: Served, binary: bool) -> tuple[Wanted, ...] | None:
    if given == []:
        return None
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise malformed("outputs: expected a list of objects; received something else.")
    names, found = [one.name for one in served.gives], []
    for one in given:
        name = one.get("name")
        if name not in names:
            raise malformed(f"outputs: expected some of {', '.join(names)}; received {str(name)[:40]!r}.")
        found.append(Wanted(name, bool(_parameters(one, f"output {name!r}").get("binary_data", binary))))
    if len({one.name for one in found}) < len(found):
        raise malformed("outputs: expected different names.")
    return tuple(found)


def _asked(parameters: Mapping[str, Any], wanted: tuple[Wanted, ...] | None) -> Asked:
    coverage = checked_coverage(parameters.get("coverage"))
    only = None if wanted is None else tuple(one.name for one in wanted)
    return Asked(coverage, parameters.get("explain") is True, only)


def _texts(values: Array) -> list[str]:
    if values.dtype.kind == "M":
        return np.datetime_as_string(values).ravel().tolist()
    return [str(value) for value in values.ravel().tolist()]


def _packed(values: Array, datatype: str) -> bytes:
    """The bytes of an output."""
    if datatype != BYTES:
        return np.ascontiguousarray(values, DTYPES[datatype]).tobytes()
    texts = [text.encode() for text in _texts(values)]
    return b"".join(struct.pack("<I", len(text)) + text for text in texts)
