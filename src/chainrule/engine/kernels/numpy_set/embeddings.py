"""Twin of `numba_set.embeddings`, which says what it does."""

from __future__ import annotations

from typing import Any

import numpy as np

KERNELS = ("embed_plain", "embed", "embed_backward", "embed_plain_backward")


def embed_plain(a: Any, x: Any, plain: Any) -> None:
    a[:, :plain] = x[:, :plain]


def embed(a: Any, x: Any, E: Any, column: Any, start: Any) -> None:
    codes = x[:, column]
    known = (codes >= 0) & (codes < len(E))
    vectors = E[np.where(known, codes, 0).astype(np.int64)]
    nothing = np.where(np.isnan(codes), codes, 0)
    a[:, start : start + E.shape[1]] = np.where(known[:, None], vectors, nothing[:, None])


def embed_backward(da: Any, x: Any, dE: Any, column: Any, start: Any) -> None:
    codes = x[:, column]
    known = (codes >= 0) & (codes < len(dE))
    dE[...] = 0
    np.add.at(dE, codes[known].astype(np.int64), da[known, start : start + dE.shape[1]])


def embed_plain_backward(dx: Any, da: Any, plain: Any) -> None:
    dx[:, :plain] = da[:, :plain]
    dx[:, plain:] = 0
