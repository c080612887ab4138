"""The recorder: an observer of training that fills probes, and keeps within a share of the training's time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.diagnosis import measures
from chainrule.diagnosis.probes import EDGES, QUANTITIES, Probed, Probes
from chainrule.diagnosis.survey import Survey
from chainrule.engine import forks
from chainrule.engine.network import Network
from chainrule.engine.parameters import Parameters
from chainrule.engine.plan import Tapped
from chainrule.engine.stages import Block, Stage, stages
from chainrule.network import activations
from chainrule.network.activations import ActivationFunction
from chainrule.network.layers import GLU, NORMS, Layer, Residual

Array = NDArray[Any]

#: Share of training time that probing may take, as estimated.
SHARE = 0.012

#: Most probes of one epoch: more would tell little more.
PER_EPOCH = 4

#: Most epochs that are kept; beyond them every other one is let go, then every other of those.
KEPT = 256

#: Nanoseconds: of a layer of a step beside its products, of a multiplication in them; of a layer that is probed, of a
#: number seen there.
STEP, MULTIPLICATION = 8_000.0, 1 / 160
LAYER, NUMBER = 80_000.0, 4.0

#: Rows that a unit must have been 0 for to be called dead.
ENOUGH = 64

#: What float32 holds at most.
LARGEST = float(np.finfo(np.float32).max)

#: A ratio of nothing to something, so that its logarithm is a number.
NOTHING = 1e-30

_COLUMNS = {name: column for column, name in enumerate(QUANTITIES)}


class Recorder:
    """Set as a trainer's `observer`, it measures every layer in some of the steps.

    Steps are chosen by arithmetic alone, the same in every run: the first, then ever fewer, until about `share` of
    the time, as estimated from sizes, goes into probing. The first step stands alone, as epoch 0: it shows the network
    as it was initialised; of the other probes in an epoch the mean is kept. Training has the same bits with a recorder
    and without. Of an ensemble, the first member is measured.

    Parameters
    ----------
    network : the network in training
    share : of the training time, as estimated

    Attributes
    ----------
    survey : may be set to what the rows to train on are like

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import Dense, Network, Recorder, Rows, Trainer
    >>> X = np.random.default_rng(0).normal(size=(256, 8)).astype(np.float32)
    >>> network = Network([*[Dense(32, "sigmoid")] * 9, Dense(1)], inputs=8)
    >>> trainer = Trainer(network, "squared_error", seed=0)
    >>> trainer.observer = recorder = Recorder(network)
    >>> _ = trainer.epoch(Rows(X, X[:, :1]), batch_size=64)
    >>> flow = recorder.probes().flow()[0]  # log10 of the RMS of dLoss/dz, by hidden layer
    >>> bool(np.diff(flow).mean() > 0.4)  # each layer nearer to the input gets a fraction of what the next one has
    True
    """

    def __init__(self, network: Network, share: float = SHARE) -> None:
        self.network = network
        self.share = share
        self.survey: Survey | None = None
        found = tuple(probed(network.layers))
        self.layers = tuple(layer for layer, _ in found)
        self._functions = [f for _, f in found]
        self._place = {layer.name: place for place, layer in enumerate(self.layers)}
        self._epochs: list[int] = []
        self._values: list[Array] = []
        self._drawn: list[int] = []
        self._weights: list[Array] = []
        self._gradients: list[Array] = []
        self._before: dict[str, Array] = {}
        self._done, self._steps, self._at, self._next, self._every = 0, 0, 0, 0, 1
        self._epoch, self._closed, self._stride = 0, 0, 1
        self._items = 0
        self._open: list[Array] = []
        self._seen = 0
        self._lately: list[tuple[int, list[Array]]] = []
        self._awake = self._asleep()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_before": {}}

    def __copy__(self) -> Recorder:
        """One that goes on from here; what it measures is not added to this one."""
        made = object.__new__(Recorder)
        made.__dict__ = {n: list(v) if isinstance(v, list) else v for n, v in self.__getstate__().items()}
        return made

    # What a trainer tells ---------------------------------------------------------------------------------

    def begin(self, epoch: int, steps: int, rows: int) -> None:
        """An epoch begins.

        Parameters
        ----------
        epoch : counted from 1
        steps : that it will take
        rows : of a batch at most
        """
        self._close()
        self._done += self._steps
        self._epoch, self._steps = epoch, steps
        self._every = max(self._interval(rows), math.ceil(steps / PER_EPOCH))

    def due(self, step: int) -> bool:
        """Whether this step is to be measured.

        Parameters
        ----------
        step : of the epoch, counted from 0
        """
        self._at = self._done + step
        return self._at >= self._next

    @forks.holding_off
    def see(
        self,
        parameters: Parameters,
        gradients: Parameters,
        values: Iterator[Tapped],
        finish: Callable[[], None],
    ) -> None:
        """Measure a step.

        Parameters
        ----------
        parameters, gradients : of the network, before the update
        values : what is tapped while the step runs, in order
        finish : lets the rest of the step run, the update included
        """
        row = np.full((len(self.layers), len(QUANTITIES)), np.nan)
        self._items = 0
        for tapped in values:
            self._measure(row, tapped)
        self._weigh(row, parameters, gradients)
        finish()
        self._moved(row, parameters)
        self._open.append(row)
        self._next = self._at + min(self._every, max(8, 5 * self._at))
        if self._at == 0 and self._epoch == 1:
            self._close(epoch=0)

    def end(self) -> None:
        """After the last step for now: from here on `probes` only reads, for any thread."""
        self._close()

    # What was measured ------------------------------------------------------------------------------------

    def probes(self) -> Probes:
        """All so far."""
        self._close()
        layers, bins = len(self.layers), len(EDGES) + 1
        return Probes(
            self.layers,
            np.array(self._epochs, np.int64),
            np.array(self._values, np.float32).reshape(-1, layers, len(QUANTITIES)),
            np.array(self._drawn, np.int64),
            np.array(self._weights, np.float32).reshape(-1, layers, bins),
            np.array(self._gradients, np.float32).reshape(-1, layers, bins),
            self.survey,
        )

    def _measure(self, row: Array, tapped: Tapped) -> None:
        """What one value says of its layer."""
        place, kind = self._place[tapped.tap.layer], tapped.tap.kind
        found = tapped.array[: measures.ROWS]
        if tapped.gain is not None:
            found = found * tapped.gain
        if tapped.bias is not None:
            found = found + tapped.bias
        into, f = row[place], self._functions[place]
        if kind == "dz":
            self._items = self._items or len(
                tapped.array
            )  # the output's comes first: rows, or sequences that were pooled
            into[_COLUMNS["dz_rms"]] = self._items * measures.rms(found)
        elif kind == "z":
            into[_COLUMNS["z_rms"]] = measures.rms(found)
            if measures.bounded(f):
                gates_first = found[:, : self.layers[place].units]
                into[_COLUMNS["saturated"]] = measures.saturated(f, gates_first)
        else:
            into[_COLUMNS["a_rms"]] = measures.rms(found)
            if len(found) > 1:
                into[_COLUMNS["rank"]] = measures.effective_rank(found)
            self._awake[place] = self._awake[place] | found.any(axis=0)
            self._seen += len(found) if place == 0 else 0

    def _weigh(self, row: Array, parameters: Parameters, gradients: Parameters) -> None:
        """Weights and gradients of all layers, before the step; some rows of the weights are kept."""
        for layer, into in zip(self.layers, row, strict=True):
            W, dW = (measures.some_rows(of[f"{layer.name}.W"]) for of in (parameters, gradients))
            into[_COLUMNS["W_rms"]], into[_COLUMNS["dW_rms"]] = measures.rms(W), measures.rms(dW)
            self._before.setdefault(layer.name, np.empty_like(W))[...] = W
        # In the epochs 1, 2, 4, 8 and so on, or the first that is seen behind one of them.
        if not self._drawn or self._epoch >= 2 * self._drawn[-1]:
            self._drawn.append(self._epoch)
            for into, of in ((self._weights, parameters), (self._gradients, gradients)):
                into.append(np.array([measures.histogram(of[f"{layer.name}.W"]) for layer in self.layers]))

    def _moved(self, row: Array, parameters: Parameters) -> None:
        """How far the step has moved the weights."""
        for layer, into in zip(self.layers, row, strict=True):
            W, before = measures.some_rows(parameters[f"{layer.name}.W"]), self._before[layer.name]
            if into[_COLUMNS["W_rms"]] > 0:  # a ratio to nothing says nothing
                ratio = measures.rms(W - before) / into[_COLUMNS["W_rms"]]
                into[_COLUMNS["update"]] = np.log10(np.maximum(ratio, NOTHING))

    def _close(self, epoch: int | None = None) -> None:
        """The mean of an epoch's probes, if there were any."""
        if not self._open:
            return
        with np.errstate(all="ignore"):
            row = np.clip(np.mean(self._open, axis=0), -LARGEST, LARGEST)
        self._open = []
        row[:-1, _COLUMNS["dead"]] = self._dead()
        self._closed += 1
        if self._epochs and self._closed % self._stride:
            return
        self._epochs.append(self._epoch if epoch is None else epoch)
        self._values.append(row)
        if len(self._epochs) > KEPT:
            self._epochs, self._values = self._epochs[::2], self._values[::2]  # the first stays
            self._stride *= 2

    def _dead(self) -> list[float]:
        """Share of dead units of the hidden layers: a unit that was 0 in few rows is not, so earlier rows are added."""
        self._lately.append((self._seen, self._awake))
        self._seen, self._awake = 0, self._asleep()
        while sum(rows for rows, _ in self._lately[1:]) >= ENOUGH:
            self._lately.pop(0)
        if sum(rows for rows, _ in self._lately) < ENOUGH:
            return [math.nan] * (len(self.layers) - 1)
        each = zip(*(awake for _, awake in self._lately), strict=True)
        return [1 - float(np.logical_or.reduce(of_layer).mean()) for of_layer in each][:-1]

    def _asleep(self) -> list[Array]:
        """For each layer, whether a unit has been active: none has."""
        return [np.zeros(layer.units, bool) for layer in self.layers]

    def _interval(self, rows: int) -> int:
        """Steps from probe to probe that keep probing within its share."""
        seen = min(rows, measures.ROWS)
        weights = [math.prod(self.network.layout.place(f"{layer.name}.W")[1]) for layer in self.layers]
        step = sum(STEP + 3 * rows * numbers * MULTIPLICATION for numbers in weights)
        probe = sum(
            LAYER + NUMBER * (layer.units * seen + min(numbers, measures.ENTRIES))
            for layer, numbers in zip(self.layers, weights, strict=True)
        )
        return max(1, math.ceil(probe / (self.share * step)))


def probed(layers: Sequence[Layer], prefix: str = "") -> Iterator[tuple[Probed, ActivationFunction]]:
    """The layers that are probed, in the order of the forward pass, with their functions."""
    for stage in stages(layers, fuse=True):
        if isinstance(stage, Stage) and stage.dense is not None:
            norm, f = _NAMES[type(stage.norm)], stage.activation
            yield Probed(f"{prefix}{stage.dense_at}", stage.dense.units, f.name, norm), f
        elif isinstance(stage, Block) and isinstance(stage.layer, GLU):
            f = activations.get(stage.layer.activation)
            yield Probed(f"{prefix}{stage.last}", stage.layer.units, f.name, ""), f
        elif isinstance(stage, Block) and isinstance(stage.layer, Residual):
            yield from probed(stage.layer.layers, f"{prefix}{stage.last}.")


_NAMES: dict[type, str] = {kind: name for name, kind in NORMS.items()} | {type(None): ""}
