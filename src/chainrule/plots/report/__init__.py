"""The report: one file that shows a network's data, how training went, what was found, and how well it predicts.

Drawings are SVG that Python writes as text, for three reasons. They stand in the file without a script, so it prints
and is read where none runs. Their colours are the style's, so one drawing serves light, dark and paper. And the live
page of `chainrule train --watch` needs no second text for the same chart: it is sent the section that Python has drawn
anew, and puts it in place of the old one. The page's script only moves the slider, from frames that Python drew too,
turns the theme, and listens. A section takes a few kilobytes and milliseconds; no plotting package is needed.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainrule.diagnosis.findings import Findings
from chainrule.errors import InputError
from chainrule.files import write_whole
from chainrule.plots.report.blocks import facts
from chainrule.plots.report.lead import lead
from chainrule.plots.report.markup import Markup, el, join, word
from chainrule.plots.report.page import Part, page

if TYPE_CHECKING:
    from chainrule.plots.report.subject import Subject


def report(
    estimator: Any,
    path: str | os.PathLike[str] = "report.html",
    X: Any = None,
    y: Any = None,
    findings: Findings | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a report of a fitted estimator: one HTML file that needs no network, opens from disk and prints.

    Parameters
    ----------
    estimator : fitted, of any kind
    path : of the file; it is there whole or not at all
    X, y : rows to score, best of those that training did not see, as the estimator's `predict` and `fit` take them;
        y may be the name of a column of X where the estimator takes tables. Without them the report has no scores
    findings : what `diagnose` gave; without them it is asked, with X and y as rows that training did not see
    overwrite : whether a file of that name is replaced

    Returns
    -------
    the path

    Raises
    ------
    InputError, InputTypeError
        A `ValueError`, a `TypeError`: the name is taken, the folder is missing, the estimator is not fitted or of
        another package, or X and y cannot be scored.

    Examples
    --------
    >>> import tempfile
    >>> import chainrule
    >>> model = chainrule.MLPRegressor(solver="lbfgs", random_state=0).fit([[0.0], [1.0]], [0.0, 1.0])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = chainrule.report(model, f"{folder}/report.html")
    ...     path.read_text(encoding="utf-8")[:15]
    '<!DOCTYPE html>'
    """
    place = Path(path)
    if not place.parent.is_dir():
        raise InputError("report(path=)", "a file in a folder that is there", str(place), "Make the folder first.")
    if place.exists() and not overwrite:
        raise InputError("report(path=)", "a new file", f"{place}, which is there", "Use overwrite=True to replace it.")
    write_whole(place, document(estimator, X, y, findings).encode())
    return place


def document(estimator: Any, X: Any = None, y: Any = None, findings: Findings | None = None) -> str:
    """The report as text; parameters are those of `report`."""
    from chainrule.plots.report.sections import ALL  # they need scikit-learn, which pictures of a Model do not
    from chainrule.plots.report.subject import subject

    about = subject(estimator, X, y, findings)
    made = ((section, section.body(about)) for section in ALL)
    parts = [Part(section.id, section.title, body) for section, body in made if body is not None]
    name = about.name if about.target is None else join(about.name, " of ", word(about.target))
    plain = about.name if about.target is None else f"{about.name} of {about.target}"
    return page(name, _lead(about), parts, plain_title=f"{plain} · report")


def _lead(about: Subject) -> Markup:
    """The few figures that matter most."""
    count = len(about.findings)
    found = ("findings", el("a", f"{count:,}", href="#findings") if count else "none")
    written = el("p", f"Written on {datetime.now(UTC):%Y-%m-%d}", class_="note")
    return join(facts([found, *lead(about.model, about.course)], "facts tiles"), written)
