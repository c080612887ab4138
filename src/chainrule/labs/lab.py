"""What a lab is: a claim, an experiment, and figures that the claim stands or falls with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf

from chainrule.checks import at_least
from chainrule.labs.result import Result, number

SEED = at_least(0, "For example 0.")


@dataclass(frozen=True)
class Condition:
    """A figure of the experiment, and where it must lie for the claim to hold; both ends are allowed, NaN never is.

    Examples
    --------
    >>> from chainrule.labs.lab import Condition
    >>> condition = Condition("slope", high=-0.4)
    >>> condition.holds({"slope": -0.63}), condition.holds({"slope": float("nan")})
    (True, False)
    >>> condition.bounds
    'at most -0.4'
    """

    figure: str
    low: float = -inf
    high: float = inf

    def holds(self, figures: Mapping[str, float]) -> bool:
        return self.low <= figures[self.figure] <= self.high

    @property
    def bounds(self) -> str:
        """Where the figure must lie, in words."""
        low, high = number(self.low), number(self.high)
        if self.low == self.high:
            return f"exactly {low}"
        if self.low == -inf:
            return f"at most {high}"
        return f"at least {low}" if self.high == inf else f"from {low} to {high}"


@dataclass(frozen=True)
class Lab:
    """A claim of the textbooks with the experiment that puts it to the test.

    Attributes
    ----------
    name : as in `chainrule lab NAME`
    claim : one sentence
    experiment : function of (short, seed) -> Result
    conditions : what must be true of the figures for the claim to hold
    clocked : columns and figures that a clock measures, so that they differ from run to run; all else is the same for
        the same seed
    """

    name: str
    claim: str
    experiment: Callable[[bool, int], Result]
    conditions: tuple[Condition, ...]
    clocked: tuple[str, ...] = ()

    def run(self, short: bool = False, seed: int = 0) -> Result:
        """The experiment, or a form of it that takes seconds.

        Raises
        ------
        InputError
            For a seed that is no whole number from 0 on.
        """
        SEED(f"labs.run({self.name!r}, seed=)", seed)
        return self.experiment(short, seed)

    def broken(self, result: Result) -> tuple[Condition, ...]:
        """The conditions that do not hold; none where the claim does."""
        return tuple(condition for condition in self.conditions if not condition.holds(result.figures))

    def verdict(self, result: Result) -> str:
        """Each condition with the figure that was found, and whether the claim holds."""
        broken, lines = self.broken(result), []
        for one in self.conditions:
            found = "FAILS" if one in broken else "holds"
            lines.append(f"  {found}  {one.figure}: {number(result.figures[one.figure])} ({one.bounds})")
        return "\n".join(["The claim does NOT hold." if broken else "The claim holds.", *lines])

    def report(self, result: Result) -> str:
        """Claim, table, what was seen, and the verdict, as text."""
        return "\n\n".join([self.claim, str(result), self.verdict(result)])
