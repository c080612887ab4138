"""Twin of `numba_set.waves`, which says what it does."""

from __future__ import annotations

from typing import Any

import numpy as np

KERNELS = ("waves", "waves_backward", "waves_gradients", "waves_input")


def waves(a: Any, x: Any, F: Any, P: Any, V: Any, b: Any) -> None:
    inputs = x.shape[1]
    a[:, :inputs] = x
    a[:, inputs:] = np.einsum("rck,cuk->rcu", np.cos(_angles(x, F, P)), _by_column(V, F)).reshape(len(x), -1) + b


def waves_backward(da: Any, x: Any, F: Any, P: Any, V: Any, sums: Any, start: Any) -> None:
    angles, given = _angles(x, F, P), _by_column(da[:, start:].T, F)
    turned = -np.sin(angles) * np.einsum("cur,cuk->rck", given, _by_column(V, F))
    of_V = np.einsum("cur,rck->cuk", given, np.cos(angles))
    of_F = np.einsum("rck,rc->ck", turned, x[:, : len(F)])
    found = [of_F, turned.sum(axis=0), of_V, given.sum(axis=2)]
    np.concatenate([one.ravel() for one in found], out=sums.reshape(-1), casting="same_kind")


def waves_gradients(sums: Any, dF: Any, dP: Any, dV: Any, db: Any) -> None:
    whole, first = sums.sum(axis=0), 0
    for one in (dF, dP, dV, db):
        one[...] = whole[first : first + one.size].reshape(one.shape)
        first += one.size


def waves_input(dx: Any, da: Any, x: Any, F: Any, P: Any, V: Any, start: Any) -> None:
    absent = dx.shape[1] - start
    dx[:, :absent] = 0
    dx[:, absent:] = da[:, :start]
    slopes = -np.sin(_angles(x, F, P)) * F
    dx[:, : len(F)] += np.einsum("cur,cuk,rck->rc", _by_column(da[:, start:].T, F), _by_column(V, F), slopes)


def _angles(x: Any, F: Any, P: Any) -> Any:
    """(rows, columns, waves)."""
    return x[:, : len(F), None] * F + P


def _by_column(units: Any, F: Any) -> Any:
    """(columns, units, ...) of what has a row for each unit of each column."""
    return units.reshape(len(F), -1, units.shape[1])
