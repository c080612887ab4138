"""What a notebook shows of a model: drawn floors above, and looked up there when a notebook asks."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def html(model: Any, name: str, made: str | None = None) -> str:
    """The card of a Model; see `chainrule.plots.card` for the parameters."""
    text: str = import_module("chainrule.plots.card").card(model, name, made)
    return text
