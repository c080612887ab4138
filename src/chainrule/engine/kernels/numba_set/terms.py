"""The first product of coded rows by terms: rows of running sums of W in place of all inputs; see `engine.terms`.

`program` has a row per block, as that of `expand`, and behind it the number of the block's first term; of codes, of the
first code. The running sums are flat, (inputs, units) in order; `how` has two rows: whether an input's sum goes on from
that of the input before it, 0 or 1, and what its row of W is multiplied by.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.engine.kernels.access import alone, by_rows

#: Inputs whose weights are turned together: the units' weights of an input are far apart in memory.
STRIP = 64

KERNELS = {
    "locate": by_rows("places", "shares", "codes"),
    "running_sums": alone("sums"),
    "add_terms": by_rows("z"),
    "terms_backward": by_rows("sums"),
    "running_sums_backward": alone("dW"),
}


def locate(places: Any, shares: Any, codes: Any, values: Any, program: Any, fills: Any, constants: Any) -> None:
    """The terms of every row of `values`: which running sum, and how much of it, where `expand` has not said so; and
    the codes."""
    one, zero = shares.dtype.type(1), shares.dtype.type(0)
    for r in range(places.shape[0]):
        place, share = places[r], shares[r]
        for p in range(program.shape[0]):
            kind, source, start, stop = program[p, 0], program[p, 1], program[p, 2], program[p, 3]
            first, term = program[p, 4], program[p, 5]
            width, given = stop - start, values[r, source]
            v = fills[source] if np.isnan(given) else given
            if kind == 6:  # bins that fill up: two running sums
                low, high = 0, width
                while high - low > 1:
                    middle = (low + high) // 2
                    if constants[first + middle] <= v:
                        low = middle
                    else:
                        high = middle
                filled = (v - constants[first + low]) * constants[first + width + low]
                filled = min(max(filled, constants[first + 2 * width + low]), constants[first + 3 * width + low])
                filled /= constants[first + 3 * width]
                place[term], share[term] = start + max(low - 1, 0), one - filled if low else zero
                place[term + 1], share[term + 1] = start + low, filled
            elif kind == 3:  # the level that is 1
                known = v >= zero and v < width
                place[term], share[term] = start + int(v) if known else start, one if known else zero
            elif kind == 4:  # codes themselves
                for k in range(width):
                    code = values[r, source + k]
                    codes[r, term + k] = fills[source + k] if np.isnan(code) else code
            else:
                for k in range(width):
                    place[term + k] = start + k


def running_sums(sums: Any, W: Any, how: Any) -> None:
    """sums[j] = goes_on[j] * sums[j - 1] + height[j] * W[:, j], for as many inputs as `how` has."""
    units, inputs = W.shape[0], how.shape[1]
    total, strip = np.zeros(units, W.dtype), np.empty((STRIP, units), W.dtype)
    table = sums.reshape(inputs, units)
    for first in range(0, inputs, STRIP):
        wide = min(STRIP, inputs - first)
        for u in range(units):
            for k in range(wide):
                strip[k, u] = W[u, first + k]
        for k in range(wide):
            goes_on, height, row, out = how[0, first + k], how[1, first + k], strip[k], table[first + k]
            for u in range(units):
                total[u] = goes_on * total[u] + height * row[u]
                out[u] = total[u]


def add_terms(z: Any, places: Any, shares: Any, sums: Any, fresh: Any) -> None:
    """z = the sum over a row's terms of share * sums[place]; added to z where that is not fresh."""
    rows, units = z.shape
    table, terms = sums.reshape(sums.size // units, units), places.shape[1]
    for r in range(rows):
        row, place, share = z[r], places[r], shares[r]
        if fresh:
            row[:] = 0
        t = 0
        while t + 4 <= terms:  # z is read and written once for four
            a, b, c, d = share[t], share[t + 1], share[t + 2], share[t + 3]
            of_a, of_b, of_c, of_d = table[place[t]], table[place[t + 1]], table[place[t + 2]], table[place[t + 3]]
            for u in range(units):
                row[u] += (a * of_a[u] + b * of_b[u]) + (c * of_c[u] + d * of_d[u])
            t += 4
        while t < terms:
            a, of_a = share[t], table[place[t]]
            for u in range(units):
                row[u] += a * of_a[u]
            t += 1


def terms_backward(dz: Any, places: Any, shares: Any, sums: Any) -> None:
    """sums[place] = the sum over the rows' terms of share * dz: the gradient by the running sums."""
    rows, units = dz.shape
    table = sums.reshape(sums.size // units, units)
    table[:] = 0
    for r in range(rows):
        row, place, share = dz[r], places[r], shares[r]
        for t in range(place.shape[0]):
            a, out = share[t], table[place[t]]
            for u in range(units):
                out[u] += a * row[u]


def running_sums_backward(dW: Any, sums: Any, how: Any) -> None:
    """dW[:, j] = height[j] * (the gradient by sums[j], and by those that go on from it), all parts' gradients added."""
    units, inputs = dW.shape[0], how.shape[1]
    total, strip = np.zeros(units, dW.dtype), np.empty((STRIP, units), dW.dtype)
    goes_on = dW.dtype.type(0)
    for stop in range(inputs, 0, -STRIP):
        first = max(stop - STRIP, 0)
        for k in range(stop - first - 1, -1, -1):
            height, row, at = how[1, first + k], strip[k], (first + k) * units
            for u in range(units):
                total[u] *= goes_on
            for part in range(sums.shape[0]):
                more = sums[part, at : at + units]
                for u in range(units):
                    total[u] += more[u]
            for u in range(units):
                row[u] = height * total[u]
            goes_on = how[0, first + k]
        for u in range(units):
            for k in range(stop - first):
                dW[u, first + k] = strip[k, u]
