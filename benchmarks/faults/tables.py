"""The results as Markdown: recall and false alarms of every rule, and what the first remedies did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

Result = dict[str, Any]

#: Levels that are an alarm.
ALARMS = ("warning", "error")


def rules_of(result: Result, levels: Sequence[str] = ("note", *ALARMS)) -> set[str]:
    """The rules that found something of one of these levels."""
    return {one["rule"] for one in result["findings"] if one["level"] in levels}


def recall(results: Sequence[Result]) -> list[str]:
    """One row per rule: cases planted, proved, found, found as a warning or an error, mended by the first remedy.

    What another finding explains is a note.
    """
    lines = [
        "| rule | planted | proved | found | recall | as an alarm | mended by the first remedy |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for rule in dict.fromkeys(one["rule"] for one in results if one["rule"]):
        planted = [one for one in results if one["rule"] == rule]
        proved = [one for one in planted if one["counted"]]
        found = sum(rule in rules_of(one) for one in proved)
        alarmed = sum(rule in rules_of(one, ALARMS) for one in proved)
        tried = [one["mended"] for one in proved if "mended" in one]
        mended = f"{sum(bool(one) and one['near'] for one in tried)} of {len(tried)}" if tried else ""
        shares = f"{_share(found, len(proved))} | {_share(alarmed, len(proved))}"
        lines.append(f"| {rule} | {len(planted)} | {len(proved)} | {found} | {shares} | {mended} |")
    return lines


def alarms(results: Sequence[Result]) -> list[str]:
    """One row per rule that raised a false alarm, and one for all."""
    sound = [one for one in results if not one["rule"]]
    healthy = [one for one in sound if one["counted"]]
    many = Counter(rule for one in healthy for rule in rules_of(one, ALARMS))
    notes = Counter(rule for one in healthy for rule in rules_of(one, ("note",)))
    any_of = sum(bool(rules_of(one, ALARMS)) for one in healthy)
    errors = sum("error" in one for one in healthy)
    lines = [
        f"Of {len(sound)} networks meant to be healthy, {len(healthy)} are; {errors} of them diagnosis could not read.",
        "",
        "| rule | networks with a warning or an error | share | networks with a note |",
        "|---|---:|---:|---:|",
        *(f"| {rule} | {many[rule]} | {_share(many[rule], len(healthy))} | {notes[rule]} |"
          for rule in sorted({*many, *notes}, key=lambda rule: -many[rule])),
        f"| **any** | **{any_of}** | **{_share(any_of, len(healthy))}** | |",
    ]  # fmt: skip
    return lines


def details(results: Sequence[Result]) -> list[str]:
    """Every fault that was missed, every false alarm, every remedy that did not help, every error."""
    lines = []
    for one in results:
        if not one["counted"]:
            continue
        rule, found = one["rule"], rules_of(one)
        if "error" in one:
            lines.append(f"- error: {one['name']}: {one['error'].strip().splitlines()[-1]}")
        elif rule and rule not in found:
            lines.append(f"- missed: {one['name']} {_scored(one)}; found {', '.join(sorted(found)) or 'nothing'}")
        elif not rule and rules_of(one, ALARMS):
            said = [_said(finding) for finding in one["findings"] if finding["level"] in ALARMS]
            lines.append(f"- false alarm: {one['name']} {_scored(one)}: {'; '.join(said)}")
        elif one.get("mended") and not one["mended"]["near"]:
            mended = one["mended"]
            lines.append(
                f"- not mended: {one['name']} {_scored(one)} by {mended['remedy']} {mended['scores']['held_out']:.3f}"
            )
    return lines


def _share(some: int, of: int) -> str:
    return f"{100 * some / of:.1f} %" if of else "-"


def _scored(result: Result) -> str:
    scores = f"{result['scores']['trained']:.3f}/{result['scores']['held_out']:.3f}"
    return f"({scores}, twin {result['twin']['held_out']:.3f})" if "twin" in result else f"({scores})"


def _said(finding: dict[str, Any]) -> str:
    numbers = ", ".join(f"{e['name']} {e['value'] if e['value'] is None else format(e['value'], '.4g')}"
                        for e in finding["evidence"])  # fmt: skip
    return f"{finding['level']} {finding['rule']} ({numbers})"
