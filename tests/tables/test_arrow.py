"""Arrays between NumPy and Arrow, against Arrow's own."""

import numpy as np
import pyarrow as pa
import pytest

from chainrule.tables import arrow

MISSING = np.array([False, True, False, False, True, False, False, False, False, True])


@pytest.mark.parametrize(
    "values",
    [
        np.arange(10, dtype=np.int32),
        np.arange(10, dtype=np.uint8),
        np.linspace(0, 1, 10),
        np.linspace(0, 1, 20, dtype=np.float32)[::2],
        np.arange(10) % 3 == 0,
        np.arange(10).astype("datetime64[us]"),
        np.array(["", "größer", "x,y", '"', "\n", "a", "b", "c", "d", "e"]),
    ],
    ids=lambda values: str(values.dtype),
)
def test_an_array_is_arrows_own(values):
    assert arrow.array(values).equals(pa.array(values))
    if values.dtype.kind != "U":
        assert arrow.array(values, MISSING).equals(pa.array(values, mask=MISSING))


def test_objects_are_texts():
    assert arrow.array(np.array(["a", 1], object)).equals(pa.array(["a", "1"]))
    assert arrow.texts([]).equals(pa.array([], pa.string()))


@pytest.mark.parametrize("chunks", [[["b", "a", None, "b"]], [["b"], [], ["c", None, "b"]], [[]], []])
def test_codes_stand_for_texts(chunks):
    codes, texts = arrow.codes(pa.chunked_array(chunks, pa.string()))
    assert [texts[code] for code in codes] == [value for chunk in chunks for value in chunk]


def test_codes_of_a_part_are_its_own():
    codes, texts = arrow.codes(pa.chunked_array([["a", "b", "c", None, "b"]]).slice(2, 2))
    assert [texts[code] for code in codes] == ["c", None]
