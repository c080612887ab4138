"""scikit-learn's `MLPClassifier`: Adam, since it has no AdamW.

An epoch is one `partial_fit`: it shuffles like `fit`, keeps Adam's moments, and takes as long as
one epoch's share of a longer `fit`, within the noise. For two classes scikit-learn trains one
logistic output where the other peers train two softmax outputs: slightly less work.
"""

from __future__ import annotations

from collections.abc import Callable
from warnings import catch_warnings, simplefilter

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from benchmarks.cases import Case, Labels, Rows
from benchmarks.timing import on_fewer_threads_if_faster


def make(case: Case, X: Rows, y: Labels, rich: bool = False) -> Callable[[], float]:
    """Seconds per epoch, at the number of BLAS threads that suits the case."""
    if rich:
        raise NotImplementedError("scikit-learn has no batch normalisation, GELU or dropout")
    model = MLPClassifier(
        case.sizes[1:-1],
        solver="adam",
        alpha=0.0,
        batch_size=case.batch,
        learning_rate_init=1e-3,
        shuffle=True,
        random_state=0,
        tol=0.0,
        n_iter_no_change=10**9,
    )
    classes = np.arange(case.sizes[-1])

    def epoch() -> None:
        with catch_warnings():
            simplefilter("ignore", ConvergenceWarning)
            model.partial_fit(X, y, classes=classes)

    return on_fewer_threads_if_faster(epoch)
