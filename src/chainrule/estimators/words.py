"""What a fit says to the person: warnings at their own line, and the error of a fit that diverged."""

from __future__ import annotations

import sys
import warnings
from typing import Any

from chainrule.errors import DivergenceError


def interruption(trained: bool) -> None:
    kept = "The best weights so far are kept." if trained else "No epoch had ended: the weights are untrained."
    warn(f"Training interrupted by user. {kept}")


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the line outside this package, and outside of its callback protocol, that called into it."""
    level = 1
    while sys._getframe(level).f_globals.get("__name__", "").startswith(("chainrule.", "sklearn.callback.")):
        level += 1
    warnings.warn(message, category, stacklevel=level + 1)


def divergence(estimator: Any) -> DivergenceError:
    return DivergenceError(
        f"{type(estimator).__name__}.fit, epoch {estimator.n_iter_}",
        "finite weights and a finite loss",
        "NaN or infinity",
        "Solver produced non-finite parameter weights. The input data may contain large values and need to be "
        "preprocessed. Or learning_rate_init is too high: try a tenth of it; early_stopping=True keeps the best "
        "weights instead of raising.",
    )
