"""One contract for every loss where it runs: its numbers by another road, its gradient, and its rows' weights."""

import numpy as np
import pytest
from scipy import optimize, special, stats
from sklearn import metrics

from chainrule import Activation, BatchNorm, Dense, Dropout, Network, Pool
from chainrule.engine.kernels.numba_set import task
from chainrule.errors import InputError
from chainrule.network import activations, losses
from chainrule.network.losses import LOSSES


def squared(z, y):
    return (z - y) * (z - y), 2.0 * (z - y)


#: Every loss, with its defaults and with other numbers.
EVERY = LOSSES | {
    "huber 0.3": losses.Huber(0.3),
    "quantiles": losses.Quantile((0.05, 0.5, 0.95)),
    "gaussian, high floor": losses.Gaussian(0.5),
    "tweedie 1.2": losses.Tweedie(1.2),
    "binary, smoothed": losses.BinaryCrossEntropy(0.2),
    "binary focal 0": losses.BinaryFocal(0.0),
    "smoothed": losses.CrossEntropy(0.2),
    "soft, smoothed": losses.SoftCrossEntropy(0.2),
    "focal 0": losses.Focal(0.0),
    "focal 0.5": losses.Focal(0.5),
    "mine": losses.custom("mine", squared),
}
every_loss = pytest.mark.parametrize("name", EVERY)
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])


def pinball(level, z, y):
    return metrics.mean_pinball_loss(y, z, alpha=level)


def normal(z, y, floor):
    mean, s = np.split(z, 2, axis=1)
    return -stats.norm.logpdf(y, mean, np.sqrt(np.exp(s) + floor)).sum(axis=1).mean()


def binary(z, y):
    return sum(metrics.log_loss(y[:, k], special.expit(z[:, k])) for k in range(y.shape[1]))


def soft(z, y):
    return -(y * special.log_softmax(z, axis=1)).sum(axis=1).mean()


def smooth(shares, smoothing):
    return (1 - smoothing) * shares + smoothing / shares.shape[1]


def damped(gamma, z, y):
    p = special.softmax(z, axis=1)[np.arange(len(y)), y]
    return -((1 - p) ** gamma * np.log(p)).mean()


def log_loss(z, y):
    return metrics.log_loss(y, special.softmax(z, axis=1), labels=range(z.shape[1]))


#: The mean over rows by another road. scikit-learn averages over columns, which are three.
REFERENCE = {
    "squared_error": lambda z, y: 1.5 * metrics.mean_squared_error(y, z),
    "absolute_error": lambda z, y: 3 * metrics.mean_absolute_error(y, z),
    "huber": lambda z, y: 3 * special.huber(1.0, z - y).mean(),
    "huber 0.3": lambda z, y: 3 * special.huber(0.3, z - y).mean(),
    "log_cosh": lambda z, y: 3 * np.log(np.cosh(z - y)).mean(),
    "quantile": lambda z, y: 3 * pinball(0.5, z, y),
    "quantiles": lambda z, y: sum(
        3 * pinball(q, part, y) for q, part in zip((0.05, 0.5, 0.95), np.split(z, 3, 1), strict=True)
    ),
    "gaussian": lambda z, y: normal(z, y, 1e-6),
    "gaussian, high floor": lambda z, y: normal(z, y, 0.5),
    "poisson": lambda z, y: 1.5 * metrics.mean_poisson_deviance(y.ravel(), np.exp(z).ravel()),
    "gamma": lambda z, y: 1.5 * metrics.mean_gamma_deviance(y.ravel(), np.exp(z).ravel()),
    "tweedie": lambda z, y: 1.5 * metrics.mean_tweedie_deviance(y.ravel(), np.exp(z).ravel(), power=1.5),
    "tweedie 1.2": lambda z, y: 1.5 * metrics.mean_tweedie_deviance(y.ravel(), np.exp(z).ravel(), power=1.2),
    "binary_cross_entropy": lambda z, y: -3 * (y * special.log_expit(z) + (1 - y) * special.log_expit(-z)).mean(),
    "binary, smoothed": lambda z, y: REFERENCE["binary_cross_entropy"](z, 0.8 * y + 0.1),
    "binary_focal": lambda z, y: 3 * -np.where(
        y == 1, special.expit(-z) ** 2 * special.log_expit(z), special.expit(z) ** 2 * special.log_expit(-z)
    ).mean(),
    "binary focal 0": binary,
    "hinge": lambda z, y: sum(metrics.hinge_loss(y[:, k], z[:, k]) for k in range(3)),
    "squared_hinge": lambda z, y: 3 * (np.maximum(0, 1 - np.where(y == 1, z, -z)) ** 2).mean(),
    "cross_entropy": log_loss,
    "smoothed": lambda z, y: soft(z, smooth(np.eye(3)[y], 0.2)),
    "soft_cross_entropy": soft,
    "soft, smoothed": lambda z, y: soft(z, smooth(y, 0.2)),
    "focal": lambda z, y: damped(2.0, z, y),
    "focal 0": log_loss,
    "focal 0.5": lambda z, y: damped(0.5, z, y),
    "multiclass_hinge": lambda z, y: metrics.hinge_loss(y, z, labels=range(3)),
    "mine": lambda z, y: 3 * metrics.mean_squared_error(y, z),
}  # fmt: skip


def computed(loss, z, y, w=None):
    """The mean loss of rows of z, in z's dtype, and its gradient by z."""
    network = Network([Activation("identity")], z.shape[1])
    plan = network.plan(network.init(0, z.dtype), len(z), mode="loss", loss=loss)
    run = plan.run(len(z))
    for name, array in (("x", z), ("y", y), ("w", np.ones(len(z)) if w is None else w)):
        run.arrays[name][...] = array
    run()
    total, weight = run.arrays["total"]
    assert weight == pytest.approx(len(z) if w is None else np.sum(w))
    return total / weight, run.arrays["d_output"].copy()


@pytest.fixture
def drawn(targets):
    """A function that draws z and y for a loss of three targets."""

    def draw(name, rows=40, seed=0):
        outputs = EVERY[name].outputs(3)
        z = np.random.default_rng([1, seed]).normal(size=(rows, outputs))
        return z, targets(EVERY[name], rows, outputs, seed)

    return draw


@every_loss
@pytest.mark.one_in(3)
def test_value_by_another_road(name, drawn, kernels):
    z, y = drawn(name)
    EVERY[name].check_y(y, z.shape[1])
    np.testing.assert_allclose(computed(EVERY[name], z, y)[0], REFERENCE[name](z, y), rtol=1e-12)


@every_loss
def test_gradient_against_finite_differences(name, drawn, kernels):
    z, y = drawn(name)
    generator = np.random.default_rng(2)
    w = generator.uniform(0, 2, len(z))
    gradient = computed(EVERY[name], z, y, w)[1]
    for _ in range(5):
        v = generator.normal(size=z.shape)

        def slope(h, v=v):
            return (computed(EVERY[name], z + h * v, y, w)[0] - computed(EVERY[name], z - h * v, y, w)[0]) / (2 * h)

        np.testing.assert_allclose((gradient * v).sum(), (4 * slope(1e-5) - slope(2e-5)) / 3, rtol=1e-7, atol=1e-9)


@both_dtypes
@every_loss
def test_twins(name, dtype, drawn, monkeypatch):
    z, y = drawn(name)
    w = np.arange(len(z)) % 4 / 3
    found = []
    for which in ("numpy", "numba"):
        monkeypatch.setenv("CHAINRULE_KERNELS", which)
        found.append(computed(EVERY[name], (2 * z).astype(dtype), y, w))
    close = {"rtol": 1e-5, "atol": 1e-5} if dtype is np.float32 else {"rtol": 1e-12, "atol": 1e-12}
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, **close)


@both_dtypes
@every_loss
@pytest.mark.one_in(4)
def test_weights_are_numbers_of_rows(name, dtype, drawn, kernels):
    z, y = drawn(name)
    z, counts = z.astype(dtype), np.arange(len(z)) % 3
    value, gradient = computed(EVERY[name], z, y, counts)
    repeated = np.repeat(np.arange(len(z)), counts)
    expected, slopes = computed(EVERY[name], z[repeated], y[repeated])
    rtol = 1e-5 if dtype is np.float32 else 1e-12
    np.testing.assert_allclose(value, expected, rtol=rtol)
    np.testing.assert_allclose(gradient[repeated], slopes * counts[repeated, None], rtol=rtol, atol=rtol)


@every_loss
def test_a_row_of_weight_0_is_not_looked_at(name, drawn, kernels):
    z, y = drawn(name)
    w = np.arange(len(z)) % 2
    expected, slopes = computed(EVERY[name], z, y, w)
    assert not slopes[::2].any()
    for odd in (1e300, np.inf, np.nan):
        z[::2] = odd
        y[::2] = -(10**12)
        value, gradient = computed(EVERY[name], z, y, w)
        assert value == expected
        np.testing.assert_array_equal(gradient, slopes)


@every_loss
def test_where_no_row_weighs_anything_nothing_pulls(name, drawn, kernels):
    z, y = drawn(name)
    network = Network([Activation("identity")], z.shape[1])
    run = network.plan(network.init(0), len(z), mode="loss", loss=EVERY[name]).run(len(z))
    run.arrays["x"][...], run.arrays["y"][...], run.arrays["w"][...] = z, y, 0
    run()
    assert not run.arrays["total"].any()
    assert not run.arrays["d_output"].any()


#: Through exp, a z of 1e4 is infinite whatever is done.
STABLE = [name for name, loss in EVERY.items() if loss.link != "exp"]


@pytest.mark.parametrize("size", [100.0, 1e4])
@pytest.mark.parametrize("name", STABLE)
def test_large_z_is_no_trouble(name, size, drawn, kernels):
    z, y = drawn(name)
    z = np.sign(z) * size
    for expected, found in zip(
        computed(EVERY[name], z, y), computed(EVERY[name], z.astype(np.float32), y), strict=True
    ):
        assert np.isfinite(expected).all()
        np.testing.assert_allclose(found, expected, rtol=2e-5, atol=1e-30)


@pytest.mark.parametrize("name", [name for name in EVERY if name not in STABLE])
def test_a_mean_that_vanishes_is_no_trouble(name, drawn, kernels):
    z, y = drawn(name)
    value, gradient = computed(EVERY[name], (-20 - abs(z)).astype(np.float32), y)
    expected, slopes = computed(EVERY[name], -20 - abs(z), y)
    np.testing.assert_allclose(value, expected, rtol=1e-5)
    np.testing.assert_allclose(gradient, slopes, rtol=1e-5)


@both_dtypes
@every_loss
def test_not_a_number_is_not_hidden(name, dtype, drawn, kernels):
    z, y = drawn(name)
    for column in range(z.shape[1]):
        with_nan = z.astype(dtype)
        with_nan[3, column] = np.nan
        value, gradient = computed(EVERY[name], with_nan, y)
        assert np.isnan(value)
        assert np.isfinite(np.delete(gradient, 3, axis=0)).all()


@pytest.mark.parametrize("loss", [losses.AbsoluteError(), losses.Quantile(0.9), losses.Quantile((0.1, 0.9))], ids=repr)
def test_at_a_target_that_is_met_nothing_pulls(loss, kernels):
    value, gradient = computed(loss, np.full((4, loss.outputs(1)), 2.0), np.full((4, 1), 2.0))
    assert value == 0
    assert not gradient.any()


def test_beyond_and_at_the_margin_nothing_pulls(kernels):
    for loss in (losses.Hinge(), losses.SquaredHinge()):
        value, gradient = computed(loss, np.array([[1.0], [-1.0], [7.0]]), np.array([[1], [0], [1]]))
        assert value == 0
        assert not gradient.any()
    value, gradient = computed(losses.MulticlassHinge(), np.array([[2.0, 1.0, 1.0], [0.0, 0.0, 3.0]]), [0, 2])
    assert value == 0
    assert not gradient.any()


def test_of_several_best_others_the_first_is_pushed_down(kernels):
    gradient = computed(losses.MulticlassHinge(), np.array([[2.0, 1.0, 2.0, 2.0]]), [1])[1]
    np.testing.assert_array_equal(gradient, [[1, -1, 0, 0]])


def test_a_single_class_costs_nothing(kernels):
    for name in ("cross_entropy", "focal", "multiclass_hinge"):
        value, gradient = computed(LOSSES[name], np.array([[3.0], [-2.0]]), [0, 0])
        assert value == 0
        assert not gradient.any()


def test_other_numbers_and_shapes_are_not_compiled_anew(drawn, numba_kernels):
    z, y = drawn("huber")
    mine = losses.custom("mine", squared)
    for loss in (losses.Huber(1.0), losses.Quantile(0.5), mine):
        computed(loss, z, y)
    found = task.cache_info().misses
    for loss in (losses.Huber(2.0), losses.Quantile((0.1, 0.2, 0.9)), losses.custom("mine", squared)):
        computed(loss, np.repeat(z, loss.per_target, axis=1), y)
        computed(loss, z[:, : loss.per_target], y[:, :1])
    assert task.cache_info().misses == found


class Factor:
    size = 2.0


FACTOR = Factor()


def of_an_object(z, y):
    return 0.5 * FACTOR.size * (z - y) ** 2, FACTOR.size * (z - y)


def test_what_numba_cannot_compile_is_told_by_its_name_in_a_line(drawn, kernels):
    z, y = drawn("huber")
    mine = losses.custom("mine", of_an_object)
    if kernels == "numpy":
        assert computed(mine, z, y)[0] == computed(losses.SquaredError(), z, y)[0] * FACTOR.size
        return
    with pytest.raises(InputError, match=r"of_an_object of 'mine': expected .* received Untyped global name 'FACTOR'"):
        computed(mine, z, y)
    own = activations.custom("own", lambda z: FACTOR.size * z, lambda z: 2.0)
    network = Network([Dense(2, own)], 3)
    with pytest.raises(InputError, match=r"<lambda> of 'own': expected .* that Numba can compile"):
        network.plan(network.init(0), 4, loss=LOSSES["huber"]).run(4)()


LAYERS = (Dense(6), BatchNorm(), Activation("gelu"), Dropout(0.5), Dense(3, "tanh"))


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("loss", ["cross_entropy", "huber"])
def test_the_loss_alone(loss, n_threads, shaken, targets, kernels):
    """Of rows in two batches: no dropout, running statistics that stay as they are, no gradients."""
    network = Network(LAYERS, 4)
    parameters, X, y = shaken(network), np.random.default_rng(0).normal(size=(50, 4)), targets(loss, 50, 3)
    before, w = parameters.vector.copy(), np.arange(50.0)
    plan = network.plan(parameters, 30, mode="loss", loss=loss, n_threads=n_threads)
    with plan.team() as team:
        for part in (slice(0, 30), slice(30, 50)):
            run = plan.run(part.stop - part.start)
            for name, array in (("x", X), ("y", y), ("w", w)):
                run.arrays[name][...] = array[part]
            run(team)
    total, weight = run.arrays["total"]
    expected, _ = computed(losses.get(loss), network.forward(parameters, X).output, y, w)
    np.testing.assert_allclose(total / weight, expected, rtol=1e-12)
    np.testing.assert_array_equal(parameters.vector, before)
    assert plan.gradients is None


@pytest.mark.parametrize("how", ["mean", "max"])
def test_the_loss_of_sequences(how, shaken, kernels):
    network = Network([Dense(6, "tanh"), Pool(how), Dense(1)], 4)
    parameters, X, y = shaken(network), np.random.default_rng(0).normal(size=(3, 5, 4)), np.ones((3, 1))
    plan = network.plan(parameters, 15, mode="loss", loss="absolute_error", sequences=3)
    run = plan.run(15, 3)
    run.arrays["x"][...], run.arrays["boundaries"][...] = X.reshape(15, 4), [0, 5, 10, 15]
    run.arrays["y"][...], run.arrays["w"][...] = y, [1, 0, 2]
    run()
    off = abs(network.forward(parameters, X).output - y)[:, 0]
    np.testing.assert_allclose(run.arrays["total"], [off[0] + 2 * off[2], 3], rtol=1e-12)


def test_what_a_plan_refuses(numpy_kernels):
    network = Network([Dense(3)], 2)
    with pytest.raises(InputError, match="a loss, for mode='loss'"):
        network.plan(network.init(0), 5, mode="loss")
    with pytest.raises(InputError, match="gaussian: outputs of the network: expected a multiple of 2; received 3"):
        network.plan(network.init(0), 5, loss="gaussian")
    with pytest.raises(InputError, match=r"check_gradients\(y\): expected class codes"):
        network.check_gradients(network.init(0), np.ones((2, 2)), [0, 3], "cross_entropy")


@pytest.mark.parametrize("weighted", [False, True], ids=["alike", "weighted"])
@every_loss
def test_no_constant_beats_the_best_one(name, weighted, targets, numpy_kernels):
    """`Loss.constant` against a search among constants that knows nothing of the loss but its value."""
    loss, rows = EVERY[name], 40
    outputs = loss.outputs(3 if "softmax" in loss.link or loss.target == "classes" else 1)
    y = targets(loss, rows, outputs, 0)
    w = np.random.default_rng(5).integers(0, 4, rows).astype(float) if weighted else None
    known = loss.constant(y, outputs, w)
    if isinstance(loss, losses.Focal | losses.Custom):
        assert known is None
        return
    network = Network([Activation("identity")], outputs)
    run = network.plan(network.init(0, np.float64), rows, mode="loss", loss=loss).run(rows)
    run.arrays["y"][...], run.arrays["w"][...] = y, 1.0 if w is None else w

    def of_constant(z):
        run.arrays["x"][...] = z
        run.arrays["total"][...] = 0
        run()
        return run.arrays["total"][0] / run.arrays["total"][1]

    starts = [np.zeros(outputs), *np.eye(outputs)]
    least = min(optimize.minimize(of_constant, start, method="Powell").fun for start in starts)
    assert known == pytest.approx(least, rel=1e-4, abs=1e-6)


def test_the_best_constant_of_no_rows_is_not_known():
    assert losses.get("squared_error").constant(np.ones((3, 1)), 1, np.zeros(3)) is None
