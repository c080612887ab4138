"""Looks at an encoder: what was made of each column, as plain data."""

from __future__ import annotations

from typing import Any

from chainrule.tables.encoder import Encoder
from chainrule.tables.encodings import Category


def columns_of(encoder: Encoder) -> list[dict[str, Any]]:
    """Of each column: name, kind, and what the network gets of it."""
    found = []
    for one in encoder.encodings:
        about: dict[str, Any] = {"name": one.name, "kind": one.kind, "inputs": len(one.feature_names())}
        if isinstance(one, Category):
            about |= {"levels": len(one.levels), "rare": one.rare, "missing": one.absent}
            about["inputs"] = one.units or about["inputs"]
            about["encoding"] = "embedding" if one.units else "indicators"
        else:
            blocks = one.blocks(0)
            about["encoding"] = ", ".join(dict.fromkeys(type(block).__name__.lower() for block in blocks))
        found.append(about)
    return found


def left_out_of(encoder: Encoder) -> list[dict[str, Any]]:
    """Columns that are not used, with the reason."""
    return [{"name": one.name, "kind": one.kind, "why": one.why} for one in encoder.left_out]


def levels_of(column: dict[str, Any]) -> str:
    """The levels of a column in words: "12 levels + rare"; nothing of a number."""
    if "levels" not in column:
        return ""
    more = [name for name in ("rare", "missing") if column[name]]
    return " + ".join([f"{column['levels']} levels", *more])
