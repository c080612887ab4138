"""A network in training for a page: an epoch or a step at a time, and what there is to see of it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.diagnosis.findings import Findings
from chainrule.diagnosis.judge import judge
from chainrule.diagnosis.observed import Observed, Scores
from chainrule.diagnosis.recorder import Recorder
from chainrule.diagnosis.survey import survey
from chainrule.engine.network import Network
from chainrule.engine.parameters import Parameters
from chainrule.engine.predictor import Predictor
from chainrule.network import losses
from chainrule.playground.settings import HORIZON, Settings
from chainrule.playground.task import JUDGED, Task
from chainrule.training import optimisers
from chainrule.training.batches import Rows
from chainrule.training.penalty import Penalty
from chainrule.training.records import Record
from chainrule.training.step_options import StepOptions
from chainrule.training.trainer import Trainer
from chainrule.training.validation import Evaluator

Array = NDArray[Any]

#: Points of a curve and probes that a page is sent, at most; points along each side of the plane.
CURVE, PROBED, PLANE = 300, 60, 40
#: Weights that a page draws: of layers up to so wide.
DRAWN = 32


class Run:
    """One network of the playground.

    Parameters
    ----------
    settings, task : what it is made of and what it learns

    Attributes
    ----------
    steps : that were made
    per_epoch : steps of an epoch
    single : steps that were made one by one, on batches of their own
    """

    def __init__(self, settings: Settings, task: Task) -> None:
        self.settings, self.task = settings, task
        self.network = Network(settings.layers(task.X.shape[1], task.outputs), task.X.shape[1])
        self.loss = losses.get("cross_entropy" if task.classes else "squared_error")
        self.trainer = Trainer(
            self.network, self.loss, replace(optimisers.get(settings.optimiser), learning_rate=settings.rate),
            penalty=Penalty(l2=settings.l2, l1=settings.l1), seed=settings.seed, n_threads=1,
            schedule=None if settings.schedule == "constant" else settings.schedule,
            options=StepOptions(clip_norm=settings.clip or None),
        )  # fmt: skip
        self.per_epoch = math.ceil(len(task.X) / settings.batch)
        self.trainer.planned = HORIZON * self.per_epoch
        self.rows, self.held_out = task.rows(), task.rows(held_out=True)
        self.trainer.observer = self.recorder = Recorder(self.network)
        self.recorder.survey = survey(self.rows.X, self.rows.y, len(task.classes), loss=self.loss)
        self.steps = self.single = 0
        self.history: list[Record] = []
        self._evaluate = Evaluator(self.network, self.trainer.model, self.loss)
        self._predict = Predictor(self.network, self.trainer.model, self.loss)
        self._plane = task.plane(PLANE if len(task.axes) == 2 else 5 * PLANE)
        self._order: list[int] = []
        self._judged = [_some(one) for one in (self.rows, self.held_out)]
        self.seen = [self._scores()]

    @property
    def parameters(self) -> Parameters:
        """What is trained."""
        return self.trainer.parameters.members[0]

    @property
    def diverged(self) -> bool:
        """Whether its weights are no numbers any more."""
        return not np.isfinite(self.parameters.vector).all()

    def epoch(self) -> None:
        """Train once through the rows, unless it has diverged."""
        if self.diverged:
            return
        record = self.trainer.epoch(self.rows, self.settings.batch)
        self.steps = self.trainer.update.steps
        self._told(record)

    def step(self) -> None:
        """Train on one batch, unless it has diverged."""
        if self.diverged:
            return
        if not self._order:
            self._order = self.trainer.streams.shuffle.permutation(len(self.rows.y)).tolist()
        some, self._order = self._order[: self.settings.batch], self._order[self.settings.batch :]
        batch = Rows(self.rows.X[some], self.rows.y[some])
        self._told(self.trainer.epoch(batch, len(some)))
        self.steps = self.trainer.update.steps
        self.single += 1

    def _told(self, record: Record) -> None:
        scores = self._scores()
        self.history.append(replace(record, validation_loss=scores[1], score=scores[3]))
        self.trainer.react(-record.loss)
        self.seen.append(scores)

    def _scores(self) -> tuple[float, float, float, float]:
        """Loss of the rows and of those held out, accuracy or R2 of both."""
        with np.errstate(all="ignore"):
            losses_ = [self._evaluate(one) for one in self._judged]
            first, second = (self._score(one) for one in self._judged)
            return losses_[0], losses_[1], first, second

    def _score(self, rows: Rows) -> float:
        found = self._predict(rows.X, 1)
        if self.task.classes:
            return float((found.argmax(axis=1) == rows.y).mean())
        spread = float(((rows.y - rows.y.mean()) ** 2).sum())
        return 1 - float(((found - rows.y) ** 2).sum()) / spread if spread else math.nan

    # What there is to see ---------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """All that changes as it trains, as JSON has it."""
        return {
            "steps": self.steps, "epochs": round(self.steps / self.per_epoch, 2), "diverged": self.diverged,
            "scores": [_number(one) for one in self.seen[-1]], "curve": self._curve(), "plane": self.plane(),
            "weights": self._weights(), "layers": self.layers(),
        }  # fmt: skip

    def describe(self) -> dict[str, Any]:
        """What does not change: the network in words and in numbers."""
        return {
            "settings": self.settings.to_data(), "words": self.network.describe(),
            "parameters": self.network.layout.trained, "inputs": list(self.task.inputs),
            "outputs": list(self.task.classes) or ["y"],
            "without_skip": self.settings.without_skip(self.network.inputs),
        }  # fmt: skip

    def plane(self) -> list[float | None]:
        """Predictions all over the plane: of two classes the probability of the second, of more the class and how sure
        it is (2.9 is class 2 of probability 0.9), or the function's value."""
        with np.errstate(all="ignore"):
            found = self._predict(self._plane, 1).astype(np.float64)
        if len(self.task.classes) > 2:
            best = found.argmax(axis=1)
            found = best + np.minimum(found[np.arange(len(found)), best], 0.999)
        else:
            found = found[:, -1]
        return [_number(one, 3) for one in found.tolist()]

    def units(self, layer: int) -> list[list[float | None]]:
        """What each unit of a hidden layer gives all over the plane: where each of them draws its line."""
        with np.errstate(all="ignore"):
            found = self.network.forward(self.parameters, self._plane).activations[self._places()[layer]]
        return [[_number(one, 3) for one in unit] for unit in found.T[:DRAWN].astype(np.float64).tolist()]

    def _places(self) -> list[int]:
        """Of each hidden layer of the settings the network's layer that gives what comes out of it."""
        places, inputs, at = [], self.network.inputs, -1
        for one in self.settings.hidden:
            at += len(one.block(inputs))
            inputs = one.units
            places.append(at)
        return places

    def _curve(self) -> dict[str, list[float | None]]:
        places = np.unique(np.linspace(0, len(self.seen) - 1, min(CURVE, len(self.seen))).astype(int)).tolist()
        found = [self.seen[place] for place in places]
        names = ("loss", "held_out", "score", "held_out_score")
        return {"at": places, **{n: [_number(one[k]) for one in found] for k, n in enumerate(names)}}

    def _weights(self) -> list[Any]:
        """Of each product its weights, (units, inputs); None of those that are too many to be drawn."""
        names = [p.name for p in self.network.layout.parameters if p.kind == "weight"]
        found = [self.parameters[name] for name in names]
        return [
            None if max(W.shape) > DRAWN else [[_number(one, 4) for one in unit] for unit in W.astype(float).tolist()]
            for W in found
        ]

    def layers(self) -> dict[str, Any]:
        """Sizes of z, a and dLoss/dz by layer, at the start and as it trained; and the slope that rules judge."""
        probes = self.recorder.probes()
        places = np.unique(np.linspace(0, max(len(probes) - 1, 0), min(PROBED, len(probes))).astype(int))
        found: dict[str, Any] = {
            "names": [f"{one.units} {one.activation}" for one in probes.layers],
            "epochs": probes.epochs[places].tolist(), "slope": [_number(one, 3) for one in probes.slope()[places]],
        }  # fmt: skip
        for quantity in ("z_rms", "a_rms", "dz_rms"):
            values = probes.of(quantity)[places].astype(np.float64)
            found[quantity] = [[_number(one, 6) for one in row] for row in values.tolist()]
        return found

    # What rules find --------------------------------------------------------------------------------------

    def findings(self) -> Findings:
        """What keeps it from learning, as far as that can be seen by now."""
        seen, some = self.recorder.survey, self.seen[-1]
        with np.errstate(all="ignore"):
            scores = [
                self._as_scores(loss, score, rows)
                for loss, score, rows in zip(some[:2], some[2:], self._judged, strict=True)
            ]
            return judge(
                Observed(
                    self.network,
                    self.loss,
                    self.settings.parameters(),
                    self.settings.rate,
                    fitted=True,
                    history=tuple(self.history),
                    probes=replace(self.recorder.probes(), survey=seen),
                    training=scores[0],
                    held_out=scores[1],
                    initial_loss=self.seen[0][0],
                    constant_loss=seen.constant_loss if seen else None,
                    rows=len(self.rows.y),
                    columns=self.task.inputs,
                )
            )

    def _as_scores(self, loss: float, score: float, rows: Rows) -> Scores:
        y = rows.y
        chance = float(np.bincount(y).max() / len(y)) if self.task.classes else 0.0
        return Scores(loss, score, chance, len(y), constant=self.loss.constant(y, self.task.outputs, None))


def _some(rows: Rows) -> Rows:
    return rows if len(rows.y) <= JUDGED else Rows(rows.X[:JUDGED], rows.y[:JUDGED])


def _number(value: float, digits: int = 5) -> float | None:
    """So many significant digits; None of what is no number, which JSON does not know."""
    return float(f"{value:.{digits}g}") if math.isfinite(value) else None
