"""Numbers of a training column to their encoding: four ways, of which piecewise-linear is the default.

Piecewise-linear encoding: Gorishniy, Rubachev and Babenko, "On embeddings for numerical features in tabular deep
learning" (2022), with bins by capped mass: a value that fills many rows cannot take more than a bin's share.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from chainrule.engine.expansion import UNBOUNDED, Block, Clip, Missing, Smooth
from chainrule.tables.encodings import Number, Scale

Array = NDArray[Any]

BINS = 32
#: Height of a bin: all bins of a number together weigh about as much as one standardised input.
HEIGHT = 0.3
#: Knots of the curve to normal quantiles.
KNOTS = 129


def encode(name: str, values: Array, how: str = "piecewise", bins: int = BINS) -> Number:
    """The encoding of a column of finite numbers, NaN where one is missing, at least one of them known."""
    known = values[~np.isnan(values)]
    scale = _scale(known)
    scaled = scale(known)
    distinct, counts = np.unique(scaled.astype(np.float32), return_counts=True)
    parts, knots, heights = HOW[how](distinct.astype(np.float64), counts.astype(np.float64), bins)
    if len(known) < len(values):
        parts = (*parts, Missing(0))
    return Number(name, scale, float(np.median(scaled)), parts, knots, heights)


def _scale(known: Array) -> Scale:
    """Median and interquartile range: where most numbers are, float32 must tell them apart."""
    low, center, high = np.quantile(known, [0.25, 0.5, 0.75])
    spread = float(high - low) or float(known.std()) or 1.0
    return Scale(float(center), spread)


Found = tuple[tuple[Block, ...], tuple[float, ...], tuple[float, ...]]


def _line(mean: float, deviation: float, source: int = 0) -> Clip:
    return Clip(source, (mean,), (1 / deviation if deviation else 1.0,), (-UNBOUNDED,), (UNBOUNDED,))


def _moments(values: Array, counts: Array) -> tuple[float, float]:
    mean = float(np.average(values, weights=counts))
    return mean, float(np.sqrt(np.average((values - mean) ** 2, weights=counts)))


def standard(values: Array, counts: Array, bins: int) -> Found:
    """Mean 0 and deviation 1."""
    return (_line(*_moments(values, counts)),), (), ()


def robust(values: Array, counts: Array, bins: int) -> Found:
    """By median and interquartile range, nearly a line within them and never beyond 3 (Holzmüller et al. 2024)."""
    return (Smooth(0, 0.0, 1.0, 3.0),), (), ()


def quantile(values: Array, counts: Array, bins: int) -> Found:
    """The normal quantile of the rank, standardised."""
    knots, heights = _curve(values, _ranks(values, counts, 2 * bins))
    found = np.interp(values, knots, heights)
    return (_line(*_moments(found, counts), source=1),), tuple(knots.tolist()), tuple(heights.tolist())


def piecewise(values: Array, counts: Array, bins: int) -> Found:
    """Bins of equal capped mass, each a clipped line; and the quantile beside them."""
    if len(values) == 1:
        return (), (), ()
    edges = values
    if len(values) > bins + 1:
        ranks = _ranks(values, counts, bins)
        grid = np.linspace(0, 1, bins + 1)
        edges = np.unique(np.interp(grid, (ranks - ranks[0]) / (ranks[-1] - ranks[0]), values).astype(np.float32))
    widths = np.diff(edges.astype(np.float64))
    low, high = np.zeros(len(widths)), np.full(len(widths), HEIGHT)
    low[0], high[-1] = -HEIGHT, 2 * HEIGHT
    clip = Clip(0, *(tuple(one.tolist()) for one in (edges[:-1], HEIGHT / widths, low, high)))
    line, knots, heights = quantile(values, counts, bins)
    return (clip, *line), knots, heights


def _ranks(values: Array, counts: Array, bins: int) -> Array:
    """Mass up to the middle of each value, as a share; no value counts for much more than a bin."""
    mass = counts
    for _ in range(10):
        mass = np.minimum(counts, mass.sum() / bins)
    return np.asarray((np.cumsum(mass) - mass / 2) / mass.sum())


def _curve(values: Array, ranks: Array) -> tuple[Array, Array]:
    """Knots and normal quantiles of their ranks."""
    if len(values) <= KNOTS:
        return values, ndtri(ranks)
    grid = np.linspace(ranks[0], ranks[-1], KNOTS)
    knots, first = np.unique(np.interp(grid, ranks, values).astype(np.float32), return_index=True)
    return knots.astype(np.float64), ndtri(grid[first])


HOW: dict[str, Callable[[Array, Array, int], Found]] = {
    "piecewise": piecewise,
    "standard": standard,
    "robust": robust,
    "quantile": quantile,
}
