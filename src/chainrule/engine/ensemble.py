"""Prediction by an ensemble: what its members predict, put together; and how far they are apart."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.engine import threads
from chainrule.engine.builder import Mode
from chainrule.engine.feeds import feed
from chainrule.engine.members import Abreast, Members, Run, Sharing, plans, sharing
from chainrule.engine.moments import Moments
from chainrule.engine.network import Network
from chainrule.engine.plan import Extent
from chainrule.engine.predictor import Bound, check_samples, chunk, lent
from chainrule.engine.team import Team
from chainrule.network.losses import Loss

Array = NDArray[Any]


class EnsemblePredictor:
    """A trained ensemble, ready to predict from any thread, with the face of a `Predictor`.

    A prediction is what the loss makes of its members' (`Loss.mixed`): the mean of probabilities or values, and of a
    Gaussian likelihood the mean and the variance of the mixture (Lakshminarayanan et al. 2017).

    Parameters
    ----------
    network : Network, of every member
    parameters : Members
    loss : Loss
    temperature : what every member's last z is divided by before the link

    Examples
    --------
    >>> from chainrule import Dense, Network
    >>> from chainrule.network import losses
    >>> network = Network([Dense(1)], inputs=2)
    >>> members = Members.of([network.init(seed) for seed in range(3)])
    >>> predict = EnsemblePredictor(network, members, losses.get("squared_error"))
    >>> X = np.ones((4, 2), np.float32)
    >>> predict(X).shape, predict.each(X).shape
    ((4, 1), (3, 4, 1))
    """

    def __init__(self, network: Network, parameters: Members, loss: Loss, temperature: float = 1.0) -> None:
        self.network = network
        self.parameters = parameters
        self.loss = loss
        self.temperature = temperature
        self._plans: defaultdict[tuple[Mode, Sharing], deque[Abreast]] = defaultdict(deque)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_plans": defaultdict(deque)}

    def at(self, temperature: float) -> EnsemblePredictor:
        """The same members at another temperature."""
        return EnsemblePredictor(self.network, self.parameters, self.loss, temperature)

    def __call__(self, X: Any, n_threads: int | None = None, chosen: NDArray[np.intp] | None = None) -> Array:
        """Predictions of shape (rows, outputs) of X, dense or sparse or sequences, or of what is chosen of it."""
        result = np.empty((self._count(X, chosen), self.network.outputs), self.parameters.vector.dtype)

        def predict(abreast: Abreast, run: Run, team: Team | None, number: int, part: slice) -> None:
            run(team)
            result[part] = self.loss.mixed(np.stack(self._outputs(abreast, run)))

        self._by_chunks(X, "predict", n_threads, predict, chosen)
        return result

    def each(self, X: Any, n_threads: int | None = None, chosen: NDArray[np.intp] | None = None) -> Array:
        """Predictions of every member, (members, rows, outputs)."""
        shape = len(self.parameters), self._count(X, chosen), self.network.outputs
        result = np.empty(shape, self.parameters.vector.dtype)

        def predict(abreast: Abreast, run: Run, team: Team | None, number: int, part: slice) -> None:
            run(team)
            for member, output in enumerate(self._outputs(abreast, run)):
                result[member, part] = output

        self._by_chunks(X, "predict", n_threads, predict, chosen)
        return result

    def spread(self, X: Any, n_threads: int | None = None) -> tuple[Array, Array]:
        """The prediction, and the standard deviation of the members' predictions, (rows, outputs) each.

        Where members differ, the data did not decide: this is what is unsure about the weights, not the noise of y.
        """
        each = self.each(X, n_threads)
        return self.loss.mixed(each), each.std(axis=0)

    def sample(self, X: Any, samples: int = 100, seed: int = 0, n_threads: int | None = None) -> tuple[Array, Array]:
        """Mean and standard deviation over members and, of each, over passes that draw: see `Predictor.sample`.

        `samples` counts the passes of a member. Where no layer draws, they all agree, and one is enough.
        """
        check_samples(samples, seed)
        shape, dtype = (self._count(X), self.network.outputs), self.parameters.vector.dtype
        mean, spread = np.empty(shape, dtype), np.empty(shape, dtype)
        count = len(self.parameters)

        def passes(abreast: Abreast, run: Run, team: Team | None, number: int, part: slice) -> None:
            outputs = self._outputs(abreast, run)
            moments = Moments(outputs[0].shape)
            first = number * samples
            for step in range(first, first + samples):
                for member, plan in enumerate(abreast.plans):  # no two members draw the same
                    plan.seed_noise(int(seed), step * count + member)
                run(team)
                for output in outputs:
                    moments.add(output)
            mean[part], spread[part] = moments.mean, moments.deviation()

        self._by_chunks(X, "sample", n_threads, passes)
        return mean, spread

    def bound(self, rows: int) -> Callable[[Any], Array]:
        """A function of exactly `rows` rows that checks nothing and returns a new array; from any thread.

        Its answers follow the parameters as they change.
        """

        def bind() -> Bound:
            abreast = self._made({"rows": rows}, "predict", Sharing(1, (1,) * len(self.parameters)))
            run = abreast.run(rows)
            outputs = self._outputs(abreast, run)
            return run.arrays[0]["x"], partial(run.whole, None), lambda: self.loss.mixed(np.stack(outputs))

        return lent(bind)

    def _outputs(self, abreast: Abreast, run: Run) -> list[Array]:
        return [arrays[plan.program.output.name] for plan, arrays in zip(abreast.plans, run.arrays, strict=True)]

    def _by_chunks(
        self,
        X: Any,
        mode: Mode,
        n_threads: int | None,
        work: Callable[[Abreast, Run, Team | None, int, slice], None],
        chosen: NDArray[np.intp] | None = None,
    ) -> None:
        """Lend `work` plans whose x is filled with one chunk of X after another, and the team for them."""
        given, size, done = feed(X), chunk(self.network), 0
        rows = min(given.extent(chosen)["rows"], size)
        shared, capacity = sharing(n_threads, self.network, rows, len(self.parameters)), given.chunk_capacity(size)
        tiny = self.network.largest_product(rows) <= threads.TINY_PRODUCT
        abreast = self._lent(mode, shared, capacity)
        with nullcontext() if tiny and shared.n_threads == 1 else abreast.team() as team:
            for number, batch in enumerate(given.chunks(size, chosen)):
                run = given.run(abreast, batch)
                given.fill(run.arrays[0], batch)
                part = slice(done, done + len(self._outputs(abreast, run)[0]))
                work(abreast, run, team, number, part)
                done = part.stop
        self._plans[mode, shared].append(abreast)

    def _count(self, X: Any, chosen: NDArray[np.intp] | None = None) -> int:
        """Predictions there will be: one per sequence where the network pools, else per row."""
        return feed(X).extent(chosen)["sequences" if self.network.pools else "rows"]

    def _lent(self, mode: Mode, shared: Sharing, capacity: Extent) -> Abreast:
        try:
            abreast = self._plans[mode, shared].pop()
        except IndexError:  # to look first would be a race
            return self._made(capacity, mode, shared)
        return abreast if abreast.plans[0].holds(capacity) else self._made(capacity, mode, shared)

    def _made(self, capacity: Extent, mode: Mode, shared: Sharing) -> Abreast:
        made = plans(self.network, self.parameters, capacity, mode, self.loss, shared, self.temperature)
        return Abreast(made, shared)
