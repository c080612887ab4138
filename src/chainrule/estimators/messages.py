"""What a fit says to its user: a line per epoch, warnings at their own line, the error of a fit that diverged."""

from __future__ import annotations

from typing import Any

from sklearn.exceptions import ConvergenceWarning

from chainrule.errors import DivergenceError
from chainrule.models.fit import ALL_TRAINED, CONVERGED, DIVERGED, INTERRUPTED, OUT_OF_TIME, Ending
from chainrule.models.model import Model
from chainrule.models.several import AnyFit, Several
from chainrule.models.temperature import BOUNDS
from chainrule.training.callbacks.base import Callback, Outlook
from chainrule.training.records import Record
from chainrule.warn import warn


def tell(estimator: Any, fit: AnyFit, ending: Ending) -> None:
    """Say how a fit ended, where there is something to say.

    Raises
    ------
    DivergenceError
        Without held-out rows; with them, that is a warning.
    """
    _tell_chosen(estimator, fit)
    reason, progress = ending.reason, fit.training.progress
    patience, tol = fit.recipe.patience, fit.recipe.tol
    if reason == INTERRUPTED:
        kept = (
            "The best weights so far are kept." if ending.trained else "No epoch had ended: the weights are untrained."
        )
        warn(f"Training interrupted by user. {kept}")
    elif reason == DIVERGED and fit.validation is None:
        raise divergence(fit.recipe.name, progress.epochs)
    elif reason == DIVERGED:
        warn(
            f"Training diverged in epoch {progress.epochs}; the best weights before are kept. "
            "Lower learning_rate_init or scale the inputs.",
            ConvergenceWarning,
        )
    elif ending.message is not None:
        warn(ending.message, ConvergenceWarning)
    elif fit.recipe.optimiser is None or (isinstance(fit, Several) and reason == CONVERGED):
        return
    elif reason == CONVERGED and estimator.verbose:
        what = "Training loss" if fit.validation is None else "Validation score"
        print(f"{what} did not improve more than tol={tol:f} for {patience} consecutive epochs. Stopping.")
    elif reason == OUT_OF_TIME and estimator.verbose:
        after = "" if isinstance(fit, Several) else f" after {progress.epochs} epochs"
        print(f"time_limit={estimator.time_limit:g} seconds are over{after}. Stopping.")
    elif reason == ALL_TRAINED and not (fit.incremental or fit.recipe.schedule):
        warn(  # a schedule runs to its end, which is meant
            f"Stochastic Optimizer: Maximum iterations ({fit.recipe.epochs}) reached and the optimization "
            "hasn't converged yet. Raise max_iter, or tol.",
            ConvergenceWarning,
        )


def _tell_chosen(estimator: Any, fit: AnyFit) -> None:
    """Say which networks were chosen of several kinds."""
    if not (estimator.verbose and isinstance(fit, Several) and fit.learned) or fit.incremental:
        return
    model = fit.model()
    for said, members, share in model.kinds():
        print(f"Chosen: {members} of {said}: {share:.0%} of a prediction")
    if model.progress.mixed is not None:
        print(f"Validation loss of all of them: {model.progress.mixed:f}")


def tell_calibrated(model: Model) -> None:
    """Say where a calibration has found that predictions are worth nothing."""
    if model.predictor.temperature > 0.99 * BOUNDS[1]:
        warn(
            f"The temperature ended at its bound, {BOUNDS[1]:g}: of the rows to calibrate on, probabilities tell no "
            "more than chance, and all of them are nearly the same now. See that X and y belong together."
        )


def divergence(name: str, epoch: int) -> DivergenceError:
    return DivergenceError(
        f"{name}.fit, epoch {epoch}",
        "finite weights and a finite loss",
        "NaN or infinity",
        "Solver produced non-finite parameter weights. The input data may contain large values and need to be "
        "preprocessed. Or learning_rate_init is too high: try a tenth of it; early_stopping=True keeps the best "
        "weights instead of raising.",
    )


class Talk(Callback):
    """A line per epoch, as scikit-learn prints it; of a target, one more with its error in its own units."""

    def __init__(self) -> None:
        self._done = 0

    def begin(self, outlook: Outlook) -> None:
        self._outlook, self._done = outlook, outlook.done

    def epoch(self, record: Record) -> None:
        self._done += 1
        print(f"Iteration {self._done}, loss = {record.loss:.8f}")
        if record.score is not None:
            print(f"Validation score: {record.score:f}")
        if self._outlook.units is not None and record.validation_loss is not None:
            told = ", ".join(f"{name}: {value:g}" for name, value in self._outlook.told(record).items())
            print(f"Validation {told}")

    def trying(self, what: str) -> None:
        print(what)

    def slowed(self, rate: float) -> None:
        print(f"No improvement: learning rate set to {rate:g}")
