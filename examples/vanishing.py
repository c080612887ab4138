"""
Vanishing gradients, found and mended
=====================================

A sigmoid network of 30 layers on UCI Adult: it does not learn, diagnosis says why, and its first remedy mends it. ::

    python examples/vanishing.py [--model deep.model] [--picture vanishing.png]

The page of this script on the site ran `--rows 6000`.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

import numpy as np
from regularisation import Part, load
from sklearn.exceptions import ConvergenceWarning

from chainrule import MLPClassifier, compare, diagnose
from chainrule.plots import GradientFlowDisplay

DEPTH, WIDTH, EPOCHS = 30, 64, 10


def network(depth: int = DEPTH, epochs: int = EPOCHS) -> MLPClassifier:
    """The textbook's failure: a sigmoid behind every layer, weights by Xavier."""
    return MLPClassifier(
        (WIDTH,) * depth, activation="logistic", batch_size=256, max_iter=epochs, n_iter_no_change=epochs,
        random_state=0,
    )  # fmt: skip


def draw(before: MLPClassifier, after: MLPClassifier, path: Path) -> None:
    """Gradients by layer and epoch, of both, and what came of them."""
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(11, 3.6), layout="constrained", width_ratios=(1, 1, 0.9))
    for ax, model, name in zip(axes, (before, after), ("sigmoid, Xavier", "with the first remedy"), strict=False):
        GradientFlowDisplay.from_estimator(model, ax=ax)
        ax.set_title(name, fontsize=10)
    for model, name, style in ((before, "sigmoid, Xavier", "--"), (after, "with the first remedy", "-")):
        epochs = np.arange(1, len(model.history_) + 1)
        axes[2].plot(epochs, [record.loss for record in model.history_], style, label=name)
    axes[2].set(xlabel="epoch", ylabel="training loss")
    axes[2].legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=100)


def run(train: Part, test: Part, deep: MLPClassifier, model: Path | None = None, picture: Path | None = None) -> None:
    """Train, diagnose, mend, compare."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        deep.fit(train.X, train.y)
    if model is not None:
        deep.save(model)
    findings = diagnose(deep)
    print(findings["vanishing-gradients"])
    remedy = findings["vanishing-gradients"].remedies[0]
    found = compare(deep, remedy.apply(deep), train.X, train.y, test.X, test.y)
    print()
    print(found)
    print(f"\nThe most frequent class alone: {max(np.mean(test.y), 1 - np.mean(test.y)):.4f}")
    if picture is not None:
        draw(found.before.model, found.after.model, picture)


def main() -> None:
    """Read the options, and run on all rows."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=Path, help="file for the network that does not learn")
    parser.add_argument("--picture", type=Path, help="file for the picture")
    parser.add_argument("--rows", type=int, help="the first so many training rows; all unless it is said")
    chosen = parser.parse_args()
    train, test = load()
    run(train.first(chosen.rows), test, network(), chosen.model, chosen.picture)


if __name__ == "__main__":
    main()
