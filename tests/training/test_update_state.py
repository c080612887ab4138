"""The state of an update: all that goes on bit for bit needs, into a fresh update or through a pickle."""

import pickle

import numpy as np
import pytest

from chainrule import BatchNorm, Dense, Network
from chainrule.errors import InputError
from chainrule.training.averaging import EMA, SWA
from chainrule.training.optimisers import LAMB, SGD, Adam, Muon, RAdam
from chainrule.training.penalty import Penalty
from chainrule.training.step_options import PLAIN, StepOptions
from chainrule.training.update import Update

NETWORK = Network([Dense(8), BatchNorm(), Dense(9), Dense(3)], 5)
OPTIONS = {
    "plain": PLAIN,
    "ema": StepOptions(1.0, 0.5, 0.4, {"bias": 2}, EMA(0.9)),
    "swa": StepOptions(1.0, 0.5, 0.4, {"bias": 2}, SWA(3, every=2)),
}
OPTIMISERS = {"momentum": SGD(0.1, momentum=0.9), "radam": RAdam(0.1), "lamb": LAMB(0.1), "muon": Muon(0.1)}


def walk(update, parameters, first, last):
    """Steps number `first` to `last` along gradients that depend on the step only."""
    gradients = parameters.like()
    step = update.bind(parameters, gradients)
    for t in range(first, last):
        gradients.vector[...] = np.random.default_rng(t).normal(size=gradients.vector.size)
        step(0.05, 8.0)


def through_state(update, parameters):
    fresh = Update(update.optimiser, update.penalty, parameters, update.options)
    fresh.load({name: array.copy() for name, array in update.state().items()})
    return fresh


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("name", OPTIMISERS)
def test_a_state_goes_on_bit_for_bit(name, options, dtype, numpy_kernels):
    found = []
    for hand_over in (lambda u, p: u, through_state, lambda u, p: pickle.loads(pickle.dumps(u))):
        parameters = NETWORK.init(0, dtype)
        update = Update(OPTIMISERS[name], Penalty(l2=0.1), parameters, OPTIONS[options])
        walk(update, parameters, 0, 5)
        parameters = parameters.copy()
        update = hand_over(update, parameters)
        walk(update, parameters, 5, 12)
        found.append({"parameters": parameters.vector, **update.state()})
    assert found[0]["steps"] == 12
    for other in found[1:]:
        assert found[0].keys() == other.keys()
        for array, expected in found[0].items():
            np.testing.assert_array_equal(other[array], expected, err_msg=array)


def test_a_state_is_a_copy_and_is_loaded_into_what_steps_are_bound_to(kernels):
    parameters = NETWORK.init(0)
    update = Update(Adam(0.1), Penalty(), parameters, OPTIONS["ema"])
    gradients = parameters.like()
    gradients.vector[...] = 1
    step = update.bind(parameters, gradients)
    start, state = parameters.vector.copy(), update.state()
    step(0.1, 1.0)
    behind, later = parameters.vector.copy(), update.state()
    assert (state["moment_1"] == 0).all()
    assert later["moment_1"].any()
    parameters.vector[...] = start
    update.load(state)
    step(0.1, 1.0)
    np.testing.assert_array_equal(parameters.vector, behind)
    np.testing.assert_array_equal(update.average.vector, later["average"])


def spoilt(state, **other):
    return {name: array for name, array in (state | other).items() if array is not None}


SPOILT = {
    "missing": lambda s: spoilt(s, moment_2=None),
    "no average": lambda s: spoilt(s, average=None),
    "a stranger": lambda s: spoilt(s, moment_3=s["moment_1"]),
    "empty": lambda s: {},
    "short": lambda s: spoilt(s, moment_1=s["moment_1"][:-1]),
    "of another type": lambda s: spoilt(s, average=s["average"].astype(np.float64)),
    "no numbers": lambda s: spoilt(s, moment_1="moments"),
    "a count that is none": lambda s: spoilt(s, steps=np.array(1.5)),
    "a count below 0": lambda s: spoilt(s, steps=np.array(-1)),
    "several counts": lambda s: spoilt(s, steps=np.array([1, 2])),
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_spoilt_state_is_refused_and_changes_nothing(how, numpy_kernels):
    parameters = NETWORK.init(0)
    update = Update(Adam(0.1), Penalty(), parameters, OPTIONS["ema"])
    walk(update, parameters, 0, 2)
    before = update.state()
    given = SPOILT[how]({name: array + array.dtype.type(1) for name, array in before.items()})
    with pytest.raises(InputError, match=r"load\(state"):
        update.load(given)
    for name, array in update.state().items():
        np.testing.assert_array_equal(array, before[name])
