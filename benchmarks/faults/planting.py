"""What a planted fault is: a change of a healthy network or of its data, and what proves that it is really there."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np

from benchmarks.faults import data
from benchmarks.faults.data import Split, Task
from benchmarks.faults.proofs import Proof
from chainrule import MLPClassifier, MLPRegressor

#: Every network has about as many steps, whatever the rows of its data set.
STEPS, BATCH = 1200, 32

#: From this many hidden layers on a healthy network has a norm and skip connections.
DEEP = 10


@dataclass(frozen=True)
class Setting:
    """Where a fault is planted, or a healthy network stands: data set, hidden layers, their width, a seed."""

    data: str
    depth: int
    width: int
    seed: int

    @property
    def split(self) -> Split:
        return data.load(self.data)

    @property
    def random(self) -> np.random.Generator:
        """A fresh generator of this setting's own."""
        return np.random.default_rng(self.seed)

    def model(self, split: Split, **parameters: Any) -> Any:
        """An unfitted estimator for these rows, ReLU with He's weights and Adam where nothing else is said."""
        rows = len(split.X)
        every = {
            "hidden_layer_sizes": (self.width,) * self.depth,
            "batch_size": min(BATCH, rows),
            "max_iter": max(1, STEPS * BATCH // rows),
            "n_iter_no_change": math.inf,
            "random_state": self.seed,
            "n_threads": 1,
        }
        kind = MLPClassifier if split.task == "classes" else MLPRegressor
        return kind(**{**every, **parameters})


Parameters = Callable[[Setting], Mapping[str, Any]]


def sound(setting: Setting) -> Mapping[str, Any]:
    """What a healthy network of this depth needs."""
    return {} if setting.depth < DEEP else {"norm": "layer", "residual": True}


def unchanged(split: Split, setting: Setting) -> Split:
    """The data as they are."""
    return split


@dataclass(frozen=True)
class Fault:
    """One way to plant a fault.

    Attributes
    ----------
    rule : the finding that should name it
    name : what is planted, in words
    proof : when it counts as really there
    parameters : of the faulty network
    spoil : changes the faulty network's data
    twin : parameters of the healthy network beside it
    shared : changes the data of both
    depths, widths : of the hidden layers
    tasks : of the data sets it can be planted in
    least : rows to train on that these need
    """

    rule: str
    name: str
    proof: Proof
    parameters: Parameters = sound
    spoil: Callable[[Split, Setting], Split] = unchanged
    twin: Parameters = sound
    shared: Callable[[Split, Setting], Split] = unchanged
    depths: Sequence[int] = (1, 2, 4)
    widths: Sequence[int] = (32, 64, 128)
    tasks: tuple[Task, ...] = ("classes", "numbers")
    least: int = 0


@dataclass(frozen=True)
class Case:
    """A fault in a setting: two networks and their data, one with the fault and one without."""

    fault: Fault
    setting: Setting

    @property
    def name(self) -> str:
        s = self.setting
        return f"{self.fault.rule}: {self.fault.name}, {s.depth} x {s.width}, {s.data}, seed {s.seed}"

    def sick(self) -> tuple[Any, Split]:
        """The faulty network, unfitted, and its data."""
        split = self.fault.spoil(self.fault.shared(self.setting.split, self.setting), self.setting)
        return self.setting.model(split, **self.fault.parameters(self.setting)), split

    def twin(self) -> tuple[Any, Split]:
        """The healthy network beside it, unfitted, and its data."""
        split = self.fault.shared(self.setting.split, self.setting)
        return self.setting.model(split, **self.fault.twin(self.setting)), split


def drawn(key: str, names: Sequence[str], depths: Sequence[int], widths: Sequence[int], count: int) -> list[Setting]:
    """`count` settings, the same for the same key: data sets take turns, sizes and seeds are drawn."""
    random = np.random.default_rng(crc32(key.encode()))
    turns: list[str] = []
    while len(turns) < count:
        turns += map(str, random.permutation(names))
    return [
        Setting(name, int(random.choice(depths)), int(random.choice(widths)), int(random.integers(1e6)))
        for name in turns[:count]
    ]
