"""Small models, and clients of them. All tests here want `chainrule[serve]`."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from tests.serving.inference.cases import Client, rows

from chainrule import MLPRegressor, TableClassifier, TableRegressor
from chainrule.network import losses
from chainrule.serving.inference.served import Served

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.serving)


@pytest.fixture(scope="session")
def fitted():
    """Estimators by the names under which they are served."""
    table, random = rows(400), np.random.default_rng(1)
    known = np.nan_to_num(np.array(table["size"]))
    kind = np.where(known + (np.array(table["color"]) == "red") > 0, "big", "small")
    price = 10 + 3 * known + random.normal(size=400)
    tiny = {"preset": "fast", "hidden_layer_sizes": (8,), "max_iter": 6, "n_members": 2, "random_state": 0}
    X = random.normal(size=(80, 3))
    vectors = {"v": random.normal(size=(120, 2)), "w": np.arange(120.0) % 7}
    quantiles = losses.Quantile((0.05, 0.5, 0.95))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of few epochs
        return {
            "kinds": TableClassifier(**tiny).fit(table, kind),
            "several": TableClassifier(max_iter=2, random_state=0).fit(
                {k: v * 3 for k, v in table.items()}, np.tile(kind, 3)
            ),
            "prices": TableRegressor(calibration=True, **tiny).fit(table, price),
            "pairs": TableRegressor(**tiny).fit(table, np.stack([price, -price], axis=1)),
            "levels": TableRegressor(loss=quantiles, **tiny).fit(table, price),
            "labels": TableClassifier(**tiny).fit(table, np.stack([kind == "big", known > 1], axis=1).astype(int)),
            "numbered": TableClassifier(**tiny).fit(table, (known > 0).astype(int) + 3),
            "vectors": TableRegressor(**tiny).fit(vectors, vectors["v"][:, 0]),
            "matrix": MLPRegressor(hidden_layer_sizes=(4,), max_iter=5, tol=1, random_state=0).fit(X, X[:, 0]),
        }


@pytest.fixture(scope="session")
def folder(fitted, tmp_path_factory):
    """Their files."""
    place = tmp_path_factory.mktemp("models")
    for name, model in fitted.items():
        model.save(place / f"{name}.model")
    return place


@pytest.fixture(scope="session")
def served(folder):
    """The models as a server has them."""
    return {path.stem: Served.load(path.stem, "1", path) for path in sorted(folder.glob("*.model"))}


@pytest.fixture
def client(folder):
    """A function that makes clients of models by name; they are closed at the end."""
    made = []

    def of(*names, **more):
        made.append(Client(*[f"{name}={folder / name}.model" for name in names], **more))
        return made[-1]

    yield of
    for one in made:
        one.close()
