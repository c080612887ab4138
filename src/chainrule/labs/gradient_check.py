"""The gradient check: backpropagation held against finite differences, and a fault that it finds."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from chainrule.engine.network import Network
from chainrule.labs import data, paper
from chainrule.labs.lab import Condition, Lab
from chainrule.labs.result import Result
from chainrule.labs.signals import cross_entropy, softmax_error
from chainrule.network import activations
from chainrule.network.layers import Dense, Layer, Residual
from chainrule.network.layers.norms import BatchNorm, LayerNorm
from chainrule.plots import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH, CLASSES, ROWS = 16, 4, 40
#: The least relative error that float64 can tell from none.
EPSILON = float(np.finfo(np.float64).eps)


def _almost_tanh() -> activations.ActivationFunction:
    """tanh with a derivative that is wrong by a square: 1 - |a| for 1 - a^2."""
    tanh = activations.get("tanh")
    return activations.custom("tanh, wrong f'", tanh.value, lambda z: 1.0 - abs(np.tanh(z)))


#: What stands between the input and the logits.
HIDDEN: dict[str, tuple[Layer, ...]] = {
    "tanh": (Dense(WIDTH, "tanh"),),
    "residual": (Dense(WIDTH, "tanh"), Residual([Dense(WIDTH, "tanh")])),
    "sigmoid, 5 layers": (Dense(WIDTH, "sigmoid"),) * 5,
    "gelu": (Dense(WIDTH, "gelu"),),
    "batch norm": (Dense(WIDTH, "tanh"), BatchNorm()),
    "layer norm": (Dense(WIDTH, "tanh"), LayerNorm()),
    "all together": (Dense(WIDTH, "silu"), BatchNorm(), Residual([LayerNorm(), Dense(WIDTH, "tanh")])),
}


class Difference(NamedTuple):
    """Relative errors of finite differences with a step h."""

    h: float
    forward: float
    central: float


def experiment(short: bool, seed: int) -> Result:
    """The check of sound networks and of a faulty one; then the error of differences by their step."""
    split = data.clusters(seed, rows=ROWS)
    sound = list(HIDDEN.items())[: 2 if short else None]
    faulty = ("tanh, wrong derivative", (Dense(WIDTH, _almost_tanh()),))
    networks = {name: Network([*hidden, Dense(CLASSES)], split.X.shape[1]) for name, hidden in [*sound, faulty]}
    errors = {
        name: network.check_gradients(network.init(seed), split.X, split.y, "cross_entropy", seed=seed)
        for name, network in networks.items()
    }
    *good, wrong = errors.values()
    steps = [10 ** (half / 2) for half in range(-28, 1, 2 if short else 1)]
    differences = _differences(networks["tanh"], split, steps, seed)
    forward = min(differences, key=lambda one: one.forward)
    central = min(differences, key=lambda one: one.central)
    figures = {
        "largest error, sound": max(good),
        "error, wrong derivative": wrong,
        "best central difference": central.central,
        "best forward difference over best central": forward.forward / central.central,
    }
    seen = (
        f"Backpropagation agrees with differences to {max(good):.0e}; a wrong derivative shows as {wrong:.2f}. Central "
        f"differences are best with a step of about {central.h:.0e}, forward ones with {forward.h:.0e}: larger steps "
        "bend away from the slope, smaller ones drown in rounding."
    )
    columns = ("network", "parameters", "largest relative error")
    rows = tuple((name, networks[name].layout.size, error) for name, error in errors.items())
    return Result(columns, rows, seen, figures, partial(_draw, errors, differences))


def _draw(errors: dict[str, float], differences: Sequence[Difference], figure: Figure) -> None:
    checks, by_step = paper.panels(figure, 2)
    places = np.arange(len(errors))
    colours = [*paper.COLOURS[:1] * (len(errors) - 1), paper.COLOURS[1]]
    checks.scatter(list(errors.values()), places, color=colours)
    checks.set_xscale("log")
    checks.set_yticks(places, list(errors))
    checks.invert_yaxis()
    checks.axvline(1e-6, color=style.GREY, linestyle=":", linewidth=1)
    paper.label(checks, "largest relative error (dotted: 1e-6)", "")
    h, forward, central = zip(*differences, strict=True)
    by_step.loglog(h, forward, color=paper.COLOURS[1], marker="s", label="forward, (L(w+h) - L(w)) / h")
    by_step.loglog(h, central, color=paper.COLOURS[0], marker="o", label="central, (L(w+h) - L(w-h)) / 2h")
    paper.label(by_step, "step h", "relative error of the difference", "")


def _differences(network: Network, split: data.Split, steps: Sequence[float], seed: int) -> list[Difference]:
    """Along one direction, against the slope that backpropagation gives there."""
    X, y = split.X.astype(np.float64), split.y
    parameters = network.init(seed, np.float64)
    start = parameters.vector.copy()
    v = np.random.default_rng(seed).normal(size=len(start))
    v /= np.linalg.norm(v)

    def loss(shift: float) -> float:
        parameters.vector[...] = start + shift * v
        return cross_entropy(network.forward(parameters, X).output, y)

    here = loss(0.0)
    passed = network.forward(parameters, X)
    slope = float(network.backward(parameters, passed, softmax_error(passed.output, y)).gradients.vector @ v)

    def error(measured: float) -> float:
        return max(abs(measured / slope - 1), EPSILON)

    return [Difference(h, error((loss(h) - here) / h), error((loss(h) - loss(-h)) / (2 * h))) for h in steps]


LAB = Lab(
    "gradient-check",
    "Backpropagation agrees with finite differences to many digits; a wrong derivative does not.",
    experiment,
    (
        Condition("largest error, sound", high=1e-6),
        Condition("error, wrong derivative", low=1e-2),
        Condition("best central difference", high=1e-7),
        Condition("best forward difference over best central", low=10),
    ),
)
