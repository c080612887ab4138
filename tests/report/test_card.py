"""The card of a notebook: sound, small and alone, of every fitted estimator and its model; else scikit-learn's own."""

import re
import subprocess
import sys
import warnings
from dataclasses import replace

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_html_repr

import chainrule
from chainrule import Activation, BatchNorm, Dense, Network, Residual
from chainrule.plots.card import card
from chainrule.plots.card.picture import MOST, picture
from chainrule.training.records import Record

pytestmark = pytest.mark.usefixtures("numpy_kernels")

KINDS = ("table", "two classes", "three classes", "labels", "hinge", "number", "two numbers")
MORE = ("table of numbers", "sequences", "sequences of numbers", "ensemble", "scored")
#: All that may stand in a card.
TEXT = {"div", "style", "p", "strong", "pre", "code", "dl", "dt", "dd", "figure", "figcaption", "ul", "li"}
TAGS = TEXT | {"svg", "title", "path", "line", "rect", "text"}


@pytest.fixture(scope="module")
def estimators(fitted):
    """Every kind of estimator, fitted."""
    generator = np.random.default_rng(0)
    X = generator.normal(size=(80, 3))
    steps = [generator.normal(size=(generator.integers(2, 6), 3)) for _ in range(60)]
    quick = {"hidden_layer_sizes": (8,), "max_iter": 5, "random_state": 0, "n_threads": 1, "tol": 0.0}
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        patch.setenv("CHAINRULE_KERNELS", "numpy")
        warnings.simplefilter("ignore")
        table = chainrule.TableRegressor(preset="fast", max_iter=5, random_state=0, n_threads=1)
        scored = chainrule.MLPClassifier(**quick, early_stopping=True, scoring="roc_auc")
        made = (
            table.fit({"a": X[:, 0], "b": X[:, 1]}, X[:, 0]),
            chainrule.SequenceClassifier(**quick).fit(steps, [len(one) > 3 for one in steps]),
            chainrule.SequenceRegressor(**quick).fit(steps, [float(len(one)) for one in steps]),
            chainrule.MLPClassifier(**quick, n_members=3).fit(X, X[:, 0] > 0),
            scored.fit(X, X[:, 0] > 0),
        )
    return {kind: estimator for kind, (estimator, _, _) in fitted.items()} | dict(zip(MORE, made, strict=True))


def test_all_kinds_are_here(estimators):
    assert {type(one).__name__ for one in estimators.values()} == {
        name for name in chainrule.__all__ if name.endswith(("Classifier", "Regressor"))
    }


@pytest.mark.parametrize("of", ["estimator", "model"])
@pytest.mark.parametrize("kind", [*KINDS, *MORE])
def test_every_card_is_sound(kind, of, estimators, read):
    estimator = estimators[kind]
    shown = estimator if of == "estimator" else estimator.model_
    text = shown._repr_html_()
    page, name = read(text), type(estimator).__name__
    assert len(text.encode()) < 30_000
    assert {tag for tag, _, _ in page.tags} <= TAGS
    asks = {key for _, attributes, _ in page.tags for key in attributes if key.startswith("on")}
    assert not asks | {key for _, attributes, _ in page.tags for key in attributes} & {"href", "src", "id", "style"}
    (outer,) = [attributes for tag, attributes, inside in page.tags if not inside]
    assert outer["class"] == "chainrule-card" and outer["role"] == "group" and name in outer["aria-label"]
    assert page.text("strong") == (name if of == "estimator" else f"Model of {name}")
    pictures = [one for one in page.of("svg") if one.get("aria-hidden") != "true"]
    assert len(pictures) >= 2 and all(one["role"] == "img" and len(one["aria-label"]) > 10 for one in pictures)
    assert pictures[0]["aria-label"].startswith(f"{estimator.network_.inputs} inputs, then ")
    assert pictures[1]["aria-label"].startswith(f"Loss over {len(estimator.history_)} epochs. ")
    said = dict(zip(*([text for text, inside in page.texts if tag in inside] for tag in ("dt", "dd")), strict=True))
    assert said["parameters"] == f"{estimator.model_.predictor.trained:,}"
    assert said["epochs"] == f"{len(estimator.history_):,}"
    assert "nan" not in "".join(said.values())
    if of == "estimator":
        assert page.text("code") == repr(estimator)


def test_what_some_have_more(estimators):
    shown = {kind: one._repr_html_() for kind, one in estimators.items()}
    assert "Accuracy by epoch" in shown["two classes"] and "Accuracy" not in shown["hinge"]
    assert "RMSE by epoch" in shown["table of numbers"]
    assert "Score by epoch" in shown["scored"] and "score, the same rows" in shown["scored"]
    assert ">3, whose mean is predicted<" in shown["ensemble"] and "networks" not in shown["scored"]


@pytest.mark.parametrize("kind", [*KINDS, *MORE])
def test_a_bundle_for_notebooks(kind, estimators):
    estimator = estimators[kind]
    bundle = estimator._repr_mimebundle_(include=None, exclude=None)
    assert bundle == {"text/plain": repr(estimator), "text/html": estimator._repr_html_()}
    with config_context(display="text"):
        assert not hasattr(estimator, "_repr_html_")
        assert estimator._repr_mimebundle_() == {"text/plain": repr(estimator)}


@pytest.mark.parametrize("kind", [*KINDS, *MORE])
def test_before_fit_it_is_the_diagram_of_scikit_learn(kind, estimators):
    def nameless(text):
        return re.sub(r"sk-(?:container|estimator)-id-\d+", "", text)

    estimator = clone(estimators[kind])
    assert "chainrule-card" not in estimator._repr_html_()
    assert nameless(estimator._repr_html_()) == nameless(estimator_html_repr(estimator))
    with config_context(display="text"):
        assert not hasattr(estimator, "_repr_html_")


def test_inside_others(estimators, fitted):
    _, X, y = fitted["two classes"]
    network = estimators["two classes"]
    search = GridSearchCV(make_pipeline(StandardScaler(), clone(network)), {"mlpclassifier__alpha": [0, 1]}, cv=2)
    before = search._repr_html_()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search.fit(X, y)
    for text in (before, search._repr_html_(), search.best_estimator_._repr_html_(), estimator_html_repr(network)):
        assert "MLPClassifier" in text and "sk-" in text and "chainrule-card" not in text
    assert "chainrule-card" in search.best_estimator_[-1]._repr_html_()


def test_data_stays_data(estimators, read, hand_made):
    model = estimators["table"].model_
    for word in hand_made.HOSTILE.values():
        page = read(card(model, word, f"TableClassifier(columns={{{word!r}: 'category'}})"))
        assert {tag for tag, _, _ in page.tags} <= TAGS
        assert not any(key.startswith("on") for _, attributes, _ in page.tags for key in attributes)
    hostile = hand_made.HOSTILE["script"]
    named = clone(estimators["table"]).set_params(missing=hostile)._of(model)  # by which it was made, too
    assert hostile in read(named._repr_html_()).text("code") and hostile not in named._repr_html_()


def test_a_long_training_is_short(estimators):
    model = estimators["two classes"].model_
    generator = np.random.default_rng(0)
    many = [Record(k, *generator.uniform(0.1, 1, 6)) for k in range(1, 5001)]
    text = replace(model, progress=replace(model.progress, records=many))._repr_html_()
    assert "Loss over 5000 epochs" in text and len(text.encode()) < 30_000


def test_no_epoch_at_all(estimators, read):
    model = estimators["two classes"].model_
    page = read(replace(model, progress=replace(model.progress, records=[], outlook=None))._repr_html_())
    assert len(page.of("svg")) == 1 and "epochs" in page.text("dt")


def test_from_a_file_without_scikit_learn(estimators, tmp_path):
    """Nor matplotlib. The file does not say what the score was."""
    estimators["two classes"].save(tmp_path / "m")
    code = (
        "import sys; from chainrule import Model; text = Model.load(sys.argv[1])._repr_html_();"
        "print('Loss by epoch' in text, 'Score by epoch' in text, {'sklearn', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "m"], capture_output=True, text=True)
    assert done.stdout == "True True set()\n", done.stderr


def test_the_picture_of_a_network(read):
    block = Residual([Dense(16), BatchNorm(), Activation("relu")])
    page = read(picture(Network([Dense(16, "tanh"), block, Residual([block]), Dense(2)], inputs=5), "N"))
    heights = [float(one["height"]) for one in page.of("rect")]
    assert len(heights) == 5 and heights[1] == heights[2] == heights[3] > heights[0] > heights[4]
    units = [text for text, inside in page.texts if inside[-1] == "text" and text.isdigit()]
    assert units == ["5", "16", "16", "16", "2"]
    assert len([one for one in page.of("path") if one["class"] == "arc"]) == 3
    (drawn,) = page.of("svg")
    assert drawn["aria-label"].startswith("5 inputs, then dense 16 · tanh, dense 16 · batch norm · relu, ")


def test_the_picture_of_a_deep_network(read):
    text = picture(Network([Dense(4, "relu") for _ in range(200)], inputs=4), "N")
    page = read(text)
    assert len(page.of("rect")) == MOST and len(text.encode()) < 15_000
    assert page.text("p") == f"{MOST - 1} of 200 layers are drawn."
