"""`Continuation`: what the next call of training takes from the last."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.training.stopping import Stopping
from chainrule.training.trainer import Trainer


class Continuation:
    """What training goes on with, given to one call: another, in another thread, begins with fresh.

    Parameters
    ----------
    trainer, stopping : of the last call
    parts : of a mixture, the same of each of its parts
    """

    def __init__(
        self,
        trainer: Trainer | None = None,
        stopping: Stopping | None = None,
        parts: Sequence[Continuation] = (),
    ) -> None:
        self._kept = [(trainer, stopping)]
        self.parts = tuple(parts)

    @property
    def trainer(self) -> Trainer | None:
        """The trainer, where nobody has taken it."""
        return next((trainer for trainer, _ in self._kept), None)

    @property
    def stopping(self) -> Stopping | None:
        return next((stopping for _, stopping in self._kept), None)

    def take(self) -> tuple[Trainer | None, Stopping | None]:
        """Both, which are nobody else's from then on; of a mixture, those of its parts are let go."""
        for one in self.parts:
            one.take()
        try:
            return self._kept.pop()
        except IndexError:  # to look first would be a race
            return None, None
