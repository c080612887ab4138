"""Looks at an encoder: what was made of each column, as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainrule.engine.blocks import Block, Code, Levels
from chainrule.tables.encoder import Encoder
from chainrule.tables.encodings import Date, Levelled
from chainrule.tables.texts import Text

#: Columns that are told, and letters of an example.
TOLD, LONGEST = 60, 30


def columns_of(encoder: Encoder) -> list[dict[str, Any]]:
    """Of each column: name, kind, and what the network gets of it."""
    found, monotone = [], dict(encoder.monotone)
    for one in encoder.encodings:
        field = encoder.schema.by_name[one.name]
        about: dict[str, Any] = {"name": one.name, "kind": one.kind, "why": field.why, "example": field.example}
        vectors = one.embedded.units - one.embedded.columns if one.embedded else 0
        about["inputs"] = len(one.feature_names()) + vectors
        about["encoding"] = ", ".join(dict.fromkeys(map(_encoding, one.blocks(0))))
        if one.name in monotone:
            about["monotone"] = monotone[one.name]
            about["encoding"] += f"; predictions never {'fall' if monotone[one.name] > 0 else 'rise'} with it"
        levels = one.days if isinstance(one, Date) else one
        if isinstance(one, Text):
            about |= {"terms": len(one.terms), "missing": one.absent}
        elif isinstance(levels, Levelled):
            about |= {"levels": len(levels.levels), "rare": levels.rare, "missing": levels.absent}
        found.append(about)
    return found


def _encoding(block: Block) -> str:
    """What a block makes of its column."""
    return {Code: "embedding", Levels: "indicators"}.get(type(block), type(block).__name__.lower())


def left_out_of(encoder: Encoder) -> list[dict[str, Any]]:
    """Columns that are not used, with the reason."""
    examples = {name: field.example for name, field in encoder.schema.by_name.items()}
    return [
        {"name": one.name, "kind": one.kind, "why": one.why, "example": examples.get(one.name, "")}
        for one in encoder.left_out
    ]


def told(columns: Sequence[dict[str, Any]], left_out: Sequence[dict[str, Any]]) -> list[tuple[str, ...]]:
    """A line for each column: its name, its kind, what that rests on, and a cell; of very many, of the first."""
    found: list[tuple[str, ...]] = [(one["name"], one["kind"], one["why"], _short(one["example"])) for one in columns]
    found += [(one["name"], "left out", one["why"], _short(one["example"])) for one in left_out]
    more = len(found) - TOLD
    return found if more <= 0 else [*found[:TOLD], (f"{more:,} more", "", "", "")]


def _short(example: str) -> str:
    line = " ".join(example.split())
    return f"e.g. {line if len(line) <= LONGEST else line[:LONGEST] + '...'}" if line else ""


def levels_of(column: dict[str, Any]) -> str:
    """The levels of a column in words: "12 levels + rare", of a date its single days, of a text its words and pairs."""
    if "terms" in column:
        return " + ".join([f"{column['terms']:,} words and pairs", *["missing"] * column["missing"]])
    if "levels" not in column:
        return ""
    more = [name for name in ("rare", "missing") if column[name]]
    what = "days" if column["kind"] == "date" else "levels"
    return " + ".join([f"{column['levels']} {what}", *more])
