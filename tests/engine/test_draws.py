"""What training draws: alpha dropout's moments, the normal numbers of noise, and where in a program they stand."""

import re

import numba
import numpy as np
import pytest
import scipy.stats
from scipy.special import ndtr, ndtri

from chainrule import Activation, AlphaDropout, BatchNorm, Dense, Dropout, GaussianNoise, Network
from chainrule.engine.draws import NOTHING, Draw, draw_of
from chainrule.engine.kernels import Kernel, load, numba_set
from chainrule.engine.kernels.normal import upper_quantile
from chainrule.network.activations import ACTIVATIONS, SELU_ALPHA, SELU_SCALE

both_sets = pytest.mark.parametrize("which", ["numba", "numpy"])
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])
LOW = -SELU_SCALE * SELU_ALPHA


def drawn(which, draw, a, seed=3, step=1, site=0):
    """What a draw makes of a."""
    a = a.copy()
    noise = np.array([seed, step, site, draw.word], np.uint32)
    kernel = Kernel("activate_inplace", ACTIVATIONS["identity"].value, draw=draw.kind, label="identity")
    load(kernel, a.dtype, which)(a, np.zeros(a.shape[1], a.dtype), noise)
    return a


def normals(which, dtype=np.float32, shape=(1000, 1000), **where):
    return drawn(which, Draw("gaussian_noise", 1.0), np.zeros(shape, dtype), **where)


@both_sets
@both_dtypes
def test_a_million_normals(which, dtype):
    x = normals(which, dtype).astype(np.float64).ravel()
    error = 1 / len(x) ** 0.5
    assert abs(x.mean()) < 4 * error
    assert abs(x.var() - 1) < 4 * 2**0.5 * error
    assert abs(scipy.stats.skew(x)) < 4 * 6**0.5 * error
    assert abs(scipy.stats.kurtosis(x)) < 4 * 24**0.5 * error
    assert scipy.stats.kstest(x, "norm").pvalue > 0.01
    for size in (3.0, 4.0):  # the tails, where sums of a few uniforms fail
        expected = 2 * ndtr(-size) * len(x)
        assert abs((np.abs(x) > size).sum() - expected) < 4 * expected**0.5


@both_dtypes
def test_the_quantile_is_exact_enough(dtype):
    """Its largest error, in z and as a distribution, over all that 31 bits can ask for."""
    p = np.concatenate([np.geomspace(2.0**-33, 0.5, 200_001), np.linspace(0.01, 0.5, 200_001)]).astype(dtype)
    z = upper_quantile(p)
    assert z.dtype == dtype
    exact = -ndtri(p.astype(np.float64))
    inner = p < 0.49  # nearer to 0, a float32 of 1 - 2p holds fewer digits of z
    assert (np.abs(z - exact) / np.maximum(exact, 1e-9))[inner].max() < {np.float32: 3e-6, np.float64: 7e-7}[dtype]
    assert np.abs(ndtr(-z.astype(np.float64)) - p).max() < 2.5e-7
    assert upper_quantile(dtype(0.5)) == 0


def lanes():
    """How many floats the vectors have into which this processor's compiler puts a plain loop."""

    @numba.njit(**numba_set._OPTIONS)
    def loop(x, y):
        for i in range(x.shape[0]):
            y[i] = x[i] + x[i]

    loop(np.zeros(1, np.float32), np.zeros(1, np.float32))
    (code,) = loop.inspect_llvm().values()
    return max(map(int, re.findall(r"<(\d+) x float>", code)), default=1)


def test_the_draw_of_normals_is_vectorised_in_float32():
    kernel = Kernel("activate_inplace", ACTIVATIONS["identity"].value, draw="gaussian_noise", label="identity")
    text = load(kernel, np.dtype(np.float32), "numba").py_func
    fresh = numba.njit(**numba_set._OPTIONS)(text)  # what comes from the cache on disk cannot be inspected
    fresh(np.zeros((2, 2), np.float32), np.zeros(2, np.float32), np.zeros(4, np.uint32))
    (code,) = fresh.inspect_llvm().values()
    assert "double" not in code
    if lanes() >= 8:  # SSE2, with vectors of four, has no products of whole numbers, of which a draw consists
        assert "sqrt.v" in code


@both_sets
def test_normals_of_rows_columns_seeds_steps_and_sites_are_unrelated(which):
    x = normals(which, shape=(400, 400))
    others = [normals(which, shape=(400, 400), **{name: 9}) for name in ("seed", "step", "site")]
    pairs = [*((x, other) for other in others), (x[1:], x[:-1]), (x[:, 1:], x[:, :-1]), (np.abs(x[1:]), np.abs(x[:-1]))]
    for one, other in pairs:
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 4 / 400
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=5 / 20)
    np.testing.assert_allclose(x.mean(axis=1), 0, atol=5 / 20)


@both_dtypes
def test_both_sets_draw_the_same_normals(dtype):
    numpy_normals = normals("numpy", dtype, (301, 100), seed=2**32 - 1, step=5)
    tolerance = {np.float32: 2e-6, np.float64: 1e-13}[dtype]
    found = normals("numba", dtype, (301, 100), seed=2**32 - 1, step=5)
    np.testing.assert_allclose(found, numpy_normals, rtol=tolerance, atol=tolerance)


@both_sets
def test_noise_is_added_in_proportion_to_its_deviation(which):
    a = np.random.default_rng(0).normal(size=(30, 20))
    found = drawn(which, Draw("gaussian_noise", 0.25), a) - a
    np.testing.assert_allclose(found, 0.25 * normals(which, np.float64, (30, 20)), rtol=1e-9, atol=1e-14)


@both_sets
@pytest.mark.parametrize("rate", [0.05, 0.3, 0.9])
def test_alpha_dropout_keeps_mean_and_variance(rate, which):
    a = np.random.default_rng(0).normal(size=(1000, 1000))
    found = drawn(which, Draw("alpha_dropout", rate), a)
    assert abs(found.mean()) < 0.006
    assert abs(found.var() - 1) < 0.02


@both_sets
def test_alpha_dropout_by_the_papers_formula(which):
    """a * (x d + alpha' (1 - d)) + b with d of probability q, section 3 of Klambauer et al. 2017."""
    q, x = 0.7, np.random.default_rng(0).normal(size=(40, 50))
    found = drawn(which, Draw("alpha_dropout", 1 - q), x)
    stays = drawn(which, Draw("dropout", 1 - q), np.ones_like(x)) > 0
    a = (q + LOW**2 * q * (1 - q)) ** -0.5
    b = -a * (1 - q) * LOW
    np.testing.assert_allclose(found, a * np.where(stays, x, LOW) + b, rtol=1e-7, atol=1e-9)


@both_sets
@pytest.mark.parametrize("kind", ["dropout", "alpha_dropout", "gaussian_noise"])
def test_nan_stays_nan(kind, which):
    assert np.isnan(drawn(which, Draw(kind, 0.5), np.full((9, 9), np.nan, np.float32))).all()


@pytest.mark.parametrize("make", [Dropout, AlphaDropout, GaussianNoise])
def test_zero_draws_nothing_and_costs_nothing(make, shaken, numpy_kernels):
    assert draw_of(make(0.0)) == NOTHING
    network, bare = (Network([Dense(5, "selu"), *layers, Dense(2)], 3) for layers in ([make(0.0)], []))
    listings = [n.plan(shaken(n), 4, loss="squared_error").listing() for n in (network, bare)]
    assert listings[0].replace("2.", "1.") == listings[1]


def test_where_a_draw_stands(shaken, numpy_kernels):
    """In the pass of its stage; noise behind a slope that is read off a, in one of its own."""

    def lines(*layers):
        network = Network([*layers, Dense(2)], 3)
        return network.plan(shaken(network), 4, loss="squared_error").listing()

    assert "alpha_dropout(selu(" in lines(Dense(5, "selu"), AlphaDropout(0.2))
    assert "gaussian_noise(gelu(" in lines(Dense(5, "gelu"), GaussianNoise(0.2))
    assert "gaussian_noise(batch_norm(" in lines(Dense(5), BatchNorm(), GaussianNoise(0.2))
    assert "gaussian_noise(1.in, 0.2)" in lines(Dense(5, "relu"), GaussianNoise(0.2))
    assert "gaussian_noise(0.in, 0.2)" in lines(GaussianNoise(0.2))


def test_layers_of_one_kind_draw_each_for_itself(shaken, kernels):
    ones = np.ones((100, 30))
    network = Network([Dropout(0.5), Dropout(0.5), Dense(1)], 30)
    first, second, _ = network.forward(shaken(network), ones, train=True, seed=3).activations
    assert ((first > 0).mean(), (second > 0).mean()) == pytest.approx((0.5, 0.25), abs=0.05)


def test_noise_does_not_wake_dead_units(shaken, kernels):
    """No gradient passes a ReLU that gave 0, whatever noise was added behind it."""
    network = Network([Activation("relu"), GaussianNoise(10.0), Dense(1)], 50)
    parameters = network.init(0)
    X = np.random.default_rng(0).normal(size=(20, 50)).astype(np.float32)
    forward = network.forward(parameters, X, train=True)
    d_input = network.backward(parameters, forward, np.ones((20, 1))).d_input
    np.testing.assert_array_equal(d_input != 0, X > 0)

    inner = Network([Dense(50, "relu"), GaussianNoise(10.0), Dense(1)], 50)
    plan = inner.plan(inner.init(0), 20, loss="squared_error")
    plan.parameters["0.W"][...], plan.parameters["0.b"][...] = np.eye(50), -100.0
    run = plan.run(20)
    run.arrays["x"][...], run.arrays["y"][...], run.arrays["w"][...] = X, 0, 1
    run()
    assert not plan.gradients["0.W"].any()
    assert plan.gradients["2.W"].any()


DEEP = 20


def moments_by_depth(drop, seed):
    """Mean and variance of the activations behind each of 20 SELU layers, in training, X standardised."""
    network = Network([layer for _ in range(DEEP) for layer in (Dense(300, "selu"), drop)], 300)
    X = np.random.default_rng([1, seed]).normal(size=(500, 300)).astype(np.float32)
    activations = network.forward(network.init(seed), X, train=True, seed=seed).activations[1::2]
    return np.array([(a.mean(), a.var()) for a in activations])


@pytest.mark.parametrize("seed", range(3))
def test_selu_stays_normalised_through_alpha_dropout_and_not_through_dropout(seed, numpy_kernels):
    """The textbook's picture: variance within 0.95 to 1.05 at every depth, where dropout's climbs to about 1.6."""
    mean, variance = moments_by_depth(AlphaDropout(0.1), seed).T
    assert np.abs(mean).max() < 0.02
    assert variance.min() > 0.95 and variance.max() < 1.05

    mean, variance = moments_by_depth(Dropout(0.1), seed).T
    assert mean[-1] > 0.03
    assert variance[-1] > 1.4
