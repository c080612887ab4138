"""What diagnosis found: the judgement, what it rests on, and what to do."""

from __future__ import annotations

from typing import Any

from chainrule.diagnosis.findings import Finding
from chainrule.plots.report.blocks import note, table
from chainrule.plots.report.markup import Markup, el, join, number, word
from chainrule.plots.report.subject import Subject

_SIGNS = {"error": "✕", "warning": "!", "note": "i"}


def findings(subject: Subject) -> Markup:
    if not subject.findings:
        return note("Nothing found that keeps this network from learning.")
    return join(*map(_finding, subject.findings))


def _finding(one: Finding) -> Markup:
    sign = el("span", _SIGNS[one.level], class_="sign", aria_hidden="true")
    head = el("h3", sign, el("span", one.level, class_="level-name"), " ", one.title)
    names = ", ".join(one.layers)
    where = f" · layer{'s' if len(one.layers) > 1 else ''} {names}" if one.layers else ""
    about = note(el("code", one.rule), f" · {one.when} training{where} · confidence {one.confidence:.0%}")
    evidence = table(
        f"What was measured: {one.rule}",
        ("measure", "found", "expected"),
        [(word(each.name), number(float(each.value)), each.expected) for each in one.evidence],
        numeric=[1],
    )
    reason = el("p", one.reason, " ", el("cite", f"({one.source})"))
    remedies = [el("h4", "What to do"), el("ol", *map(_remedy, one.remedies))] if one.remedies else []
    return el("article", head, about, evidence, reason, *remedies, class_=f"finding is-{one.level}")


def _remedy(one: Any) -> Markup:
    changes = ", ".join(f"{name}={value!r}" for name, value in one.changes)
    return el("li", one.text, *([" ", el("code", changes)] if changes else []))
