"""Looks at what is in a model: its columns and its training, as plain data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from chainrule.network.layers import Layer
    from chainrule.tables.encoder import Encoder


def columns_of(encoder: Encoder) -> list[dict[str, Any]]:
    """Of each column: name, kind, and what the network gets of it."""
    from chainrule.tables.encodings import Category

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


def training_of(losses: Sequence[float | None], seconds: float) -> dict[str, Any]:
    """Epochs, and which was the best on the rows held out."""
    known = {epoch: loss for epoch, loss in enumerate(losses, 1) if loss is not None and math.isfinite(loss)}
    best = min(known, key=known.__getitem__, default=None)
    loss = None if best is None else known[best]
    return {"epochs": len(losses), "best_epoch": best, "best_validation_loss": loss, "fit_seconds": seconds}


def layer(one: Layer) -> str:
    """A layer by what is not as usual in it; how its weights began is of no more use."""
    said = [f for f in fields(cast(Any, one)) if f.name != "init" and getattr(one, f.name) != f.default]
    return f"{type(one).__name__}({', '.join(f'{f.name}={getattr(one, f.name)!r}' for f in said)})"
