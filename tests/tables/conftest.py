"""One small table in every form that it may come in; and from a table to its schema and its encoder, as fit does it."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from chainrule.tables import encoder, frames, learn
from chainrule.tables.schema import Nothing

CELLS = {
    "whole": [1, 2, 3],
    "number": [1.5, None, 2.0],
    "truth": [True, False, None],
    "word": ["x", None, "y"],
    "time": [datetime.datetime(2020, 1, 1), None, datetime.datetime(2021, 2, 3, 12)],
    "day": [datetime.date(2020, 1, 1), None, datetime.date(2021, 2, 3)],
}

FORMS = {
    "pandas": lambda: pd.DataFrame(CELLS),
    "pandas nullable": lambda: pd.DataFrame(CELLS).convert_dtypes(),
    "pandas categorical": lambda: pd.DataFrame({**CELLS, "word": pd.Categorical(CELLS["word"])}),
    "pandas with time zone": lambda: pd.DataFrame({**CELLS, "time": pd.to_datetime(CELLS["time"], utc=True)}),
    "polars": lambda: pl.DataFrame(CELLS),
    "polars categorical": lambda: pl.DataFrame(CELLS).with_columns(pl.col("word").cast(pl.Categorical)),
    "arrow": lambda: pa.table(CELLS),
    "dict": lambda: {name: np.array(values, object) for name, values in CELLS.items()},
    "objects": lambda: np.array(list(zip(*CELLS.values(), strict=True)), object),
}


@pytest.fixture(params=FORMS)
def form(request):
    """A table in one of its forms."""
    return FORMS[request.param]()


def _learned(X, said=None, missing=None, decimal=None, names=None):
    seen = learn.Seen(learn.Said(said or {}, Nothing.said("missing=", missing), decimal))
    for part in X if isinstance(X, list) else [frames.table(X)]:
        seen.add(part)
    return learn.schema(seen, names or list(seen.columns), "X")


def _fitted(X, said=None, missing=None, decimal=None, **settings):
    found, whole = _learned(X, said, missing, decimal), frames.table(X)
    columns, _ = found.schema.read(whole, found.used, "X")
    return encoder.fit(columns, found.schema, said or {}, where="X", left_out=found.left_out, **settings)


@pytest.fixture(scope="session")
def learned():
    """A function of a table, or of a list of its parts, and what a user says of it: what its columns are."""
    return _learned


@pytest.fixture(scope="session")
def fitted():
    """A function of a table, what a user says of it, and how its numbers are encoded: its encoder."""
    return _fitted
