"""Prediction on running statistics, chunk by chunk: over two alternating buffers, or many passes that draw."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.checks import Number, at_least
from chainrule.engine import threads
from chainrule.engine.builder import Mode
from chainrule.engine.expansion import Coded
from chainrule.engine.feeds import feed
from chainrule.engine.moments import Moments
from chainrule.engine.network import Network
from chainrule.engine.parameters import AnyParameters
from chainrule.engine.plan import Extent
from chainrule.engine.plans import Plans, Runs, Sharing, plans, sharing
from chainrule.engine.team import Team
from chainrule.engine.terms import Terms
from chainrule.network import losses
from chainrule.network.losses import Loss

Array = NDArray[Any]

#: Entries of the widest buffer of a chunk: the buffers then stay in a core's cache.
CHUNK_ENTRIES = 1 << 18


def chunk(network: Network, terms: Terms | None = None) -> int:
    """Rows that go through a network at a time where any number may."""
    widest = network.widest if terms is None else max([terms.count, *network.widths])
    return min(max(CHUNK_ENTRIES // widest, 64), 4096)


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
            if isinstance(X, Coded):
                X.toarray(out=x)
            else:
                x[...] = X
            forward()
            return output()
        finally:
            free.append(mine)

    return predict


def check_samples(samples: Any, seed: Any) -> None:
    """Refuse what cannot be a number of passes and a seed."""
    at_least(1, "100 is usual.")("sample(samples=)", samples)
    Number(whole=True, mend="For example 0.")("sample(seed=)", seed)


class Predictor:
    """A trained network, or several of the same layers, ready to predict from any thread.

    Before the link, the last z is divided by the temperature. What several networks predict is what the loss makes of
    their predictions (`Loss.mixed`): the mean of probabilities or values, and of a Gaussian likelihood the mean and the
    variance of the mixture (Lakshminarayanan et al. 2017). Plans are made when first needed and lent to one call at a
    time; they hold buffers, so a pickle leaves them out.

    Parameters
    ----------
    network : Network
    parameters : Parameters of it, or Members; read anew at every call
    loss : Loss, whose link makes predictions of z
    temperature : number above 0

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import Dense, Members, Network, Predictor, losses
    >>> network = Network([Dense(2)], inputs=3)
    >>> predictor = Predictor(network, network.init(0), losses.CrossEntropy())
    >>> predictor(np.zeros((1, 3), np.float32)).tolist()
    [[0.5, 0.5]]

    Three networks, and how far they are apart:

    >>> members = Members.of([network.init(seed) for seed in range(3)])
    >>> several = Predictor(network, members, losses.CrossEntropy())
    >>> mean, deviation = several.spread(np.ones((4, 3), np.float32))
    >>> mean.shape, bool((deviation > 0).all())
    ((4, 2), True)
    """

    def __init__(self, network: Network, parameters: AnyParameters, loss: Loss, temperature: float = 1.0) -> None:
        self.network = network
        self.parameters = parameters
        self.loss = loss
        self.temperature = temperature
        self._plans: defaultdict[tuple[Mode, Sharing], deque[Plans]] = defaultdict(deque)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_plans": defaultdict(deque)}

    @property
    def trained(self) -> int:
        """Numbers that are trained, of all networks together."""
        return self.network.layout.trained * self.members

    @property
    def members(self) -> int:
        """How many networks predict."""
        return len(self.parameters.members)

    @property
    def shares(self) -> Array:
        """By network, of the prediction: all alike."""
        return np.full(self.members, 1 / self.members)

    def at(self, temperature: float) -> Predictor:
        """The same network and parameters at another temperature.

        Parameters
        ----------
        temperature : number above 0 that z is divided by before the link

        Returns
        -------
        Predictor
        """
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

        def predict(plans: Plans, run: Runs, team: Team | None, number: int, part: slice) -> None:
            run(team)
            result[part] = self._mixed(run.of_each(plans.output))

        self._by_chunks(X, "predict", n_threads, predict, chosen)
        return result

    def each(self, X: Any, n_threads: int | None = None, chosen: NDArray[np.intp] | None = None) -> Array:
        """Predictions of every network.

        Parameters
        ----------
        X : rows of numbers, sequences or coded rows
        n_threads : int, or None for what is available
        chosen : indices of rows, or of sequences; None for all

        Returns
        -------
        array of shape (members, rows, outputs)
        """
        blank = self._blank(X, chosen)
        result = np.empty((self.members, *blank.shape), blank.dtype)

        def predict(plans: Plans, run: Runs, team: Team | None, number: int, part: slice) -> None:
            run(team)
            for member, output in enumerate(run.of_each(plans.output)):
                result[member, part] = output

        self._by_chunks(X, "predict", n_threads, predict, chosen)
        return result

    def before_link(self, X: Any, n_threads: int | None = None, chosen: NDArray[np.intp] | None = None) -> Array:
        """z of the last layer of every network.

        Parameters
        ----------
        X : rows of numbers, sequences or coded rows
        n_threads : int, or None for what is available
        chosen : indices of rows, or of sequences; None for all

        Returns
        -------
        array of shape (members, rows, outputs)
        """
        bare = Predictor(self.network, self.parameters, losses.SquaredError())  # whose link changes nothing
        return bare.each(X, n_threads, chosen)

    def spread(self, X: Any, n_threads: int | None = None) -> tuple[Array, Array]:
        """The prediction, and the standard deviation of the networks' predictions; 0 of one.

        Where they differ, the data did not decide: this is what is unsure about the weights, not the noise of y.

        Parameters
        ----------
        X : rows of numbers, sequences or coded rows
        n_threads : int, or None for what is available

        Returns
        -------
        mean, deviation : arrays of shape (rows, outputs)
        """
        each = self.each(X, n_threads)
        return self._mixed(each), each.std(axis=0)

    def sample(self, X: Any, samples: int = 100, seed: int = 0, n_threads: int | None = None) -> tuple[Array, Array]:
        """Mean and standard deviation of predictions over passes that draw as training does.

        With dropout that is Monte-Carlo dropout (Gal and Ghahramani 2016): where the network is unsure, the passes
        differ. Alpha dropout and Gaussian noise draw too; batch normalisation uses its running statistics. The same
        X, seed and number of threads give the same bits. A row's draws depend on its place in X: alone, it gives
        other numbers, within sampling error. Of several networks, each makes so many passes; where no layer draws they
        all agree, and one is enough.

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
        >>> import numpy as np
        >>> from chainrule import Predictor
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
        count = self.members

        def passes(plans: Plans, run: Runs, team: Team | None, number: int, part: slice) -> None:
            outputs = run.of_each(plans.output)
            moments = Moments(outputs[0].shape)
            # Each chunk starts at a step of its own, so that no two of their rows share what is drawn.
            first = number * samples
            for step in range(first, first + samples):
                for member, plan in enumerate(plans.each):  # nor do two networks
                    plan.seed_noise(int(seed), step * count + member)
                run(team)
                for output in outputs:
                    moments.add(output)
            mean[part], spread[part] = moments.mean, moments.deviation()

        self._by_chunks(X, "sample", n_threads, passes)
        return mean, spread

    def bound(self, rows: int) -> Callable[[Any], Array]:
        """A function of exactly `rows` rows that checks nothing; it may be called from any thread.

        Its answers follow the parameters as they change.

        Parameters
        ----------
        rows : whole number of 1 or more

        Returns
        -------
        function of an array of shape (rows, inputs), or of Coded rows, that gives a new one of shape (rows, outputs)
        """
        return self._bound(rows, lambda outputs: np.array(self._mixed(outputs)))

    def bound_each(self, rows: int) -> Callable[[Any], Array]:
        """The same of what every network predicts.

        Parameters
        ----------
        rows : whole number of 1 or more

        Returns
        -------
        function that gives a new array of shape (members, rows, outputs)
        """
        return self._bound(rows, np.stack)

    def _bound(self, rows: int, found: Callable[[Any], Array]) -> Callable[[Any], Array]:
        def bind() -> Bound:
            plans = self._made({"rows": rows}, "predict", Sharing(1, (1,) * self.members))
            run = plans.run(rows)
            outputs = run.of_each(plans.output)
            return run.arrays["x"], partial(run.whole, None), lambda: found(outputs)

        return lent(bind)

    def _mixed(self, outputs: Sequence[Array] | Array) -> Array:
        """One prediction of those of every network."""
        return outputs[0] if len(outputs) == 1 else self.loss.mixed(np.stack([*outputs]))

    def _by_chunks(
        self,
        X: Any,
        mode: Mode,
        n_threads: int | None,
        work: Callable[[Plans, Runs, Team | None, int, slice], None],
        chosen: NDArray[np.intp] | None = None,
    ) -> None:
        """Lend `work` plans whose x is filled with one chunk of X after another, and the team for them."""
        given, size, done = feed(X), chunk(self.network), 0
        rows = min(given.extent(chosen)["rows"], size)
        shared = sharing(n_threads, self.network, rows, self.members)
        plans = self._lent(mode, shared, given.chunk_capacity(size))
        # A row or two are predicted faster than any limit is set.
        tiny = shared.n_threads == 1 and self.network.largest_product(rows) <= threads.TINY_PRODUCT
        with nullcontext() if tiny else plans.team() as team:
            for number, batch in enumerate(given.chunks(size, chosen)):
                run = given.run(plans, batch)
                given.fill(run.arrays, batch)
                part = slice(done, done + len(run.arrays[plans.output]))
                work(plans, run, team, number, part)
                done = part.stop
        self._plans[mode, shared].append(plans)

    def _blank(self, X: Any, chosen: NDArray[np.intp] | None = None) -> Array:
        """Room for what is predicted: a row per sequence where the network pools, else per row."""
        count = feed(X).extent(chosen)["sequences" if self.network.pools else "rows"]
        return np.empty((count, self.network.outputs), self.parameters.vector.dtype)

    def _lent(self, mode: Mode, shared: Sharing, capacity: Extent) -> Plans:
        try:
            found = self._plans[mode, shared].pop()
        except IndexError:  # to look first would be a race
            return self._made(capacity, mode, shared)
        return found if found.holds(capacity) else self._made(capacity, mode, shared)

    def _made(self, capacity: Extent, mode: Mode, shared: Sharing) -> Plans:
        return plans(self.network, self.parameters, capacity, mode, self.loss, shared, self.temperature)
