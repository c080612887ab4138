"""The card: what a notebook shows of a fitted estimator or of a `Model`. Network, curves and figures, in one element.

It is made of the report's parts. Its style is its own: every rule begins with the class of the card, every colour is
legible on a light and on a dark ground, and text has the colour of the notebook's. So the card follows whatever theme
is around it, which may be another than the system's.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from chainrule.models.model import Model
from chainrule.plots.card.picture import picture
from chainrule.plots.report import curves
from chainrule.plots.report.blocks import facts, figures
from chainrule.plots.report.course import Course
from chainrule.plots.report.lead import lead
from chainrule.plots.report.markup import Markup, el

#: Points of a line at most.
MOST_POINTS = 120


def card(model: Model, name: str, made: str | None = None) -> str:
    """An HTML element that needs no script, asks nothing of a network, and changes nothing around it.

    Parameters
    ----------
    model : what was learned
    name : what it is called
    made : how it was made, as a line of Python; None where that is not known

    Returns
    -------
    the element, in less than 30 kB

    Examples
    --------
    >>> from chainrule import MLPRegressor
    >>> from chainrule.plots.card import card
    >>> model = MLPRegressor(solver="lbfgs", random_state=0).fit([[0.0], [1.0]], [0.0, 1.0]).model_
    >>> text = card(model, "a < b")
    >>> text.startswith("<div "), "a &lt; b" in text, "<svg" in text, "<script" in text
    (True, True, True, False)
    """
    outlook, members, kinds = model.progress.outlook, model.predictor.members, len(model.kinds())
    course = Course(model.history, None, model.units, "score" if outlook is None else outlook.score)
    pairs = lead(model, course)
    if members > 1:
        pairs.insert(0, ("networks", f"{members:,}, whose mean is predicted"))
    drawn = [picture(model.network, "Network" if kinds < 2 else f"Network, the first of {kinds} kinds")]
    if course.history:
        drawn.append(curves.loss(course, MOST_POINTS))
        drawn.append(curves.score(course, MOST_POINTS) or curves.rmse(course, MOST_POINTS) or Markup())
    return el(
        "div",
        el("style", _style()),
        el("p", el("strong", name), " fitted", class_="name"),
        None if made is None else el("pre", el("code", made)),
        facts(pairs),
        figures(*drawn),
        class_="chainrule-card",
        role="group",
        aria_label=f"{name}, fitted",
    )


@cache
def _style() -> Markup:
    return Markup((files("chainrule.plots.card") / "card.css").read_text(encoding="utf-8"))
