"""The panels that write things out: the forward pass of a row, the chain rule of a weight, a slice of the loss."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.checks import at_least
from chainrule.engine.parameters import Parameters
from chainrule.errors import InputError
from chainrule.playground.run import Run
from chainrule.playground.settings import no_such
from chainrule.playground.written import Step, backward, forward
from chainrule.training.validation import Evaluator

Array = NDArray[Any]

SEED = at_least(0)
#: Step of the finite difference, by which a weight is moved to either side.
H = 1e-5
#: Points along each side of the slice of the loss, how far it goes, and rows that it is of.
SLICE, REACH, SLICED = 21, 1.0, 400
#: Seconds that the slice may take.
SECONDS = 10.0


def steps_of(run: Run, row: int) -> tuple[list[Step], Array]:
    """The forward pass of a row that is drawn, written out, and its inputs."""
    X = run.task.X
    if not 0 <= _whole("row", row) < len(X):
        raise no_such("row", row, len(X))
    x = run.task.read(X[row : row + 1])[0].astype(np.float64)
    with np.errstate(all="ignore"):
        return forward(run.network.layers, run.parameters, x), x


def forward_panel(run: Run, row: int) -> dict[str, Any]:
    """The numbers of a forward pass: what comes out of each step, and the loss."""
    steps, x = steps_of(run, row)
    z = steps[-1].values
    found = {
        "x": _list(x), "raw": _list(run.task.X[row].astype(float)), "target": float(run.task.y[row].ravel()[0]),
        "steps": [_step(one) for one in steps], "loss": _loss(run, z, row),
    }  # fmt: skip
    if run.task.classes:
        found["probabilities"] = _list(_softmax(z))
    return found


def _step(step: Step) -> dict[str, Any]:
    data: dict[str, Any] = {
        "kind": step.kind, "name": step.name, "given": list(step.given), "values": _list(step.values),
        "said": step.said,
    }  # fmt: skip
    if step.W is not None and step.b is not None:
        data |= {"W": [_list(row) for row in step.W], "b": _list(step.b)}
    return data


def backward_panel(run: Run, row: int, product: int, unit: int, source: int) -> dict[str, Any]:
    """The chain rule of one weight, of the loss of one row, term by term, and the finite difference beside it.

    Parameters
    ----------
    run, row : whose loss it is
    product : number of a product among the products, from the input
    unit, source : the weight's unit, and which of its inputs it is of
    """
    steps, x = steps_of(run, row)
    products = [number for number, step in enumerate(steps) if step.kind == "product"]
    if not 0 <= _whole("layer", product) < len(products):
        raise no_such("layer", product, len(products))
    at = products[product]
    step = steps[at]
    assert step.W is not None
    for what, place, count in (("unit", unit, len(step.W)), ("input", source, step.W.shape[1])):
        if not 0 <= _whole(what, place) < count:
            raise no_such(what, place, count)
    with np.errstate(all="ignore"):
        backward(steps, _d_loss(run, steps[-1].values, row))
        a = x if step.given[0] < 0 else steps[step.given[0]].values
        gradient = float(step.d[unit] * a[source])
        difference = _difference(run, step.name, unit, source, row)
    return {
        "weight": _known(step.W[unit, source]), "a": _known(a[source]), "dz": _known(step.d[unit]),
        "gradient": _known(gradient), "difference": _known(difference), "name": step.name,
        "chain": list(_chain(steps, at, unit)), "loss": _loss(run, steps[-1].values, row),
    }  # fmt: skip


def _chain(steps: list[Step], at: int, unit: int) -> Any:
    """How dLoss/dz of a unit comes about, from its step on towards the loss: each link with its terms."""
    while steps[at].by:
        links = steps[at].by
        step = steps[links[0][0]]
        if len(links) > 1 or step.kind == "product":
            terms = []
            for number, part in links:
                later = steps[number]
                if later.W is not None:
                    terms += [
                        {"of": later.name, "unit": k, "dz": _known(later.d[k]), "w": _known(later.W[k, unit])}
                        for k in range(len(later.d))
                    ]
                else:
                    terms.append({"of": later.name, "skip": True, "d": _known(part[unit])})
            yield {"kind": "sum", "value": _known(steps[at].d[unit]), "terms": terms}
            return
        at = links[0][0]
        link: dict[str, Any] = {"kind": step.kind, "name": step.name, "said": step.said, "d": _known(step.d[unit])}
        if step.slope is not None:
            link["slope"] = _known(step.slope[unit])
        yield link
    yield {"kind": "loss", "value": _known(steps[at].d[unit])}


def surface_panel(run: Run, seed: int = 0) -> dict[str, Any]:
    """The loss about where the weights are, along two random directions, for each unit as long as its weights are
    (Li et al. 2018)."""
    rows = run.rows
    some = type(rows)(rows.X[:SLICED], rows.y[:SLICED])
    SEED("surface, seed", seed)
    here, random = run.parameters, np.random.default_rng(seed)
    moved = here.copy()
    evaluate = Evaluator(run.network, moved, run.loss)
    directions = [here.copy() for _ in range(2)]
    for one in directions:
        for parameter in run.network.layout.parameters:
            w = here[parameter.name]
            drawn = random.normal(size=w.shape)
            if parameter.kind == "weight":
                drawn *= np.linalg.norm(w, axis=1, keepdims=True) / np.linalg.norm(drawn, axis=1, keepdims=True)
            else:
                drawn[...] = 0
            one[parameter.name][...] = drawn
    line = np.linspace(-REACH, REACH, SLICE)
    losses: list[list[float | None]] = []
    with np.errstate(all="ignore"):
        until = time.monotonic() + SECONDS
        for second in line[::-1]:
            losses.append([])
            for first in line:
                if time.monotonic() > until:
                    raise InputError(
                        "surface", f"a network whose slice is measured within {SECONDS:g} seconds",
                        f"{run.network.layout.trained:,} parameters", "Take fewer layers or units.",
                    )  # fmt: skip
                moved.vector[...] = here.vector + first * directions[0].vector + second * directions[1].vector
                losses[-1].append(_known(evaluate(some)))
    return {"reach": REACH, "losses": losses}


def _difference(run: Run, name: str, unit: int, source: int, row: int) -> float:
    """(L(w + h) - L(w - h)) / 2h."""
    parameters = Parameters(run.parameters.layout, run.parameters.vector.astype(np.float64))
    w, x = parameters[f"{name}.W"], run.task.read(run.task.X[row : row + 1]).astype(np.float64)
    found = []
    for h in (H, -2 * H):
        w[unit, source] += h
        found.append(_loss_of(run, run.network.forward(parameters, x).output[0], row))
    return (found[0] - found[1]) / (2 * H)


def _loss_of(run: Run, z: Array, row: int) -> float:
    """The loss of one row: -log of its class's probability, or half the squared error."""
    y = run.task.y[row].ravel()[0]
    if run.task.classes:
        top = z.max()
        return float(np.log(np.exp(z - top).sum()) + top - z[int(y)])
    return float(0.5 * (z[0] - y) ** 2)


def _loss(run: Run, z: Array, row: int) -> float | None:
    return _known(_loss_of(run, z, row))


def _d_loss(run: Run, z: Array, row: int) -> Array:
    """dLoss/dz of the output."""
    y = run.task.y[row].ravel()[0]
    if run.task.classes:
        found = _softmax(z)
        found[int(y)] -= 1
        return found
    return z - y


def _softmax(z: Array) -> Array:
    p = np.exp(z - z.max())
    found: Array = p / p.sum()
    return found


def _whole(what: str, value: Any) -> int:
    """A whole number, or -1, which is none of anything."""
    return value if isinstance(value, int) and not isinstance(value, bool) else -1


def _known(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


def _list(values: Array) -> list[float | None]:
    return [_known(one) for one in values]
