"""Prediction: the plan without dropout, on running statistics, over two alternating buffers, chunk by chunk."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.engine import threads
from chainrule.engine.fill import fill
from chainrule.engine.network import Network
from chainrule.engine.parameters import Parameters
from chainrule.engine.plan import Plan
from chainrule.network.losses import Loss

Array = NDArray[Any]

#: Entries of the widest buffer of a chunk: the buffers then stay in a core's cache.
CHUNK_ENTRIES = 1 << 18


def chunk(network: Network) -> int:
    """Rows that go through a network at a time where any number may."""
    widest = max([network.inputs, *network.widths])
    return int(np.clip(CHUNK_ENTRIES // widest, 64, 4096))


class Predictor:
    """A trained network, ready to predict from any thread.

    Plans are made when first needed and lent to one call at a time; they hold buffers, so a pickle leaves them out.
    """

    def __init__(self, network: Network, parameters: Parameters, loss: Loss) -> None:
        self.network = network
        self.parameters = parameters
        self.loss = loss
        self._plans: defaultdict[int, deque[Plan]] = defaultdict(deque)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_plans": defaultdict(deque)}

    def __call__(self, X: Any, n_threads: int | None = None, chosen: NDArray[np.intp] | None = None) -> Array:
        """Predictions of shape (rows, outputs) for dense or sparse X of shape (rows, features), or for chosen rows."""
        rows = X.shape[0] if chosen is None else len(chosen)
        result = np.empty((rows, self.network.outputs), self.parameters.vector.dtype)
        size = chunk(self.network)
        product = self.network.largest_product(min(rows, size))
        count = threads.suitable(n_threads, product)
        plan = self._lent(count)
        # A row or two are predicted faster than any limit is set.
        with nullcontext() if product <= threads.TINY_PRODUCT else plan.team() as team:
            for start in range(0, rows, size):
                stop = min(start + size, rows)
                run = plan.run(stop - start)
                fill(run.arrays["x"], X, slice(start, stop) if chosen is None else chosen[start:stop])
                run.forward(team)
                result[start:stop] = run.arrays[plan.program.output.name]
        self._plans[count].append(plan)
        return result

    def bound(self, rows: int) -> Callable[[Any], Array]:
        """A function of exactly `rows` rows that checks nothing and returns a new array.

        It owns its buffers: use one per thread. Its answers follow the parameters as they change.
        """
        plan = self._plan(rows)
        run = plan.run(rows)
        x, output, forward = run.arrays["x"], run.arrays[plan.program.output.name], run.forward

        def predict(X: Any) -> Array:
            x[...] = X
            forward()
            return output.copy()

        return predict

    def _lent(self, count: int) -> Plan:
        try:
            return self._plans[count].pop()
        except IndexError:  # to look first would be a race
            return self._plan(chunk(self.network), count)

    def _plan(self, rows: int, n_threads: int = 1) -> Plan:
        return self.network.plan(self.parameters, rows, mode="predict", loss=self.loss, n_threads=n_threads)
