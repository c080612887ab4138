"""What a step costs beside arithmetic: no memory, and no compiling for another shape."""

import tracemalloc
from contextlib import nullcontext

import numpy as np
import pytest

from chainrule import Activation, BatchNorm, Dense, Dropout, LayerNorm, Network, Residual
from chainrule.engine import threads
from chainrule.engine.kernels.numba_set import task
from chainrule.training import loading
from chainrule.training.averaging import EMA, SWA
from chainrule.training.batches import Rows
from chainrule.training.optimisers import LAMB, SGD, Adam, AdamW, Muon
from chainrule.training.penalty import Penalty
from chainrule.training.step_options import StepOptions
from chainrule.training.update import Update

ROWS = 40_000
LAYERS = (
    Dense(32),
    BatchNorm(),
    Activation("relu"),
    Dropout(0.1),
    Residual([Dense(32, "tanh"), LayerNorm()]),
    Dense(3),
)


def traced(made, data, size):
    """Bytes that one epoch leaves behind, and its peak above what was there before it."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        made.epoch(data, size)
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return after - before, peak - before


@pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("optimiser", [SGD(0.01, momentum=0.9), Adam(0.01)], ids=["sgd", "adam"])
def test_nothing_is_allocated_per_step(optimiser, weighted, numba_kernels, trainer, problem, monkeypatch):
    """40 batches of 1000 rows against 400 batches of 100: both epochs draw a permutation of one size.

    Ten times the steps leave nothing more behind and peak no higher; and neither peak, permutation taken off, has
    room for the smallest array of a batch of 1000, its row weights. What threadpoolctl takes once per epoch, some
    7 kB, is left out.
    """
    limited = threads.limited
    monkeypatch.setattr(threads, "limited", lambda _: nullcontext())  # leaves the BLAS as the caller set it
    monkeypatch.setattr(loading, "MOST_STEPS", 2)  # batches that wait together, whatever their size
    data = problem("squared_error", ROWS, weighted)
    made = trainer(optimiser=optimiser, penalty=Penalty(l2=1e-5), layers=LAYERS)
    left, peak = {}, {}
    with limited(1):
        for size in (1000, 100):  # compiles the kernels and binds both sizes
            made.epoch(data, size)
        for size in (1000, 100):
            # the lowest of some: Python itself now and then keeps an object
            left[size], peak[size] = np.min([traced(made, data, size) for _ in range(3)], axis=0)
            peak[size] -= ROWS * np.dtype(np.intp).itemsize
    assert left[100] - left[1000] < 360  # less than a byte per extra step
    assert peak[100] - peak[1000] < 360
    assert max(peak.values()) < 1000 * 4


@pytest.mark.parametrize("optimiser", [AdamW(0.01), LAMB(0.01), Muon(0.01)], ids=["adamw", "lamb", "muon"])
def test_an_update_allocates_nothing(optimiser, numba_kernels):
    """A hundred steps with all that may stand around one peak below the smallest array that they work on."""
    parameters = Network([Dense(64), Dense(64), Dense(64)], 64).init(0)
    gradients = parameters.copy()
    options = StepOptions(1.0, 0.5, 0.4, {"bias": 0.5}, EMA())
    step = Update(optimiser, Penalty(l2=0.1), parameters, options).bind(parameters, gradients)
    step(0.01, 1.0)
    peaks = []
    for _ in range(3):  # the lowest: Python itself now and then keeps an object
        tracemalloc.start()
        try:
            before, _ = tracemalloc.get_traced_memory()
            for _ in range(100):
                step(0.01, 1.0)
            peaks.append(tracemalloc.get_traced_memory()[1] - before)
        finally:
            tracemalloc.stop()
    assert min(peaks) < 64 * 64 * 4


@pytest.mark.parametrize("optimiser", [AdamW(0.01), LAMB(0.01), Muon(0.01)], ids=["adamw", "lamb", "muon"])
def test_an_update_of_another_network_is_not_compiled_anew(optimiser, numba_kernels):
    task.cache_clear()
    found = []
    for widths, options in (
        ((8, 9, 3), StepOptions(1.0, 0.5, 0.4, {"bias": 0.5}, EMA())),
        ((20, 7, 40, 1), StepOptions(2.0, None, 0.1, {"first": 0}, SWA(3, every=2))),
    ):
        parameters = Network([Dense(units) for units in widths], 5).init(0)
        Update(optimiser, Penalty(l2=0.1), parameters, options).bind(parameters, parameters.like())(0.01, 1.0)
        found.append(task.cache_info().misses)
    assert found[1] == found[0] > 0


@pytest.mark.parametrize("loss", ["cross_entropy", "squared_error"])
def test_another_shape_is_not_compiled_anew(loss, numba_kernels, trainer, problem):
    """Other widths, row counts, batches of one row, one output, weights, and an L2: the same tasks."""
    task.cache_clear()
    first = trainer(loss, layers=LAYERS)
    first.epoch(problem(loss), 16)
    found = task.cache_info().misses
    assert found >= 8

    wider = trainer(loss, layers=(Dense(40), *LAYERS[1:4], Residual([Dense(7, "tanh"), LayerNorm()]), Dense(3)))
    data = problem(loss, rows=33, weighted=True)
    for size in (33, 4, 1):
        wider.epoch(data, size)
    narrow = trainer(loss, penalty=Penalty(l2=0.1), layers=(*LAYERS[:-1], Dense(1)))
    target = np.zeros(33, int) if loss == "cross_entropy" else data.y[:, :1]
    narrow.epoch(Rows(data.X, target), 8)
    assert task.cache_info().misses == found
