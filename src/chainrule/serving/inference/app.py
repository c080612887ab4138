"""The application: addresses, and what is done at each."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial, wraps
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from chainrule import __version__
from chainrule.serving.inference import openapi, page
from chainrule.serving.inference.batches import Reading
from chainrule.serving.inference.bodies import arrow_stream, mlflow, plain, tensors
from chainrule.serving.inference.bodies.json_text import dump, parse
from chainrule.serving.inference.guard import Bodies, refusal
from chainrule.serving.inference.limits import Limits
from chainrule.serving.inference.metrics import Metrics
from chainrule.serving.inference.problems import Problem, checked_coverage, unfit
from chainrule.serving.inference.repository import Repository
from chainrule.serving.inference.served import Served
from chainrule.serving.inference.signature import USUAL, Asked
from chainrule.serving.inference.work import Work

JSON, CSV, ARROW = "application/json", "text/csv", "application/vnd.apache.arrow.stream"
#: Media types of rows, by what they are called.
ROWS = {JSON: JSON, CSV: CSV, ARROW: ARROW, "application/vnd.apache.arrow.file": ARROW}
#: A number of bytes in a header; a media type that a client does not want.
_WHOLE, _REFUSED = re.compile("[0-9]{1,15}"), re.compile(r";\s*q=0(\.0*)?\s*(;|$)")
#: What can be asked for beside predictions.
OPTIONS = ("coverage", "explain")

Outputs = Mapping[str, Any]
Answers = Callable[[Request], Awaitable[Response]]


class Application:
    """A server's addresses, over its models.

    Parameters
    ----------
    repository : of models
    limits, metrics : of requests
    """

    def __init__(self, repository: Repository, limits: Limits, metrics: Metrics) -> None:
        self.repository, self.limits, self.metrics = repository, limits, metrics
        self.work, self.bodies, self.draining = Work(limits, metrics), Bodies(limits), False

    def router(self) -> Router:
        """The addresses; those that are asked most stand first."""

        def get(path: str, answer: Answers) -> Route:
            return Route(path, _safe(answer), methods=["GET"])

        def post(path: str, answer: Answers) -> Route:
            return Route(path, _safe(answer), methods=["POST"])

        versions = ("/v2/models/{name}", "/v2/models/{name}/versions/{version}")
        routes = [
            *(post(f"{path}/infer", self.infer) for path in versions),
            *(post(path, self.predict) for path in _of_models("/predict")),
            *(post(path, self.invoke) for path in _of_models("/invocations")),
            *(get(path, self.live) for path in ("/v2/health/live", "/ping", "/health")),
            *(get(f"{path}/ready", self.model_ready) for path in versions),
            *(get(path, self.model) for path in versions),
            *(get(path, self.server) for path in ("/v2", "/v2/")),
            get("/v2/health/ready", self.ready),
            get("/metrics", self.tell_metrics),
            get("/openapi.json", self.openapi),
            get("/", self.page),
            get("/favicon.ico", self.nothing),
        ]
        return Router(routes, redirect_slashes=False)

    # What a server is ----------------------------------------------------------------------------------------

    async def live(self, request: Request) -> Response:
        return _empty(200)

    async def ready(self, request: Request) -> Response:
        return _empty(200 if self.repository.ready and not self.draining else 503)

    async def server(self, request: Request) -> Response:
        return _json({"name": "chainrule", "version": __version__, "extensions": ["binary_tensor_data"]})

    async def model(self, request: Request) -> Response:
        served = self._served(request)
        about: dict[str, Any] = {"name": served.name, "versions": self.repository.versions(served.name)}
        about |= {"platform": "chainrule", "inputs": [_tensor(one) for one in served.reads]}
        about["outputs"] = [_tensor(one) for one in served.gives]
        about["parameters"] = {"kind": served.model.kind, "target": served.target}
        for name, values in (("classes", served.classes), ("levels", served.levels)):
            if values:
                about["parameters"][name] = list(values)
        if served.explains:
            about["parameters"]["explanation"] = served.explains
        return _json(about)

    async def model_ready(self, request: Request) -> Response:
        self._served(request)
        return _empty(200)

    async def openapi(self, request: Request) -> Response:
        return _json(openapi.document(self.repository, self.limits))

    async def tell_metrics(self, request: Request) -> Response:
        text, kind = self.metrics.text()
        return Response(text, headers={"Content-Type": kind})

    async def page(self, request: Request) -> Response:
        return Response(page.HTML, headers=page.HEADERS, media_type="text/html")

    async def nothing(self, request: Request) -> Response:
        return _empty(204)

    # Predictions ---------------------------------------------------------------------------------------------

    def _served(self, request: Request) -> Served:
        return self.repository.get(request.path_params.get("name"), request.path_params.get("version"))

    async def infer(self, request: Request) -> Response:
        """Tensors of the Open Inference Protocol."""
        served, length = self._served(request), request.headers.get(tensors.LENGTH)
        if length is None:
            _check_kind(request, (JSON,))
        elif not _WHOLE.fullmatch(length):
            raise Problem(400, f"{tensors.LENGTH}: expected a whole number; received {length[:40]!r}.")
        body = await self.bodies.read(request)

        def read() -> Reading:
            asked = tensors.read(body, None if length is None else int(length), served, self.limits)
            return Reading(asked.cells, asked.asked, lambda outputs, warnings: tensors.write(asked, outputs, served))

        told, json_length = await self.work.answer(served, read, len(body))
        if json_length is None:
            return Response(told, media_type=JSON)
        return Response(told, headers={tensors.LENGTH: str(json_length)}, media_type="application/octet-stream")

    async def predict(self, request: Request) -> Response:
        """Plain rows."""
        served, kind = self._served(request), _check_kind(request, ROWS)
        asked = _asked(request.query_params.multi_items())
        wanted = _accepted(request.headers.get("accept", ""), ROWS[kind])
        body = await self.bodies.read(request)

        def read() -> Reading:
            return Reading(self._rows(body, ROWS[kind], served), asked, partial(_answer, served, wanted))

        told, warnings = await self.work.answer(served, read, len(body))
        headers = {"X-Model": f"{served.name}:{served.version}", **({"X-Warnings": str(warnings)} if warnings else {})}
        return Response(told, headers=headers, media_type=wanted)

    async def invoke(self, request: Request) -> Response:
        """Rows as MLflow's servers take them."""
        served, kind = self._served(request), _check_kind(request, (JSON, CSV))
        body = await self.bodies.read(request)

        def read() -> Reading:
            if kind == CSV:
                return Reading(plain.of_csv(body, served, self.limits), USUAL, partial(_predictions, served, False))
            cells, parameters = mlflow.read(parse(body, self.limits), served, self.limits)
            shares = parameters.pop("probabilities", False)
            if not isinstance(shares, bool):
                raise unfit("probabilities: expected true or false; received something else.")
            asked = _asked(list(parameters.items()))
            return Reading(cells, asked, partial(_predictions, served, shares or asked != USUAL))

        return Response(await self.work.answer(served, read, len(body)), media_type=JSON)

    def _rows(self, body: bytes, kind: str, served: Served) -> Any:
        if kind == CSV:
            return plain.of_csv(body, served, self.limits)
        if kind == ARROW:
            return arrow_stream.table(body, served, self.limits)
        return plain.read(parse(body, self.limits), served, self.limits)


def _of_models(path: str) -> tuple[str, str, str]:
    """An address for the only model, for each by its name, and for each of its versions."""
    return path, f"{path}/{{name}}", f"{path}/{{name}}/versions/{{version}}"


def _safe(answer: Answers) -> Answers:
    """The same, but that errors are told to the client, whatever they are."""

    @wraps(answer)
    async def safe(request: Request) -> Response:
        try:
            return await answer(request)
        except Exception as error:
            return refusal(error)

    return safe


def _json(content: Any) -> Response:
    return Response(dump(content), media_type=JSON)


def _empty(status: int) -> Response:
    return Response(status_code=status)


def _tensor(one: Any) -> dict[str, Any]:
    return {"name": one.name, "datatype": one.datatype, "shape": one.shape}


def _check_kind(request: Request, kinds: Sequence[str] | Mapping[str, str]) -> str:
    """The media type of a body, JSON where none is said.

    Raises
    ------
    Problem
        415 for another than these, or another alphabet than UTF-8.
    """
    said = request.headers.get("content-type", JSON)
    kind, *more = (part.strip() for part in said.lower().split(";"))
    alphabets = [part.removeprefix("charset=").strip('"') for part in more if part.startswith("charset=")]
    if kind not in kinds or not set(alphabets) <= {"utf-8", "utf8"}:
        raise Problem(415, f"Content-Type: expected {' or '.join(kinds)}, in UTF-8; received {said[:100]!r}.")
    return kind


def _accepted(accept: str, usual: str) -> str:
    """In which form the answer is told: the first of those that the client names, else that of its rows."""
    named = (part.partition(";")[0].strip().lower() for part in accept.split(",") if not _REFUSED.search(part))
    return next((ROWS[kind] for kind in named if kind in ROWS), usual)


def _asked(options: Sequence[tuple[str, Any]]) -> Asked:
    """What is asked for beside predictions.

    Raises
    ------
    Problem
        422 for what is none of these, or cannot be.
    """
    found = dict(options)
    unknown = next((name for name in found if name not in OPTIONS), None)
    if unknown is not None or len(found) < len(options):
        raise unfit(
            f"options: expected {' and '.join(OPTIONS)}, each once; received {[name[:40] for name, _ in options]}."
        )
    explain = {"true": True, "1": True, "false": False, "0": False}.get(str(found.get("explain", "false")).lower())
    if explain is None:
        raise unfit(f"explain: expected true or false; received {str(found['explain'])[:40]!r}.")
    coverage = found.get("coverage")
    with suppress(TypeError, ValueError):
        coverage = None if coverage is None else float(coverage)
    return Asked(checked_coverage(coverage), explain)


def _answer(served: Served, kind: str, outputs: Outputs, warnings: Sequence[str]) -> tuple[bytes, int]:
    """Outputs in a form, and how many warnings come with them."""
    if kind == CSV:
        return plain.to_csv(outputs, served), len(warnings)
    if kind == ARROW:
        return arrow_stream.stream(outputs, served), len(warnings)
    told: dict[str, Any] = {"model": served.name, "version": served.version, "rows": plain.objects(outputs, served)}
    if served.shapley is not None and "explanation" in outputs:
        told["explanation"] = served.shapley.about
    return dump({**told, "warnings": list(warnings)} if warnings else told), len(warnings)


def _predictions(served: Served, whole: bool, outputs: Outputs, warnings: Sequence[str]) -> bytes:
    """Predictions as MLflow's clients read them: values, or all outputs as objects."""
    if whole:
        return dump({"predictions": plain.objects(outputs, served)})
    name = next(iter(outputs))
    return dump({"predictions": [row[name] for row in plain.objects({name: outputs[name]}, served)]})
