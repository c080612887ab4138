"""The activations: value, derivative and range of each, as they are and as the table says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chainrule.labs.lab import Condition, Lab
from chainrule.labs.result import Cell, Result
from chainrule.network.activations import ACTIVATIONS, ActivationFunction
from chainrule.plots.activation_functions import ActivationFunctionsDisplay

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

#: Where ranges are looked at, and where slopes count as flat or not.
WIDE, SHOWN = 40.0, 4.0
#: Half the last digit to which the table gives a bound.
ROUNDED = 0.0005
#: Step of the central difference; below which slope a function is flat, for |z| up to SHOWN.
STEP, FLAT = 1e-5, 0.1


def experiment(short: bool, seed: int) -> Result:
    """Each on a fine grid, its derivative beside a central difference; the seed only shifts the grid."""
    count = 2_000 if short else 20_000
    z = WIDE * (2 * (np.arange(count) + np.random.default_rng(seed).uniform()) / count - 1)
    z = z[np.abs(z) > 2 * STEP]  # no difference across a kink at 0
    near = np.abs(z) <= SHOWN
    errors, outside, steepest = {}, {}, {}
    rows: list[tuple[Cell, ...]] = []
    for name, f in ACTIVATIONS.items():
        a, slope = f.value(z), _derivative(f, z)
        least, most, (low, high) = float(a.min()), float(a.max()), _bounds(f)
        measured = (f.value(z + STEP) - f.value(z - STEP)) / (2 * STEP)
        errors[name] = float(np.abs(slope - measured).max())
        outside[name] = max(low - least, most - high, 0.0)
        steepest[name] = float(np.abs(slope).max())
        flat = float(np.mean(np.abs(slope[near]) < FLAT))
        rows.append((name, f.range, least, most, float(slope.min()), steepest[name], flat, errors[name]))
    figures = {
        "largest error of a derivative": max(errors.values()),
        "farthest outside its range": max(outside.values()),
        **{f"steepest slope of {name}": steepest[name] for name in ("sigmoid", "tanh", "relu")},
    }
    seen = (
        f"The slope of sigmoid is {steepest['sigmoid']:.3f} at most, of tanh {steepest['tanh']:.3f}, of ReLU exactly "
        f"{steepest['relu']:.0f}; all {len(rows)} derivatives agree with differences to {max(errors.values()):.0e}."
    )
    columns = (
        "name", "range", "lowest", "highest", "lowest slope", "steepest slope", "share flat", "error of slope",
    )  # fmt: skip
    return Result(columns, tuple(rows), seen, figures, _draw)


def _draw(figure: Figure) -> None:
    display = ActivationFunctionsDisplay.from_names()
    figure.set_size_inches(display.size)
    display.plot(figure.subplots())


def _derivative(f: ActivationFunction, z: Array) -> Array:
    """f'(z), which some write with a = f(z)."""
    return np.broadcast_to(f.derivative(f.value(z) if f.reads == "a" else z), z.shape)


def _bounds(f: ActivationFunction) -> tuple[float, float]:
    """Of a range such as "[-0.170, inf)", with what rounding leaves open."""
    low, high = map(float, re.findall(r"-?(?:inf|[\d.]+)", f.range))
    return low - ROUNDED, high + ROUNDED


LAB = Lab(
    "activations",
    "Every activation keeps its range; the slope of sigmoid is 1/4 at most, of tanh and ReLU 1.",
    experiment,
    (
        Condition("largest error of a derivative", high=1e-6),
        Condition("farthest outside its range", low=0, high=0),
        Condition("steepest slope of sigmoid", low=0.24, high=0.25),
        Condition("steepest slope of tanh", low=0.99, high=1),
        Condition("steepest slope of relu", low=1, high=1),
    ),
)
