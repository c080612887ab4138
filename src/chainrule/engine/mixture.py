"""A mixture: ensembles whose networks differ, each of which reads the same compact rows in its own way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.expansion import Coded, Expansion
from chainrule.engine.network import Network
from chainrule.engine.parameters import AnyParameters
from chainrule.engine.predictor import Predictor
from chainrule.errors import InputError
from chainrule.network.losses import Loss
from chainrule.network.losses.base import averaged

Array = NDArray[Any]

#: Rows of which every member's prediction is held at a time.
HELD = 1 << 16


class Part(NamedTuple):
    """Networks of the same layers in a mixture.

    Attributes
    ----------
    predictor : of them
    expansion : from compact rows to their inputs
    shares : by member, of the prediction; all of a mixture together are 1
    view : which of its encoder's expansions that is
    """

    predictor: Predictor
    expansion: Expansion
    shares: tuple[float, ...]
    view: int = 0

    @property
    def share(self) -> float:
        """Of all its members."""
        return sum(self.shares)

    def rows(self, X: Coded) -> Coded:
        """The rows as these networks read them."""
        return X.read_by(self.expansion)

    def alike(self) -> list[Part]:
        """The same in parts whose members count alike: itself, or one for each member."""
        if len(set(self.shares)) == 1:
            return [self]
        mine = self.predictor
        return [
            Part(Predictor(mine.network, one, mine.loss, mine.temperature), self.expansion, (share,), self.view)
            for one, share in zip(mine.parameters.members, self.shares, strict=True)
        ]


class Mixture:
    """What several ensembles predict together: the mean of their members by shares, as the loss takes it.

    It is asked as a `Predictor` is, but for coded rows. The first part is the one that its `network` and `parameters`
    are of.

    Parameters
    ----------
    parts : Parts of one loss and temperature

    Examples
    --------
    A wide network beside two narrow ones, of a column as it is:

    >>> import numpy as np
    >>> from chainrule import Dense, Members, Network, Predictor, losses
    >>> from chainrule.engine.blocks import Clip
    >>> from chainrule.engine.expansion import Coded, Expansion
    >>> from chainrule.engine.mixture import Mixture, Part
    >>> line = Expansion([Clip(0, (0.0,), (1.0,), (-9.0,), (9.0,))], fills=[0.0])
    >>> loss, wide, narrow = losses.SquaredError(), Network([Dense(8), Dense(1)], 1), Network([Dense(1)], 1)
    >>> two = Members.of([narrow.init(0), narrow.init(1)])
    >>> mixture = Mixture([
    ...     Part(Predictor(wide, wide.init(0), loss), line, (0.5,)),
    ...     Part(Predictor(narrow, two, loss), line, (0.25, 0.25)),
    ... ])
    >>> mixture(Coded(np.ones((3, 1), np.float32), line)).shape, mixture.members, mixture.network.widths
    ((3, 1), 3, [8, 1])
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = tuple(parts)
        shares = [share for part in self.parts for share in part.shares]
        sound = shares and min(shares) > 0 and abs(sum(shares) - 1) < 1e-6
        if not sound or any(len(part.shares) != part.predictor.members for part in self.parts):
            raise InputError("Mixture(parts=)", "a share above 0 for each member, 1 in all", shares, "Scale them.")
        self._shares = np.array(shares)

    @property
    def network(self) -> Network:
        """That of the first part."""
        return self.parts[0].predictor.network

    @property
    def parameters(self) -> AnyParameters:
        """Those of the first part."""
        return self.parts[0].predictor.parameters

    @property
    def loss(self) -> Loss:
        """Whose link makes predictions."""
        return self.parts[0].predictor.loss

    @property
    def temperature(self) -> float:
        """What z is divided by before the link."""
        return self.parts[0].predictor.temperature

    @property
    def trained(self) -> int:
        """Numbers that are trained, of all networks together."""
        return sum(part.predictor.trained for part in self.parts)

    @property
    def members(self) -> int:
        """How many networks predict."""
        return len(self._shares)

    @property
    def shares(self) -> Array:
        """By member, of the prediction."""
        return self._shares

    def at(self, temperature: float) -> Mixture:
        """The same networks at another temperature.

        Parameters
        ----------
        temperature : number above 0 that z is divided by before the link

        Returns
        -------
        Mixture
        """
        return Mixture([part._replace(predictor=part.predictor.at(temperature)) for part in self.parts])

    def __call__(self, X: Coded, n_threads: int | None = None, chosen: NDArray[np.intp] | None = None) -> Array:
        """Predictions.

        Parameters
        ----------
        X : Coded rows
        n_threads : int, or None for what is available
        chosen : indices of rows, None for all

        Returns
        -------
        array of shape (rows, outputs)
        """
        return np.concatenate([self._mixed(self.each(X, n_threads, some)) for some in _some(X, chosen)])

    def each(self, X: Coded, n_threads: int | None = None, chosen: NDArray[np.intp] | None = None) -> Array:
        """Predictions of every network.

        Parameters
        ----------
        X : Coded rows
        n_threads : int, or None for what is available
        chosen : indices of rows, None for all

        Returns
        -------
        array of shape (members, rows, outputs), part after part
        """
        return np.concatenate([part.predictor.each(part.rows(X), n_threads, chosen) for part in self.parts])

    def before_link(self, X: Coded, n_threads: int | None = None, chosen: NDArray[np.intp] | None = None) -> Array:
        """z of the last layer of every network.

        Parameters
        ----------
        X : Coded rows
        n_threads : int, or None for what is available
        chosen : indices of rows, None for all

        Returns
        -------
        array of shape (members, rows, outputs), part after part
        """
        return np.concatenate([part.predictor.before_link(part.rows(X), n_threads, chosen) for part in self.parts])

    def spread(self, X: Coded, n_threads: int | None = None) -> tuple[Array, Array]:
        """The prediction, and the standard deviation of the networks' predictions, by their shares.

        Parameters
        ----------
        X : Coded rows
        n_threads : int, or None for what is available

        Returns
        -------
        mean, deviation : arrays of shape (rows, outputs)
        """
        each = self.each(X, n_threads)
        return self._mixed(each), _deviation(each, self._shares)

    def sample(self, X: Coded, samples: int = 100, seed: int = 0, n_threads: int | None = None) -> tuple[Array, Array]:
        """Mean and standard deviation of predictions over passes that draw as training does; see `Predictor.sample`.

        Parameters
        ----------
        X : Coded rows
        samples : number of passes of each network
        seed : whole number; of what is drawn
        n_threads : int, or None for what is available

        Returns
        -------
        mean, spread : arrays of shape (rows, outputs)
        """
        alike = [one for part in self.parts for one in part.alike()]
        told = [one.predictor.sample(one.rows(X), samples, seed, n_threads) for one in alike]
        means, spreads = (np.stack(found) for found in zip(*told, strict=True))
        shares = np.array([one.share for one in alike])
        variance = averaged(spreads**2, shares) + _deviation(means, shares) ** 2
        return averaged(means, shares), np.sqrt(variance)

    def bound(self, rows: int) -> Callable[[Any], Array]:
        """A function of exactly `rows` coded rows that checks nothing; it may be called from any thread.

        Parameters
        ----------
        rows : whole number of 1 or more

        Returns
        -------
        function of Coded that gives a new array of shape (rows, outputs)
        """
        functions = [part.predictor.bound_each(rows) for part in self.parts]

        def predict(X: Coded) -> Array:
            each = [one(part.rows(X)) for one, part in zip(functions, self.parts, strict=True)]
            return self._mixed(np.concatenate(each))

        return predict

    def _mixed(self, each: Array) -> Array:
        return self.loss.mixed(each, self._shares)


#: What predicts: networks that are alike, or of several kinds.
AnyPredictor = Predictor | Mixture


def _some(X: Coded, chosen: NDArray[np.intp] | None) -> Iterator[NDArray[np.intp] | None]:
    """The chosen rows, so many at a time that every member's prediction of them can be held."""
    count = X.shape[0] if chosen is None else len(chosen)
    if count <= HELD:
        yield chosen
        return
    every = np.arange(count) if chosen is None else chosen
    for first in range(0, count, HELD):
        yield every[first : first + HELD]


def _deviation(each: Array, shares: Array) -> Array:
    deviation: Array = np.sqrt(averaged((each - averaged(each, shares)) ** 2, shares))
    return deviation
