"""What stands around an optimiser's step: clipping, bounds, factors of the learning rate; alone and all together."""

import numpy as np
import pytest

from chainrule import BatchNorm, Dense, LayerNorm, Network, Residual
from chainrule.errors import InputError, InputTypeError
from chainrule.training.averaging import EMA, SWA
from chainrule.training.optimisers import LAMB, SGD, AdaBelief, Adadelta, Adagrad, Adam, Lion, Muon, RMSprop
from chainrule.training.penalty import Penalty
from chainrule.training.step_options import PLAIN, StepOptions
from chainrule.training.update import Update

NETWORK = Network([Dense(6, "tanh"), BatchNorm(), Residual([Dense(6)]), LayerNorm(), Dense(3)], 5)
LAYOUT = NETWORK.layout
HIDDEN = ("0.W", "2.0.W")
OPTIMISERS = {
    "sgd": SGD(0.1),
    "nesterov": SGD(0.1, momentum=0.9, nesterov=True),
    "adam": Adam(0.1, 0.1),
    "adabelief": AdaBelief(0.1),
    "rmsprop": RMSprop(0.1, momentum=0.5),
    "adagrad": Adagrad(0.1),
    "adadelta": Adadelta(),
    "lion": Lion(0.1, 0.1),
    "lamb": LAMB(0.1, 0.1),
    "muon": Muon(0.1, 0.1),
}
every_optimiser = pytest.mark.parametrize("name", OPTIMISERS)


def slopes(steps=3, size=1.0, dtype=np.float64):
    return (size * np.random.default_rng(1).normal(size=(steps, LAYOUT.size))).astype(dtype)


def run(options, gradients, optimiser=OPTIMISERS["sgd"], penalty=Penalty(), rate=0.1):  # noqa: B008
    """Parameters before, and behind every step; and the update."""
    parameters = NETWORK.init(0, gradients.dtype)
    parameters.vector[...] += np.random.default_rng(2).uniform(0.1, 0.5, LAYOUT.size).astype(gradients.dtype)
    found, given = [parameters.copy()], parameters.like()
    update = Update(optimiser, penalty, parameters, options)
    step = update.bind(parameters, given)
    for gradient in gradients:
        given.vector[...] = gradient
        step(rate, 8.0)
        np.testing.assert_array_equal(given.vector, gradient)  # gradients may be looked at behind the step
        found.append(parameters.copy())
    return found, update


def ends(*given, **named):
    return run(*given, **named)[0][-1].vector


def trained_norm(gradient):
    return np.linalg.norm(gradient[: LAYOUT.trained])


@every_optimiser
@pytest.mark.parametrize("limit", [0.5, 5.0, 100.0])
@pytest.mark.one_in(3)
def test_clipping_by_norm(name, limit, kernels):
    """The step of a gradient scaled down beforehand, running statistics left out of its norm; L2 is not clipped."""
    given = slopes()
    scaled = np.array([g * min(1, limit / trained_norm(g)) for g in given])
    clipped = ends(StepOptions(clip_norm=limit), given, OPTIMISERS[name], Penalty(l2=0.3))
    np.testing.assert_allclose(clipped, ends(PLAIN, scaled, OPTIMISERS[name], Penalty(l2=0.3)), rtol=1e-10, atol=1e-12)


@every_optimiser
def test_clipping_by_value(name, kernels):
    given = slopes()
    clipped = ends(StepOptions(clip_value=0.7), given, OPTIMISERS[name], Penalty(l2=0.3))
    cut = ends(PLAIN, np.clip(given, -0.7, 0.7), OPTIMISERS[name], Penalty(l2=0.3))
    np.testing.assert_allclose(clipped, cut, rtol=1e-10, atol=1e-12)


def test_clipping_by_value_comes_before_the_norm(kernels):
    given = slopes()
    cut = np.clip(given, -0.7, 0.7)
    np.testing.assert_allclose(
        ends(StepOptions(clip_norm=1.0, clip_value=0.7), given), ends(StepOptions(clip_norm=1.0), cut), rtol=1e-12
    )


def test_a_gradient_within_its_limits_is_left_alone_to_the_bit(kernels):
    given = slopes(dtype=np.float32)
    loose = StepOptions(clip_norm=1e3, clip_value=1e3, max_norm=1e3, rate_factors={"weight": 1})
    np.testing.assert_array_equal(ends(loose, given), ends(PLAIN, given))


@pytest.mark.parametrize("name", ["sgd", "adam", "lamb", "muon"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_gradient_that_is_not_finite_shows_in_every_parameter(name, bad, kernels):
    given = slopes(1)
    given[0, 3] = bad
    found = ends(StepOptions(clip_norm=1.0), given, OPTIMISERS[name])[: LAYOUT.trained]
    assert np.isnan(found).all()


def test_nan_is_not_clipped_away(kernels):
    given = slopes(1)
    given[0, 3] = np.nan
    found = ends(StepOptions(clip_value=1.0, max_norm=1.0), given)
    assert np.isnan(found[3])


def test_the_square_of_a_large_gradient_does_not_overflow(kernels):
    """Entries of 1e30 have no squares in float32, but a norm."""
    given = slopes(1, 1e30, np.float32)
    (before, after), _ = run(StepOptions(clip_norm=1.0), given, rate=1.0)
    moved = (before.vector - after.vector)[: LAYOUT.trained]
    np.testing.assert_allclose(np.linalg.norm(moved), 1, rtol=1e-5)


@every_optimiser
def test_a_factor_of_the_rate_is_a_rate_of_its_own(name, kernels):
    """Every array goes where it would go at that rate; all factors that fit a parameter are multiplied."""
    factors = {"0.W": 0.5, "bias": 2.0, "last": 0.25, "2.0.b": 3.0, "gain": 0.0}
    penalty = Penalty() if name in ("lamb", "muon") else Penalty(l1=0.3)
    found = run(StepOptions(rate_factors=factors), slopes(), OPTIMISERS[name], penalty)[0]
    expected = {"0.W": 0.5, "0.b": 2.0, "2.0.b": 6.0, "4.W": 0.25, "4.b": 0.5, "1.gain": 0.0, "3.offset": 1.0}
    for array, factor in expected.items():
        rate = max(0.1 * factor, 1e-300)
        alone = run(PLAIN, slopes(), OPTIMISERS[name], penalty, rate)[0]
        np.testing.assert_allclose(found[-1][array], alone[-1][array], rtol=1e-10, atol=1e-12, err_msg=array)
    np.testing.assert_array_equal(found[-1]["1.gain"], found[0]["1.gain"])


def test_factors_of_every_kind_of_name():
    factors = StepOptions(rate_factors={"weight": 2, "offset": 3, "first": 5, "last": 7, "2.0.W": 11}).factors(LAYOUT)
    assert factors == {
        "0.W": 10, "0.b": 5, "1.gain": 1, "1.offset": 3, "2.0.W": 22, "2.0.b": 1, "3.gain": 1, "3.offset": 3,
        "4.W": 14, "4.b": 7,
    }  # fmt: skip
    assert set(PLAIN.factors(LAYOUT).values()) == {1.0}
    assert StepOptions(rate_factors={"first": 2, "last": 3}).factors(Network([Dense(2)], 2).layout) == {
        "0.W": 6, "0.b": 6,
    }  # fmt: skip
    assert StepOptions(rate_factors={"first": 2}).factors(Network([LayerNorm()], 2).layout) == {
        "0.gain": 1, "0.offset": 1,
    }  # fmt: skip


def bounded(W, limit):
    norms = np.linalg.norm(W, axis=1, keepdims=True)
    return W * np.minimum(1, limit / norms)


@every_optimiser
def test_max_norm_bounds_the_rows_of_hidden_layers(name, kernels):
    optimiser, limit = OPTIMISERS[name], 0.9
    (_, bound), _ = run(StepOptions(max_norm=limit), slopes(1), optimiser)
    (_, free), _ = run(PLAIN, slopes(1), optimiser)
    for array, value in free.items():
        expected = bounded(value, limit) if array in HIDDEN else value
        np.testing.assert_allclose(bound[array], expected, rtol=1e-12, err_msg=array)
    for array in HIDDEN:
        norms = np.linalg.norm(free[array], axis=1)
        assert (norms > limit).sum() > 0
    found = run(StepOptions(max_norm=limit), slopes(20), optimiser)[0][-1]
    assert max(np.linalg.norm(found[array], axis=1).max() for array in HIDDEN) <= limit * (1 + 1e-12)


def test_max_norm_leaves_frozen_weights_as_they_are(kernels):
    found = run(StepOptions(max_norm=0.1, rate_factors={"first": 0}), slopes(1))[0]
    np.testing.assert_array_equal(found[1]["0.W"], found[0]["0.W"])


@every_optimiser
def test_all_together_do_what_each_does(name, kernels):
    """Clipped beforehand, bounded behind, averaged by hand."""
    optimiser, given, limit = OPTIMISERS[name], slopes(4), 0.9
    factors = {"bias": 0.5, "last": 2.0}
    together, update = run(StepOptions(1.0, 0.7, limit, factors, EMA(0.6, ramp=False)), given, optimiser)
    cut = np.clip(given, -0.7, 0.7)
    scaled = np.array([g * min(1, 1.0 / trained_norm(g)) for g in cut])

    parameters, gradients = together[0].copy(), together[0].like()
    mean = parameters.vector.copy()
    step = Update(optimiser, Penalty(), parameters, StepOptions(rate_factors=factors)).bind(parameters, gradients)
    for gradient in scaled:
        gradients.vector[...] = gradient
        step(0.1, 8.0)
        for array in HIDDEN:
            parameters[array][...] = bounded(parameters[array], limit)
        mean = 0.6 * mean + 0.4 * parameters.vector
    np.testing.assert_allclose(together[-1].vector, parameters.vector, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(update.average.vector, mean, rtol=1e-9, atol=1e-11)


NEVER = (-0.1, 0, np.nan, np.inf, "0.1", True, 1j)
BAD = [{name: value} for name in ("clip_norm", "clip_value", "max_norm") for value in NEVER]
BAD += [{"rate_factors": {"bias": value}} for value in (*NEVER[:1], *NEVER[2:], None)]


@pytest.mark.parametrize("given", BAD, ids=str)
def test_numbers_outside_their_range_are_refused(given):
    with pytest.raises((InputError, InputTypeError), match=r"StepOptions\(.*expected a number .*; received"):
        StepOptions(**given)


@pytest.mark.parametrize("given", [{"rate_factors": ["bias"]}, {"averaging": 0.9}, {"averaging": SWA}], ids=str)
def test_strangers_are_refused(given):
    with pytest.raises(InputTypeError, match=r"StepOptions\("):
        StepOptions(**given)


@pytest.mark.parametrize(("name", "near"), [("0.w", "'0.W'"), ("biases", "'bias'"), ("1.mean", "'1.gain'"), (3, "")])
def test_an_unknown_parameter_is_refused(name, near):
    with pytest.raises(InputError, match=f"rate_factors.*{near}"):
        Update(SGD(), Penalty(), NETWORK.init(0), StepOptions(rate_factors={name: 2.0}))


def test_options_are_values():
    options = StepOptions(clip_norm=1.0, rate_factors={"bias": 2.0}, averaging=SWA(3))
    assert options == StepOptions(clip_norm=1.0, rate_factors={"bias": 2.0}, averaging=SWA(3))
    assert hash(options) == hash(StepOptions(clip_norm=1.0, rate_factors={"bias": 2.0}, averaging=SWA(3)))
    assert options != StepOptions(clip_norm=1.0, averaging=SWA(3))
