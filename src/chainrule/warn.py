"""Warnings that point at the line of the user's that called into this package."""

from __future__ import annotations

import sys
import warnings

#: Modules that are passed over: this package and what calls its callbacks.
_INSIDE = ("chainrule.", "sklearn.callback.")


class DataWarning(UserWarning):
    """Cells of a table were not what their column is, or its kind could be another."""


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the line outside this package, and outside of its callback protocol, that called into it."""
    level = 1
    while sys._getframe(level).f_globals.get("__name__", "").startswith(_INSIDE):
        level += 1
    warnings.warn(message, category, stacklevel=level + 1)
