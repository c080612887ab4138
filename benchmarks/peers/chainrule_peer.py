"""This package: its trainer, as the estimators drive it."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.cases import Case, Labels, Rows
from chainrule.engine.network import Network
from chainrule.network.layers import Activation, Dense, Dropout, Layer
from chainrule.network.layers.norms import BatchNorm
from chainrule.training import batches
from chainrule.training.optimisers import AdamW
from chainrule.training.trainer import Trainer


def network(case: Case, rich: bool) -> Network:
    """ReLU layers, or batch normalisation, GELU and dropout behind every hidden product."""
    features, *hidden, classes = case.sizes
    layers: list[Layer] = []
    for units in hidden:
        layers += [Dense(units), BatchNorm(), Activation("gelu"), Dropout(0.1)] if rich else [Dense(units, "relu")]
    return Network([*layers, Dense(classes)], features)


def make(case: Case, X: Rows, y: Labels, rich: bool = False) -> Callable[[], float]:
    """Seconds per epoch, shuffling and gathering included."""
    net = network(case, rich)
    trainer = Trainer(net, "cross_entropy", AdamW(1e-3), seed=0)
    rows = batches.Rows(X, y)
    trainer.epoch(rows, case.batch)
    return lambda: trainer.epoch(rows, case.batch).seconds
