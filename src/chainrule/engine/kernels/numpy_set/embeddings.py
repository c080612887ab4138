"""Twin of `numba_set.embeddings`, which says what it does."""

from __future__ import annotations

from typing import Any

import numpy as np

KERNELS = ("embed_plain", "embed", "embed_backward", "embed_plain_backward")


def embed_plain(a: Any, x: Any, plain: Any) -> None:
    a[:, :plain] = x[:, :plain]


def embed(a: Any, x: Any, E: Any, first: Any, stop: Any, start: Any) -> None:
    codes = x[:, first:stop]
    known, share = _known(codes, E)
    out = a[:, start : start + E.shape[1]]
    out[...] = 0
    for codes_k, known_k in zip(codes.T, known.T, strict=True):
        out[known_k] += E[codes_k[known_k].astype(np.int64)]
    out *= share
    out[np.isnan(codes).any(axis=1)] = np.nan


def embed_backward(da: Any, x: Any, dE: Any, first: Any, stop: Any, start: Any) -> None:
    codes = x[:, first:stop]
    known, share = _known(codes, dE)
    shared = da[:, start : start + dE.shape[1]] * share
    dE[...] = 0
    for codes_k, known_k in zip(codes.T, known.T, strict=True):
        np.add.at(dE, codes_k[known_k].astype(np.int64), shared[known_k])


def _known(codes: Any, E: Any) -> tuple[Any, Any]:
    """Which codes have a vector, and by what the sum of those is multiplied, row by row."""
    known = (codes >= 0) & (codes < len(E))
    return known, (1 / np.sqrt(np.maximum(known.sum(axis=1, keepdims=True), 1))).astype(E.dtype)


def embed_plain_backward(dx: Any, da: Any, plain: Any) -> None:
    dx[:, :plain] = da[:, :plain]
    dx[:, plain:] = 0
