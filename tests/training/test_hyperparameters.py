"""Every hyperparameter outside its range is refused, in one form, by name."""

from dataclasses import fields

import numpy as np
import pytest

from chainrule import Dense, Network
from chainrule.errors import InputError, InputTypeError
from chainrule.training.optimisers import SGD, Adam, AdamW
from chainrule.training.penalty import Penalty
from chainrule.training.update import Update

NEVER = (-0.1, np.nan, np.inf, "0.1", None, True, 1j)

#: field -> values at the ends of its range that are good, and ends that are not, beside NEVER
ENDS = {
    "learning_rate": ((1e-9, 5, np.float32(0.1)), (0,)),
    "weight_decay": ((0, 2.0), ()),
    "momentum": ((0, 0.5), (1.1,)),
    "beta_1": ((0, 0.999), (1, 2)),
    "beta_2": ((0, 0.999), (1, 2)),
    "epsilon": ((1e-12, 1), (0,)),
    "l1": ((0, 2.0), ()),
    "l2": ((0, 2.0), ()),
    "alpha": ((0, 2.0), ()),
}
NUMBERS = [(kind, field.name) for kind in (SGD, Adam, AdamW, Penalty) for field in fields(kind) if field.name in ENDS]
BAD = [(kind, name, value) for kind, name in NUMBERS for value in (*NEVER, *ENDS[name][1])]
GOOD = [(kind, name, value) for kind, name in NUMBERS for value in ENDS[name][0]]


def test_every_field_is_listed():
    unlisted = {f.name for kind in (SGD, Adam, AdamW, Penalty) for f in fields(kind)} - set(ENDS)
    assert unlisted == {"nesterov"}  # not a number


@pytest.mark.parametrize(("kind", "name", "value"), BAD)
def test_refused(kind, name, value):
    with pytest.raises((InputError, InputTypeError)) as caught:
        kind(**{name: value})
    message = str(caught.value)
    assert f"({name}=)" in message
    assert "expected a number " in message
    assert f"received {value!r}." in message


@pytest.mark.parametrize(("kind", "name", "value"), GOOD)
def test_taken(kind, name, value):
    assert getattr(kind(**{name: value}), name) == value


@pytest.mark.parametrize("value", ["yes", None, 2])
def test_nesterov_is_true_or_false(value):
    with pytest.raises(ValueError, match="nesterov"):
        SGD(nesterov=value)


def test_l1_with_a_momentum_of_1_is_refused_or_harmless(kernels):
    """Its threshold, rate l1 / (1 - momentum), is infinite: no bias may become 0 or NaN by it."""
    network = Network([Dense(1)], 2)
    parameters = network.init(0)
    parameters["0.b"][...] = 0.5
    try:
        step = Update(SGD(0.1, momentum=1.0), Penalty(l1=0.1), parameters).bind(parameters, parameters.like())
        step(0.1, 1.0)
    except InputError:
        return
    np.testing.assert_array_equal(parameters["0.b"], [0.5])
