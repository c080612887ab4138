"""Numbers of a training column to their encoding: several ways, of which piecewise-linear is the default.

Piecewise-linear encoding: Gorishniy, Rubachev and Babenko, "On embeddings for numerical features in tabular deep
learning" (2022), with bins by capped mass: a value that fills many rows cannot take more than a bin's share.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.blocks import UNBOUNDED, Block, Clip, Curve, Missing, Smooth, Waved
from chainrule.tables.encodings import Number, Scale

Array = NDArray[Any]

BINS = 32
#: Height of a bin: all bins of a number together weigh about as much as one standardised input.
HEIGHT = 0.3
#: Knots of the curve to normal quantiles.
KNOTS = 129
#: Of a logarithm: from knot to knot, and beyond the largest number seen, in units of e.
STRIDE, BEYOND = 0.25, 14.0
#: Of a cycle of numbers on a grid.
MOST_STEPS = 10_000


def encode(name: str, values: Array, how: str = "piecewise", bins: int = BINS) -> Number:
    """The encoding of a column of finite numbers, NaN where one is missing, at least one of them known."""
    known = values[~np.isnan(values)]
    scale = _scale(known)
    scaled, zero = scale.in_f32(known), scale.in_f32(np.zeros(1))[0]
    distinct, counts = np.unique(scaled, return_counts=True)
    seen = Seen(distinct.astype(np.float64), counts.astype(np.float64), bins, float(zero))
    parts, knots, heights = HOW[how](seen)
    if len(known) < len(values):
        parts = (*parts, Missing(0))
    with np.errstate(over="ignore"):  # of numbers that are far apart, beside whose middle the farthest overflow
        fill = float(np.median(scale(known)))
    return Number(name, scale, fill, parts, knots, heights, (float(known.min()), float(known.max())))


class Seen(NamedTuple):
    """What an encoding is found from.

    Attributes
    ----------
    values, counts : the different numbers, scaled and rounded to float32, ascending, and how often each was seen
    bins : at most
    zero : where 0 lies among the values, rounded as they are
    """

    values: Array
    counts: Array
    bins: int
    zero: float


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


def standard(seen: Seen) -> Found:
    """Mean 0 and deviation 1."""
    return (_line(*_moments(seen.values, seen.counts)),), (), ()


def robust(seen: Seen) -> Found:
    """By median and interquartile range, nearly a line within them and never beyond 3 (Holzmüller et al. 2024)."""
    return (Smooth(0, 0.0, 1.0, 3.0),), (), ()


def periodic(seen: Seen) -> Found:
    """As robust, for a layer of waves that are learned (Gorishniy et al. 2022)."""
    return (Waved(0, 0.0, 1.0, 3.0),), (), ()


def quantile(seen: Seen) -> Found:
    """The normal quantile of the rank, standardised."""
    values, counts, bins, _ = seen
    knots, heights = _curve(values, _ranks(values, counts, 2 * bins))
    found = np.interp(values, knots, heights)
    return (_line(*_moments(found, counts), source=1),), tuple(knots.tolist()), tuple(heights.tolist())


def piecewise(seen: Seen) -> Found:
    """Bins of equal capped mass, each a clipped line; and the quantile beside them."""
    values, counts, bins, _ = seen
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
    line, knots, heights = quantile(seen)
    return (clip, *line), knots, heights


def _ranks(values: Array, counts: Array, bins: int) -> Array:
    """Mass up to the middle of each value, as a share; no value counts for much more than a bin."""
    mass = counts
    for _ in range(10):
        mass = np.minimum(counts, mass.sum() / bins)
    return np.asarray((np.cumsum(mass) - mass / 2) / mass.sum())


def _curve(values: Array, ranks: Array) -> tuple[Array, Array]:
    """Knots and normal quantiles of their ranks."""
    from scipy.special import ndtri  # predictions do without

    if len(values) <= KNOTS:
        return values, ndtri(ranks)
    grid = np.linspace(ranks[0], ranks[-1], KNOTS)
    knots, first = np.unique(np.interp(grid, ranks, values).astype(np.float32), return_index=True)
    return knots.astype(np.float64), ndtri(grid[first])


def log(seen: Seen) -> Found:
    """Sign and logarithm of the size, standardised: sign(x) log(1 + |x| / unit), far beyond what was seen.

    The unit is the size that a twentieth of all numbers other than 0 do not reach. Where the largest is not twice the
    smallest, a logarithm is as good as a line.
    """
    sizes = np.abs(seen.values - seen.zero)
    if sizes.max() < 2 * sizes.min() and (np.sign(seen.values - seen.zero) == np.sign(-seen.zero)).all():
        return standard(seen)
    if not sizes.any():
        return (), (), ()
    order = np.argsort(sizes)
    mass = np.cumsum(np.where(sizes > 0, seen.counts, 0.0)[order])
    unit = sizes[order][np.searchsorted(mass, mass[-1] / 20)]
    steps = np.arange(0.0, np.log1p(sizes.max() / unit) + BEYOND, STRIDE)
    steps = np.concatenate([-steps[:0:-1], steps]) if (seen.values < seen.zero).any() else steps
    places = seen.zero + np.sign(steps) * unit * np.expm1(np.abs(steps))
    steps, places = (one[np.abs(places) < UNBOUNDED] for one in (steps, places))
    knots, first = np.unique(places.astype(np.float32), return_index=True)
    mean, deviation = _moments(np.interp(seen.values, knots, steps[first]), seen.counts)
    heights = (steps[first] - mean) / (deviation or 1.0)
    return (Curve(0, tuple(knots.tolist()), tuple(heights.tolist())),), (), ()


def cyclic(seen: Seen) -> Found:
    """Sine and cosine of where a number stands in a cycle, which begins at the smallest: of hours 0 to 23, of 24.

    Numbers that lie on a grid go round by its length and one step more; others by their range.
    """
    first, span = seen.values[0], float(seen.values[-1] - seen.values[0])
    if not span:
        return (), (), ()
    steps = _steps(seen.values)
    period = span + span / steps if 0 < steps < MOST_STEPS else span
    turn = np.linspace(0, 2 * np.pi, KNOTS)
    knots = tuple((first + turn / (2 * np.pi) * period).astype(np.float32).tolist())
    curves = (Curve(0, knots, tuple(f(turn).tolist()), period) for f in (np.sin, np.cos))
    return tuple(curves), (), ()


def _steps(values: Array) -> int:
    """How many steps of a grid lie between the first and the last of ascending numbers, 0 where they lie on none."""
    rounding = np.finfo(np.float32).eps * np.abs(values).max()  # of a gap
    gaps = np.diff(values)
    gaps = gaps[gaps > 1e-3 * rounding]  # not those of an hour that was reckoned from two days
    counts = np.round(gaps / gaps.min())
    step = gaps.sum() / counts.sum()
    return int(counts.sum()) if (np.abs(gaps - counts * step) < rounding + 1e-3 * step).all() else 0


HOW: dict[str, Callable[[Seen], Found]] = {
    "piecewise": piecewise,
    "standard": standard,
    "robust": robust,
    "periodic": periodic,
    "quantile": quantile,
    "log": log,
    "cyclic": cyclic,
}
#: What is made of a number by these does not rise with it: not at all, or, of 'robust', but for a last bit of float32.
NOT_RISING = ("periodic", "cyclic", "robust")
