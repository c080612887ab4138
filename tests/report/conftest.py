"""Things to report on: small fitted estimators, probes and findings made by hand, words that want to be markup."""

from contextlib import contextmanager
from dataclasses import replace
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pytest

from chainrule import MLPClassifier, MLPRegressor, TableClassifier
from chainrule.diagnosis.findings import Evidence, Finding, Findings
from chainrule.diagnosis.probes import EDGES, QUANTITIES, Probed, Probes
from chainrule.diagnosis.remedies import Remedy

#: Words of data that would be markup, command a reader, or run over every edge.
HOSTILE = {
    "script": "<script>alert(1)</script>",
    "end": "</script></style><img src=x onerror=alert(2)>",
    "quotes": "\" onfocus='alert(3)' autofocus x=\"",
    "entity": "&lt;b&gt; &amp; &#60;",
    "arabic": "الدخل السنوي",
    "override": "abc\u202edcba\u2066",
    "long": "x" * 1000,
    "controls": "a\x00b\x1bc\ud800",
}


def probes(hidden=2, epochs=12, slope=-0.6, seed=0):
    """Probes of a network whose gradients change by `slope` decades a layer towards the input."""
    generator = np.random.default_rng(seed)
    layers = (*(Probed(str(k), 16, "sigmoid", "") for k in range(hidden)), Probed(str(hidden), 1, "identity", ""))
    values = generator.uniform(0.1, 0.5, (epochs, len(layers), len(QUANTITIES)))
    depth = np.arange(len(layers))[::-1]
    values[:, :, list(QUANTITIES).index("dz_rms")] = 10.0 ** (slope * depth - 1) * values[:, :, 0]
    values[:, :, list(QUANTITIES).index("update")] = -2.5 - 0.2 * depth + values[:, :, 0]
    bins = np.full((1, len(layers), len(EDGES) + 1), 1 / (len(EDGES) + 1))
    places = np.arange(1, epochs + 1)
    return Probes(layers, places, values.astype(np.float32), places[:1], bins.astype("f4"), bins.astype("f4"))


@contextmanager
def probed(estimator, found):
    """The estimator with other probes than it has, for a while."""
    model = estimator._model
    estimator._model = replace(model, measured=found)
    yield
    estimator._model = model


def finding(rule="vanishing-gradients", level="error", **more):
    return Finding(**{
        "rule": rule,
        "title": "Gradients vanish towards the first layer",
        "level": level,
        "when": "during",
        "layers": ("0", "1"),
        "evidence": (Evidence("slope of log10 RMS(dLoss/dz) over depth", -0.63, "between -0.15 and 0.1"),),
        "confidence": 0.97,
        "reason": "Each sigmoid multiplies the gradient by at most a quarter. Layers far from the loss hear nothing.",
        "source": "Hochreiter, 1991",
        "remedies": (Remedy("relu-he", "Use ReLU with He's initialisation.", (("activation", "relu"),)),),
        **more,
    })  # fmt: skip


def findings():
    return Findings((finding(), finding("rate-too-low", "warning", title="The learning rate is too low", layers=())))


@pytest.fixture(scope="session")
def table_rows():
    """A frame with a hostile name for every column, hostile words in one, and a hostile target."""
    import pandas as pd

    generator = np.random.default_rng(0)
    frame = pd.DataFrame({name: generator.normal(size=200) for name in HOSTILE.values() if "\ud800" not in name})
    frame["words"] = generator.choice([HOSTILE["script"], HOSTILE["quotes"], HOSTILE["arabic"]], 200)
    first = frame.iloc[:, 0].to_numpy()
    frame["target " + HOSTILE["script"]] = np.where(first > 0, HOSTILE["end"], HOSTILE["long"])
    return frame


@pytest.fixture(scope="session")
def fitted(table_rows):
    """name -> (estimator, X, y): estimators of the kinds that a report knows."""
    generator = np.random.default_rng(0)
    X = generator.normal(size=(120, 3)).astype(np.float32)
    quick = {"hidden_layer_sizes": (8, 8), "max_iter": 5, "random_state": 0, "n_threads": 1, "tol": 0.0}
    target = table_rows.columns[-1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHAINRULE_KERNELS", "numpy")
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table = TableClassifier(preset="fast", max_iter=5, random_state=0, n_threads=1).fit(table_rows, target)
            two = MLPClassifier(**quick, early_stopping=True).fit(X, X[:, 0] > 0)
            many = np.array([HOSTILE["script"], "b", "c"])[np.digitize(X[:, 0], [-0.5, 0.5])]
            three = MLPClassifier(**quick).fit(X, many)
            labels = (X > 0).astype(int)
            several = MLPClassifier(**quick).fit(X, labels)
            hinge = MLPClassifier(**quick, loss="hinge", probes=False).fit(X, X[:, 0] > 0)
            number = MLPRegressor(**quick).fit(X, X[:, 0])
            pair = MLPRegressor(solver="lbfgs", max_iter=20, random_state=0).fit(X, X[:, :2])
    return {
        "table": (table, table_rows, target),
        "two classes": (two, X, X[:, 0] > 0),
        "three classes": (three, X, many),
        "labels": (several, X, labels),
        "hinge": (hinge, X, X[:, 0] > 0),
        "number": (number, X, X[:, 0]),
        "two numbers": (pair, X, X[:, :2]),
    }


class Reader(HTMLParser):
    """A page as what stands in it; refuses tags that do not close each other."""

    VOID = ("meta", "input", "br")

    def __init__(self, page):
        super().__init__()
        self.tags, self.texts, self._open = [], [], []
        self.feed(page)
        self.close()
        assert not self._open

    def handle_starttag(self, tag, attributes):
        names = [name for name, _ in attributes]
        assert len(names) == len(set(names))
        self.tags.append((tag, dict(attributes), tuple(self._open)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, text):
        self.texts.append((text, tuple(self._open)))

    def of(self, tag):
        return [attributes for name, attributes, _ in self.tags if name == tag]

    def text(self, tag=""):
        return "".join(text for text, inside in self.texts if not tag or tag in inside)


@pytest.fixture(scope="session")
def read():
    """From a page to what stands in it."""
    return Reader


@pytest.fixture(scope="session")
def hand_made():
    """Makers of probes and findings, and the hostile words."""
    return SimpleNamespace(probes=probes, probed=probed, finding=finding, findings=findings, HOSTILE=HOSTILE)
