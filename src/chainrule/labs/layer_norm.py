"""Layer normalisation on ragged sequences: what becomes of a sequence does not depend on its company."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.network import Network
from chainrule.labs import paper
from chainrule.labs.lab import Condition, Lab
from chainrule.labs.result import Result
from chainrule.network.layers import Layer
from chainrule.network.layers.norms import BatchNorm, LayerNorm

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FEATURES, STEPS = 16, 5
NORMS: dict[str, Layer] = {"batch norm": BatchNorm(), "layer norm": LayerNorm()}
#: Who shares the batch: other sequences, steps of the longest, and by what their values are larger.
COMPANIES = {
    "nobody, no padding": (0, STEPS, 1.0),
    "nobody, padded to 40 steps": (0, 40, 1.0),
    "1 of the same length": (1, STEPS, 1.0),
    "3, up to 40 steps": (3, 40, 1.0),
    "31, up to 40 steps": (31, 40, 1.0),
    "31, three times as large": (31, 40, 3.0),
}


def experiment(short: bool, seed: int) -> Result:
    """One sequence, normalised as in training, in batches with different others."""
    generator = np.random.default_rng(seed)
    sequence = generator.normal(size=(STEPS, FEATURES)).astype(np.float32)
    companies = dict(list(COMPANIES.items())[:4]) if short else COMPANIES
    alone = {name: _normed(layer, sequence[None], np.array([STEPS])) for name, layer in NORMS.items()}
    changes: dict[str, list[float]] = {name: [] for name in NORMS}
    for company in companies.values():
        X, lengths = _batch(sequence, *company, generator)
        for name, layer in NORMS.items():
            changes[name].append(float(np.abs(_normed(layer, X, lengths) - alone[name]).max()))
    figures = {f"largest change, {name}": max(found) for name, found in changes.items()}
    seen = (
        "As its company changes, what batch norm makes of the same sequence changes by up to "
        f"{figures['largest change, batch norm']:.2f}; what layer norm makes of it is the same bit for bit. Padding "
        "changes neither: it never reaches a statistic."
    )
    columns = ("shares the batch with", *(f"change, {name}" for name in NORMS))
    rows = tuple(zip(companies, *changes.values(), strict=True))
    return Result(columns, rows, seen, figures, partial(_draw, list(companies), changes))


def _draw(companies: Sequence[str], changes: dict[str, list[float]], figure: Figure) -> None:
    (ax,) = paper.panels(figure, 1)
    places = np.arange(len(companies))
    for shift, (name, found), colour in zip((-0.2, 0.2), changes.items(), paper.COLOURS, strict=False):
        bars = ax.barh(places + shift, found, height=0.36, color=colour, label=name)
        ax.bar_label(bars, [f"{value:.2f}" if value else "0" for value in found], padding=3, fontsize=8)
    ax.set_yticks(places, list(companies))
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    paper.label(ax, "largest change of the sequence's activations (standard deviations)", "shares the batch with", "")


def _batch(
    sequence: NDArray[Any], others: int, longest: int, scale: float, generator: np.random.Generator
) -> tuple[NDArray[Any], NDArray[Any]]:
    """The sequence in front of others of drawn lengths; padding is filled with large numbers, so that a leak shows."""
    lengths = np.array([len(sequence), *generator.integers(1, longest + 1, others)])
    X = np.full((1 + others, longest, FEATURES), 1e6, np.float32)
    X[0, : len(sequence)] = sequence
    for place, length in enumerate(lengths[1:], 1):
        X[place, :length] = scale * generator.normal(loc=0.5, size=(length, FEATURES))
    return X, lengths


def _normed(layer: Layer, X: NDArray[Any], lengths: NDArray[Any]) -> NDArray[Any]:
    """The first sequence behind the layer, in training."""
    network = Network([layer], FEATURES)
    output: NDArray[Any] = network.forward(network.init(0), X, train=True, lengths=lengths).output
    return output[0, : lengths[0]].copy()


LAB = Lab(
    "layer-norm",
    "Batch norm makes of a sequence what its company decides; layer norm looks at the step alone.",
    experiment,
    (
        Condition("largest change, layer norm", low=0, high=0),
        Condition("largest change, batch norm", low=0.1),
    ),
)
