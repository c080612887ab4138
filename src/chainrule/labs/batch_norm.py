"""Batch normalisation: learning rates that break a network without it are survived with it."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

import numpy as np

from chainrule.engine.network import Network
from chainrule.labs import data, paper
from chainrule.labs.lab import Condition, Lab
from chainrule.labs.learning import Trained, learn
from chainrule.labs.result import Result
from chainrule.network.layers import Activation, BatchNorm, Dense, Layer
from chainrule.training.optimisers import SGD

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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
    rates = 10.0 ** np.linspace(-2, 2, 5 if short else 17)
    split = data.clusters(seed)
    found: dict[str, list[Trained]] = {}
    for name, hidden in HIDDEN.items():
        network = Network([*hidden * DEPTH, Dense(CLASSES)], split.X.shape[1])
        found[name] = [learn(network, split, 10 if short else 20, seed, SGD(float(rate))) for rate in rates]
    plain, normed = ([_loss(one) for one in trained] for trained in found.values())
    accuracies = [[one.accuracy(split.X_test, split.y_test) for one in trained] for trained in found.values()]
    rows = tuple(zip(map(float, rates), plain, normed, *accuracies, strict=True))
    without, with_ = (float(max(rates[np.array(losses) <= SURVIVED])) for losses in (plain, normed))
    figures = {
        "largest rate survived, plain": without,
        "largest rate survived, batch norm": with_,
        "one over the other": with_ / without,
    }
    seen = (
        f"Without batch norm the largest rate that is survived is {without:.2g}, with it {with_:.2g}, "
        f"{with_ / without:.0f} times as much."
    )

    def draw(figure: Figure) -> None:
        losses, reached = paper.panels(figure, 2)
        for name, loss, accuracy, colour, marker in zip(
            HIDDEN, (plain, normed), accuracies, paper.COLOURS, paper.MARKERS, strict=False
        ):
            losses.semilogx(rates, np.minimum(loss, 10), color=colour, marker=marker, label=name)
            reached.semilogx(rates, accuracy, color=colour, marker=marker)
        losses.axhline(log(CLASSES), color="#777777", linestyle=":", linewidth=1)
        losses.set_ylim(0, 3)
        reached.axhline(1 / CLASSES, color="#777777", linestyle=":", linewidth=1)
        reached.set_ylim(0, 1.02)
        paper.label(losses, "learning rate (dotted: guessing)", "training loss of the last epoch", "")
        paper.label(reached, "learning rate", "accuracy on test rows")

    columns = ("learning rate", *(f"loss, {name}" for name in HIDDEN), *(f"accuracy, {name}" for name in HIDDEN))
    return Result(columns, rows, seen, figures, draw)


def _loss(trained: Trained) -> float:
    """The last epoch's; infinite where training left the finite numbers."""
    return trained.losses[-1] if np.isfinite(trained.losses[-1]) else float("inf")


LAB = Lab(
    "batch-norm",
    "With batch normalisation, training survives learning rates several times as high.",
    experiment,
    (Condition("one over the other", low=3),),
)
