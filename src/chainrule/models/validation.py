"""What is seen of held-out rows after every epoch."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from chainrule.errors import InputError
from chainrule.models.model import Model
from chainrule.models.recipe import Recipe
from chainrule.training.batches import Data
from chainrule.training.validation import Evaluator, Watched


class Parts(NamedTuple):
    """Rows to train on, and rows to validate on, if any. No row is copied."""

    training: Data
    validation: Data | None


class Judge:
    """What the loop watches of a model in training: score and loss of held-out rows, and of training rows where asked.

    Parameters
    ----------
    recipe : Recipe
    running : gives the model as it is now
    training, validation : the rows
    """

    def __init__(self, recipe: Recipe, running: Callable[[], Model], training: Data, validation: Data) -> None:
        self.recipe = recipe
        self.running = running
        self.training = training
        self.validation = validation
        predictor = running().predictor
        self.evaluator = Evaluator(predictor.network, predictor.parameters, predictor.loss)

    def __call__(self) -> Watched:
        recipe = self.recipe
        loss = self.evaluator(self.validation, recipe.n_threads)
        score = -loss if recipe.scoring == "loss" else self._score(self.validation)
        if not recipe.score_training:
            return Watched(score, loss)
        if recipe.scoring == "loss":
            return Watched(score, loss, -self.evaluator(self.training, recipe.n_threads))
        return Watched(score, loss, self._score(self.training))

    def _score(self, rows: Data) -> float:
        """The score of rows, NaN where the network has left the finite numbers."""
        model, recipe = self.running(), self.recipe
        y, weight = rows.counted()
        prediction = model.predictor(rows.X, recipe.n_threads, rows.subset)
        if not np.isfinite(prediction).all():
            return math.nan
        if recipe.scoring is None or recipe.scoring == "loss":
            return model.answer.score(prediction, y, weight)
        X = rows.X if rows.subset is None else rows.X[rows.subset]
        score = recipe.scoring(model, X, model.answer.back(y), weight)
        if not (isinstance(score, (int, float, np.number)) and math.isfinite(score)):
            raise InputError(
                f"{recipe.name}(scoring=)", "a scorer that gives a finite number",
                f"{score!r} after epoch {len(model.history) + 1}",
                "Choose another scorer, or more rows to validate on; the best weights so far are kept.",
            )  # fmt: skip
        return float(score)
