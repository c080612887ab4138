"""What all tests share: both kernel sets, the hypothesis profile, and parameters with no zeros in them."""

import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from tests.browsing import axe, chromium, tab  # noqa: F401 (one browser for all tests of pages)

from chainrule import Network
from chainrule.engine.parameters import Parameters
from chainrule.network import losses
from chainrule.network.losses import Loss, domains

# No example is timed, nor is drawing one: how fast this machine is says nothing about what is tested.
settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("here"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Names of tests are the same in every worker, and so tell no addresses; of many cases alike, some are slow."""
    met: dict[str, int] = {}
    for item in items:
        sample = item.get_closest_marker("one_in")
        if sample is not None:
            test = item.nodeid.partition("[")[0]
            met[test] = met.get(test, -1) + 1
            if met[test] % sample.args[0]:
                item.add_marker(pytest.mark.slow)
        if " at 0x" in item.nodeid:
            raise pytest.UsageError(f"{item.nodeid} holds an address: give its parameters ids")


@pytest.fixture(scope="module", params=["numba", "numpy"])
def kernels(request: pytest.FixtureRequest) -> Iterator[str]:
    """Runs a test once per kernel set; plans read the set from the environment when they are made."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHAINRULE_KERNELS", request.param)
        yield request.param


@pytest.fixture
def numpy_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """The NumPy set, for what does not depend on the set and should not wait for a compiler."""
    monkeypatch.setenv("CHAINRULE_KERNELS", "numpy")


@pytest.fixture
def numba_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Numba set, whichever is in force around: for what only compiled kernels promise, or do in time."""
    monkeypatch.setenv("CHAINRULE_KERNELS", "numba")


@pytest.fixture
def begun() -> Callable[[], set[threading.Thread]]:
    """A function that tells which threads run that did not before the test; those of other tests may end meanwhile."""
    before = set(threading.enumerate())
    return lambda: set(threading.enumerate()) - before


@pytest.fixture(scope="session")
def shaken() -> Callable[..., Parameters]:
    """A function that draws parameters none of which is 0 or 1: biases, gains and running statistics too."""

    def draw(network: Network, seed: int = 0, dtype: type = np.float64) -> Parameters:
        parameters = network.init(seed, dtype)
        generator = np.random.default_rng(seed)
        parameters.vector[...] += generator.uniform(-0.3, 0.3, parameters.vector.size)
        return parameters

    return draw


#: domain -> what draws y of it: (generator, rows, columns) -> array
TARGETS = {
    domains.ANY: lambda generator, *shape: generator.normal(size=shape),
    domains.NOT_NEGATIVE: lambda generator, *shape: generator.integers(0, 3, shape) * 0.7,
    domains.POSITIVE: lambda generator, *shape: generator.uniform(0.2, 3, shape),
    domains.LABELS: lambda generator, *shape: generator.integers(0, 2, shape).astype(float),
    domains.SHARES: lambda generator, *shape: generator.integers(0, 3, shape) / 2,
    domains.CODES: lambda generator, rows, classes: generator.integers(0, classes, rows),
    domains.DISTRIBUTIONS: lambda generator, rows, classes: generator.dirichlet(np.ones(classes), rows),
}


@pytest.fixture(scope="session")
def targets() -> Callable[..., Any]:
    """A function that draws y for a loss and a network of so many outputs."""

    def draw(loss: str | Loss, rows: int, outputs: int, seed: int = 0) -> Any:
        chosen = losses.get(loss)
        return TARGETS[chosen.domain](np.random.default_rng(seed), rows, chosen.targets(outputs))

    return draw
