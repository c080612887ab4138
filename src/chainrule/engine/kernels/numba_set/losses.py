"""The losses: z becomes dz = dLoss/dz in place; `sums` are [sum of w * loss, sum of w], of which `tally` makes a total.

The loss of a batch is the weighted mean of its rows, so dz carries the factor w / sum(w): `weights` are those of the
whole batch, `w` those of the rows at hand. A row of weight 0 is not there: neither its z nor its y is looked at.
`numbers` are the parameters of the loss; `value` is its function, which gives value and gradient at once.
"""

from __future__ import annotations

from math import log
from typing import Any

from chainrule.engine.kernels.access import alone, by_rows

value: Any = None  # placeholders
exp: Any = None
per_weight: Any = None  # the functions at the end, compiled
clear: Any = None
shift: Any = None
exponential: Any = None

KERNELS = {
    **dict.fromkeys(
        (
            "cross_entropy", "soft_cross_entropy", "true_class_loss", "multiclass_hinge", "separable_loss",
            "paired_loss",
        ),
        by_rows("z", "sums"),
    ),
    "tally": alone("total"),
    "softmax": by_rows("z"),
}  # fmt: skip


def cross_entropy(z: Any, y: Any, w: Any, numbers: Any, weights: Any, sums: Any, start: Any = 0) -> None:
    """Softmax and -log p[y]: dz = (p - t) * w / sum(w), t = onehot(y), of which `smoothing` is spread over all."""
    rows, classes = z.shape
    unit = per_weight(z, weights, sums, start)
    smoothing = numbers[0, 0]
    keep = z.dtype.type(1) - smoothing
    each = smoothing / z.dtype.type(classes)
    shift(z)
    loss = 0.0
    for i in range(rows):
        if w[i] != 0:
            loss -= w[i] * keep * z[i, y[i]]
    if smoothing > 0:
        for i in range(rows):
            if w[i] != 0:
                for k in range(classes):
                    loss -= w[i] * each * z[i, k]
    exponential(z)
    for i in range(rows):
        if w[i] == 0:
            clear(z, i)
            continue
        norm = z.dtype.type(0)
        for k in range(classes):
            norm += z[i, k]
        loss += w[i] * log(norm)
        factor = w[i] * unit
        share, rest = factor / norm, factor * each
        for k in range(classes):
            z[i, k] = z[i, k] * share - rest
        z[i, y[i]] -= factor * keep
    sums[0] = loss


def soft_cross_entropy(z: Any, y: Any, w: Any, numbers: Any, weights: Any, sums: Any, start: Any = 0) -> None:
    """Softmax and -sum(t log p): dz = (p sum(t) - t) * w / sum(w), t = y, of which `smoothing` is spread over all."""
    rows, classes = z.shape
    unit = per_weight(z, weights, sums, start)
    smoothing = numbers[0, 0]
    keep = z.dtype.type(1) - smoothing
    each = smoothing / z.dtype.type(classes)
    shift(z)
    loss = 0.0
    for i in range(rows):
        if w[i] == 0:
            clear(z, i)
            continue
        mass, inner, norm = z.dtype.type(0), z.dtype.type(0), z.dtype.type(0)
        for k in range(classes):
            t = keep * y[i, k] + each
            mass += t
            inner += t * z[i, k]
            z[i, k] = exp(z[i, k])
            norm += z[i, k]
        loss += w[i] * (mass * log(norm) - inner)
        factor = w[i] * unit
        share = factor * mass / norm
        for k in range(classes):
            z[i, k] = z[i, k] * share - factor * (keep * y[i, k] + each)
    sums[0] = loss


def true_class_loss(z: Any, y: Any, w: Any, numbers: Any, weights: Any, sums: Any, start: Any = 0) -> None:
    """Softmax and value(log p[y]): dz = slope * (onehot(y) - p) * w / sum(w)."""
    rows, classes = z.shape
    unit = per_weight(z, weights, sums, start)
    shift(z)
    loss = 0.0
    for i in range(rows):
        if w[i] == 0:
            clear(z, i)
            continue
        true, norm = z[i, y[i]], z.dtype.type(0)
        for k in range(classes):
            z[i, k] = exp(z[i, k])
            norm += z[i, k]
        one, slope = value(true - z.dtype.type(log(norm)), numbers[0])
        loss += w[i] * one
        factor = slope * w[i] * unit
        share = factor / norm
        for k in range(classes):
            z[i, k] *= -share
        z[i, y[i]] += factor
    sums[0] = loss


def multiclass_hinge(z: Any, y: Any, w: Any, numbers: Any, weights: Any, sums: Any, start: Any = 0) -> None:
    """max(0, 1 + z[best other] - z[y]): dz is 1 for the best other class and -1 for y, or 0 beyond the margin."""
    rows, classes = z.shape
    unit = per_weight(z, weights, sums, start)
    loss = 0.0
    for i in range(rows):
        if w[i] == 0 or classes == 1:
            clear(z, i)
            continue
        other = 0 if y[i] != 0 else 1
        for k in range(classes):
            # A NaN counts as the best: it may not be lost
            if k != y[i] and (z[i, k] > z[i, other] or z[i, k] != z[i, k]):
                other = k
        lack = 1 + z[i, other] - z[i, y[i]]
        clear(z, i)
        if not lack <= 0:
            loss += w[i] * lack
            z[i, other] = w[i] * unit
            z[i, y[i]] = -w[i] * unit
    sums[0] = loss


def separable_loss(z: Any, y: Any, w: Any, numbers: Any, weights: Any, sums: Any, start: Any = 0) -> None:
    """A sum over columns of value(z, y): dz = its gradient * w / sum(w).

    y has a column for each target, z has one for each target and row of `numbers`.
    """
    rows, targets = y.shape
    levels = len(numbers)
    unit = per_weight(z, weights, sums, start)
    by_level = z.reshape(rows, levels, targets)
    loss = 0.0
    for i in range(rows):
        if w[i] == 0:
            clear(z, i)
            continue
        row = z.dtype.type(0)
        factor = w[i] * unit
        for level in range(levels):
            c = numbers[level]
            for k in range(targets):
                one, slope = value(by_level[i, level, k], y[i, k], c)
                row += one
                by_level[i, level, k] = slope * factor
        loss += w[i] * row
    sums[0] = loss


def paired_loss(z: Any, y: Any, w: Any, numbers: Any, weights: Any, sums: Any, start: Any = 0) -> None:
    """A sum over targets of value(first, second, y), which have two columns of z each: first all first ones."""
    rows, targets = y.shape
    unit = per_weight(z, weights, sums, start)
    by_part = z.reshape(rows, 2, targets)
    loss = 0.0
    for i in range(rows):
        if w[i] == 0:
            clear(z, i)
            continue
        row = z.dtype.type(0)
        factor = w[i] * unit
        for k in range(targets):
            one, first, second = value(by_part[i, 0, k], by_part[i, 1, k], y[i, k], numbers[0])
            row += one
            by_part[i, 0, k] = first * factor
            by_part[i, 1, k] = second * factor
        loss += w[i] * row
    sums[0] = loss


def tally(sums: Any, total: Any) -> None:
    """total += the sums of all parts."""
    for k in range(sums.shape[0]):
        total[0] += sums[k, 0]
        total[1] += sums[k, 1]


def softmax(z: Any) -> None:
    """Each row of z becomes probabilities."""
    rows, classes = z.shape
    shift(z)
    exponential(z)
    for i in range(rows):
        norm = z.dtype.type(0)
        for k in range(classes):
            norm += z[i, k]
        share = z.dtype.type(1) / norm
        for k in range(classes):
            z[i, k] *= share


def per_weight_of(z: Any, weights: Any, sums: Any, start: Any) -> Any:
    """1 / sum(weights), or 0 where nothing weighs anything; the first part notes the sum."""
    weight = 0.0
    for i in range(len(weights)):
        weight += weights[i]
    sums[1] = weight if start == 0 else 0.0
    return z.dtype.type(1.0 / weight if weight > 0 else 0.0)


def clear_row(z: Any, i: Any) -> None:
    """Row i pulls at nothing."""
    for k in range(z.shape[1]):
        z[i, k] = 0


def shift_rows(z: Any) -> None:
    """Take each row's maximum off, so that exp cannot overflow."""
    rows, classes = z.shape
    for i in range(rows):
        top = z[i, 0]
        for k in range(1, classes):
            top = max(top, z[i, k])
        for k in range(classes):
            z[i, k] -= top


def exponentiate(z: Any) -> None:
    """z = exp(z) as one flat loop: rows of a few classes are too short to vectorise one by one."""
    flat = z.reshape(z.size)
    for i in range(flat.size):
        flat[i] = exp(flat[i])
