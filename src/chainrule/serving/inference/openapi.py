"""The server's addresses as an OpenAPI document, with the columns and classes of the models that it serves."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from typing import Any

from chainrule import __version__
from chainrule.models.answers import Numbers
from chainrule.network.losses import Quantile
from chainrule.serving.inference.limits import Limits
from chainrule.serving.inference.repository import Repository
from chainrule.serving.inference.served import Served
from chainrule.serving.inference.signature import Gives, Reads
from chainrule.tables.column import date_text
from chainrule.tables.written.missing import BLANKS
from chainrule.tables.written.numbers import PLAIN, WrittenNumber

Schema = dict[str, Any]

#: Texts that are read as numbers: as programs write them, no larger than a float holds.
_NUMBER = r"[+-]?(0|[1-9][0-9]{0,14})([.][0-9]{1,15})?([eE][+-]?[0-9]{1,2})?"
_DAY = "((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
_CLOCK = "(T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])?)?"
_DATE = f"[12][0-9]{{3}}-{_DAY}{_CLOCK}"
_TRUTH = "([Tt]rue|TRUE|[Ff]alse|FALSE|[YyNnTtFf]|[Yy]es|YES|[Nn]o|NO|[Oo]n|ON|[Oo]ff|OFF|0|1)"
_LARGEST = sys.float_info.max

_ROWS = (
    "Rows: a list of objects with every column, null where a cell is missing. Also one object of lists by column, one "
    "row as an object, or lists of cells in the order of the columns; CSV and Arrow's streams under their media types."
)
_TENSORS = (
    "The Open Inference Protocol, version 2: a tensor for each column, of shape [rows], here for one row; or one "
    "tensor of shape [rows, columns]. With `Inference-Header-Content-Length`, tensors may follow the JSON in binary."
)


def document(repository: Repository, limits: Limits) -> Schema:
    """The document, as data."""
    paths: Schema = {
        "/v2": {"get": _get("What the server is", _object(name=_TEXT, version=_TEXT, extensions=_list(_TEXT)))},
        "/v2/health/live": {"get": _get("Whether the server runs", None)},
        "/v2/health/ready": {"get": _get("Whether all models are loaded and requests are taken", None, "503")},
        "/metrics": {"get": {**_get("Requests, rows, and how far these have drifted", None), "responses": _METRICS}},
        "/openapi.json": {"get": _get("This document", {"type": "object"})},
    }
    for name in repository.names:
        versions = [one for one in repository.every if one.name == name]
        if not versions:
            continue
        newest = max(versions, key=lambda one: repository.versions(name).index(one.version))
        paths |= _paths(f"/v2/models/{name}", f"/predict/{name}", newest, limits)
        for one in versions:
            paths |= _paths(
                f"/v2/models/{name}/versions/{one.version}", f"/predict/{name}/versions/{one.version}", one, limits
            )
        paths[f"/invocations/{name}"] = _invocations(newest, limits)
        if len(repository.names) == 1:
            paths |= {"/predict": _predict(newest, limits), "/invocations": _invocations(newest, limits)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "chainrule", "version": __version__, "description": "Predictions of trained models."},
        "paths": paths,
        "components": {
            "schemas": {"Error": _ERROR},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"token": []}],
    }


_TEXT: Schema = {"type": "string"}
_ERROR: Schema = {
    "type": "object",
    "properties": {"error": _TEXT, "column": _TEXT, "row": {"type": "integer"}, "cell": _TEXT, "remedy": _TEXT},
    "required": ["error"],
}
_METRICS: Schema = {"200": {"description": "Prometheus's form", "content": {"text/plain": {"schema": _TEXT}}}}

_SAID = {
    "400": "No JSON, or not what the protocol says", "401": "Without the server's token", "403": "From another page",
    "404": "No such model or version", "408": "The request did not come in", "413": "More bytes than are taken",
    "415": "A media type that is not read", "421": "Under another name than the server's",
    "422": "Rows that the model cannot take: which column, row and cell, and what to do",
    "503": "Busy, or a model is being loaded: try again", "504": "No answer in time",
}  # fmt: skip
#: What may be answered to a request with a body, and to one without.
_REFUSED, _NONE = ("400", "401", "403", "404", "408", "413", "415", "421", "422", "503", "504"), ("401", "403", "421")


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _list(items: Schema, least: int = 0) -> Schema:
    return {"type": "array", "items": items, **({"minItems": least} if least else {})}


def _responses(schema: Schema | None, refused: Iterable[str]) -> Schema:
    said: Schema = {"description": "Well"}
    if schema is not None:
        said["content"] = {"application/json": {"schema": schema}}
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {"200": said, **{status: {"description": _SAID[status], "content": error} for status in refused}}


def _get(summary: str, schema: Schema | None, *refused: str) -> Schema:
    found: Schema = {"summary": summary, "responses": _responses(schema, (*_NONE, *refused))}
    if "503" in refused:
        found["responses"]["503"] = {"description": _SAID["503"]}
    return found


def _paths(tensors: str, rows: str, served: Served, limits: Limits) -> Schema:
    tensor = _object(name=_TEXT, datatype=_TEXT, shape=_list({"type": "integer"}))
    about = _object(name=_TEXT, versions=_list(_TEXT), platform=_TEXT, inputs=_list(tensor), outputs=_list(tensor))
    answer = _object(name=_TEXT, datatype=_TEXT, shape=_list({"type": "integer"}), data={"type": "array"})
    body = {"application/json": {"schema": _inference(served), "example": _tensors_of(served)}}
    infer = {
        "summary": "Predict tensors", "description": _TENSORS, "requestBody": {"required": True, "content": body},
        "responses": _responses(_object(model_name=_TEXT, outputs=_list(answer)), _REFUSED),
    }  # fmt: skip
    return {
        tensors: {"get": _get("What a model reads and gives", about, "503")},
        f"{tensors}/ready": {"get": _get("Whether a model is loaded", None, "503")},
        f"{tensors}/infer": {"post": infer},
        rows: _predict(served, limits),
    }


def _predict(served: Served, limits: Limits) -> Schema:
    content = {"application/json": {"schema": _many(served, limits), "example": [_example(served)]}}
    options = [
        {"name": "explain", "in": "query", "description": _explains(served), "schema": {"type": "boolean"}},
    ] if any(one.name == "explanation" for one in served.gives) else []  # fmt: skip
    if any(one.name == "low" for one in served.gives):
        options.append({
            "name": "coverage", "in": "query", "description": "Intervals in which so large a share of values lies",
            "schema": _coverages(served),
        })  # fmt: skip
    given = _object(**{one.name: _output(one, served) for one in served.gives if not one.asked})
    given["properties"] |= {one.name: _output(one, served) for one in served.gives if one.asked}
    answer = _object(model=_TEXT, version=_TEXT, rows=_list(given))
    answer["properties"]["warnings"] = _list(_TEXT)
    if served.shapley is not None:
        answer["properties"]["explanation"] = _object(
            method=_TEXT, background_rows={"type": "integer"}, outputs=_list(_TEXT)
        )
    return {
        "post": {
            "summary": "Predict rows", "description": _ROWS, "parameters": options,
            "requestBody": {"required": True, "content": content}, "responses": _responses(answer, _REFUSED),
        }
    }  # fmt: skip


def _explains(served: Served) -> str:
    """What explanations are."""
    if served.shapley is None:
        return "What each column adds to a prediction, to first order: gradient times input"
    about, most = served.shapley.about, served.shapley.most
    how = "exact" if about["method"] == "exact" else "by orders that are drawn, with standard errors"
    what = f"Shapley values of {', '.join(about['outputs'])}"[:300]
    return (
        f"{what}, {how}: with base_value, the mean prediction of {about['background_rows']:,} rows, what each column "
        f"adds makes up the prediction. {most:,} rows at most"
    )


def _coverages(served: Served) -> Schema:
    """Of which coverages there are intervals: by calibration rows, by levels that are learned, or any."""
    answer = served.model.answer
    assert isinstance(answer, Numbers)
    if answer.margins is not None:
        rows = float(answer.margins.weights[-1, 0])
        return {"type": "number", "exclusiveMinimum": 0, "maximum": rows / (rows + 1)}
    if isinstance(answer.loss, Quantile):
        pairs = zip(answer.loss.levels, reversed(answer.loss.levels), strict=True)
        return {
            "enum": sorted({round(high - low, 9) for low, high in pairs if low < 0.5 and abs(low + high - 1) < 1e-6})
        }
    return {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}


def _invocations(served: Served, limits: Limits) -> Schema:
    body = _object(dataframe_records=_objects(served, limits)) | {"additionalProperties": False}
    body["properties"]["params"] = {
        "type": "object", "properties": {"probabilities": {"type": "boolean"}}, "additionalProperties": False,
    }  # fmt: skip
    content = {"application/json": {"schema": body, "example": {"dataframe_records": [_example(served)]}}}
    answer = _object(predictions={"type": "array"})
    said = "As MLflow's scoring servers: dataframe_records, dataframe_split, instances or inputs."
    return {
        "post": {
            "summary": "Predict as MLflow's servers do", "description": said,
            "requestBody": {"required": True, "content": content}, "responses": _responses(answer, _REFUSED),
        }
    }  # fmt: skip


def _objects(served: Served, limits: Limits) -> Schema:
    """Rows as objects."""
    row = _object(**{one.name: cell(one, limits) for one in served.reads})
    return {"type": "array", "items": row, "minItems": 1, "description": f"{limits.rows:,} rows at most"}


def _many(served: Served, limits: Limits) -> Schema:
    """Rows as objects, or as lists."""
    row = [cell(one, limits) for one in served.reads]
    lists = {"type": "array", "prefixItems": row, "items": False, "minItems": len(row), "maxItems": len(row)}
    return {"anyOf": [_objects(served, limits), {"type": "array", "items": lists, "minItems": 1}]}


def cell(one: Reads, limits: Limits) -> Schema:
    """What a cell of a column can be in JSON."""
    field, lacks = one.field, [{"type": "null"}] if one.may_lack else []
    missing = _words_for_nothing(one)
    number = {"type": "number", "minimum": -_LARGEST, "maximum": _LARGEST}
    if field.width:
        entry: Schema = {"type": ["number", "null"], "minimum": -_LARGEST, "maximum": _LARGEST}
        entries = {"type": "array", "items": entry, "minItems": field.width, "maxItems": field.width}
        return {"anyOf": [entries, *lacks]}
    if field.kind == "number":
        others = [{"type": "boolean"}, *_texts(missing, f"{_NUMBER}|[Tt]rue|[Ff]alse")]
        return {
            "anyOf": [number, *(others if field.number == PLAIN else _texts(missing, _written(field.number))), *lacks]
        }
    if field.kind == "date":
        return {"anyOf": [*_texts(missing, _DATE), *lacks]}
    if field.kind == "boolean":
        return {"anyOf": [{"type": "boolean"}, {"enum": [0, 1]}, *_texts(missing, _TRUTH), *lacks]}
    words = {"type": "string", "maxLength": limits.text}
    return {"anyOf": [words, {"type": ["number", "boolean"]}, *lacks]}


def _written(way: WrittenNumber) -> str:
    """Some of the texts that are numbers in another way of writing."""
    number = f"-?(0|[1-9][0-9]{{0,14}})[{way.decimal}][0-9]{{1,2}}"
    if way.unit == "%":
        return f"{number} ?%"
    return f"[{way.unit}]{number.removeprefix('-?')}" if way.unit else number


def _words_for_nothing(one: Reads) -> list[str]:
    """Words of a column that stand for a missing value, where one may be missing."""
    if not one.may_lack:
        return []
    blanks = BLANKS if one.field.kind in ("number", "date") else ()
    return sorted({*one.nothing, *blanks} - {""})


def _texts(missing: Iterable[str], others: str) -> list[Schema]:
    """Texts of a pattern, and words that stand for a missing value."""
    words = "".join("|" + re.escape(word).replace("\\ ", " ").replace("/", "[/]") for word in missing)
    return [{"type": "string", "pattern": f"^({others}{words}{'|' * bool(words)})$"}]


def _output(one: Gives, served: Served) -> Schema:
    kinds = {"BYTES": _TEXT, "BOOL": {"type": "boolean"}}
    number = {"type": ["number", "null"]} if one.datatype.startswith("FP") else {"type": "integer"}
    if one.name == "probability" and served.classes:
        return _object(**{name: {"type": ["number", "null"]} for name in served.classes})
    return {} if len(one.shape) > 1 else kinds.get(one.datatype, number)


def _inference(served: Served) -> Schema:
    """Tensors of one row; JSON Schema cannot say that as many values as rows are wanted."""
    return _object(inputs={
        "type": "array", "prefixItems": [_input(one) for one in served.reads],
        "minItems": len(served.reads), "maxItems": len(served.reads),
    })  # fmt: skip


def _input(one: Reads) -> Schema:
    width = one.field.width
    shape = [1, width] if width else [1]
    value: Schema = {"BYTES": _TEXT, "BOOL": {"enum": [True, False, 0, 1]}}.get(
        one.datatype, {"type": "number", "minimum": -_LARGEST, "maximum": _LARGEST}
    )
    if one.field.kind == "date":
        value = _texts(_words_for_nothing(one), _DATE)[0]
    value = {"anyOf": [value, {"type": "null"}]} if one.may_lack else value
    count = width or 1
    data = {"type": "array", "items": value, "minItems": count, "maxItems": count}
    return _object(name={"const": one.name}, shape={"const": shape}, datatype={"const": one.datatype}, data=data)


# Examples --------------------------------------------------------------------------------------------------


def _example(served: Served) -> Schema:
    return {one.name: example(one) for one in served.reads}


def example(one: Reads) -> Any:
    """A cell as training had it."""
    field = one.field
    if field.width:
        return [0.0] * field.width
    if field.kind == "number":
        found = field.number.read(field.example) if field.example else 0.0
        return 0.0 if found is None else found
    if field.kind == "boolean":
        return field.example.strip().casefold() in ("true", "yes", "y", "t", "on", "1")
    if field.kind == "date":
        days = field.date.read(field.example)
        return field.example if days is None else date_text(days)
    return field.example


def _tensors_of(served: Served) -> Schema:
    tensors = []
    for one in served.reads:
        value = example(one)
        data = value if one.field.width else [value if one.datatype != "BYTES" else str(value)]
        shape = [1, one.field.width] if one.field.width else [1]
        tensors.append({"name": one.name, "shape": shape, "datatype": one.datatype, "data": data})
    return {"id": "1", "inputs": tensors}
