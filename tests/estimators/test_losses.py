"""Losses of the estimators: which fit which target, what they predict, and what they refuse."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.metrics import r2_score
from sklearn.preprocessing import scale

from chainrule import MLPClassifier, MLPRegressor, SequenceRegressor, TableRegressor, losses
from chainrule.errors import InputError

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = load_diabetes(return_X_y=True)
X = scale(X)
IRIS, KINDS = load_iris(return_X_y=True)
IRIS = scale(IRIS)
CANCER, BENIGN = load_breast_cancer(return_X_y=True)
CANCER = scale(CANCER)
OF_NUMBERS = [
    "squared_error", "absolute_error", "huber", "log_cosh", "quantile", "gaussian", "poisson", "gamma", "tweedie",
]  # fmt: skip


def regressor(loss, **parameters):
    settings = {"hidden_layer_sizes": (16,), "learning_rate_init": 0.02, "max_iter": 60, "random_state": 0}
    return MLPRegressor(loss=loss, **settings | parameters)


def classifier(**parameters):
    settings = {"hidden_layer_sizes": (16,), "learning_rate_init": 0.02, "max_iter": 60, "random_state": 0}
    scoring = "loss" if parameters.get("early_stopping") else None
    return MLPClassifier(**settings | {"batch_size": 32, "scoring": scoring} | parameters)


@pytest.mark.parametrize("loss", OF_NUMBERS)
def test_every_loss_of_numbers_learns(loss):
    y = Y / 100  # all above 0
    model = regressor(loss, early_stopping=True).fit(X, y)
    assert model.predict(X).shape == y.shape
    assert model.score(X, y) > 0.35
    assert model.history_[-1].validation_loss < model.history_[0].validation_loss


@pytest.mark.parametrize("loss", sorted(losses.LOSSES.keys() - set(OF_NUMBERS)))
def test_losses_of_classes_are_refused_for_numbers(loss):
    with pytest.raises(InputError, match=r"loss=\): expected a loss for numbers"):
        regressor(loss).fit(X, Y)


@pytest.mark.parametrize("loss", ["squared_error", "gaussian", losses.Huber(), losses.SoftCrossEntropy()], ids=str)
def test_losses_of_numbers_or_of_shares_are_refused_for_two(loss):
    with pytest.raises(InputError, match=r"MLPClassifier\(loss=\): expected a loss for two classes or labels"):
        classifier(loss=loss).fit(CANCER, BENIGN)


@pytest.mark.parametrize(
    "loss", ["squared_hinge", "binary_focal", losses.BinaryFocal(), losses.SquaredHinge()], ids=str
)
def test_losses_of_two_classes_are_refused_for_several(loss):
    with pytest.raises(InputError, match=r"MLPClassifier\(loss=\): expected"):
        classifier(loss=loss).fit(IRIS, KINDS)


OBJECTS = {
    "cross_entropy": losses.CrossEntropy(smoothing=0.1),
    "focal": losses.Focal(gamma=0.5),
    "hinge": losses.Hinge(),
    "multiclass_hinge": losses.MulticlassHinge(),
}


@pytest.mark.parametrize("name", OBJECTS)
@pytest.mark.parametrize(
    "y", [KINDS, KINDS > 0, np.c_[KINDS > 0, KINDS > 1].astype(int)], ids=["three", "two", "labels"]
)
def test_an_object_takes_the_form_that_its_name_has_for_so_many_classes(name, y, numpy_kernels):
    by_name, made = (classifier(loss=loss, max_iter=1).fit(IRIS, y).model_.loss for loss in (name, OBJECTS[name]))
    assert type(made) is type(by_name)
    assert vars(made) == vars(OBJECTS[name])


def test_errors_offer_what_would_be_accepted():
    with pytest.raises(InputError, match=r"label_smoothing=\).*losses.CrossEntropy\(smoothing=0.1\)"):
        classifier(loss="focal", label_smoothing=0.1).fit(CANCER, BENIGN)
    for estimator, X, y, known, unknown in (
        (classifier(loss="hubr"), CANCER, BENIGN, "binary_focal", "huber"),
        (classifier(loss="huber"), IRIS, KINDS, "focal", "binary_focal"),
        (classifier(loss=losses.Huber()), IRIS, KINDS, "focal", "binary_focal"),
        (regressor("hing"), IRIS, KINDS, "huber", "hinge"),
    ):
        with pytest.raises(InputError) as caught:
            estimator.fit(X, y)
        _, expected, _, mend = caught.value.args
        assert repr(known) in expected and repr(unknown) not in expected + mend


@pytest.mark.parametrize(
    ("kind", "sibling"),
    [(MLPRegressor, "MLPClassifier"), (SequenceRegressor, "SequenceClassifier"), (TableRegressor, "TableClassifier")],
)
def test_a_regressor_names_the_classifier_of_its_kind(kind, sibling):
    class Own(kind):
        pass

    for one in (kind, Own):
        with pytest.raises(InputError, match=rf"Classes have {sibling}\."):
            one(loss="hinge").fit([np.ones((2, 1))] * 9 if "Sequence" in sibling else np.ones((9, 1)), np.arange(9.0))


@pytest.mark.parametrize(
    ("parameters", "word"),
    [
        ({"loss": "hinge", "label_smoothing": 0.1}, "label_smoothing"),
        ({"loss": losses.CrossEntropy(), "label_smoothing": 0.1}, "label_smoothing"),
        ({"loss": "focal", "mixup": 0.2}, "mixup"),
    ],
    ids=str,
)
def test_what_only_the_cross_entropy_takes(parameters, word):
    with pytest.raises(InputError, match=rf"MLPClassifier\({word}=\): expected"):
        classifier(**parameters).fit(IRIS, KINDS)


@pytest.mark.parametrize(("loss", "y"), [("poisson", Y - 100), ("gamma", Y * 0), ("tweedie", -Y)])
def test_targets_that_a_loss_cannot_take(loss, y):
    with pytest.raises(InputError, match=r"MLPRegressor: y: expected .* for loss"):
        regressor(loss).fit(X, y)


def test_quantiles_do_not_cross_and_split_the_rows():
    levels = (0.1, 0.5, 0.9)
    model = regressor(losses.Quantile(levels), max_iter=300).fit(X, Y / 100)
    q = model.predict(X)
    assert q.shape == (len(X), 3)
    assert (np.diff(q, axis=1) >= 0).all()
    assert_allclose([(column >= Y / 100).mean() for column in q.T], levels, atol=0.1)
    assert model.score(X, Y / 100) > 0.3  # of the median


@pytest.mark.parametrize("levels", [(0.1, 0.2, 0.45), (0.4, 0.8, 0.9)])
def test_the_point_of_quantiles_is_the_one_nearest_the_median(levels):
    model = regressor(losses.Quantile(levels), max_iter=20).fit(X, Y / 100)
    nearest = model.predict(X)[:, np.abs(np.array(levels) - 0.5).argmin()]
    assert model.score(X, Y / 100) == pytest.approx(r2_score(Y / 100, nearest))


def test_quantiles_of_several_targets():
    q = regressor(losses.Quantile((0.25, 0.75)), max_iter=3).fit(X, np.c_[Y, Y, -Y]).predict(X[:5])
    assert q.shape == (5, 3, 2)
    assert (q[:, :, 0] <= q[:, :, 1]).all()


def test_a_gaussian_tells_its_deviation():
    random = np.random.default_rng(0)
    x = random.uniform(-1, 1, (2000, 1))
    wide = 0.1 + 0.4 * (x[:, 0] > 0)
    model = regressor("gaussian", max_iter=200).fit(x, x[:, 0] + wide * random.normal(size=2000))
    mean, deviation = model.predict(np.array([[-0.5], [0.5]]), return_std=True)
    assert_allclose(mean, [-0.5, 0.5], atol=0.1)
    assert_allclose(deviation, [0.1, 0.5], atol=0.06)


def test_your_own_loss():
    def quartic(z, y):
        return (z - y) ** 4, 4.0 * (z - y) ** 3

    model = regressor(losses.custom("quartic", quartic)).fit(X, Y / 100)
    assert model.score(X, Y / 100) > 0.3


@pytest.mark.parametrize("loss", ["auto", "focal", "hinge", "squared_hinge", losses.BinaryFocal(1.0)], ids=str)
def test_two_classes(loss):
    model = classifier(loss=loss).fit(CANCER, BENIGN)
    assert model.score(CANCER, BENIGN) > 0.95
    if "hinge" in str(loss):
        values = model.decision_function(CANCER)
        assert_array_equal(model.predict(CANCER), (values > 0).astype(int))
        with pytest.raises(AttributeError, match="predict_proba") as caught:
            model.predict_proba(CANCER)
        assert "decision_function" in str(caught.value.__cause__)
    else:
        assert_allclose(model.predict_proba(CANCER).sum(axis=1), 1)


@pytest.mark.parametrize("loss", ["auto", "focal", "hinge", losses.Focal(0.5)], ids=str)
def test_several_classes(loss):
    model = classifier(loss=loss, early_stopping=True).fit(IRIS, KINDS)
    assert model.score(IRIS, KINDS) > 0.9
    if loss == "hinge":
        assert_array_equal(model.decision_function(IRIS).argmax(axis=1), model.predict(IRIS))


@pytest.mark.parametrize("loss", ["auto", "focal", "hinge", "squared_hinge"])
def test_several_labels(loss):
    y = np.c_[KINDS == 0, KINDS != 1].astype(int)
    model = classifier(loss=loss, early_stopping=True, max_iter=200).fit(IRIS, y)
    assert model.predict(IRIS).shape == y.shape
    assert model.score(IRIS, y) > 0.85


def test_smoothed_labels_make_modest_probabilities():
    for X, y in ((IRIS, KINDS), (CANCER, BENIGN)):
        bold, modest = (classifier(label_smoothing=s, max_iter=200).fit(X, y).predict_proba(X) for s in (0.0, 0.3))
        assert modest.max() < 0.97 < 0.999 < bold.max()


def test_mixup_trains_between_the_rows():
    for rows, y in ((IRIS, KINDS), (CANCER, BENIGN)):
        model = classifier(mixup=0.4, early_stopping=True).fit(rows, y)
        assert model.score(rows, y) > 0.9
    assert regressor("huber", mixup=0.4).fit(X, Y / 100).score(X, Y / 100) > 0.3
