"""The configuration, and how to come to the same network again."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import fields
from importlib import metadata
from typing import Any

from chainrule import __version__
from chainrule.models.inputs import SequenceInput
from chainrule.plots.report.blocks import behind, facts, note, table
from chainrule.plots.report.markup import Markup, el, join
from chainrule.plots.report.python import LONGEST, NotWritten, written
from chainrule.plots.report.subject import Subject

#: Packages whose version may decide over a bit.
PACKAGES = ("numpy", "numba", "scipy", "scikit-learn")

#: Of who watches a fit: they change nothing of it.
WATCH = ("callbacks", "checkpoints", "verbose")


def reproduce(subject: Subject) -> Markup:
    lines, whole = _lines(subject)
    versions = {"chainrule": __version__, "Python": platform.python_version()}
    versions |= {name: metadata.version(name) for name in PACKAGES}
    return join(
        el("pre", el("code", "\n".join(lines)), tabindex="0", aria_label="Lines of Python", role="region"),
        note(_promised(subject, whole)),
        facts(versions.items()),
        behind("All parameters", _parameters(subject.estimator)),
    )


def _promised(subject: Subject, whole: bool) -> str:
    """What the lines come to."""
    if not whole:
        return "Lines that begin with # stand for what cannot be written here: put your own in their place."
    if not subject.model.progress.given:
        return "Training went on over several calls, or is of an earlier version: one fit need not come to the same."
    if subject.estimator.random_state is None:
        return "random_state is not set: another fit draws other first weights and other batches."
    if getattr(subject.estimator, "time_limit", None) is not None:
        return "What is learned in a time depends on the machine: another fit comes to other numbers."
    return "The same lines on the same data, machine and number of threads give the same bits."


def _lines(subject: Subject) -> tuple[list[str], bool]:
    """Lines of Python, and whether nothing is left out of them."""
    imports: set[str] = set()
    lost = [one for one in subject.model.progress.left_out if one not in WATCH]
    arguments, whole = [f"    # {name}=...," for name in lost], not lost
    for name, value in _given(subject.estimator):
        try:
            arguments += _argument(name, value, imports)
        except NotWritten:
            arguments.append(f"    # {name}=...,")
            whole = False
    call = f"model = {subject.name}("
    made = [call, *arguments, ")"] if arguments else [f"{call})"]
    rows = _rows(subject)
    absent = [name for name, said in rows.items() if said == name]
    about = [f"# {', '.join(absent)}: what was given to fit"] if absent else []
    fit = ", ".join(said if name in ("X", "y") else f"{name}={said}" for name, said in rows.items())
    head = [f"from chainrule import {subject.name}", *sorted(imports)]
    return [*head, "", *made, *about, f"model.fit({fit})"], whole


def _rows(subject: Subject) -> dict[str, str]:
    """What fit takes: paths and names of columns as they were given, and the parameter's name of what was in memory."""
    given = subject.model.progress.given or {"X": None, "y": subject.target}
    rows = {name: name if value is None else repr(value) for name, value in given.items()}
    padded = subject.model.input
    if isinstance(padded, SequenceInput) and padded.padded:
        rows |= {name: name for name in ("lengths", *(["lengths_val"] if "X_val" in rows else []))}
    return rows


def _given(estimator: Any) -> Iterator[tuple[str, Any]]:
    """The parameters that are not their defaults."""
    usual = type(estimator)().get_params(deep=False)
    given = estimator.get_params(deep=False)
    for name in (one.name for one in fields(estimator)):  # in the order of the documentation
        value = given[name]
        if name not in WATCH and repr(value) != repr(usual[name]):
            yield name, value


def _argument(name: str, value: Any, imports: set[str]) -> list[str]:
    """A line, or one for each of several values."""
    if isinstance(value, list) and value:
        lines = [written(one, imports) for one in value]
        if sum(map(len, lines)) > 80:
            return [f"    {name}=[", *(f"        {one}," for one in lines), "    ],"]
    return [f"    {name}={written(value, imports)},"]


def _parameters(estimator: Any) -> Markup:
    """All parameters, and what was chosen where they leave it open."""
    chosen = estimator._chosen()
    rows = [
        (name, el("code", _said(value)), el("code", _said(chosen.get(name, value))))
        for name, value in sorted(estimator.get_params(deep=False).items())
        if name not in WATCH
    ]
    return table("Parameters", ("parameter", "given", "trained with"), rows)


def _said(value: Any) -> str:
    """A value by its beginning."""
    said = " ".join(repr(value).split())
    return said if len(said) <= LONGEST else f"{said[:LONGEST]} ..."
