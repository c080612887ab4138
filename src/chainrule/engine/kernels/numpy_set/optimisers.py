"""Twins of `numba_set.optimisers`, which says what each does."""

from __future__ import annotations

from typing import Any

from chainrule.engine.kernels.rules import capped

value: Any = None  # placeholders
rule: Any = None

KERNELS = ("optimise_1", "optimise_2")


def optimise_1(
    p: Any, g: Any, m: Any, starts: Any, stops: Any, penalised: Any, factors: Any, clip: Any, rates: Any
) -> None:
    _optimise(p, g, (m,), starts, stops, penalised, factors, clip, rates, value, rule)


def optimise_2(
    p: Any, g: Any, m: Any, v: Any, starts: Any, stops: Any, penalised: Any, factors: Any, clip: Any, rates: Any
) -> None:
    _optimise(p, g, (m, v), starts, stops, penalised, factors, clip, rates, value, rule)


def _optimise(
    p: Any, g: Any, moments: Any, starts: Any, stops: Any, penalised: Any, factors: Any, clip: Any, rates: Any,
    value: Any, rule: Any,
) -> None:  # fmt: skip
    (l1, l2, decay, *c), (top, scale) = rates.tolist(), clip.tolist()
    for start, stop, here, factor in zip(starts, stops, penalised.tolist(), factors.tolist(), strict=True):
        w, state = p[start:stop], [moment[start:stop] for moment in moments]
        slope = scale * capped(g[start:stop], top) + l2 * here * w
        *new, step, per_size = rule(slope, *state, tuple(c))
        for old, one in zip(state, new, strict=True):
            old[...] = one
        w[...] = value(w * (1 - decay * here * factor) - factor * step, l1 * here * factor * per_size)
