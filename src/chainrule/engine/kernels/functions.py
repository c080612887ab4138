"""exp, tanh, erf and their kin as scalar functions that LLVM turns into vector code inside a loop.

Numba calls libm for these, one element at a time. The float32 versions here are plain arithmetic: no branch,
no table, no call. They stay within 4 ulp everywhere, infinities and NaN included, but for results below 1e-37
of exp and sigmoid, which may become 0, and for the sign of a zero. The float64 versions are libm's.

The polynomials are minimax fits, made with mpmath, of the relative error of the function itself; each
coefficient was rounded to float32 before the next ones were fitted.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from chainrule.network import special

# Fastmath flags belong to the instruction and survive inlining by LLVM. `reassoc` would fold (x + BIG) - BIG
# to x, so it is off here, and kernels that allow it do no harm. Hence not inline="always": that copies the
# source, to be compiled under the flags of the kernel.
_inline = numba.njit(error_model="numpy", fastmath={"contract"}, forceinline=True)


def _floats(*values: float) -> tuple[np.float32, ...]:
    """float32 constants: a literal is a float64 to Numba, and would widen all that it meets."""
    return tuple(np.float32(value) for value in values)


_ZERO, _QUARTER, _HALF, _ONE, _TWO, _INF, _NAN = _floats(0, 0.25, 0.5, 1, 2, math.inf, math.nan)
_LOG2_E, _LN_2 = _floats(1 / math.log(2), math.log(2))
# ln 2 in two parts, the first so short that n times it is exact (Cody and Waite 1980)
_LN_2_HIGH, _LN_2_LOW = _floats(355 / 512, math.log(2) - 355 / 512)

# Around 1.5 2^23 floats are 1 apart: adding this rounds x to a whole n, and leaves n + 126 in the low bits
_BIG = np.float32(1.5 * 2**23 + 126)
_MANTISSA_BITS = np.int32(23)
_EXPONENT_MASK = np.int32(-(1 << 23))  # the sign too
_BITS_OF_3_4, _BITS_OF_4 = (x.view(np.int32) for x in _floats(0.75, 4))

# (e^r - 1 - r) / r^2 for |r| <= ln(2) / 2: leaves 5e-10 of e^r - 1
_EXPM1 = _floats(0.5, 0.16666666, 0.041666493, 0.008333543, 0.0013932365, 0.0001976433)
# (log(1 + f) - f) / f^2 for -1/4 <= f <= 1/2: leaves 5e-9 of log(1 + f)
_LOG1P = _floats(
    -0.5, 0.3333345, -0.2500011, 0.19990848, -0.16646878, 0.1447763, -0.13163936, 0.10472551, -0.04515227,
)  # fmt: skip
# log(1 - erf(x)) / x for 0 <= x <= 3.95: leaves 5e-8 of erf(x)
_ERF = _floats(
    -1.1283792, -0.63661516, -0.10282923, 0.019379765,
    -3.085522e-4, -1.1624228e-3, 3.4409278e-4, -3.4940535e-5,
)  # fmt: skip

# (sin r - r) / r^3 and (cos r - 1 + r^2 / 2) / r^4 for |r| <= pi / 4: leaves 4e-9 of sin r, 2e-10 of cos r
_SIN = _floats(-0.16666655, 0.0083321882, -0.00019518083)
_COS = _floats(0.041666646, -0.0013887311, 2.4432542e-05)
# pi / 2 in three parts, of which n times the first two is exact for n below 2^13
_2_OVER_PI = np.float32(2 / math.pi)
_HALF_PI_HIGH, _HALF_PI_MIDDLE, _HALF_PI_LOW = _floats(1.5703125, 4.837512969970703e-4, 7.549790126404332e-8)
# As _BIG, with nothing but n in the low bits
_WHOLE = np.float32(1.5 * 2**23)
_SIGN_BIT = np.int32(31)
# Beyond pi / 4, where a quarter ends, by what rounding n leaves
_END_OF_TURN = np.float32(0.85)

# Where a function has reached its limit in float32, so that its argument may stop there
_EXP_LOW, _EXP_HIGH = _floats(-87.5, 89)  # to 0, as the scale becomes 0, and to inf, as doubling overflows
_TANH_END, _ERF_LOW = _floats(9.5, -17.5)


@_inline
def select(condition: Any, x: Any, y: Any) -> Any:
    """x where the condition holds, else y; both are known by now, so LLVM makes it one instruction."""
    return x if condition else y


@_inline
def _within(low: Any, x: Any, high: Any) -> Any:
    x = np.float32(x)  # a float64 would not round when _BIG is added
    x = select(x < low, low, x)  # unlike min and max, keeps a NaN
    return select(x > high, high, x)


@_inline
def _bits(x: Any) -> Any:
    return np.float32(x).view(np.int32)


@_inline
def _of_bits(bits: Any) -> Any:
    return np.int32(bits).view(np.float32)  # Numba widens arithmetic on int32 to int64: back to 32 bits


@_inline
def _exponential(x: Any) -> Any:
    """(2^(n-1), e^r - 1) where x = n ln 2 + r, for x between the ends of exp."""
    shifted = x * _LOG2_E + _BIG
    n = shifted - _BIG
    r = (x - n * _LN_2_HIGH) - n * _LN_2_LOW
    c0, c1, c2, c3, c4, c5 = _EXPM1
    expm1_r = r + r * r * (c0 + r * (c1 + r * (c2 + r * (c3 + r * (c4 + r * c5)))))
    # n + 126, moved to the exponent, is 2^(n-1); 2^n itself would not do, as n = 128 has no place there
    return _of_bits(_bits(shifted) << _MANTISSA_BITS), expm1_r


@_inline
def _expm1_between_ends(x: Any) -> Any:
    scale, expm1_r = _exponential(x)
    return _TWO * (scale * expm1_r + (scale - _HALF))


@_inline
def _exp32(x: Any) -> Any:
    scale, expm1_r = _exponential(_within(_EXP_LOW, x, _EXP_HIGH))
    return _TWO * (scale * expm1_r + scale)


@_inline
def _expm1_32(x: Any) -> Any:
    return _expm1_between_ends(_within(_EXP_LOW, x, _EXP_HIGH))


@_inline
def _log1p32(x: Any) -> Any:
    """k ln 2 + log(1 + f) where 1 + x = 2^k (1 + f); f comes from x, as 1 + x is rounded."""
    x = np.float32(x)
    u = x + _ONE
    # k, still in the place of the exponent, such that 3/4 <= 1 + f < 3/2
    k = np.int32((_bits(u) - _BITS_OF_3_4) & _EXPONENT_MASK)
    # Subtracting k there divides by 2^k. Of 4, so that no k leaves the range; k = 0 for the smallest x
    four_over_2k = _of_bits(_BITS_OF_4 - k)
    f = _of_bits(_bits(x) - k) + (_QUARTER * four_over_2k - _ONE)
    c0, c1, c2, c3, c4, c5, c6, c7, c8 = _LOG1P
    tail = c0 + f * (c1 + f * (c2 + f * (c3 + f * (c4 + f * (c5 + f * (c6 + f * (c7 + f * c8)))))))
    y = np.float32(np.int32(k >> _MANTISSA_BITS)) * _LN_2 + (f + f * f * tail)
    return select(x > -_ONE, select(x < _INF, y, x), select(x == -_ONE, -_INF, _NAN))


@_inline
def _tanh32(x: Any) -> Any:
    expm1_2x = _expm1_between_ends(_TWO * _within(-_TANH_END, x, _TANH_END))
    return expm1_2x / (expm1_2x + _TWO)


@_inline
def _sigmoid32(x: Any) -> Any:
    return _ONE / (_ONE + _exp32(-x))


@_inline
def _erf32(x: Any) -> Any:
    """1 - e^(x p(x)), which cannot leave [0, 1]; the exponent falls on past the end of the fit."""
    size = abs(np.float32(x))
    c0, c1, c2, c3, c4, c5, c6, c7 = _ERF
    tail = c3 + size * (c4 + size * (c5 + size * (c6 + size * c7)))
    exponent = size * (c0 + size * (c1 + size * (c2 + size * tail)))
    y = _expm1_between_ends(select(exponent < _ERF_LOW, _ERF_LOW, exponent))
    return select(x < _ZERO, y, -y)


@_inline
def _turned(x: Any, quarters: Any) -> Any:
    """cos(x - quarters pi / 2), to 1e-6 for |x| below 10,000; beyond, less and less, but within -1 and 1."""
    x = np.float32(x)
    shifted = x * _2_OVER_PI + _WHOLE
    n = shifted - _WHOLE
    r = ((x - n * _HALF_PI_HIGH) - n * _HALF_PI_MIDDLE) - n * _HALF_PI_LOW
    r = select(r > _END_OF_TURN, _END_OF_TURN, select(r < -_END_OF_TURN, -_END_OF_TURN, r))
    t = r * r
    s0, s1, s2 = _SIN
    c0, c1, c2 = _COS
    sine = r + r * t * (s0 + t * (s1 + t * s2))
    cosine = (_ONE - _HALF * t) + t * t * (c0 + t * (c1 + t * c2))
    quarter = np.int32(_bits(shifted) - quarters)  # cos, -sin, -cos, sin
    found = select(quarter & np.int32(1), sine, cosine)
    minus = np.int32(((quarter + np.int32(1)) >> np.int32(1)) & np.int32(1))
    return _of_bits(_bits(found) ^ np.int32(minus << _SIGN_BIT))


@_inline
def _cos32(x: Any) -> Any:
    return _turned(x, np.int32(0))


@_inline
def _sin32(x: Any) -> Any:
    return _turned(x, np.int32(1))


@_inline
def _cos64(x: Any) -> Any:
    return math.cos(x)


@_inline
def _sin64(x: Any) -> Any:
    return math.sin(x)


@_inline
def _exp64(x: Any) -> Any:
    return math.exp(x)


@_inline
def _expm1_64(x: Any) -> Any:
    return math.expm1(x)


@_inline
def _log1p64(x: Any) -> Any:
    return math.log1p(x)


@_inline
def _tanh64(x: Any) -> Any:
    return math.tanh(x)


@_inline
def _sigmoid64(x: Any) -> Any:
    y = math.exp(-abs(x))  # never above 1, so nothing overflows
    return select(x < 0.0, y, 1.0) / (1.0 + y)


@_inline
def _erf64(x: Any) -> Any:
    return math.erf(x)


#: NumPy or special function -> its scalar twin per dtype, for `specialise` to put in its place
TWINS: dict[Any, dict[Callable[..., Any], Callable[..., Any]]] = {
    np.float32: {
        np.exp: _exp32,
        np.expm1: _expm1_32,
        np.log1p: _log1p32,
        np.tanh: _tanh32,
        np.cos: _cos32,
        np.sin: _sin32,
        special.expit: _sigmoid32,
        special.erf: _erf32,
        np.where: select,
    },
    np.float64: {
        np.exp: _exp64,
        np.expm1: _expm1_64,
        np.log1p: _log1p64,
        np.tanh: _tanh64,
        np.cos: _cos64,
        np.sin: _sin64,
        special.expit: _sigmoid64,
        special.erf: _erf64,
        np.where: select,
    },
}
