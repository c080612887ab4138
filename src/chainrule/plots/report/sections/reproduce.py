"""The configuration, and how to come to the same network again."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from importlib import metadata
from typing import Any

from chainrule import __version__
from chainrule.estimators.serial import NEVER
from chainrule.plots.report.blocks import behind, facts, note, table
from chainrule.plots.report.markup import Markup, el, join
from chainrule.plots.report.subject import Subject

#: Packages whose version may decide over a bit.
PACKAGES = ("numpy", "numba", "scipy", "scikit-learn")
#: Characters of a value that are written; of an array as a parameter there would be many.
LONGEST = 1000


def reproduce(subject: Subject) -> Markup:
    chosen = dict(_chosen(subject.estimator))
    lines = [f"from chainrule import {subject.name}", *_imports(chosen), "", *_call(subject.name, chosen)]
    target = "y" if subject.target is None else repr(subject.target)
    lines.append(f"model.fit(X, {target})")
    seed = subject.estimator.random_state
    said = (
        note("random_state is not set: another fit draws other first weights and other batches.")
        if seed is None
        else note("The same lines on the same data, machine and number of threads give the same bits.")
    )
    versions = {"chainrule": __version__, "Python": platform.python_version()}
    versions |= {name: metadata.version(name) for name in PACKAGES}
    parameters = subject.estimator.get_params(deep=False)
    rows = [(name, el("code", _said(value))) for name, value in sorted(parameters.items()) if name not in NEVER]
    caption = "Parameters"
    return join(
        el("pre", el("code", "\n".join(lines)), tabindex="0", aria_label="Lines of Python", role="region"),
        said,
        facts(versions.items()),
        behind("All parameters", table(caption, ("parameter", "value"), rows)),
    )


def _chosen(estimator: Any) -> Iterator[tuple[str, Any]]:
    """The parameters that are not their defaults."""
    usual = type(estimator)().get_params(deep=False)
    given = estimator.get_params(deep=False)
    for name in (one.name for one in fields(estimator)):  # in the order of the documentation
        value = given[name]
        if name not in NEVER and repr(value) != repr(usual[name]):
            yield name, value


def _imports(chosen: dict[str, Any]) -> list[str]:
    """The lines that bring in the classes of chainrule's values among the parameters: layers, optimisers, schedules."""
    names: dict[str, set[str]] = {}
    for kind in _kinds(list(chosen.values())):
        names.setdefault(kind.__module__, set()).add(kind.__name__)
    return [f"from {module} import {', '.join(sorted(names[module]))}" for module in sorted(names)]


def _kinds(value: Any) -> Iterator[type]:
    """Classes of a value and of what is in it."""
    if is_dataclass(value) and not isinstance(value, type):
        yield type(value)
        for one in fields(value):
            yield from _kinds(getattr(value, one.name))
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _kinds(inner)


def _call(name: str, chosen: dict[str, Any]) -> list[str]:
    if not chosen:
        return [f"model = {name}()"]
    return [f"model = {name}(", *(line for key, value in chosen.items() for line in _argument(key, value)), ")"]


def _argument(key: str, value: Any) -> list[str]:
    """A line, or one for each of several layers."""
    if isinstance(value, list) and any(map(is_dataclass, value)):
        return [f"    {key}=[", *(f"        {_said(one)}," for one in value), "    ],"]
    return [f"    {key}={_said(value)},"]


def _said(value: Any) -> str:
    """As it is written in Python; arrays and other long things by their beginning."""
    said = " ".join(repr(value).split())
    return said if len(said) <= LONGEST else f"{said[:LONGEST]} ..."
