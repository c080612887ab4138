"""What the tests of pictures share: no windows, no figure left open, small fits, and probes made by hand."""

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot

from chainrule import MLPClassifier
from chainrule.diagnosis.probes import EDGES, QUANTITIES, Probed, Probes


@pytest.fixture(autouse=True)
def no_windows():
    """Drawing goes to memory, and what a test leaves open is closed."""
    matplotlib.use("agg")
    yield
    pyplot.close("all")


def made(layers: int, probes: int, seed: int = 0, snapshots: int = 3) -> Probes:
    """Probes with a number of its own at every place."""
    generator = np.random.default_rng(seed)
    values = generator.uniform(0.01, 1, (probes, layers, len(QUANTITIES))).astype(np.float32)
    values[:, :, list(QUANTITIES).index("update")] -= 3.0
    bins = len(EDGES) + 1
    weights, gradients = generator.dirichlet(np.ones(bins), (2, snapshots, layers)).astype(np.float32)
    names = tuple(Probed(str(place), 8, "relu", "") for place in range(layers))
    drawn = np.linspace(1, max(1, probes), snapshots).astype(np.int64)
    return Probes(names, np.arange(1, probes + 1), values, drawn, weights, gradients)


@pytest.fixture(scope="session")
def rows():
    """Two features, three classes."""
    generator = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], 40)
    return generator.normal(size=(120, 2)) + np.array([[0, 0], [3, 0], [0, 3]])[y], y


@pytest.fixture(scope="session")
def model(rows):
    """A classifier of two features, with probes as a fit would leave them."""
    fitted = MLPClassifier((8, 8), early_stopping=True, max_iter=5, n_iter_no_change=9, random_state=0, n_threads=1)
    fitted.fit(*rows)
    fitted.probes_ = made(3, fitted.n_iter_)
    return fitted
