"""The judge: every rule is asked, and what they say is put in order."""

from __future__ import annotations

from chainrule.diagnosis.findings import LEVELS, Finding, Findings
from chainrule.diagnosis.observed import Observed
from chainrule.diagnosis.rules import RULES
from chainrule.diagnosis.rules.base import Rule, Verdict


def judge(observed: Observed) -> Findings:
    """What the rules find, the worst first; what another finding explains is a note."""
    verdicts = {rule: verdict for rule in RULES if (verdict := rule.judge(observed)) is not None}
    names = {rule.name for rule, verdict in verdicts.items() if verdict.level != "note"}
    found = [_finding(rule, verdict, observed, names) for rule, verdict in verdicts.items()]
    found.sort(key=lambda one: (-LEVELS.index(one.level), -one.confidence))
    return Findings(tuple(found), observed.probes)


def _finding(rule: Rule, verdict: Verdict, observed: Observed, found: set[str]) -> Finding:
    causes = tuple(name for name in rule.behind if name in found)
    return Finding(
        rule.name, rule.title, "note" if causes else verdict.level, rule.when, verdict.layers, verdict.evidence,
        round(verdict.confidence, 3), rule.reason, rule.source, rule.remedies(observed), causes,
    )  # fmt: skip
