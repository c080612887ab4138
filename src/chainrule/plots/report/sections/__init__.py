"""The sections of a report in their order: what each is called, and what draws it, or finds that there is nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chainrule.plots.report.course import Course
from chainrule.plots.report.markup import Markup
from chainrule.plots.report.sections.data import data
from chainrule.plots.report.sections.explanations import explanations
from chainrule.plots.report.sections.findings import findings
from chainrule.plots.report.sections.importances import importances
from chainrule.plots.report.sections.layers import flow, health, updates
from chainrule.plots.report.sections.learning import learning
from chainrule.plots.report.sections.network import network
from chainrule.plots.report.sections.reproduce import reproduce
from chainrule.plots.report.sections.scores import scores
from chainrule.plots.report.subject import Subject


@dataclass(frozen=True)
class Section:
    """A section of all that is known when training is over."""

    id: str
    title: str
    draw: Callable[[Subject], Markup | None]

    def body(self, about: Subject) -> Markup | None:
        return self.draw(about)


@dataclass(frozen=True)
class OfCourse:
    """A section that is drawn while training goes on, too."""

    id: str
    title: str
    draw: Callable[[Course], Markup | None]

    def body(self, about: Subject) -> Markup | None:
        return self.draw(about.course)


#: Those that a live page shows.
COURSE = (
    OfCourse("learning", "Learning curves", learning),
    OfCourse("flow", "Gradient flow", flow),
    OfCourse("health", "Activation health", health),
    OfCourse("updates", "Update ratios", updates),
)

ALL: tuple[Section | OfCourse, ...] = (
    Section("findings", "Findings", findings),
    Section("scores", "Scores", scores),
    Section("importances", "Columns that matter", importances),
    Section("explanations", "Explanations", explanations),
    *COURSE,
    Section("data", "Data", data),
    Section("network", "Network", network),
    Section("reproduce", "How to reproduce it", reproduce),
)
