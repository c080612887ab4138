"""`chainrule check`."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from typing import Any

import click

from chainrule import __version__
from chainrule.cli import exits, shared

NEEDED = ("numpy", "scipy", "numba", "scikit-learn", "threadpoolctl", "safetensors", "narwhals")

#: Extra -> the packages that it brings.
EXTRAS = {
    "cli": ("click", "rich"),
    "files": ("pyarrow",),
    "onnx": ("onnx",),
    "plots": ("matplotlib",),
    "progress": ("rich",),
    "tensorboard": ("tensorboardX",),
    "watch": ("starlette", "uvicorn"),
    "serve": ("click", "starlette", "uvicorn", "httptools", "prometheus-client"),
}

#: The largest difference of gradients of the two sets of kernels, relative to the largest gradient.
ALIKE = 1e-4

#: Sides of the square matrices whose products are timed, and seconds to time each for.
SIDES, SECONDS = (64, 256, 1024), 0.15


@click.command()
@shared.as_json
def check(as_json: bool) -> int:
    """Is this installation sound, this machine fast?

    Versions, extras, threads and the speed of matrix products are told. The kernels are compiled, which takes seconds
    the first time, and held against their NumPy twins.
    """
    content: dict[str, Any] = {"python": platform.python_version(), "machine": platform.machine()}
    content["versions"] = {name: _version(name) for name in NEEDED}
    content["extras"] = {extra: all(map(_version, names)) for extra, names in EXTRAS.items()}
    content["kernels"] = _kernels()
    content["threads"] = _threads()
    content["products"] = list(_products(content["threads"]["used"]))
    content["sound"] = content["kernels"]["sound"] and all(content["versions"].values())
    if as_json:
        shared.document("check", content)
    else:
        click.echo("\n".join(_said(content)))
    return exits.WELL if content["sound"] else exits.INTERNAL


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _kernels() -> dict[str, Any]:
    """Gradients of a small network by both sets of kernels."""
    import numpy as np

    from chainrule.engine.network import Network
    from chainrule.network.layers import Dense, Residual
    from chainrule.network.layers.norms import BatchNorm, LayerNorm

    layers = [Dense(24, "tanh"), LayerNorm(), Residual([Dense(24, "gelu"), BatchNorm()]), Dense(3)]
    network = Network(layers, inputs=10)
    parameters, generator = network.init(0), np.random.default_rng(0)
    X, d_output = (generator.normal(size=(64, width)).astype(np.float32) for width in (10, 3))
    found, seconds = {}, {}
    for kernels in ("numpy", "numba"):
        started = time.perf_counter()
        try:
            with _kernel_set(kernels):
                passed = network.forward(parameters, X, train=True)
                found[kernels] = network.backward(parameters, passed, d_output).gradients.vector.copy()
        except Exception as error:  # whatever a broken compiler raises is the finding
            return {"sound": False, "error": f"{kernels}: {type(error).__name__}: {error}"}
        seconds[kernels] = time.perf_counter() - started
    difference = np.abs(found["numba"] - found["numpy"]).max() / np.abs(found["numpy"]).max()
    return {"sound": bool(difference <= ALIKE), "difference": float(difference), "seconds": seconds}


@contextmanager
def _kernel_set(name: str) -> Iterator[None]:
    before = os.environ.get("CHAINRULE_KERNELS")
    os.environ["CHAINRULE_KERNELS"] = name
    try:
        yield
    finally:
        os.environ.pop("CHAINRULE_KERNELS")
        if before is not None:
            os.environ["CHAINRULE_KERNELS"] = before


def _threads() -> dict[str, Any]:
    from chainrule.engine import processors, threads

    return {"available": processors.available(), "used": threads.resolve(None)}


def _products(most: int) -> Iterator[dict[str, Any]]:
    """Thousand million multiplications and additions a second, by size and threads."""
    import numpy as np

    from chainrule.engine import threads

    for side in SIDES:
        a = np.random.default_rng(0).normal(size=(side, side)).astype(np.float32)
        b, out = a.T.copy(), np.empty_like(a)
        for count in dict.fromkeys((1, most)):
            with threads.limited(count):
                np.dot(a, b, out=out)
                started, times = time.perf_counter(), 0
                while (gone := time.perf_counter() - started) < SECONDS:
                    np.dot(a, b, out=out)
                    times += 1
            yield {"side": side, "threads": count, "gflops": 2 * side**3 * times / gone / 1e9}


def _said(content: dict[str, Any]) -> Iterator[str]:
    kernels, threads = content["kernels"], content["threads"]
    yield f"chainrule {__version__}, Python {content['python']}, {content['machine']}"
    yield shared.lines((name, version or "missing") for name, version in content["versions"].items())
    yield "Extras: " + ", ".join(
        extra if there else f"{extra} (pip install 'chainrule[{extra}]')" for extra, there in content["extras"].items()
    )
    if "error" in kernels:
        yield f"Kernels: broken. {kernels['error']}"
    else:
        took, verdict = kernels["seconds"]["numba"], "agree" if kernels["sound"] else "DISAGREE"
        yield f"Kernels: compiled in {took:.1f} s, {verdict} with NumPy's to {kernels['difference']:.1e}"
    yield f"Threads: {threads['used']} of {threads['available']} processors"
    yield "Matrix products, float32:"
    yield shared.lines(
        (f"{one['side']} x {one['side']}", f"{one['threads']} thread(s)", f"{one['gflops']:.1f} GFLOP/s")
        for one in content["products"]
    )
    yield "Sound." if content["sound"] else "Not sound: reinstall chainrule, or report what stands above."
