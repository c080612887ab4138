"""scikit-learn's callback protocol (from 1.9 on): its callbacks hear of our epochs as of its own iterations."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from chainrule.models.model import Model
from chainrule.training.callbacks.base import Callback, Outlook
from chainrule.training.records import Record


class Bridge(Callback):
    """Passes events on: a fit is a task, each of its epochs a subtask. A callback of scikit-learn may stop the fit.

    It is told of the estimator that was asked to fit; `so_far` gives the model as if the fit had ended here.
    """

    def __init__(self, estimator: Any, given: Any, so_far: Callable[[], Model]) -> None:
        metadata = None if given.weight is None else {"sample_weight": given.weight}
        self._rows: dict[str, Any] = {"X": given.X, "y": given.y, "metadata": metadata}
        self._estimator, self._so_far = estimator, so_far
        self._epoch: Any = None

    def begin(self, outlook: Outlook) -> None:
        self._left = outlook.epochs - outlook.done
        self._fit = self._estimator._init_callback_context(max_subtasks=self._left)
        self._fit.call_on_fit_task_begin(estimator=self._estimator, **self._rows)
        self._begin_epoch()

    def epoch(self, record: Record) -> object:
        if not math.isfinite(record.loss):
            return False  # there is nothing to predict with; `end` closes the epoch
        stop = self._end(self._epoch)
        self._left -= 1
        self._epoch = None
        if not stop:
            self._begin_epoch()
        return stop

    def end(self, reason: str) -> None:
        if self._epoch is not None:  # an epoch that was announced and not trained to its end
            self._epoch.call_on_fit_task_end(estimator=self._estimator)
        if reason not in ("broken off", "diverged"):
            self._end(self._fit)

    def _begin_epoch(self) -> None:
        self._epoch = self._fit.subcontext(task_name="epoch") if self._left else None
        if self._epoch is not None:
            self._epoch.call_on_fit_task_begin(
                estimator=self._estimator, **self._rows, reconstruction_attributes=self._learned
            )

    def _end(self, task: Any) -> object:
        return task.call_on_fit_task_end(
            estimator=self._estimator, **self._rows, reconstruction_attributes=self._learned
        )

    def _learned(self) -> dict[str, Any]:
        """What makes a copy of the estimator that predicts as if the fit had ended here."""
        return {"_model": self._so_far()}
