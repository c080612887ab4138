"""All faults, and the cases of them: each rule's faults take turns, in settings drawn from what they allow."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.faults import data
from benchmarks.faults.after import AFTER
from benchmarks.faults.before import BEFORE
from benchmarks.faults.data import Half
from benchmarks.faults.during import DURING
from benchmarks.faults.planting import Case, Fault, drawn

FAULTS: tuple[Fault, ...] = (*BEFORE, *DURING, *AFTER)
RULES: tuple[str, ...] = tuple(dict.fromkeys(one.rule for one in FAULTS))


def cases(rule: str, half: Half, count: int) -> list[Case]:
    """`count` cases of a rule, and a few more where its faults are many."""
    faults = [one for one in FAULTS if one.rule == rule]
    each = -(-count // len(faults))
    found = []
    for fault in faults:
        names = data.names(half, fault.tasks, fault.least)
        settings = drawn(f"{half} {rule} {fault.name}", names, fault.depths, fault.widths, each)
        found += [Case(fault, setting) for setting in settings]
    return found


def described() -> list[str]:
    """A Markdown table: what is planted for every rule, where, and what proves it."""
    lines = ["| rule | planted | hidden layers | width | proved by |", "|---|---|---|---|---|"]
    for one in FAULTS:
        depths, widths = (_span(each) for each in (one.depths, one.widths))
        lines.append(f"| {one.rule} | {one.name} | {depths} | {widths} | {one.proof.kind}: {one.proof.text} |")
    return lines


def _span(values: Sequence[int]) -> str:
    return f"{min(values)} to {max(values)}" if len(set(values)) > 1 else str(values[0])
