"""L-BFGS over the flat parameter vector: SciPy decides the steps, the plan gives loss and gradient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from chainrule.engine import threads
from chainrule.engine.network import Network
from chainrule.engine.parameters import Parameters
from chainrule.errors import InputError
from chainrule.network.losses import Loss
from chainrule.training.batches import Data
from chainrule.training.penalty import Penalty

#: SciPy's relative decrease of the objective that counts as none; a smaller `tol` asks for less still.
SMALLEST_DECREASE = 1e7 * np.finfo(np.float64).eps

#: SciPy's status of a minimisation that `on_iteration` has ended.
STOPPED = 99


@dataclass(frozen=True)
class Outcome:
    """How L-BFGS ended.

    Attributes
    ----------
    loss : objective at the end
    iterations : that it took
    message : why it did not converge, or None
    """

    loss: float
    iterations: int
    message: str | None


def minimise(
    network: Network,
    parameters: Parameters,
    data: Data,
    loss: Loss,
    penalty: Penalty,
    *,
    max_iter: int,
    max_fun: int,
    tol: float,
    n_threads: int | None = None,
    on_iteration: Callable[[float], bool] | None = None,
) -> Outcome:
    """Lower the objective over all data at once; the parameters are changed in place.

    Limited-memory BFGS with bounds code of Byrd et al. 1995 (SciPy's L-BFGS-B). The best point seen is what
    remains where a user interrupts it, or `on_iteration` raises. That is told the objective, and ends it by returning
    True.
    """
    if penalty.l1:
        raise InputError(
            "lbfgs(penalty=)", "l1 = 0", penalty.l1, "L1 has no gradient at 0: use a stochastic optimiser."
        )
    trained = parameters.layout.trained
    data.check(network, loss, parameters.vector.dtype)
    capacity = data.capacity(len(data))
    count = threads.suitable(n_threads, network.largest_product(capacity["rows"]))
    plan = network.plan(parameters, **capacity, loss=loss, n_threads=count)
    (everything,) = data.batches(len(data), None)
    run = data.run(plan, everything)
    run.bind()
    assert plan.gradients is not None
    gradient = plan.gradients.vector[:trained]
    ((starts, stops, penalised),) = parameters.layout.segments()
    per_weight = np.repeat(penalised, stops - starts)
    data.start(run.arrays)
    weight = data.gather(everything, run.arrays)
    total = run.arrays["total"]
    best = np.inf
    best_vector = parameters.vector.copy()

    def objective(vector: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        nonlocal best
        parameters.vector[:trained] = vector
        total[...] = 0
        run(team)
        value = float(total[0] / total[1]) + penalty.value(parameters, weight)
        if value < best:
            best = value
            best_vector[...] = parameters.vector
        slope = gradient.astype(np.float64)
        slope += penalty.square_factor(weight) * per_weight * vector
        return value, slope

    def callback(intermediate_result: object) -> None:
        if on_iteration is not None and on_iteration(float(intermediate_result.fun)):  # type: ignore[attr-defined]
            raise StopIteration

    try:
        with plan.team() as team:
            found = minimize(
                objective,
                parameters.vector[:trained].astype(np.float64),
                jac=True,
                method="L-BFGS-B",
                callback=callback,
                options={
                    "maxiter": max_iter,
                    "maxfun": max_fun,
                    "gtol": tol,
                    "ftol": min(tol, SMALLEST_DECREASE),
                },
            )
    except BaseException:
        parameters.vector[...] = best_vector
        raise
    parameters.vector[:trained] = found.x
    message = None if found.status in (0, STOPPED) else str(found.message)
    return Outcome(float(found.fun), min(int(found.nit), max_iter), message)
