"""An estimator that is fitted again is the model of before until the fit ends, and then another, as a whole."""

import copy

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

import chainrule
from chainrule import (
    MLPClassifier,
    MLPRegressor,
    SequenceClassifier,
    SequenceRegressor,
    TableClassifier,
    TableRegressor,
    diagnose,
)
from chainrule.engine.predictor import Predictor
from chainrule.errors import DivergenceError, InputError
from chainrule.estimators.fitted import Fitted
from chainrule.estimators.onnx import to_onnx
from chainrule.models.model import Model
from chainrule.plots.report import document
from chainrule.training.averaging import EMA
from chainrule.training.trainer import Trainer

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:The temperature ended:UserWarning"),  # of networks that have learned little
    pytest.mark.usefixtures("numpy_kernels"),
]

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(60, 3))
KIND, SIZE = np.where(X[:, 0] > 0, "b", "a"), X.sum(axis=1)
#: Rows, classes and numbers of another shape than those of before.
OTHER_X = RANDOM.normal(size=(60, 5))
OTHER = {"classifier": np.array(["x", "y", "z"])[np.arange(60) % 3], "regressor": OTHER_X[:, :2] * 9}
KINDS = [MLPClassifier, MLPRegressor, SequenceClassifier, SequenceRegressor, TableClassifier, TableRegressor]
EVERY = pytest.mark.parametrize("Estimator", KINDS)
BOTH = pytest.mark.parametrize("Estimator", [MLPClassifier, MLPRegressor])


def rows(Estimator, X):
    return X[:, None, :] if issubclass(Estimator, (SequenceClassifier, SequenceRegressor)) else X


def y_of(Estimator):
    return KIND if "Classifier" in Estimator.__name__ else SIZE


def quick(Estimator, **parameters):
    common = {"hidden_layer_sizes": (4,), "max_iter": 3, "random_state": 0, "n_threads": 1}
    return Estimator(**common | ({"preset": "fast"} if "Table" in Estimator.__name__ else {}) | parameters)


def fitted(Estimator, **parameters):
    return quick(Estimator, **parameters).fit(rows(Estimator, X), y_of(Estimator))


def looks(model):
    """Everything that can be read of a model, as it is now."""
    Estimator = type(model)
    given, y = rows(Estimator, X), y_of(Estimator)
    found = {
        "predict": model.predict(given).tolist(),
        "score": model.score(given, y),
        "history": list(model.history_),
        "n_iter": model.n_iter_,
        "deep copy": copy.deepcopy(model).predict(given).tolist(),
        "copy": copy.copy(model).predict(given).tolist(),
    }
    if isinstance(model, (MLPClassifier, TableClassifier)):
        found |= {"classes": model.classes_.tolist(), "proba": model.predict_proba(given).tolist()}
    if Estimator in (MLPClassifier, MLPRegressor):
        found["function"] = model.predict_function(len(X))(X).tolist()
        found["loss"], found["weights"] = model.loss_curve_.copy(), model.parameters_.vector.tolist()
    if "Table" in Estimator.__name__:
        found["importances"] = model.importances(given, y, n_repeats=1)
    return found


def tools(model, folder):
    """What is made of a model as a whole; this is slow."""
    Estimator = type(model)
    given, y = rows(Estimator, X), y_of(Estimator)
    model.save(folder / "m", overwrite=True)
    return {
        "saved": chainrule.load(folder / "m").predict(given).tolist(),
        "findings": diagnose(model, X_val=given, y_val=y).rules,
        "onnx": to_onnx(model).SerializeToString(),
        "report": document(model, given, y),
    }


#: How a fit may go. All but partial_fit start with what a constructor takes.
WAYS = {
    "anew": {},
    "warm": {"warm_start": True},
    "stopped early": {"early_stopping": True, "validation_fraction": 0.3},
    "by a scorer": {"early_stopping": True, "validation_fraction": 0.3, "scoring": lambda m, X, y: m.score(X, y)},
    "members": {"n_members": 2, "warm_start": True},
    "calibrated": {"early_stopping": True, "validation_fraction": 0.3, "calibration": True},
    "averaged": {"averaging": EMA(0.5), "warm_start": True},
    "lbfgs": {"solver": "lbfgs", "warm_start": True},
    "lbfgs anew": {"solver": "lbfgs"},
}  # fmt: skip


def watched(model, seen, look):
    """The model with a callback that looks at it behind every epoch."""
    return model.set_params(callbacks=[lambda record: seen.append(look(model))])


@pytest.mark.parametrize("way", WAYS)
@BOTH
def test_in_every_epoch_it_is_the_model_of_before(Estimator, way):
    model, seen = fitted(Estimator, **WAYS[way]), []
    before = looks(model)
    watched(model, seen, looks).fit(X, y_of(Estimator)[::-1])
    assert len(seen) >= 2
    assert all(one == before for one in seen)
    assert looks(model)["weights"] != before["weights"]


@EVERY
def test_in_every_epoch_every_tool_has_the_model_of_before(Estimator, tmp_path):
    model, seen = fitted(Estimator), []
    watched(model.set_params(random_state=1, max_iter=2), seen, lambda model: (looks(model), tools(model, tmp_path)))
    before = looks(model), tools(model, tmp_path)
    model.fit(rows(Estimator, X[::-1]), y_of(Estimator)[::-1])
    assert len(seen) == 2
    assert all(one == before for one in seen)
    assert looks(model)["predict"] != before[0]["predict"] or looks(model)["history"] != before[0]["history"]


@pytest.mark.parametrize("settings", [{}, {"averaging": EMA(0.5)}, {"n_members": 2}], ids=str)
@BOTH
def test_in_partial_fit_too(Estimator, settings):
    model, seen = fitted(Estimator, **settings), []
    watched(model, seen, lambda model: model.parameters_.vector.tolist())
    for _ in range(3):
        before = model.parameters_.vector.tolist()
        model.partial_fit(X, y_of(Estimator))
        assert seen[-1] == before != model.parameters_.vector.tolist()


@EVERY
def test_a_first_fit_shows_nothing_before_its_end(Estimator):
    model, seen = quick(Estimator), []
    watched(model, seen, lambda model: model.__sklearn_is_fitted__() or hasattr(model, "history_"))
    model.fit(rows(Estimator, X), y_of(Estimator))
    assert seen == [False] * 3
    assert len(model.history_) == 3


def attributes(model):
    return {name: value for name, value in vars(model).items() if name not in model.get_params()}


@EVERY
def test_what_was_learned_is_one_attribute(Estimator):
    assert list(attributes(fitted(Estimator))) == ["_model"]
    assert list(attributes(quick(Estimator))) == []


# Reading once ---------------------------------------------------------------------------------------------

#: Everything that reads more than one thing of a model, and after the network has predicted.
READERS = {
    "predict": lambda model, X: model.predict(X),
    "predict_proba": lambda model, X: model.predict_proba(X),
    "predict_log_proba": lambda model, X: model.predict_log_proba(X),
    "predict_interval": lambda model, X: model.predict_interval(X, 0.5),
    "score": lambda model, X: model.score(X, y_of(type(model))),
    "importances": lambda model, X: model.importances(X, y_of(type(model)), n_repeats=1),
    "diagnose": lambda model, X: str(diagnose(model, X, y_of(type(model)))),
    "report": lambda model, X: document(model, X, y_of(type(model))),
}  # fmt: skip


def swapping(monkeypatch, model, other):
    """Whenever a network has predicted, let a fit in another thread have ended, with other classes and columns."""
    whole = Predictor.__call__

    def call(self, *args, **kwargs):
        found = whole(self, *args, **kwargs)
        model._put_in_place(other._model)
        return found

    monkeypatch.setattr(Predictor, "__call__", call)


@pytest.mark.parametrize("reader", READERS)
@EVERY
@pytest.mark.one_in(4)
def test_a_reader_has_one_model_to_the_end(Estimator, reader, monkeypatch):
    if not hasattr(Estimator, reader) and reader not in ("diagnose", "report"):
        pytest.skip("not of this estimator")
    settings = {"calibration": True, "early_stopping": True, "validation_fraction": 0.5}
    has = Estimator().get_params() if reader == "predict_interval" else {}
    model = fitted(Estimator, **{name: value for name, value in settings.items() if name in has})
    y = OTHER["classifier" if "Classifier" in Estimator.__name__ else "regressor"]
    other = quick(Estimator).fit(rows(Estimator, OTHER_X), y)
    read, given = READERS[reader], rows(Estimator, X)
    expected = read(model, given)
    swapping(monkeypatch, model, other)
    np.testing.assert_equal(read(model, given), expected)
    assert model.n_features_in_ == 5, "the swap has taken place"


# What a fit leaves that does not end well -----------------------------------------------------------------


def interrupted(monkeypatch, error=KeyboardInterrupt):
    def epoch(self, data, batch_size):
        self.parameters.vector[...] += 1
        raise error

    monkeypatch.setattr(Trainer, "epoch", epoch)


class Refuses(chainrule.callbacks.Callback):
    def begin(self, outlook):
        raise OSError("no such folder")


@EVERY
def test_ctrl_c_before_an_epoch_is_over_leaves_the_model_of_before(Estimator, monkeypatch):
    model = fitted(Estimator)
    before = looks(model)
    interrupted(monkeypatch)
    with pytest.warns(UserWarning, match="interrupted"):
        model.fit(rows(Estimator, X), y_of(Estimator))
    assert looks(model) == before


@EVERY
def test_a_callback_that_refuses_to_begin_leaves_the_model_of_before(Estimator):
    model = fitted(Estimator)
    before = looks(model)
    with pytest.raises(OSError, match="no such folder"):
        model.set_params(callbacks=[Refuses()]).fit(rows(Estimator, X), y_of(Estimator))
    assert looks(model.set_params(callbacks=None)) == before


@EVERY
def test_a_callback_that_raises_later_leaves_the_best_weights(Estimator):
    def broken(record):
        if record.epoch == 2:
            raise OSError("disk full")

    model = quick(Estimator, callbacks=[broken], max_iter=9)
    with pytest.raises(OSError, match="disk full"):
        model.fit(rows(Estimator, X), y_of(Estimator))
    assert len(model.history_) == 2
    assert len(model.predict(rows(Estimator, X))) == len(X)


@pytest.mark.parametrize("solver", ["sgd", "lbfgs"])
def test_a_fit_that_diverges_at_once_leaves_the_model_of_before(solver):
    model = fitted(MLPRegressor, activation="identity", solver=solver)
    before = looks(model)
    with pytest.raises(DivergenceError):
        model.fit(X * 1e200, SIZE)
    assert looks(model) == before


@BOTH
def test_an_interrupted_partial_fit_leaves_the_model_of_before_and_the_next_goes_on(Estimator, monkeypatch):
    model = fitted(Estimator).partial_fit(X, y_of(Estimator))
    before = looks(model)
    with monkeypatch.context() as patch:
        interrupted(patch)
        with pytest.raises(KeyboardInterrupt):
            model.partial_fit(X, y_of(Estimator))
    assert looks(model) == before
    assert len(model.partial_fit(X, y_of(Estimator)).history_) == len(before["history"]) + 1


@BOTH
def test_an_interrupted_first_partial_fit_leaves_none(Estimator, monkeypatch):
    interrupted(monkeypatch)
    known = {"classes": ["a", "b"]} if Estimator is MLPClassifier else {}
    model = quick(Estimator)
    with pytest.raises(KeyboardInterrupt):
        model.partial_fit(X, y_of(Estimator), **known)
    with pytest.raises(NotFittedError):
        model.predict(X)
    assert not hasattr(model, "classes_")


@BOTH
def test_a_calibration_that_fails_loses_no_model(Estimator, monkeypatch):
    settings = {"calibration": True, "early_stopping": True, "validation_fraction": 0.3}
    model = quick(Estimator, **settings)
    monkeypatch.setattr(Model, "calibrated", None)  # cannot be called
    with pytest.raises(TypeError):
        model.fit(X, y_of(Estimator))
    assert len(model.history_) == 3


@BOTH
def test_calibrate_is_put_in_place_at_once_and_training_goes_on_behind_it(Estimator):
    whole, parts = (fitted(Estimator).partial_fit(X, y_of(Estimator)) for _ in range(2))
    still = parts._at_rest()
    before = still.predict(X).tolist()
    assert parts.calibrate(X, y_of(Estimator)) is parts
    assert still.predict(X).tolist() == before
    assert (getattr(still._model.answer, "margins", None), still._model.predictor.temperature) == (None, 1.0)
    for model in (whole, parts):  # moments included
        model.partial_fit(X, y_of(Estimator))
    assert np.array_equal(whole.parameters_.vector, parts.parameters_.vector)


@BOTH
def test_weights_that_were_changed_are_those_that_training_goes_on_from(Estimator):
    model = fitted(Estimator, rate_factors={"weight": 0.0, "bias": 0.0}).partial_fit(X, y_of(Estimator))
    model.coefs_[0][...] = 7
    assert (model.partial_fit(X, y_of(Estimator)).coefs_[0] == 7).all()


def test_two_calls_at_once_never_share_a_trainer():
    """The second, here from inside the first, begins with fresh moments; each puts its own model in place."""
    model, inner = fitted(MLPRegressor).partial_fit(X, SIZE), []

    def again(record):
        if not inner:
            inner.append(model._model.continuation.trainer)
            model.partial_fit(X, SIZE)
            inner.append(model._model.continuation.trainer)

    outer = model._model.continuation.trainer
    model.set_params(callbacks=[again]).partial_fit(X, SIZE)
    assert inner[0] is None
    assert inner[1] is not outer
    assert model._model.continuation.trainer is outer


def test_an_attribute_that_somebody_sets_does_not_outlive_a_fit():
    model = fitted(MLPRegressor)
    model.n_iter_ = -1
    assert model.fit(X, SIZE).n_iter_ == 3


def test_a_refused_fit_still_forgets_where_it_did():
    model = fitted(TableRegressor)
    with pytest.raises(InputError):
        model.fit(X, SIZE[:-1])
    assert not model.__sklearn_is_fitted__()
    assert isinstance(model, Fitted)
