"""The data: columns and what was made of them, rows, classes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chainrule.plots.report.blocks import behind, facts, table
from chainrule.plots.report.markup import Markup, join, word
from chainrule.plots.report.subject import Subject
from chainrule.tables.describe import columns_of, left_out_of, levels_of
from chainrule.tables.encoder import Encoder

#: Rows of a table that stand open; of more, all are behind a line to be opened.
OPEN = 40


def data(subject: Subject) -> Markup:
    outlook = subject.model.progress.outlook
    pairs: list[tuple[str, Any]] = []
    if subject.target is not None:
        pairs.append(("target", word(subject.target)))
    if outlook is not None:
        pairs += [("rows trained on", f"{outlook.rows:,}"), ("rows held out", f"{outlook.held_out:,}")]
    pairs.append(("inputs of the network", f"{subject.model.network.inputs:,}"))
    if subject.classes is not None:
        pairs.append(("classes", _listed(subject.classes)))
    found = subject.encoder
    return join(facts(pairs), _features(subject) if found is None else _columns(found))


def _listed(classes: list[str]) -> Markup:
    shown = classes[:OPEN]
    more = f" and {len(classes) - OPEN:,} more" if len(classes) > OPEN else ""
    return join(f"{len(classes):,}: ", *_between(", ", map(word, shown)), more)


def _between(gap: str, parts: Iterable[Any]) -> Iterable[Any]:
    for place, part in enumerate(parts):
        yield from ((gap,) if place else ())
        yield part


def _columns(encoder: Encoder) -> Markup:
    rows = [
        (word(one["name"]), one["kind"], one["encoding"], f"{one['inputs']:,}", levels_of(one))
        for one in columns_of(encoder)
    ]
    heads = ("column", "kind", "encoding", "inputs", "levels")
    used = _opened("Columns", table("Columns", heads, rows, numeric=[3]), len(rows))
    left = [(word(one["name"]), one["kind"], one["why"]) for one in left_out_of(encoder)]
    return join(used, table("Columns left out", ("column", "kind", "why"), left) if left else None)


def _features(subject: Subject) -> Markup | None:
    names = subject.model.input.names
    if names is None:
        return None
    rows = [(str(place), word(name)) for place, name in enumerate(names)]
    return behind(f"{len(rows):,} features", table("Features", ("place", "name"), rows))


def _opened(what: str, made: Markup, count: int) -> Markup:
    return made if count <= OPEN else behind(f"{what}: {count:,}", made)
