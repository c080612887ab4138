"""The Open Inference Protocol's REST interface as an OpenAPI document, by the facts of its specification.

https://github.com/kserve/open-inference-protocol, specification/protocol/open_inference_rest.yaml: its paths with a
version and, as its text allows, without; what must be in requests and answers, and the statuses that it knows.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

TEXT, WHOLE = {"type": "string"}, {"type": "integer"}


def _object(required: str = "", **properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, **({"required": required.split()} if required else {})}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _of(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


PARAMETERS = {"type": "object"}
SCHEMAS: Schema = {
    "data": _list({"anyOf": [_of("data"), {"type": "number"}, TEXT, {"type": "boolean"}]}),
    "error": _object("error", error=TEXT),
    "server": _object("name version extensions", name=TEXT, version=TEXT, extensions=_list(TEXT)),
    "tensor": _object("name datatype shape", name=TEXT, datatype=TEXT, shape=_list(WHOLE)),
    "model": _object(
        "name platform", name=TEXT, versions=_list(TEXT), platform=TEXT, inputs=_list(_of("tensor")),
        outputs=_list(_of("tensor")),
    ),
    "input": _object(
        "name shape datatype data", name=TEXT, shape=_list(WHOLE), datatype=TEXT, parameters=PARAMETERS,
        data=_of("data"),
    ),
    "output": _object("name", name=TEXT, parameters=PARAMETERS),
    "request": _object(
        "inputs", id=TEXT, parameters=PARAMETERS, inputs=_list(_of("input")), outputs=_list(_of("output"))
    ),
    "answer": _object(
        "model_name outputs", model_name=TEXT, model_version=TEXT, id=TEXT, parameters=PARAMETERS,
        outputs=_list(_of("input")),
    ),
}  # fmt: skip


def _json(name: str) -> Schema:
    return {"description": name, "content": {"application/json": {"schema": _of(name)}}}


def _get(answer: Schema) -> Schema:
    return {"get": {"responses": {"200": answer}}}


def document(example: Schema) -> Schema:
    """The document, with a request that a model takes as its example."""
    bare, infer = {"description": "OK"}, {
        "requestBody": {"content": {"application/json": {"schema": _of("request"), "example": example}}},
        "responses": {"200": _json("answer"), "400": _json("error")},
    }  # fmt: skip
    paths: Schema = {"/v2/health/live": _get(bare), "/v2/health/ready": _get(bare), "/v2/": _get(_json("server"))}
    paths["/v2/"]["get"]["responses"]["400"] = _json("error")
    names = [{"name": name, "in": "path", "required": True, "schema": TEXT} for name in ("MODEL_NAME", "MODEL_VERSION")]
    for path, count in (("/v2/models/{MODEL_NAME}", 1), ("/v2/models/{MODEL_NAME}/versions/{MODEL_VERSION}", 2)):
        for ending, operation in (("", _get(_json("model"))), ("/ready", _get(bare)), ("/infer", {"post": infer})):
            paths[path + ending] = {"parameters": names[:count], **operation}
    return {
        "openapi": "3.0.0", "info": {"title": "Data plane", "version": "2.0"}, "paths": paths,
        "components": {"schemas": SCHEMAS},
    }  # fmt: skip
