"""Batch normalisation: learning rates that break a network without it are survived with it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import log
from typing import TYPE_CHECKING

import numpy as np

from chainrule.engine.network import Network
from chainrule.labs import data, paper
from chainrule.labs.lab import Condition, Lab
from chainrule.labs.learning import Trained, learn
from chainrule.labs.result import Result, number
from chainrule.network.layers import Activation, Dense, Layer
from chainrule.network.layers.norms import BatchNorm
from chainrule.plots import style
from chainrule.training.optimisers import SGD

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Curves = dict[str, list[float]]

WIDTH, CLASSES, DEPTH = 32, 4, 5
#: The hidden layer, and the same with its z normalised.
HIDDEN: dict[str, tuple[Layer, ...]] = {
    "plain": (Dense(WIDTH), Activation("relu")),
    "batch norm": (Dense(WIDTH, bias=False), BatchNorm(), Activation("relu")),
}
#: A rate is survived where the last epoch's loss is at most half of what guessing gives.
SURVIVED = log(CLASSES) / 2


def experiment(short: bool, seed: int) -> Result:
    """The same training by plain SGD at rising rates, with and without."""
    rates = tuple(float(10 ** (quarter / 4)) for quarter in (range(-4, 7) if short else range(-8, 9)))
    split = data.clusters(seed)
    losses: Curves = {}
    accuracies: Curves = {}
    survived = {}
    for name, hidden in HIDDEN.items():
        network = Network([*hidden * DEPTH, Dense(CLASSES)], split.X.shape[1])
        trained = [learn(network, split, 10 if short else 20, seed, SGD(rate)) for rate in rates]
        losses[name] = [_loss(one) for one in trained]
        accuracies[name] = [one.accuracy(split.X_test, split.y_test) for one in trained]
        survived[name] = max(rate for rate, loss in zip(rates, losses[name], strict=True) if loss <= SURVIVED)
    without, normed = survived.values()
    figures = {f"largest rate survived, {name}": rate for name, rate in survived.items()}
    figures["one over the other"] = normed / without
    seen = (
        f"Without batch norm the largest rate that is survived is {number(without)}, with it {number(normed)}, "
        f"{normed / without:.1f} times as much."
    )
    columns = ("learning rate", *(f"loss, {name}" for name in HIDDEN), *(f"accuracy, {name}" for name in HIDDEN))
    rows = tuple(zip(rates, *losses.values(), *accuracies.values(), strict=True))
    return Result(columns, rows, seen, figures, partial(_draw, rates, losses, accuracies))


def _draw(rates: Sequence[float], losses: Curves, accuracies: Curves, figure: Figure) -> None:
    by_loss, by_accuracy = paper.panels(figure, 2)
    for name, colour, marker in zip(HIDDEN, paper.COLOURS, paper.MARKERS, strict=False):
        high_but_finite = np.minimum(losses[name], 10)
        by_loss.semilogx(rates, high_but_finite, color=colour, marker=marker, label=name)
        by_accuracy.semilogx(rates, accuracies[name], color=colour, marker=marker)
    by_loss.axhline(log(CLASSES), color=style.GREY, linestyle=":", linewidth=1)
    by_loss.set_ylim(0, 3)
    paper.label(by_loss, "learning rate (dotted: guessing)", "training loss of the last epoch", "")
    paper.guessing(by_accuracy, 1 / CLASSES)
    paper.label(by_accuracy, "learning rate", "accuracy on test rows")


def _loss(trained: Trained) -> float:
    """The last epoch's; infinite where training left the finite numbers."""
    return trained.losses[-1] if np.isfinite(trained.losses[-1]) else float("inf")


LAB = Lab(
    "batch-norm",
    "With batch normalisation, training survives learning rates that break the network without.",
    experiment,
    # That of the next rate, 1.78 times as large. Seeds show mostly 3.2 or 5.6: which of two neighbours is the first to
    # break the plain network hangs on the last digits of its products.
    (Condition("one over the other", low=1.5),),
)
