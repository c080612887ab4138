"""What is told of an encoder: kinds, levels, encodings, and how many inputs each column makes."""

import numpy as np
import pandas as pd
import pytest

from chainrule.tables import encoder
from chainrule.tables.describe import columns_of, left_out_of, levels_of
from chainrule.tables.encodings import Category
from chainrule.tables.frames import table

FRAME = pd.DataFrame(
    {
        "number": np.arange(300) / 7,
        "word": ["a", "b", None] * 100,
        "many": [f"w{k % 150}" for k in range(300)],
        "same": 1,
    }
)


def test_every_column_is_told_with_what_it_makes(fitted):
    found = fitted(FRAME)
    told = {one["name"]: one for one in columns_of(found)}
    embedding = next(one for one in found.encodings if isinstance(one, Category) and one.units)
    assert told["word"] == {
        "name": "word", "kind": "category", "inputs": 3, "levels": 2, "rare": False, "missing": True,
        "encoding": "indicators", "why": "2 different words", "example": "a",
    }  # fmt: skip
    assert (told["many"]["encoding"], told["many"]["inputs"]) == ("embedding", embedding.units)
    assert embedding.units > 1
    assert told["number"]["inputs"] == sum(name.startswith("number") for name in found.feature_names())
    assert [levels_of(told[name]) for name in ("word", "number")] == ["2 levels + missing", ""]
    assert [(one["name"], one["kind"]) for one in left_out_of(found)] == [("same", "constant")]


@pytest.mark.parametrize(("days", "inputs"), [(12, 12), (150, 12)])
def test_a_date_tells_its_days(fitted, days, inputs, monkeypatch):
    times = np.datetime64("2026-01-01") + np.arange(30 * days) // 30 * np.timedelta64(1, "D")
    frame = pd.DataFrame({"time": times})
    made = fitted(frame)
    (plain,), (found,) = map(columns_of, (made, encoder.with_days(made, made.told(table(frame), "X"))))
    assert levels_of(plain) == "" and levels_of(found) == f"{days} days"
    assert found["inputs"] == plain["inputs"] + inputs
    assert found["encoding"] == plain["encoding"] + (", embedding" if days > 100 else ", indicators")


def test_a_text_tells_its_words_and_pairs(fitted):
    said = [f"it is good or bad {k}" if k % 5 else None for k in range(300)]
    (about,) = columns_of(fitted(pd.DataFrame({"said": said})))
    assert (about["kind"], about["inputs"], about["encoding"]) == ("text", 8, "embedding")
    assert levels_of(about) == f"{about['terms']} words and pairs + missing"
