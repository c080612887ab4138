"""Everything that training is chosen by survives a round trip through JSON; what is code does not begin one."""

import json

import numpy as np
import pytest

from chainrule.errors import InputError, InputTypeError
from chainrule.network import losses
from chainrule.network.losses import Loss
from chainrule.training.averaging import EMA, SWA, Averaging
from chainrule.training.optimisers import Adam, Lion, Muon, Optimiser
from chainrule.training.schedules import Cosine, OfStep, Schedule, StepDecay, WarmUp
from chainrule.training.serial import CONFIGURATION

#: Fields without a default, by the name of the kind.
NEEDED = {
    "StepDecay": (3,),
    "Exponential": (3,),
    "CosineRestarts": (4,),
    "WarmUp": (5, Cosine(steps=9)),
    "SWA": (7,),
    "Repeat": ((1, 3),),
}


def kinds(base):
    """All that inherit from it and can be made."""
    found = {kind for one in base.__subclasses__() for kind in (one, *kinds(one))}
    return {kind for kind in found if kind.__module__.startswith("chainrule.") and not kind.__abstractmethods__}


def test_every_optimiser_schedule_average_and_loss_is_in_the_table():
    known = set(CONFIGURATION.kinds.values())
    code = {OfStep, losses.Custom}
    every = {kind for base in (Optimiser, Schedule, Averaging) for kind in kinds(base)}
    assert every <= known | code
    assert {type(loss) for loss in losses.LOSSES.values()} <= known
    assert not code & known


FROZEN = [
    kind for kind in CONFIGURATION.kinds.values() if issubclass(kind, (Optimiser, Schedule, Averaging, Loss))
]  # fmt: skip


@pytest.mark.parametrize("kind", FROZEN, ids=lambda kind: kind.__name__)
def test_round_trip(kind):
    value = kind(*NEEDED.get(kind.__name__, ()))
    assert CONFIGURATION.back("x", json.loads(json.dumps(CONFIGURATION.out("x", value)))) == value


@pytest.mark.parametrize(
    "value",
    [
        None, True, 3, 0.1, np.inf, -np.inf, "text", (1, (2.5, "a")), {"a": 1, 2: (3,)}, {}, (),
        Muon(0.1, rest=Adam(0.2)), WarmUp(3, StepDecay(4)), losses.Quantile((0.1, 0.9)), EMA(ramp=False), SWA(3, 2),
    ],
    ids=repr,
)  # fmt: skip
def test_round_trip_of_a_value(value):
    again = CONFIGURATION.back("x", json.loads(json.dumps(CONFIGURATION.out("x", value))))
    assert (again, type(again)) == (value, type(value))


def test_arrays_lists_and_numbers_of_numpy_become_plain():
    assert CONFIGURATION.out("x", [np.array([1, 2]), np.float32(0.5), np.bool_(True)]) == [[1, 2], 0.5, True]
    nan = CONFIGURATION.back("x", CONFIGURATION.out("x", np.nan))
    assert nan != nan


@pytest.mark.parametrize("value", [OfStep(lambda step: 1.0), WarmUp(3, OfStep(lambda step: 1.0)), print, 1j, {1, 2}])
def test_code_and_strangers_are_refused(value):
    with pytest.raises(InputError, match="written as data"):
        CONFIGURATION.out("x", value)


@pytest.mark.parametrize(
    "data",
    [
        {"type": "Addam"},
        {"type": "Adam", "rate": 1},
        {"type": "Adam", "learning_rate": -1},
        {"type": "Adam", "learning_rate": "1"},
        {"type": "Adam", "learning_rate": True},
        {"type": "Quantile", "level": "high"},
        {"type": "StepDecay"},
        {"type": ["Adam"]},
        {"type": "dict", "items": [[1]]},
        {"type": "dict", "items": [[{"type": "dict", "items": []}, 1]]},
        {"type": "OfStep", "function": "os.system"},
    ],
    ids=str,
)
def test_strange_data_is_refused(data):
    with pytest.raises((InputError, InputTypeError)):
        CONFIGURATION.back("x", data)


def test_a_subclass_of_ones_own_is_no_built_in():
    class Lion2(Lion):
        pass

    Lion2.__name__ = "Lion"
    with pytest.raises(InputError, match="written as data"):
        CONFIGURATION.out("x", Lion2())
