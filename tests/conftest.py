"""What all tests share: both kernel sets, the hypothesis profile, and parameters with no zeros in them."""

import os
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import settings

from chainrule import Network
from chainrule.engine.parameters import Parameters

settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


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


@pytest.fixture(scope="session")
def shaken() -> Callable[..., Parameters]:
    """A function that draws parameters none of which is 0 or 1: biases, gains and running statistics too."""

    def draw(network: Network, seed: int = 0, dtype: type = np.float64) -> Parameters:
        parameters = network.init(seed, dtype)
        generator = np.random.default_rng(seed)
        parameters.vector[...] += generator.uniform(-0.3, 0.3, parameters.vector.size)
        return parameters

    return draw
