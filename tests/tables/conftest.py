"""One small table in every form that it may come in."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

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
