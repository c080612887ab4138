"""Randomness: one seed, split into named streams, so that one consumer's draws never move another's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass
class Streams:
    """Independent streams of one seed."""

    init: np.random.SeedSequence
    split: int
    dropout: int
    shuffle: np.random.Generator


def streams(seed: int | np.random.SeedSequence | None) -> Streams:
    """The streams of a seed; without one, of fresh entropy.

    Examples
    --------
    >>> streams(0).dropout == streams(0).dropout
    True
    """
    root = seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(seed)
    init, shuffle, dropout, split = root.spawn(4)
    return Streams(
        init=init,
        split=int(split.generate_state(1)[0] >> 1),
        dropout=int(dropout.generate_state(1)[0]),
        shuffle=np.random.default_rng(shuffle),
    )
