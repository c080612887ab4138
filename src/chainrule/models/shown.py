"""What a notebook shows of a model: drawn floors above, and looked up there when a notebook asks."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chainrule.models.model import Model


def html(model: Model, name: str, made: str | None = None) -> str:
    """The card; see `chainrule.plots.card` for the parameters."""
    text: str = import_module("chainrule.plots.card").card(model, name, made)
    return text
