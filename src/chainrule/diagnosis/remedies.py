"""Remedies: what to change where a finding says that something is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Remedy:
    """A change of an estimator's parameters.

    Attributes
    ----------
    name : for machines, "relu-he"
    text : for people: what to do and why it helps
    changes : (parameter, value) pairs to set; `hidden_layer_sizes` and all else stay
    """

    name: str
    text: str
    changes: tuple[tuple[str, Any], ...] = ()

    def apply(self, estimator: Any) -> Any:
        """A new, unfitted estimator with the change."""
        return type(estimator)(**{**estimator.get_params(deep=False), **dict(self.changes)})
