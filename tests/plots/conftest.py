"""What the tests of pictures share: no windows, no figure left open, small fits, and probes of any size."""

from collections.abc import Callable, Iterator
from typing import Any

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot

from chainrule import MLPClassifier
from chainrule.diagnosis.probes import EDGES, QUANTITIES, Probed, Probes


@pytest.fixture(autouse=True)
def no_windows() -> Iterator[None]:
    """Drawing goes to memory, and what a test leaves open is closed."""
    matplotlib.use("agg")
    yield
    pyplot.close("all")


@pytest.fixture(scope="session")
def made() -> Callable[..., Probes]:
    """A function that makes probes with a number of its own at every place."""

    def make(layers: int, probes: int, snapshots: int = 3) -> Probes:
        generator = np.random.default_rng(0)
        values = generator.uniform(0.01, 1, (probes, layers, len(QUANTITIES))).astype(np.float32)
        values[:, :, list(QUANTITIES).index("update")] -= 3.0
        weights, gradients = generator.dirichlet(np.ones(len(EDGES) + 1), (2, snapshots, layers)).astype(np.float32)
        names = tuple(Probed(str(place), 8, "relu", "") for place in range(layers))
        drawn = np.linspace(1, probes, snapshots).astype(np.int64)
        return Probes(names, np.arange(1, probes + 1), values, drawn, weights, gradients)

    return make


@pytest.fixture(scope="session")
def rows() -> tuple[Any, Any]:
    """Two features, three classes, and their target as numbers."""
    y = np.repeat([0, 1, 2], 40)
    centres = np.array([[0, 0], [3, 0], [0, 3]])
    return np.random.default_rng(0).normal(size=(120, 2)) + centres[y], y


@pytest.fixture(scope="session")
def model(rows: tuple[Any, Any]) -> MLPClassifier:
    """A classifier of two features, validated and probed."""
    options = {"max_iter": 40, "n_iter_no_change": 30, "tol": 1.0, "batch_size": 4, "random_state": 0, "n_threads": 1}
    fitted = MLPClassifier((8, 8), early_stopping=True, score_training=True, **options).fit(*rows)
    assert len(fitted.probes_) > 3 and len(fitted.probes_.drawn) > 2
    return fitted


#: What `read` takes beside the estimator: "X" and "y" by place, others by name.
TAKES: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "BeeswarmDisplay": (("X",), {"output": "2"}),
    "CalibrationDisplay": (("X", "y"), {}),
    "DecisionBoundaryDisplay": (("X", "y"), {}),
    "DependenceDisplay": (("X",), {"columns": "x0", "output": "2"}),
    "ImportanceDisplay": (("X",), {}),
    "LearningRateFinderDisplay": (("X", "y"), {}),
    "ShapleyScatterDisplay": (("X",), {"column": "x1", "output": "2"}),
    "WaterfallDisplay": (("X",), {"row": 7, "output": "2"}),
}


@pytest.fixture(scope="session")
def given(rows: tuple[Any, Any]) -> Callable[[str], tuple[list[Any], dict[str, Any]]]:
    """From the name of a display to what its `read` takes beside the estimator."""

    def of(name: str) -> tuple[list[Any], dict[str, Any]]:
        places, options = TAKES.get(name, ((), {}))
        return [dict(zip(("X", "y"), rows, strict=True))[one] for one in places], options

    return of
