"""A server under load, beside MLServer with scikit-learn's pipeline: one row at a steady rate, and rows a second.

Every server gets the same row of UCI Adult over connections that stay open, from another process; a request's time
runs from the moment at which it was due, so that one that waits behind another counts. MLServer is taken from
`.venv-others`, which `make test-serving` makes; without it, its lines are left out.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib.util
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.datasets import load_adult

ROOT = Path(__file__).parent.parent
MLSERVER = ROOT / ".venv-others" / "mlserver" / "bin"

RUNTIME = """
import joblib, numpy as np, pandas as pd
from mlserver import MLModel
from mlserver.codecs import NumpyCodec, PandasCodec
from mlserver.types import InferenceResponse

class Pipeline(MLModel):
    async def load(self):
        self.pipeline = joblib.load("pipeline.joblib")
        return True

    async def predict(self, payload):
        found = self.pipeline.predict_proba(PandasCodec.decode_request(payload))
        return InferenceResponse(model_name=self.name, outputs=[NumpyCodec.encode_output("probability", found)])
"""

FIT = """
from chainrule import TableClassifier
from chainrule.datasets import load_adult
adult = load_adult()
table = {name: column[adult.train].tolist() for name, column in adult.columns.items()}
TableClassifier(random_state=0).fit(table, adult.target[adult.train]).save("adult.model")
"""

PIPELINE = """
import joblib, json, sys
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
table = pd.read_json("adult.json")
words = [name for name in table.columns[:-1] if table[name].dtype == object or str(table[name].dtype).startswith("str")]
others = [name for name in table.columns[:-1] if name not in words]
encode = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), words), (StandardScaler(), others))
model = make_pipeline(encode, MLPClassifier((128, 128), max_iter=3, random_state=0))
joblib.dump(model.fit(table.iloc[:, :-1], table.iloc[:, -1]), "pipeline.joblib")
"""


@dataclass(frozen=True)
class Times:
    """Of requests: how many a second, milliseconds by rank, and those that were not answered well."""

    rate: float
    median: float
    p99: float
    failed: int

    @classmethod
    def of(cls, seconds: list[float], codes: list[int], whole: float) -> Times:
        ranks = np.quantile(np.array(seconds) * 1e3, [0.5, 0.99])
        return cls(len(seconds) / whole, *ranks.tolist(), sum(code != 200 for code in codes))


async def load(port: int, path: str, body: bytes, seconds: float, rate: float | None, connections: int = 16) -> Times:
    """Ask at a rate of so many a second, or flat out."""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Type: application/json\r\n"
    request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    due: asyncio.Queue[float | None] = asyncio.Queue()
    times: list[float] = []
    codes: list[int] = []
    end = time.perf_counter() + seconds

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (started := await due.get()) is not None:
            writer.write(request)
            answer = await reader.readuntil(b"\r\n\r\n")
            low = answer.lower()
            place = low.index(b"content-length:") + 15
            await reader.readexactly(int(low[place : low.index(b"\r\n", place)]))
            times.append(time.perf_counter() - started)
            codes.append(int(answer.split(b" ", 2)[1]))
            if rate is None and time.perf_counter() < end:
                due.put_nowait(time.perf_counter())
        writer.close()

    tasks = [asyncio.ensure_future(one()) for _ in range(connections)]
    await asyncio.sleep(0.05)
    first = time.perf_counter()
    if rate is None:
        for _ in range(connections):
            due.put_nowait(time.perf_counter())
        await asyncio.sleep(seconds)
    else:
        for number in range(int(rate * seconds)):
            while time.perf_counter() < first + number / rate:
                await asyncio.sleep(0)  # a timer would be a millisecond late
            due.put_nowait(first + number / rate)
    for _ in tasks:
        due.put_nowait(None)
    await asyncio.gather(*tasks)
    return Times.of(times, codes, time.perf_counter() - first)


@contextlib.contextmanager
def running(command: list[Any], folder: Path, ready: str, **variables: str) -> Iterator[tuple[int, float]]:
    """A server, from when it is ready: its process, and seconds from its start until then."""
    started = time.perf_counter()
    environment = {**os.environ, **variables}
    with open(folder / "log", "w") as log:
        process = subprocess.Popen(list(map(str, command)), cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        while True:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(ready).close()
                break
            if process.poll() is not None:
                raise RuntimeError((folder / "log").read_text()[-2000:])
            time.sleep(0.005)
        yield process.pid, time.perf_counter() - started
    finally:
        process.terminate()
        process.wait()


def free() -> int:
    """A port that nobody has."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def megabytes(process: int, of: str) -> float:
    """Resident memory of a process, or its share of what several have: Rss, Pss."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{of}:"))


def children(process: int) -> list[int]:
    """The workers that a process has started."""
    found = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [int(one) for one in found if "spawn_main" in Path(f"/proc/{one}/cmdline").read_text()]


def told(name: str, port: int, path: str, body: bytes, seconds: float, rate: float = 200) -> None:
    """A line: at a steady rate, then flat out."""
    asyncio.run(load(port, path, body, 1.0, rate))  # warm
    steady = asyncio.run(load(port, path, body, seconds, rate))
    flat = asyncio.run(load(port, path, body, seconds, None, 32))
    lost = f"   {steady.failed + flat.failed} FAILED" if steady.failed + flat.failed else ""
    print(f"{name:34} {rate:5.0f} {steady.median:9.2f} {steady.p99:9.2f} {flat.rate:12,.0f}{lost}", flush=True)


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--memory", type=float, default=0.0, help="seconds of load over which memory is watched")
    options = parser.parse_args(arguments)
    if importlib.util.find_spec("uvicorn") is None or importlib.util.find_spec("prometheus_client") is None:
        print("The server is not installed: pip install 'chainrule[serve]'.")
        return
    adult = load_adult()
    table = {name: column[adult.train].tolist() for name, column in adult.columns.items()}
    target = adult.target[adult.train]
    row = {name: values[0] for name, values in table.items()}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        subprocess.run([sys.executable, "-c", FIT], cwd=folder, check=True)  # elsewhere: its memory would be shared
        body = json.dumps([row]).encode()
        print(f"{'':34} {'per s':>5} {'median':>9} {'p99 ms':>9} {'rows/s flat':>12}")
        for workers in (1, 2, 4):
            port = free()
            command = [sys.executable, "-m", "chainrule", "serve", "adult.model", "--port", port, "--workers", workers]
            with running([*command, "-q"], folder, f"http://127.0.0.1:{port}/v2/health/ready") as (process, seconds):
                told(f"chainrule, {workers} worker(s)", port, "/predict", body, options.seconds)
                memory = [megabytes(one, "Rss") for one in children(process) or [process]]
                shares = [megabytes(one, "Pss") for one in children(process) or [process]]
                print(
                    f"{'':4}ready after {seconds:.2f} s, {max(memory):.0f} MB a worker ({max(shares):.0f} as its share)"
                )
                if workers == 1 and options.memory:
                    before = megabytes(process, "Rss")
                    asyncio.run(load(port, "/predict", body, options.memory, 200))
                    after = megabytes(process, "Rss")
                    print(f"{'':4}after {options.memory:.0f} s at 200/s: {before:.1f} -> {after:.1f} MB")
        if not MLSERVER.exists():
            print("MLServer is left out: make test-serving installs it.")
            return
        _mlserver(folder, table, target.tolist(), row, options.seconds)


def _mlserver(folder: Path, table: dict[str, Any], target: list[Any], row: dict[str, Any], seconds: float) -> None:
    clean = {name: ["" if v is None else v for v in values] for name, values in table.items()}
    (folder / "adult.json").write_text(json.dumps({**clean, "income": target}))
    (folder / "runtime.py").write_text(RUNTIME)
    subprocess.run([MLSERVER / "python", "-c", PIPELINE], cwd=folder, check=True, capture_output=True)
    inputs = [
        {"name": name, "shape": [1], "datatype": "BYTES" if isinstance(value, str) else "FP64", "data": [value],
         **({"parameters": {"content_type": "str"}} if isinstance(value, str) else {})}
        for name, value in row.items()
    ]  # fmt: skip
    body = json.dumps({"parameters": {"content_type": "pd"}, "inputs": inputs}).encode()
    settings = {"name": "adult", "implementation": "runtime.Pipeline"}
    (folder / "model-settings.json").write_text(json.dumps(settings))
    http, grpc, metrics = free(), free(), free()
    ports = {"host": "127.0.0.1", "http_port": http, "grpc_port": grpc, "metrics_port": metrics, "debug": False}
    (folder / "settings.json").write_text(json.dumps({**ports, "parallel_workers": 0}))
    ready = f"http://127.0.0.1:{http}/v2/models/adult/ready"
    with running([MLSERVER / "mlserver", "start", "."], folder, ready, PYTHONPATH=str(folder)) as (process, start):
        for rate in (50, 200):
            told("MLServer, scikit-learn's pipeline", http, "/v2/models/adult/infer", body, seconds, rate)
        print(f"{'':4}ready after {start:.2f} s, {megabytes(process, 'Rss'):.0f} MB")


if __name__ == "__main__":
    main()
