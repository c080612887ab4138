"""Rules about the columns of a raw table: how fit read them, and what rows hold that it did not see."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import sqrt
from operator import attrgetter
from typing import NamedTuple

from chainrule.diagnosis import cures
from chainrule.diagnosis.columns import ColumnSeen
from chainrule.diagnosis.cures import prescribe
from chainrule.diagnosis.findings import Evidence, Level
from chainrule.diagnosis.observed import SURELY, Observed
from chainrule.diagnosis.rules.base import Rule, Verdict, confidence
from chainrule.tables.unseen import Portion

#: Thresholds, set on real and generated tables from 120 to 10,000 rows (docs/diagnosis.md).
MIXED = 0.01
OWN, UNEVEN = 0.5, 0.05
BEYOND = 0.05
UNKNOWN = 0.01, 0.1
#: Rows from which on values may name them, and how many of these are then different: of columns called ids, of others.
ID_ROWS, DIFFERENT = (50, 200), (0.9, 0.98)
#: How far so many even numbers are from an even distribution, times the root of their number (Kolmogorov 1933).
KOLMOGOROV = 1.36
#: Columns that are named, and letters of a cell that is shown.
NAMED, LONGEST = 5, 30

#: Cells of a column, by what is amiss with them.
_unread, _unknown, _outside = attrgetter("unread"), attrgetter("unknown"), attrgetter("beyond")


def mixed_columns(observed: Observed) -> Verdict | None:
    found = _mixed(observed)
    if not found:
        return None
    which = ", ".join(f"{one.name!r} ({one.why})" for one in found[:NAMED])
    count = Evidence("columns of which some cells were taken as missing", len(found), f"0; here {which}")
    met = [one for one in found[:NAMED] if one.unread.share]
    shares = _shares(met, _unread, lambda one: f"cells of {one.name!r} that are no {one.kind}", "0")
    return Verdict("warning" if found[0].unread.share > MIXED else "note", 1.0, (count, *shares))


def _mixed(observed: Observed) -> list[ColumnSeen]:
    return _worst_first((one for one in observed.table if one.mixed), _unread)


def id_columns(observed: Observed) -> Verdict | None:
    found = _ids(observed)
    if not found:
        return None
    level: Level = "warning" if any(one.by_heart for one in found) else "note"
    return Verdict(level, max(one.sure for one in found), tuple(one.evidence for one in found[:NAMED]))


class _Id(NamedTuple):
    """A column that names rows, by what, how sure that is, and whether a network can learn rows by heart from it."""

    name: str
    evidence: Evidence
    sure: float
    by_heart: bool = True


def _ids(observed: Observed) -> list[_Id]:
    if observed.rows < min(ID_ROWS):
        return []
    found = (_own_words(one, observed.rows) or _own_numbers(one, observed.rows) for one in observed.table)
    return [one for one in found if one is not None]


def _own_words(one: ColumnSeen, rows: int) -> _Id | None:
    """Levels of hardly more than one row: of few rows all are known, of many they share the code of rare ones."""
    if one.levels > OWN * rows:
        share, name = one.levels / rows, f"levels of {one.name!r} for each row"
    elif one.rare > OWN:
        share, name = one.rare, f"share of the cells of {one.name!r} whose level stands in hardly another row"
    else:
        return None
    return _Id(one.name, Evidence(name, share, f"below {OWN:g}"), confidence(share, OWN, 1.0), one.rare <= OWN)


def _own_numbers(one: ColumnSeen, rows: int) -> _Id | None:
    """Whole numbers, nearly all different, that tell nothing of the target, and are called ids or lie evenly.

    Prices, counts and sizes lie unevenly; a time that counts seconds lies evenly, but tells something where it matters.
    """
    seen = one.naming
    least, different = (ID_ROWS[0], DIFFERENT[0]) if one.called_id else (ID_ROWS[1], DIFFERENT[1])
    if seen is None or seen.told is None or seen.rows < least or seen.different < different or seen.span < rows:
        return None
    even = UNEVEN + KOLMOGOROV / sqrt(seen.rows)
    if seen.told > SURELY * seen.by_chance or not (one.called_id or seen.uneven < even):
        return None
    name = f"share of different values of {one.name!r}, whole numbers that tell nothing of the target"
    sure = 1.0 if one.called_id else confidence(seen.uneven, even, 0.0)
    return _Id(one.name, Evidence(name, seen.different, f"below {different:g}"), sure)


def dates_beyond(observed: Observed) -> Verdict | None:
    least = BEYOND + _by_chance(observed)
    found = _beyond(observed, least)
    if not found:
        return None
    shares = _shares(
        found, _outside, lambda one: f"dates of {one.name!r} before the first or after the last of fit",
        f"near 0, below {least:.2g}",
    )  # fmt: skip
    return Verdict("warning", confidence(found[0].beyond.share, least, 0.5), shares)


def _by_chance(observed: Observed) -> float:
    """What few rows do not show: of the next, two in so many lie before the first or after the last of all dates."""
    return 2 * SURELY / observed.rows if observed.rows else 1.0


def _beyond(observed: Observed, least: float = BEYOND) -> list[ColumnSeen]:
    return _worst_first((one for one in observed.others if one.beyond.share > least), _outside)


def unknown_levels(observed: Observed) -> Verdict | None:
    a_few = UNKNOWN[0] + _by_chance(observed)
    found = _worst_first((one for one in observed.others if one.unknown.share > a_few), _unknown)
    if not found:
        return None
    shares = _shares(
        found, _unknown, lambda one: f"cells of {one.name!r} whose level fit did not see", f"near 0, below {a_few:.2g}"
    )
    worst = found[0].unknown.share
    return Verdict("warning" if worst > UNKNOWN[1] else "note", confidence(worst, a_few, 0.5), shares)


def _worst_first(columns: Iterable[ColumnSeen], cells: Callable[[ColumnSeen], Portion]) -> list[ColumnSeen]:
    return sorted(columns, key=lambda one: -cells(one).share)


def _shares(
    columns: Sequence[ColumnSeen],
    cells: Callable[[ColumnSeen], Portion],
    which: Callable[[ColumnSeen], str],
    usual: str,
) -> tuple[Evidence, ...]:
    """What share of its cells some of each column are, with a few of them."""
    return tuple(
        Evidence(f"share of the {which(one)}{_such_as(cells(one).shown)}", cells(one).share, usual)
        for one in columns[:NAMED]
    )


def _such_as(shown: tuple[str, ...]) -> str:
    """Some cells, behind a comma."""
    short = (text if len(text) <= LONGEST else f"{text[:LONGEST]}..." for text in shown)
    return f", such as {', '.join(map(repr, short))}" if shown else ""


TABLES = (
    Rule(
        "mixed-column", "A column has cells of another kind", "before",
        "Words among numbers are no numbers, and are taken as missing. Where they mean something, such as 'none' or "
        "'over 90', that is lost: all of them look alike to the network.",
        "Little and Rubin 2002, Statistical Analysis with Missing Data", mixed_columns,
        prescribe(
            cures.NAME_MISSING,
            cures.said("as-category", "category", "Learn every value as a word: {columns}.",
                       lambda observed: [one.name for one in _mixed(observed)]),
        ),
    ),
    Rule(
        "id-among-inputs", "A column names rows", "before",
        "A value that stands in one row only tells nothing of other rows, and lets a network learn its own rows by "
        "heart. Where such numbers do go with the target, it is by the order in which rows were collected.",
        "Kaufman et al. 2012, Leakage in Data Mining", id_columns,
        prescribe(
            cures.said("leave-id-out", "leave out", "Leave it out: {columns}.",
                       lambda observed: [one.name for one in _ids(observed)]),
            cures.HOLD_TOGETHER,
        ),
    ),
    Rule(
        "dates-beyond-training", "Dates lie outside of those that were learned", "after",
        "A network has learned nothing of times that it was not shown, and its encoding goes on as at the end of those "
        "that it was. What changes with time it predicts as if time stood still.",
        "Xu et al. 2021, How Neural Networks Extrapolate", dates_beyond,
        prescribe(
            cures.LATER_ROWS,
            cures.BY_TIME,
            cures.said("leave-date-out", "leave out", "Leave it out, where its trend will not go on: {columns}.",
                       lambda observed: [one.name for one in _beyond(observed)]),
        ),
    ),
    Rule(
        "unknown-levels", "Rows have levels that fit did not see", "after",
        "A level that fit did not see has no input of its own: all of the column's inputs are 0, which no row that was "
        "learned had. What the network makes of that is left to chance.",
        "Micci-Barreca 2001, A Preprocessing Scheme for High-Cardinality Categorical Attributes", unknown_levels,
        prescribe(cures.MEND_LEVELS, cures.SUCH_ROWS),
    ),
)  # fmt: skip
