"""Which columns of a table the model leans on: what the score loses where a column is shuffled, as bars."""

from __future__ import annotations

from chainrule.plots.report import charts
from chainrule.plots.report.blocks import behind, figure, figures, note, table
from chainrule.plots.report.markup import Markup, el, join, number, word
from chainrule.plots.report.subject import Subject

#: Columns that are drawn; the table has all.
MOST = 30
#: Height of a bar's row, where bars begin, how long the longest is, and characters of a name.
ROW, START, LONGEST, NAME = 20, 150, 220, 20


def importances(subject: Subject) -> Markup | None:
    found = subject.importances
    if not found:
        return None
    score = "accuracy" if subject.classes is not None else "R²"
    greatest = max(found[0].mean, 1e-12)
    parts = [part for row, one in enumerate(found[:MOST]) for part in _bar(row, one.name, one.mean, greatest)]
    first = ", ".join(f"{one.name} {number(one.mean, 3)}" for one in found[:3])
    title = f"What {score} loses where a column is shuffled. Most: {first}."
    rows = [(word(one.name), number(one.mean, 3), number(one.deviation, 3)) for one in found]
    numbers = table("Importances", ("column", f"loss of {score}", "deviation"), rows, numeric=(1, 2))
    more = f", the first {MOST} of {len(found):,}" if len(found) > MOST else ""
    drawn = charts.drawing(title, ROW * min(len(found), MOST) + 8, *parts)
    caption = f"What {score} loses where a column is shuffled{more}"
    said = note(
        "A column matters as much as predictions get worse without it. Columns that tell the same stand in for each "
        "other, and all seem to matter little."
    )
    return join(said, figures(figure(caption, drawn), behind("Importances as a table", numbers)))


def _bar(row: int, name: str, mean: float, greatest: float) -> list[Markup]:
    """A name, its bar and its number; what is below zero has no bar."""
    middle, long = ROW * row + ROW / 2 + 4, LONGEST * max(0.0, mean) / greatest
    return [
        el("text", charts.short(name, NAME), x=START - 8, y=middle + 4, class_="label end"),
        el("rect", x=START, y=middle - 6, width=f"{long:.1f}", height=12, rx=2, class_="layer solid"),
        el("text", number(mean, 3), x=f"{START + long + 6:.1f}", y=middle + 4, class_="units"),
    ]
