"""The main job on real data: train on UCI Adult's official training rows, score on its test rows."""

from __future__ import annotations

import time
import warnings

import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.metrics import accuracy_score, log_loss
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, KBinsDiscretizer, OneHotEncoder, StandardScaler

from chainrule import MLPClassifier
from chainrule.datasets import Table, load_adult

NEXT = """\
What to try next
  model = MLPClassifier(norm="layer")           layer normalisation; norm="batch" for batch normalisation
  model = MLPClassifier(activation="gelu")      chainrule.activations.table() lists them all
  print(model.network_.describe())              layers, shapes, parameters, flops
  examples/mnist.py                             images as plain vectors, about 1 % test error
  examples/regularisation.py                    L1, L2 and dropout on these rows
  make bench                                    speed beside JAX, PyTorch and scikit-learn"""


def encode(adult: Table) -> tuple[np.ndarray, np.ndarray]:
    """Numbers standardised and cut into bins, categories one-hot: fitted on training rows, applied to all."""
    matrix = np.empty((len(adult.target), len(adult.columns)), object)
    for place, column in enumerate(adult.columns.values()):
        matrix[:, place] = column
    numbers = [place for place, name in enumerate(adult.columns) if name in adult.numbers]
    categories = [place for place, name in enumerate(adult.columns) if name in adult.categories]
    bins = KBinsDiscretizer(32, encode="onehot-dense", strategy="kmeans", subsample=20_000, random_state=0)
    scaled = make_pipeline(FunctionTransformer(np.log1p), StandardScaler())
    encoder = make_column_transformer(
        (make_pipeline(FunctionTransformer(_floats), make_union(scaled, bins)), numbers),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False, dtype=np.float32), categories),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a column of few distinct values gets fewer bins, as it should
        encoder.fit(matrix[adult.train])
    return encoder.transform(matrix).astype(np.float32), (adult.target == ">50K").astype(int)


def _floats(x: np.ndarray) -> np.ndarray:
    return x.astype(np.float64)


def main() -> None:
    started = time.perf_counter()
    adult = load_adult()
    X, y = encode(adult)
    train, test = adult.train, adult.test
    print(f"UCI Adult: {train.sum():,} training rows, {test.sum():,} test rows, {X.shape[1]} encoded columns")

    model = MLPClassifier(
        hidden_layer_sizes=(128, 128), dropout=0.2, batch_size=256, alpha=0.0,
        early_stopping=True, n_iter_no_change=6, random_state=0, verbose=True,
    )  # fmt: skip
    fit_started = time.perf_counter()
    model.fit(X[train], y[train])
    seconds = time.perf_counter() - fit_started

    p = model.predict_proba(X[test])
    accuracy, loss = accuracy_score(y[test], p.argmax(axis=1)), log_loss(y[test], p)
    print(f"\ntest accuracy {accuracy:.4f}   log loss {loss:.4f}   (always '<=50K': {1 - y[test].mean():.4f} accuracy)")
    print(f"training {seconds:.1f} s in {model.n_iter_} epochs, {time.perf_counter() - started:.1f} s in all\n")
    print(NEXT)


if __name__ == "__main__":
    main()
