"""The optimisers: one fused pass over segments of the flat parameter vector, for every rule.

`starts` and `stops` are those of the segments; `penalised` says per segment whether penalties touch it (1) or not (0),
`factors` what multiplies its learning rate. `clip` is float64 [largest entry of a gradient, factor of all gradients].
`rates` is float64 [l1 threshold, l2, shrinkage by weight decay, the rule's eight numbers]. `rule` is one of `rules`;
`value(q, t)` is the proximal step of L1: q moved towards 0 by t and stopped there, or q itself.

Loops run over slices of a segment: an index that starts at an unknown place could be negative to Numba, and the
check for that keeps LLVM from vectorising (7 times slower).
"""

from __future__ import annotations

from typing import Any

from chainrule.engine.kernels.access import by_segments

value: Any = None  # placeholders
rule: Any = None
capped: Any = None

KERNELS = {
    "optimise_1": by_segments("p", "m", segments=("p", "g", "m")),
    "optimise_2": by_segments("p", "m", "v", segments=("p", "g", "m", "v")),
}


def optimise_1(
    p: Any, g: Any, m: Any, starts: Any, stops: Any, penalised: Any, factors: Any, clip: Any, rates: Any
) -> None:
    """A rule of one number of state per entry."""
    kind = p.dtype.type
    c = (
        kind(rates[3]), kind(rates[4]), kind(rates[5]), kind(rates[6]),
        kind(rates[7]), kind(rates[8]), kind(rates[9]), kind(rates[10]),
    )  # fmt: skip
    top, scale = kind(clip[0]), kind(clip[1])
    for s in range(penalised.shape[0]):
        factor, l2 = kind(factors[s]), kind(rates[1] * penalised[s])
        l1 = kind(rates[0] * penalised[s] * factors[s])
        shrink = kind(1.0 - rates[2] * penalised[s] * factors[s])
        here = slice(starts[s], stops[s])
        p_, g_, m_ = p[here], g[here], m[here]
        for i in range(p_.size):
            m_[i], step, per_size = rule(scale * capped(g_[i], top) + l2 * p_[i], m_[i], c)
            p_[i] = value(p_[i] * shrink - factor * step, l1 * per_size)


def optimise_2(
    p: Any, g: Any, m: Any, v: Any, starts: Any, stops: Any, penalised: Any, factors: Any, clip: Any, rates: Any
) -> None:
    """A rule of two numbers of state per entry."""
    kind = p.dtype.type
    c = (
        kind(rates[3]), kind(rates[4]), kind(rates[5]), kind(rates[6]),
        kind(rates[7]), kind(rates[8]), kind(rates[9]), kind(rates[10]),
    )  # fmt: skip
    top, scale = kind(clip[0]), kind(clip[1])
    for s in range(penalised.shape[0]):
        factor, l2 = kind(factors[s]), kind(rates[1] * penalised[s])
        l1 = kind(rates[0] * penalised[s] * factors[s])
        shrink = kind(1.0 - rates[2] * penalised[s] * factors[s])
        here = slice(starts[s], stops[s])
        p_, g_, m_, v_ = p[here], g[here], m[here], v[here]
        for i in range(p_.size):
            m_[i], v_[i], step, per_size = rule(scale * capped(g_[i], top) + l2 * p_[i], m_[i], v_[i], c)
            p_[i] = value(p_[i] * shrink - factor * step, l1 * per_size)
