"""Whether a team pays: its time beside that of the caller's thread alone, measured while it works.

Other fits, other programs and processors that share a core take from a team what it was meant to gain: parts wait for
a thread that the system has taken off its core. The same parts are then done by one thread, with the same bits; and
from time to time it is tried again.
"""

from __future__ import annotations

from statistics import fmean

#: Jobs in a row that are timed in the one way or the other; alone, few tell enough.
TOGETHER, ALONE = 8, 2
#: Jobs before the first comparison, and at least between two.
SOON = 32
#: Comparisons may cost this share of the time.
SHARE = 0.01
#: A team this many times as slow as it used to be is looked at again at once.
SLOWER = 1.25


class Payoff:
    """Decides, job by job, who follows it.

    Examples
    --------
    Jobs that take twice as long together as alone:

    >>> from chainrule.engine.payoff import Payoff
    >>> payoff = Payoff()
    >>> for _ in range(200):
    ...     payoff.note(2.0 if payoff.together else 1.0)
    >>> payoff.together
    False
    """

    def __init__(self) -> None:
        self.together = True
        self._usual = self._recent = 0.0  # seconds of a job in the way that is kept, at the last comparison and since
        self._jobs = 0  # since then
        self._spent = 0.0
        self._rest = 0.0  # seconds before the next
        self._trial: list[float] | None = None

    def note(self, seconds: float) -> None:
        """A job, or a row of it, has taken so long in the way that was decided."""
        if self._trial is not None:
            self._trial.append(seconds)
            count = TOGETHER if self.together else ALONE
            if len(self._trial) == count or sum(self._trial) > 2 * count * self._recent:
                self._compare(self._trial)
            return
        self._recent += (seconds - self._recent) / min(self._jobs + 1, 2 * TOGETHER)
        self._jobs += 1
        self._spent += seconds
        changed = self.together and self._jobs >= TOGETHER and self._recent > SLOWER * self._usual > 0
        if changed or (self._jobs >= SOON and self._spent >= self._rest):
            self.together = not self.together
            self._trial = []

    def _compare(self, trial: list[float]) -> None:
        """Keep the way that was just tried where it is faster, else go back."""
        tried = fmean(trial) if self.together else min(trial)
        lost = sum(trial) - len(trial) * self._recent
        self._rest = max(0.0, lost / SHARE)
        if tried < self._recent:
            self._recent = tried
        else:
            self.together = not self.together
        self._usual, self._jobs, self._spent, self._trial = self._recent, 0, 0.0, None
