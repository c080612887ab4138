"""A recipe: all that is chosen of how a network learns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from numpy.typing import NDArray

from chainrule.training.optimisers import Optimiser
from chainrule.training.penalty import Penalty
from chainrule.training.schedules import Schedule
from chainrule.training.step_options import PLAIN, StepOptions

#: Of a model, from rows in its network's form, y as it was given, and weights or None, to a number; higher is better.
Scorer = Callable[[Any, Any, NDArray[Any], NDArray[Any] | None], Any]


@dataclass(frozen=True)
class Recipe:
    """How a network learns: frozen values, whoever they come from.

    Attributes
    ----------
    name : of what is fitted, for errors and callbacks
    optimiser : None is L-BFGS
    penalty, options, schedule : of every step; the schedule may be None
    rate_rule : how the rate moves where no schedule does it: scikit-learn's words
    power : of "invscaling"
    mixup : its alpha, 0 for none
    shuffle : whether each epoch has an order of its own
    batch_size : rows, or "auto"
    epochs : at most; iterations of L-BFGS
    evaluations : of the loss, at most, by L-BFGS
    tol, patience : smallest improvement that counts, epochs without one that are waited for
    overfit : when to stop sooner, as in `Stopping`
    n_members, n_threads : networks side by side; threads at most, or None
    scoring : what is watched of held-out rows: None is accuracy or R2, "loss", or a Scorer
    score_training : whether the training rows are scored, too
    probes : whether layers are measured while they train
    """

    name: str
    optimiser: Optimiser | None
    penalty: Penalty = field(default_factory=Penalty)
    options: StepOptions = PLAIN
    schedule: Schedule | None = None
    rate_rule: Literal["constant", "invscaling", "adaptive"] = "constant"
    power: float = 0.5
    mixup: float = 0.0
    shuffle: bool = True
    batch_size: int | str = "auto"
    epochs: int = 200
    evaluations: int = 15_000
    tol: float = 1e-4
    patience: float = 10
    overfit: tuple[tuple[int, float], ...] = ()
    n_members: int = 1
    n_threads: int | None = None
    scoring: Scorer | Literal["loss"] | None = None
    score_training: bool = False
    probes: bool = True

    def rows_of_a_batch(self, rows: int) -> int:
        """Rows of a batch, of so many to train on; all of them for L-BFGS."""
        if self.optimiser is None:
            return rows
        return min(200 if isinstance(self.batch_size, str) else int(self.batch_size), rows)
