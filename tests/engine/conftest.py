"""Inputs and targets for whole networks."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from chainrule import Network
from chainrule.engine.lowering import lower
from chainrule.engine.parameters import Parameters
from chainrule.engine.plan import Plan

#: f' (of ELU f'') jumps at 0: a finite difference across it measures neither slope.
KINKED = {"relu", "leaky_relu", "elu", "selu"}
#: Finite differences move a pre-activation by less than this.
CLEAR = 2e-3


def nearest_to_a_kink(network: Network, parameters: Parameters, X: Any) -> float:
    """The smallest |z| that a kinked activation is applied to in training, at most 1.

    A z of exactly 0 stands behind dropped units and does not move.
    """
    program = lower(network.layers, network.inputs, "train", inspect=True)
    run = Plan(program, parameters.copy(), len(X)).run(len(X))
    run.arrays["x"][...] = X
    run.forward()
    kinked = [step for step in program.forward if step.kernel.label in KINKED]
    sizes = [np.abs(run.arrays[z.name]) for step in kinked for z in step.writes if z.name.endswith(".z")]
    return min((float(size[size > 0].min(initial=1.0)) for size in sizes), default=1.0)


@pytest.fixture(scope="session")
def clear_rows() -> Callable[..., Any]:
    """A function that draws X clear of all kinks, or the clearest of twenty draws."""

    def draw(network: Network, parameters: Parameters, rows: int = 6, seed: int = 0) -> Any:
        found: tuple[float, Any] = (-1.0, None)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("CHAINRULE_KERNELS", "numpy")
            for attempt in range(20):
                X = np.random.default_rng([seed, attempt]).normal(size=(rows, network.inputs))
                found = max(found, (nearest_to_a_kink(network, parameters, X), X), key=lambda pair: pair[0])
                if found[0] > CLEAR:
                    break
        return found[1]

    return draw


@pytest.fixture(scope="session")
def value_and_gradient() -> Callable[..., tuple[float, Any]]:
    """A function that runs a training plan: the weighted mean of the loss, and its gradient as a vector."""

    def run_plan(network: Network, parameters: Parameters, X: Any, y: Any, w: Any, loss: str) -> tuple[float, Any]:
        plan = network.plan(parameters, len(X), loss=loss)
        run = plan.run(len(X))
        for name, value in (("x", X), ("y", y), ("w", w)):
            run.arrays[name][...] = value
        run()
        total, weight = run.arrays["total"]
        return total / weight, plan.gradients.vector.copy()

    return run_plan
