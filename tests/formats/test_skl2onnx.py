"""Our estimators inside a pipeline of scikit-learn, exported by skl2onnx."""

import numpy as np
import onnxruntime
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from chainrule import MLPClassifier, MLPRegressor
from chainrule.estimators import skl2onnx as ours

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:skl2onnx"),
]

X32 = np.random.default_rng(0).normal(3, 2, size=(40, 4)).astype(np.float32)


def run(pipe, X):
    skl2onnx = pytest.importorskip("skl2onnx")
    ours.register()
    ours.register()
    options = {id(pipe[-1]): {"zipmap": False}} if isinstance(pipe[-1], MLPClassifier) else None
    model = skl2onnx.to_onnx(pipe, X[:1], options=options, target_opset=18)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"X": X})


WORDS = np.array(["a", "b", "c"])[np.arange(40) % 3]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("y", [np.arange(40) % 2, np.arange(40) % 2 == 0, WORDS], ids=["two", "truth", "words"])
def test_classifiers(y, dtype):
    X = X32.astype(dtype)
    pipe = make_pipeline(StandardScaler(), MLPClassifier((5,), norm="layer", max_iter=3, random_state=0)).fit(X, y)
    label, probabilities = run(pipe, X)
    assert label.tolist() == pipe.predict(X).tolist()
    np.testing.assert_allclose(probabilities, pipe.predict_proba(X), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_regressors(dtype):
    X = X32.astype(dtype)
    pipe = make_pipeline(StandardScaler(), MLPRegressor(hidden_layer_sizes=(5,), max_iter=3, random_state=0))
    pipe.fit(X, X[:, 0])
    np.testing.assert_allclose(run(pipe, X)[0][:, 0], pipe.predict(X), rtol=1e-5, atol=1e-5)
