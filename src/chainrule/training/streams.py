"""Randomness: one seed, split into named streams, so that one consumer's draws never move another's."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass
class Streams:
    """Independent streams of one seed."""

    init: np.random.SeedSequence
    split: int
    dropout: int
    shuffle: np.random.Generator
    mixup: np.random.Generator

    def member(self, place: int) -> Streams:
        """Those of one member of an ensemble: the same shuffles and mixup, other first weights and dropout masks.

        Member 0 draws what a network that is trained alone draws.
        """
        shared = copy.deepcopy(self)
        if place:
            shared.init = np.random.SeedSequence(self.init.entropy, spawn_key=(*self.init.spawn_key, place))
            shared.dropout = int(np.random.SeedSequence([self.dropout, place]).generate_state(1)[0])
        return shared

    def state(self) -> dict[str, Any]:
        """Where the streams stand, as plain data; `init` is used up when training begins."""
        return {
            "split": self.split,
            "dropout": self.dropout,
            "shuffle": self.shuffle.bit_generator.state,
            "mixup": self.mixup.bit_generator.state,
        }

    def load(self, data: Mapping[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.split, self.dropout = data["split"], data["dropout"]
        self.shuffle.bit_generator.state = data["shuffle"]
        self.mixup.bit_generator.state = data["mixup"]


def streams(seed: int | np.random.SeedSequence | None) -> Streams:
    """The streams of a seed; without one, of fresh entropy.

    Examples
    --------
    >>> from chainrule.training.streams import streams
    >>> streams(0).dropout == streams(0).dropout
    True
    """
    root = seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(seed)
    init, shuffle, dropout, split, mixup = root.spawn(5)
    return Streams(
        init=init,
        split=int(split.generate_state(1)[0] >> 1),
        dropout=int(dropout.generate_state(1)[0]),
        shuffle=np.random.default_rng(shuffle),
        mixup=np.random.default_rng(mixup),
    )
