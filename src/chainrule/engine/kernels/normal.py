"""A normal number from a uniform one, as plain arithmetic that LLVM turns into vector code."""

from __future__ import annotations

from typing import Any

from numpy import log1p, sqrt


def upper_quantile(p: Any) -> Any:
    """z >= 0 that a standard normal number exceeds with probability p, for 0 < p <= 1/2.

    With s = 1 - 2p, w = -log(1 - s^2) grows like z^2, and z^2 / w is smooth: a rational minimax fit for p >= 2^-33
    leaves 7e-7 of z, which moves the distribution function by at most 2.1e-7. w is taken from s^2 / (1 - s^2), which
    loses nothing in either tail.

    Examples
    --------
    >>> from chainrule.engine.kernels.normal import upper_quantile
    >>> round(float(upper_quantile(0.025)), 5)
    1.95996
    """
    s = 1.0 - p - p
    w = log1p(s * s / (4.0 * p * (1.0 - p)))
    above = 1.5707942 + w * (0.3036249 + w * (0.05270899 + w * 0.0037698091))
    below = 1.0 + w * (0.16967611 + w * (0.03012147 + w * 0.0018950598))
    return sqrt(w * above / below)
