"""Prediction on running statistics, chunk by chunk: over two alternating buffers, or many passes that draw."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.engine import threads
from chainrule.engine.builder import Mode
from chainrule.engine.feeds import feed
from chainrule.engine.moments import Moments
from chainrule.engine.network import Network
from chainrule.engine.parameters import Parameters
from chainrule.engine.plan import Extent, Plan, Run
from chainrule.engine.team import Team
from chainrule.errors import InputError
from chainrule.network.losses import Loss

Array = NDArray[Any]

#: Entries of the widest buffer of a chunk: the buffers then stay in a core's cache.
CHUNK_ENTRIES = 1 << 18


def chunk(network: Network) -> int:
    """Rows that go through a network at a time where any number may."""
    widest = max([network.inputs, *network.widths])
    return int(np.clip(CHUNK_ENTRIES // widest, 64, 4096))


#: Where rows are written, what makes predictions of them, and what gives those as a new array.
Bound = tuple[Array, Callable[[], object], Callable[[], Array]]


def lent(bind: Callable[[], Bound]) -> Callable[[Any], Array]:
    """A function of rows over what `bind` makes, which is lent to one call at a time; made anew for calls at once."""
    free = deque([bind()])

    def predict(X: Any) -> Array:
        try:
            mine = free.pop()
        except IndexError:  # to look first would be a race
            mine = bind()
        x, forward, output = mine
        try:
            x[...] = X
            forward()
            return output()
        finally:
            free.append(mine)

    return predict


def check_samples(samples: Any, seed: Any) -> None:
    """Refuse what cannot be a number of passes and a seed."""
    if not isinstance(samples, (int, np.integer)) or isinstance(samples, bool) or samples < 1:
        raise InputError("sample(samples=)", "a whole number of at least 1", repr(samples), "100 is usual.")
    if not isinstance(seed, (int, np.integer)) or isinstance(seed, bool):
        raise InputError("sample(seed=)", "a whole number", repr(seed), "For example 0.")


class Predictor:
    """A trained network, ready to predict from any thread.

    Before the link, the last z is divided by the temperature. Plans are made when first needed and lent to one call at
    a time; they hold buffers, so a pickle leaves them out.

    Parameters
    ----------
    network : Network
    parameters : Parameters of it, read anew at every call
    loss : Loss, whose link makes predictions of z
    temperature : number above 0

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import Dense, Network, Predictor, losses
    >>> network = Network([Dense(2)], inputs=3)
    >>> predictor = Predictor(network, network.init(0), losses.CrossEntropy())
    >>> predictor(np.zeros((1, 3), np.float32)).tolist()
    [[0.5, 0.5]]
    """

    def __init__(self, network: Network, parameters: Parameters, loss: Loss, temperature: float = 1.0) -> None:
        self.network = network
        self.parameters = parameters
        self.loss = loss
        self.temperature = temperature
        self._plans: defaultdict[tuple[Mode, int], deque[Plan]] = defaultdict(deque)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_plans": defaultdict(deque)}

    def at(self, temperature: float) -> Predictor:
        """The same network and parameters at another temperature."""
        return Predictor(self.network, self.parameters, self.loss, temperature)

    def __call__(self, X: Any, n_threads: int | None = None, chosen: NDArray[np.intp] | None = None) -> Array:
        """Predictions of shape (rows, outputs), of X or of the chosen rows of it.

        Parameters
        ----------
        X : dense or sparse, of shape (rows, features); or sequences, see `chainrule.pack`. Those have a prediction
            each where the network pools, else one for each of their steps
        n_threads : int, or None for what is available
        chosen : indices of rows, or of sequences
        """
        result = self._blank(X, chosen)

        def predict(plan: Plan, run: Run, team: Team | None, number: int, part: slice) -> None:
            run.forward(team)
            result[part] = run.arrays[plan.program.output.name]

        self._by_chunks(X, "predict", n_threads, predict, chosen)
        return result

    def sample(self, X: Any, samples: int = 100, seed: int = 0, n_threads: int | None = None) -> tuple[Array, Array]:
        """Mean and standard deviation of predictions over passes that draw as training does.

        With dropout that is Monte-Carlo dropout (Gal and Ghahramani 2016): where the network is unsure, the passes
        differ. Alpha dropout and Gaussian noise draw too; batch normalisation uses its running statistics. The same
        X, seed and number of threads give the same bits. A row's draws depend on its place in X: alone, it gives
        other numbers, within sampling error.

        Parameters
        ----------
        X : dense or sparse, of shape (rows, features)
        samples : number of passes. The error of the mean is `spread / sqrt(samples)`
        seed : whole number; of what is drawn
        n_threads : int, or None for what is available

        Returns
        -------
        mean, spread : arrays of shape (rows, outputs) in the units of a prediction; the variance of the passes is
            divided by their number

        Examples
        --------
        >>> from chainrule import Dense, Dropout, Network
        >>> from chainrule.network import losses
        >>> network = Network([Dropout(0.5), Dense(1)], inputs=4)
        >>> predict = Predictor(network, network.init(0), losses.get("squared_error"))
        >>> mean, spread = predict.sample(np.ones((3, 4)), samples=50)
        >>> mean.shape, bool((spread > 0).all())
        ((3, 1), True)
        """
        check_samples(samples, seed)
        mean, spread = self._blank(X), self._blank(X)

        def passes(plan: Plan, run: Run, team: Team | None, number: int, part: slice) -> None:
            output = run.arrays[plan.program.output.name]
            moments = Moments(output.shape)
            # Each chunk starts at a step of its own, so that no two of their rows share what is drawn.
            first = number * samples
            for step in range(first, first + samples):
                plan.seed_noise(int(seed), step)
                run.forward(team)
                moments.add(output)
            mean[part], spread[part] = moments.mean, moments.deviation()

        self._by_chunks(X, "sample", n_threads, passes)
        return mean, spread

    def _by_chunks(
        self,
        X: Any,
        mode: Mode,
        n_threads: int | None,
        work: Callable[[Plan, Run, Team | None, int, slice], None],
        chosen: NDArray[np.intp] | None = None,
    ) -> None:
        """Lend `work` a plan whose x is filled with one chunk of X after another, and the team for it."""
        given, size, done = feed(X), chunk(self.network), 0
        product = self.network.largest_product(min(given.extent(chosen)["rows"], size))
        count = threads.suitable(n_threads, product)
        plan = self._lent(mode, count, given.chunk_capacity(size))
        # A row or two are predicted faster than any limit is set.
        with nullcontext() if product <= threads.TINY_PRODUCT else plan.team() as team:
            for number, batch in enumerate(given.chunks(size, chosen)):
                run = given.run(plan, batch)
                given.fill(run.arrays, batch)
                part = slice(done, done + len(run.arrays[plan.program.output.name]))
                work(plan, run, team, number, part)
                done = part.stop
        self._plans[mode, count].append(plan)

    def bound(self, rows: int) -> Callable[[Any], Array]:
        """A function of exactly `rows` rows that checks nothing and returns a new array; from any thread.

        Its answers follow the parameters as they change.
        """

        def bind() -> Bound:
            plan = self._plan({"rows": rows})
            run = plan.run(rows)
            output = run.arrays[plan.program.output.name]
            return run.arrays["x"], run.forward, output.copy

        return lent(bind)

    def _blank(self, X: Any, chosen: NDArray[np.intp] | None = None) -> Array:
        """Room for what is predicted: a row per sequence where the network pools, else per row."""
        count = feed(X).extent(chosen)["sequences" if self.network.pools else "rows"]
        return np.empty((count, self.network.outputs), self.parameters.vector.dtype)

    def _lent(self, mode: Mode, count: int, capacity: Extent) -> Plan:
        try:
            plan = self._plans[mode, count].pop()
        except IndexError:  # to look first would be a race
            return self._plan(capacity, mode, count)
        return plan if plan.holds(capacity) else self._plan(capacity, mode, count)

    def _plan(self, capacity: Extent, mode: Mode = "predict", n_threads: int = 1) -> Plan:
        return self.network.plan(
            self.parameters, **capacity, mode=mode, loss=self.loss, n_threads=n_threads, temperature=self.temperature
        )
