"""A callback that keeps why training ended."""

from __future__ import annotations

from chainrule.training.callbacks import Callback


class Ending(Callback):
    """Listens for the last word of a fit."""

    def __init__(self) -> None:
        self.reason = ""

    def end(self, reason: str) -> None:
        self.reason = reason
