"""Twins of `numba_set.optimisers`, which says what each does."""

from __future__ import annotations

from typing import Any

value: Any = None  # placeholders
rule: Any = None

KERNELS = ("optimise_1", "optimise_2")


def optimise_1(p: Any, g: Any, m: Any, starts: Any, stops: Any, penalised: Any, rates: Any) -> None:
    _optimise(p, g, (m,), starts, stops, penalised, rates, value, rule)


def optimise_2(p: Any, g: Any, m: Any, v: Any, starts: Any, stops: Any, penalised: Any, rates: Any) -> None:
    _optimise(p, g, (m, v), starts, stops, penalised, rates, value, rule)


def _optimise(
    p: Any, g: Any, moments: Any, starts: Any, stops: Any, penalised: Any, rates: Any, value: Any, rule: Any
) -> None:
    l1, l2, decay, *c = rates.tolist()
    for start, stop, here in zip(starts, stops, penalised.tolist(), strict=True):
        w, state = p[start:stop], [moment[start:stop] for moment in moments]
        *new, step, scale = rule(g[start:stop] + l2 * here * w, *state, tuple(c))
        for old, one in zip(state, new, strict=True):
            old[...] = one
        w[...] = value(w * (1 - decay * here) - step, l1 * here * scale)
