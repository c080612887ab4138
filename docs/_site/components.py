"""The page of every component with its defaults, written from the objects."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from dataclasses import MISSING, Field, fields
from typing import Any

from _site.reference import title
from chainrule import activations, averaging, callbacks, losses, optimisers, schedules
from chainrule.estimators.table.presets import PRESETS
from chainrule.network.initialisers import ALIASES, AUTO, INITIALISERS
from chainrule.network.layers import LAYERS

#: Rows of a table, for which presets are shown: they follow from them.
ROWS = (500, 5_000, 50_000)


def page() -> str:
    """The page, as reStructuredText."""
    return "\n".join(
        [
            title("Components and their defaults"),
            "Written from the objects when this site was built. What a name stands for has the defaults shown; an "
            "object takes others: ``solver=\"adamw\"`` is ``solver=AdamW()``, ``AdamW(3e-4)`` another rate.\n",
            *_section("Layers", "All are in ``chainrule``. A size without a default has to be said.", _classes(LAYERS)),
            *_activations(),
            *_initialisers(),
            *_losses(),
            *_section(
                "Optimisers", "By name in small letters or as objects: ``solver=``.",
                _classes(optimisers.OPTIMISERS.values(), "chainrule.optimisers"),
            ),
            *_section(
                "Schedules",
                f"``learning_rate=``. By name, with its defaults: {', '.join(f'``{n}``' for n in schedules.NAMED)}.",
                _classes(schedules.SCHEDULES, "chainrule.schedules"),
            ),
            *_section(
                "Averages of weights", "``averaging=``.",
                _classes([getattr(averaging, n) for n in averaging.__all__ if n != "Averaging"], "chainrule.averaging"),
            ),
            *_section(
                "Callbacks", "``callbacks=[...]``.",
                _classes([callbacks.Progress, callbacks.JSONLines, callbacks.TensorBoard], "chainrule.callbacks"),
            ),
            *_presets(),
        ]
    )  # fmt: skip


def table(names: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[int]) -> list[str]:
    """A table of cells in reStructuredText."""
    lines = [".. list-table::", "   :header-rows: 1", f"   :widths: {' '.join(map(str, widths))}", ""]
    for row in [names, *rows]:
        lines += [f"   {'* ' if not place else '  '}- {cell}" for place, cell in enumerate(row)]
    return [*lines, ""]


def _section(name: str, text: str, rows: Iterable[Sequence[str]]) -> list[str]:
    return [title(name, "-"), f"{text}\n", *table(("name", "parameters", "is"), rows, (16, 44, 40))]


def _classes(kinds: Iterable[type], module: str = "chainrule") -> Iterable[Sequence[str]]:
    for kind in kinds:
        said = " ".join((inspect.getdoc(kind) or "").split("\n\n")[0].split())
        yield f":py:obj:`{kind.__name__} <{module}.{kind.__name__}>`", _parameters(kind), said


def _parameters(kind: type) -> str:
    """Parameters with their defaults, as one calls a class."""
    made = {one.name: one for one in fields(kind)} if hasattr(kind, "__dataclass_fields__") else {}
    found = []
    for name, parameter in inspect.signature(kind).parameters.items():
        default = _default(made[name]) if name in made else parameter.default
        found.append(name if default in (inspect.Parameter.empty, MISSING) else f"{name}={default!r}")
    return f"``{', '.join(found)}``" if found else "none"


def _default(one: Field[Any]) -> Any:
    return one.default_factory() if one.default_factory is not MISSING else one.default


def _activations() -> list[str]:
    rows = [
        (f"``{name}``", f"``{one.formula}``", f"``{one.range}``", one.used, one.source)
        for name, one in activations.ACTIVATIONS.items()
    ]
    head = ("name", "formula", "range", "for", "source")
    text = (
        "``activation=``, of a layer or of each. Your own: :py:obj:`~chainrule.activations.custom`. "
        "``logistic`` is scikit-learn's name for ``sigmoid``.\n"
    )
    return [title("Activations", "-"), text, *table(head, rows, (12, 30, 14, 28, 16))]


def _initialisers() -> list[str]:
    families = {family: [n for n, a in activations.ACTIVATIONS.items() if a.family == family] for family in AUTO}
    auto = "; ".join(f"``{AUTO[f]}`` for {', '.join(f'``{n}``' for n in of)}" for f, of in families.items() if of)
    also = ", ".join(f"``{short}`` is ``{long}``" for short, long in ALIASES.items())
    rows = [(f"``{name}``", f"``{one!r}``") for name, one in INITIALISERS.items()]
    text = f"``init=``. ``auto`` goes by the activation behind a layer: {auto}. Also: {also}.\n"
    return [title("Initialisers", "-"), text, *table(("name", "stands for"), rows, (30, 70))]


def _losses() -> list[str]:
    rows = [
        (
            f":py:obj:`{name} <chainrule.losses.{type(one).__name__}>`", f"``{one!r}``", f"``{one.formula}``",
            one.domain.name if hasattr(one.domain, "name") else str(one.domain), one.source,
        )
        for name, one in losses.LOSSES.items()
    ]  # fmt: skip
    text = "``loss=``, by name or as an object. Your own: :py:obj:`~chainrule.losses.custom`.\n"
    return [
        title("Losses", "-"),
        text,
        *table(("name", "stands for", "formula", "y", "source"), rows, (16, 22, 32, 15, 15)),
    ]


def _presets() -> list[str]:
    made = {(preset, rows): PRESETS[preset](rows) for preset in PRESETS for rows in ROWS}
    names = [one.name for one in fields(next(iter(made.values())))]
    rows = [[f"``{name}``", *(f"``{getattr(one, name)!r}``" for one in made.values())] for name in names]
    head = ["parameter", *(f"{preset}, {rows:,}" for preset, rows in made)]
    text = (
        "``preset=`` of table estimators, for tables of so many rows to learn from. A parameter that is given goes "
        "before the preset's. From 1,000 rows on, networks of ``default`` and ``best`` differ in what short trials "
        "chose: see :doc:`/tables`.\n"
    )
    return [title("Presets", "-"), text, *table(head, rows, (16, *[9] * len(made)))]
