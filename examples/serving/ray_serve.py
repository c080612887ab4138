"""A deployment for Ray Serve: rows as JSON in, predictions out, on as many replicas as are asked for.

CHAINRULE_MODEL=adult.model serve run ray_serve:app
"""

import os
from pathlib import Path

from ray import serve
from starlette.requests import Request
from starlette.responses import Response

from chainrule.serving.inference.bodies import plain
from chainrule.serving.inference.bodies.json_text import dump
from chainrule.serving.inference.problems import Problem, problem
from chainrule.serving.inference.served import Served


@serve.deployment(num_replicas=1, ray_actor_options={"num_cpus": 1})
class Chainrule:
    def __init__(self, path: str) -> None:
        self.served = Served.load(Path(path).stem, "1", Path(path))

    async def __call__(self, request: Request) -> Response:
        try:
            status, content = 200, {"rows": plain.predict(await request.body(), self.served)}
        except Exception as error:
            told = problem(error) or Problem(500, "a defect of the server")
            status, content = told.status, told.content()
        return Response(dump(content), status, media_type="application/json")


app = Chainrule.bind(os.environ.get("CHAINRULE_MODEL", "adult.model"))
