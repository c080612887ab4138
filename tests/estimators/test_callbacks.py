"""Callbacks of an estimator: ours, and scikit-learn's own where the installed version has them."""

import io
import pickle
import warnings

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, scale
from sklearn.utils.fixes import parse_version

from chainrule import MLPClassifier, MLPRegressor, callbacks
from chainrule.training.callbacks import Callback

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = load_iris(return_X_y=True)
X = scale(X)


class Notebook(Callback):
    """Writes down what it hears."""

    def __init__(self):
        self.heard = []

    def begin(self, outlook):
        self.heard.append(("begin", outlook.epochs, outlook.rows, outlook.held_out, outlook.parameters))

    def epoch(self, record):
        self.heard.append(record.epoch)

    def end(self, reason):
        self.heard.append(reason)


def quick(*heard, Estimator=MLPClassifier, **parameters):
    settings = {"hidden_layer_sizes": (4,), "max_iter": 3, "random_state": 0, "callbacks": list(heard)}
    return Estimator(**settings | parameters)


@pytest.mark.parametrize("Estimator", [MLPClassifier, MLPRegressor])
def test_a_fit_is_told_from_beginning_to_end(Estimator):
    notebook = Notebook()
    model = quick(notebook, Estimator=Estimator, early_stopping=True).fit(X, Y)
    assert notebook.heard == [("begin", 3, 135, 15, model.parameters_.vector.size), 1, 2, 3, "all epochs trained"]


def test_lbfgs_is_told_too_and_can_be_stopped():
    notebook = Notebook()
    model = quick(notebook, lambda record: record.epoch == 4, solver="lbfgs", max_iter=50).fit(X, Y)
    assert notebook.heard[1:] == [1, 2, 3, 4, "ended"]
    assert model.n_iter_ == 4


def test_reasons():
    notebook = Notebook()
    quick(notebook, tol=10, n_iter_no_change=1, max_iter=90).fit(X, Y)
    quick(notebook, lambda record: True).fit(X, Y)
    with pytest.raises(ValueError, match="finite"):
        quick(notebook, solver="sgd", learning_rate_init=1e30, max_iter=90).fit(X, Y)
    assert [word for word in notebook.heard if isinstance(word, str)] == [
        "converged", "stopped by a callback", "diverged",
    ]  # fmt: skip


def test_a_stop_asked_for_gives_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        quick(lambda record: record.epoch == 2).fit(X, Y)


def test_a_callback_that_raises_loses_nothing():
    def broken(record):
        if record.epoch == 3:
            raise OSError("disk full")

    notebook = Notebook()
    model = quick(notebook, broken, max_iter=9)
    with pytest.raises(OSError, match="disk full") as caught:
        model.fit(X, Y)
    assert "after epoch 3" in caught.value.__notes__[0]
    assert notebook.heard[-1] == "broken off"
    assert len(model.history_) == 3
    assert np.isfinite(model.predict_proba(X)).all()
    assert model.set_params(callbacks=None).fit(X, Y).n_iter_ == 9


def test_interrupted():
    def interrupt(record):
        raise KeyboardInterrupt

    notebook = Notebook()
    with pytest.warns(UserWarning, match="interrupted"):
        quick(notebook, interrupt).fit(X, Y)
    assert notebook.heard[-1] == "interrupted"


def test_estimators_with_callbacks_can_be_cloned_and_pickled():
    stream = io.StringIO()
    model = quick(callbacks.Progress(stream))
    model.fit(X, Y)
    assert "all epochs trained" in stream.getvalue()
    assert clone(quick(Notebook())).fit(X, Y).callbacks[0].heard
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


def test_silent_by_default(capsys):
    quick().fit(X, Y)
    assert capsys.readouterr() == ("", "")


if parse_version(sklearn.__version__) >= parse_version("1.9"):
    from sklearn.callback import ProgressBar, ScoringMonitor

    class Watcher:
        """A callback of scikit-learn's protocol that stops behind the third epoch."""

        def setup(self, estimator, context):
            self.heard = ["setup"]

        def teardown(self, estimator, context):
            self.heard.append("teardown")

        def on_fit_task_begin(self, estimator, context):
            self.heard.append(f"{context.task_name} begins")

        def on_fit_task_end(self, estimator, context, *, X=None, y=None, fitted_estimator=None):
            score = "nothing" if fitted_estimator is None else f"{fitted_estimator.score(X, y):.2f}"
            self.heard.append(f"{context.task_name} ends at {score}")
            return context.task_name == "epoch" and context.task_id == 2

    def test_the_protocol_of_scikit_learn():
        watcher = Watcher()
        model = quick(max_iter=9).set_callbacks(watcher)
        model.fit(X, Y)
        assert model.n_iter_ == 3
        said = [word.split(" at ")[0] for word in watcher.heard]
        assert said == ["setup", "fit begins", *["epoch begins", "epoch ends"] * 3, "fit ends", "teardown"]
        assert watcher.heard[-2] == f"fit ends at {model.score(X, Y):.2f}"

    def test_its_scoring_monitor_sees_every_epoch():
        monitor = ScoringMonitor(scoring="neg_log_loss")
        model = quick(max_iter=5, learning_rate_init=0.05).set_callbacks(monitor).fit(X, Y)
        scores = [row["neg_log_loss"] for row in monitor.get_logs().data if row["task_name"] == "epoch"]
        assert len(scores) == 5
        assert scores[-1] == pytest.approx(-log_loss(Y, model.predict_proba(X)))
        assert scores[0] < scores[-1]

    def test_its_progress_bar_through_a_pipeline(capsys):
        pipeline = make_pipeline(StandardScaler(), quick()).set_callbacks(ProgressBar(max_propagation_depth=2))
        assert pipeline.fit(X, Y).score(X, Y) >= 0

    def test_teardown_also_where_a_fit_fails():
        class Deaf(Watcher):
            def on_fit_task_end(self, estimator, context):
                self.heard.append(f"{context.task_name} ends")

        watcher = Deaf()
        model = quick(
            Estimator=MLPRegressor, solver="sgd", learning_rate_init=1e30, dtype="float32", max_iter=99
        ).set_callbacks(watcher)
        with pytest.raises(ValueError, match="finite"):
            model.fit(X, Y)
        assert watcher.heard[-2:] == ["epoch ends", "teardown"]
