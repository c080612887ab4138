"""Rows of every kind, and a client that asks the application without a network."""

import asyncio
import json
from dataclasses import dataclass

import numpy as np

from chainrule.serving.inference.limits import Limits


def rows(count, seed=0):
    """Columns of every kind that takes one value: a number with gaps, words, dates, truth values."""
    random = np.random.default_rng(seed)
    size = np.where(np.arange(count) % 17 == 3, np.nan, random.normal(size=count).round(3))
    return {
        "size": size.tolist(),
        "color": random.choice(["red", "blue", "dark, green"], count).tolist(),
        "day": (np.datetime64("2026-01-01") + random.integers(0, 200, count)).astype(str).tolist(),
        "new": random.choice([True, False], count).tolist(),
    }


def objects(columns):
    """Rows of columns, null where a number is missing."""
    named = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return [{k: None if v != v else v for k, v in row.items()} for row in named]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class Client:
    """Asks an application in a loop of its own, as a server of uvicorn would."""

    def __init__(self, *places, limits=None, token=None, hosts=("localhost",), load=True, **background):
        from chainrule.serving.inference.app import Application
        from chainrule.serving.inference.guard import Guard
        from chainrule.serving.inference.metrics import Metrics
        from chainrule.serving.inference.repository import Repository
        from chainrule.serving.inference.repository import places as said

        self.limits = limits or Limits()
        self.metrics = Metrics()
        self.repository = Repository(said([str(place) for place in places], **background), self.metrics)
        if load:
            self.repository.load()
        self.application = Application(self.repository, self.limits, self.metrics)
        self.guard = Guard(self.application.router(), lambda: self.application.draining, hosts, token, self.metrics)
        self.application.work.start()
        self.loop = asyncio.new_event_loop()

    def close(self):
        self.application.work.stop()
        self.loop.close()

    async def ask(self, method, path, parts=(), headers=()):
        """The answer to a request whose body comes in these parts; None among them is a client that waits."""
        path, _, query = path.partition("?")
        named = {"host": "localhost:8000", **dict(headers)}
        scope = {
            "type": "http", "method": method, "path": path, "raw_path": path.encode(), "root_path": "",
            "query_string": query.encode(), "http_version": "1.1", "scheme": "http", "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8000),
            "headers": [(k.lower().encode(), v.encode("latin-1")) for k, v in named.items() if v is not None],
        }  # fmt: skip
        waiting, sent = list(parts) or [b""], []

        async def receive():
            part = waiting.pop(0)
            if part is None:
                await asyncio.sleep(3600)
            return {"type": "http.request", "body": part, "more_body": bool(waiting)}

        async def send(message):
            sent.append(message)

        await self.guard(scope, receive, send)
        start, *bodies = sent
        told = {k.decode().lower(): v.decode() for k, v in start["headers"]}
        return Answer(start["status"], told, b"".join(one.get("body", b"") for one in bodies))

    def run(self, *requests):
        """The answers to requests at once."""

        async def all_of_them():
            return await asyncio.gather(*requests)

        return self.loop.run_until_complete(all_of_them())

    def get(self, path, **headers):
        return self.run(self.ask("GET", path, headers=_named(headers)))[0]

    def post(self, path, body=b"", kind="application/json", **headers):
        return self.run(self.posted(path, body, kind, **headers))[0]

    def posted(self, path, body=b"", kind="application/json", **headers):
        """A request for `run`."""
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.ask("POST", path, [body], {"content-type": kind, **_named(headers)})


def _named(headers):
    return {name.replace("_", "-"): value for name, value in headers.items()}
