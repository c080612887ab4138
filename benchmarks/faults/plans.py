"""All faults, and the cases of them: each rule's faults take turns, in settings drawn from what they allow."""

from __future__ import annotations

from benchmarks.faults import data
from benchmarks.faults.after import AFTER
from benchmarks.faults.before import BEFORE
from benchmarks.faults.data import Half
from benchmarks.faults.during import DURING
from benchmarks.faults.planting import Case, Draw, Fault

FAULTS: tuple[Fault, ...] = (*BEFORE, *DURING, *AFTER)
RULES: tuple[str, ...] = tuple(dict.fromkeys(one.rule for one in FAULTS))


def cases(rule: str, half: Half, count: int) -> list[Case]:
    """`count` cases of a rule, and a few more where its faults are many."""
    faults = [one for one in FAULTS if one.rule == rule]
    each = -(-count // len(faults))
    found = []
    for fault in faults:
        names, draw = data.names(half, fault.tasks, fault.least), Draw(f"{half} {rule} {fault.name}")
        found += [Case(fault, setting) for setting in draw.settings(names, fault.depths, fault.widths, each)]
    return found
