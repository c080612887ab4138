"""A callback that keeps how a fit began and why it ended."""

from __future__ import annotations

from chainrule.training.callbacks import Callback, Outlook


class Ending(Callback):
    """Listens for the first and the last word of a fit."""

    outlook: Outlook
    in_any_order = True

    def __init__(self) -> None:
        self.reason = ""

    def begin(self, outlook: Outlook) -> None:
        self.outlook = outlook

    def end(self, reason: str) -> None:
        self.reason = reason
