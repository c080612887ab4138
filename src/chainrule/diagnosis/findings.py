"""Findings: what diagnosis says, each with its evidence, its reason and its remedies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from chainrule.as_json import sound
from chainrule.diagnosis.probes import Probes
from chainrule.diagnosis.remedies import Remedy
from chainrule.errors import unknown_name

Level = Literal["note", "warning", "error"]
When = Literal["before", "during", "after"]

#: From the least to the worst: a hint, something that costs quality, something that keeps the network from learning.
LEVELS: tuple[Level, ...] = ("note", "warning", "error")


@dataclass(frozen=True)
class Evidence:
    """A number that was measured, and what it would be in a network that learns."""

    name: str
    value: float
    expected: str

    def __str__(self) -> str:
        return f"{self.name}: {self.value:.4g} (expected {self.expected})"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    Attributes
    ----------
    rule : its name for machines, "vanishing-gradients"
    title : its name for people
    level : "note", "warning" or "error"
    when : "before", "during" or "after" training: which rules it belongs to
    layers : names of the layers it was found in, none where it is of the whole network
    evidence : what was measured
    confidence : 0 to 1, how far the evidence is beyond what is expected
    reason : why that keeps a network from learning, in two sentences
    source : of the reason: author, year
    remedies : the most promising first
    follows : names of findings that explain this one, which is then a note
    """

    rule: str
    title: str
    level: Level
    when: When
    layers: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    confidence: float
    reason: str
    source: str
    remedies: tuple[Remedy, ...] = ()
    follows: tuple[str, ...] = ()

    def __str__(self) -> str:
        where = f" in {_listed(self.layers)}" if self.layers else ""
        lines = [f"{self.level}: {self.title}{where} [{self.rule}, confidence {self.confidence:.2f}]"]
        lines += [f"    follows from {', '.join(self.follows)}"] * bool(self.follows)
        lines += [f"    {one}" for one in self.evidence]
        lines += [f"    {self.reason} ({self.source})"]
        if not self.follows:
            lines += [f"    {place}. {one.text}" for place, one in enumerate(self.remedies, start=1)]
        return "\n".join(lines)


@dataclass(frozen=True, eq=False)
class Findings:
    """All that diagnosis found, the worst first: iterate over it, or ask for a rule by name.

    `"dead-relu" in findings`, `findings["dead-relu"]`, `findings.get("dead-relu")`; `findings[0]` is the worst.

    Attributes
    ----------
    found : the findings
    probes : what they were read from, or None where nothing was measured
    """

    found: tuple[Finding, ...]
    probes: Probes | None = None

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)

    def __bool__(self) -> bool:
        return bool(self.found)

    def __getitem__(self, which: str | int) -> Finding:
        """The finding of a rule, or by its place."""
        if isinstance(which, int):
            return self.found[which]
        found = self.get(which)
        if found is None:
            raise unknown_name("findings[...]", which, self.rules)
        return found

    def get(self, rule: str) -> Finding | None:
        """The finding of a rule, None where it has found nothing."""
        return next((one for one in self.found if one.rule == rule), None)

    def __contains__(self, which: object) -> bool:
        return which in self.rules or which in self.found

    @property
    def rules(self) -> tuple[str, ...]:
        """Names of the rules that found something."""
        return tuple(one.rule for one in self.found)

    def at_least(self, level: Level) -> tuple[Finding, ...]:
        """Those of this level and worse."""
        return tuple(one for one in self.found if LEVELS.index(one.level) >= LEVELS.index(level))

    def remedies(self) -> tuple[Remedy, ...]:
        """Remedies that can be applied: those of the worst finding first, each once; none of what only follows."""
        causes = [one for one in self.found if not one.follows]
        return tuple({r.name: r for one in causes for r in one.remedies if r.can_be_applied}.values())

    def to_data(self) -> list[dict[str, Any]]:
        """As JSON has it."""
        return [sound(asdict(one)) for one in self.found]

    def __str__(self) -> str:
        if self.found:
            return "\n".join(map(str, self.found))
        if self.probes is None:
            return "Nothing found, and nothing was measured: fit with probes=True, or give rows."
        return "Nothing found that keeps this network from learning."


def _listed(names: tuple[str, ...]) -> str:
    """A few names, or the first and the last."""
    few = names if len(names) <= 4 else (names[0], "...", names[-1])
    return f"layer{'s' if len(names) > 1 else ''} {', '.join(few)}"
