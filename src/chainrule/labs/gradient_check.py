"""The gradient check: backpropagation held against finite differences, and a fault that it finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.network import Network
from chainrule.labs import data, paper
from chainrule.labs.lab import Condition, Lab
from chainrule.labs.result import Result
from chainrule.labs.signals import softmax_error
from chainrule.network import activations
from chainrule.network.layers import BatchNorm, Dense, Layer, LayerNorm, Residual

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH, CLASSES, ROWS = 16, 4, 40


def _almost_tanh() -> activations.ActivationFunction:
    """tanh with a derivative that is wrong by a square: 1 - |a| for 1 - a^2."""
    tanh = activations.get("tanh")
    return activations.custom("tanh, wrong f'", tanh.value, lambda z: 1.0 - abs(np.tanh(z)))


def _hidden(short: bool) -> dict[str, tuple[Layer, ...]]:
    """What stands between the input and the logits."""
    found: dict[str, tuple[Layer, ...]] = {
        "tanh": (Dense(WIDTH, "tanh"),),
        "sigmoid, 5 layers": (Dense(WIDTH, "sigmoid"),) * 5,
        "gelu": (Dense(WIDTH, "gelu"),),
        "batch norm": (Dense(WIDTH, "tanh"), BatchNorm()),
        "layer norm": (Dense(WIDTH, "tanh"), LayerNorm()),
        "residual": (Dense(WIDTH, "tanh"), Residual([Dense(WIDTH, "tanh")])),
        "all together": (Dense(WIDTH, "silu"), BatchNorm(), Residual([LayerNorm(), Dense(WIDTH, "tanh")])),
    }
    return {name: found[name] for name in ("tanh", "residual")} if short else found


def experiment(short: bool, seed: int) -> Result:
    """The check of sound networks and of a faulty one; then the error of differences by their step."""
    split = data.clusters(seed, rows=ROWS)
    X, y = split.X.astype(np.float64), split.y
    rows = []
    for name, hidden in _hidden(short).items():
        network = Network([*hidden, Dense(CLASSES)], X.shape[1])
        found = network.check_gradients(network.init(seed), X, y, "cross_entropy", seed=seed)
        rows.append((name, network.layout.size, found))
    sound = max(row[-1] for row in rows)
    faulty = Network([Dense(WIDTH, _almost_tanh()), Dense(CLASSES)], X.shape[1])
    fault = faulty.check_gradients(faulty.init(seed), X, y, "cross_entropy", seed=seed)
    rows.append(("tanh with a wrong derivative", faulty.layout.size, fault))
    steps = 10.0 ** np.arange(-14, 0.5, 1 if short else 0.5)
    forward, central = _errors_by_step(X, y, steps, seed)
    best = float(steps[np.argmin(central)])
    figures = {
        "largest error, sound": sound,
        "error, wrong derivative": fault,
        "best central difference": min(central),
        "best forward difference over best central": min(forward) / min(central),
    }
    seen = (
        f"Backpropagation agrees with differences to {sound:.0e}; a wrong derivative shows as {fault:.2f}. Central differences "
        f"are best with a step of about {best:.0e}, forward ones with {float(steps[np.argmin(forward)]):.0e}: larger steps "
        f"bend away from the slope, smaller ones drown in rounding."
    )

    def draw(figure: Figure) -> None:
        checks, by_step = paper.panels(figure, 2)
        places = np.arange(len(rows))
        colours = [paper.COLOURS[0]] * (len(rows) - 1) + [paper.COLOURS[1]]
        checks.scatter([row[-1] for row in rows], places, color=colours)
        checks.set_xscale("log")
        checks.set_yticks(places, [row[0] for row in rows])
        checks.invert_yaxis()
        checks.axvline(1e-6, color="#777777", linestyle=":", linewidth=1)
        paper.label(checks, "largest relative error (dotted: 1e-6)", "")
        by_step.loglog(steps, forward, color=paper.COLOURS[1], marker="s", label="forward, (L(w+h) - L(w)) / h")
        by_step.loglog(steps, central, color=paper.COLOURS[0], marker="o", label="central, (L(w+h) - L(w-h)) / 2h")
        paper.label(by_step, "step h", "relative error of the difference", "")

    return Result(("network", "parameters", "largest relative error"), tuple(rows), seen, figures, draw)


def _errors_by_step(X: NDArray[Any], y: NDArray[Any], steps: NDArray[Any], seed: int) -> tuple[list[float], list[float]]:
    """Forward and central differences along one direction, each against backpropagation."""
    network = Network([Dense(WIDTH, "tanh"), Dense(CLASSES)], X.shape[1])
    parameters = network.init(seed, np.float64)
    start = parameters.vector.copy()
    v = np.random.default_rng(seed).normal(size=len(start))
    v /= np.linalg.norm(v)

    def loss(shift: float) -> float:
        parameters.vector[...] = start + shift * v
        logits = network.forward(parameters, X).output
        top = logits.max(axis=1)
        return float(np.mean(np.log(np.exp(logits - top[:, None]).sum(axis=1)) + top - logits[np.arange(len(y)), y]))

    parameters.vector[...] = start
    passed = network.forward(parameters, X)
    slope = float(network.backward(parameters, passed, softmax_error(passed.output, y)).gradients.vector @ v)
    here = loss(0.0)

    def wrong(measured: float) -> float:
        return max(abs(measured - slope) / abs(slope), 1e-16)

    forward = [wrong((loss(h) - here) / h) for h in steps]
    central = [wrong((loss(h) - loss(-h)) / (2 * h)) for h in steps]
    return forward, central


LAB = Lab(
    "gradient-check",
    "Backpropagation agrees with finite differences to many digits, and a wrong derivative does not.",
    experiment,
    (
        Condition("largest error, sound", high=1e-6),
        Condition("error, wrong derivative", low=1e-2),
        Condition("best central difference", high=1e-7),
        Condition("best forward difference over best central", low=10),
    ),
)
