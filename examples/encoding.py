"""
Adult as a matrix, by hand
==========================

With scikit-learn: what the estimators of arrays need and the table estimators do by themselves. Other examples import
this one; alone it prints nothing.
"""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, KBinsDiscretizer, OneHotEncoder, StandardScaler

from chainrule.datasets import Table


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
