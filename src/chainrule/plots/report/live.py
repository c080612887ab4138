"""The page while training goes on: the sections of its course, drawn anew as epochs come in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chainrule.diagnosis.probes import Probes
from chainrule.plots.report.course import Course
from chainrule.plots.report.markup import Markup, el, join
from chainrule.plots.report.page import Part, page, status
from chainrule.plots.report.sections import COURSE
from chainrule.training.callbacks.base import Outlook
from chainrule.training.records import Record


def sections(course: Course) -> dict[str, Markup]:
    """Bodies of the sections by their id; empty where there is nothing to show yet."""
    return {one.id: one.draw(course) or Markup() for one in COURSE}


def state(outlook: Outlook | None, course: Course) -> dict[str, Any]:
    """All that the page's script puts in place, as JSON has it."""
    done = course.history[-1].epoch if course.history else 0
    epochs = outlook.epochs if outlook is not None else 1
    return {
        "done": done,
        "epochs": max(epochs, done, 1),
        "where": _where(outlook, course),
        "status": "Waiting for the training to begin." if outlook is None else "Training.",
        "sections": sections(course),
    }


def seen(outlook: Outlook | None, records: Sequence[Record], probes: Probes | None) -> dict[str, Any]:
    """The same of what a callback has seen."""
    if outlook is None:
        return state(None, Course(records, probes))
    return state(outlook, Course(records, probes, outlook.units, outlook.score))


def live_page(name: str, now: Mapping[str, Any]) -> str:
    """The page with what is known now.

    Parameters
    ----------
    name : of what is trained
    now : what `state` gave
    """
    lead = join(
        el("p", now["where"], id="where"),
        el("progress", id="progress", max=now["epochs"], value=now["done"], aria_label="Epochs trained"),
        status(now["status"]),
    )
    titles = {one.id: one.title for one in COURSE}
    parts = [Part(id_, titles[id_], body) for id_, body in now["sections"].items()]
    return page(name, lead, parts, plain_title=f"{name} · training", live=True)


def _where(outlook: Outlook | None, course: Course) -> str:
    """How far it is, in a line."""
    if outlook is None:
        return "Not begun."
    about = f"{outlook.rows:,} rows, {outlook.held_out:,} held out, {outlook.parameters:,} parameters"
    if not course.history:
        return f"Before the first epoch. {about}."
    last = course.history[-1]
    best = "" if course.best is None else f", best {course.best.epoch}"
    told = "".join(f"; {name} {value:.4g}" for name, value in outlook.told(last).items())
    return f"Epoch {last.epoch:,} of at most {outlook.epochs:,}{best}{told}; {last.seconds:.2g} s an epoch. {about}."
