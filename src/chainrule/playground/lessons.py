"""The course: lessons in order, each a claim, the settings that show it, and what to change to see it fail."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from chainrule.playground.settings import Hidden, Settings

Panel = Literal["data", "network", "training", "forward", "backward", "layers", "compare", "findings", "surface"]


@dataclass(frozen=True)
class Lesson:
    """One lesson.

    Attributes
    ----------
    name, title : for addresses, and for people
    claim : what is to be seen, in one sentence
    do : what the learner does, step by step
    settings : that it begins with
    other : settings of B that show the difference; None where one run shows it
    panel : to look at
    epochs : after which it is to be seen
    lab : of `chainrule lab`, which measures the claim; "" where there is none
    """

    name: str
    title: str
    claim: str
    do: tuple[str, ...]
    settings: Settings
    other: Settings | None = None
    panel: Panel = "training"
    epochs: int = 40
    lab: str = ""


def _stack(depth: int, units: int = 8, **layer: Any) -> tuple[Hidden, ...]:
    return (Hidden(units, **layer),) * depth


_CIRCLES = Settings(data="circles")
_LINEAR = replace(_CIRCLES, hidden=_stack(2, activation="identity"))
#: By SGD: Adam divides by the size of a gradient, and hides for a while how small it is.
_DEEP = Settings(data="moons", hidden=_stack(12, activation="sigmoid"), optimiser="sgd", rate=0.1)
_SMALL = Settings(data="moons", hidden=_stack(8, activation="tanh", init="normal 0.01"), rate=0.003)
_FEW = Settings(data="moons", rows=40, noise=0.35, hidden=_stack(3, 64, activation="relu"), rate=0.01)

LESSONS: tuple[Lesson, ...] = (
    Lesson(
        "neuron", "A neuron draws a line",
        "One product with its bias is a straight border: it parts two clouds.",
        ("Run it.", "Pick a point and read z = w1 x1 + w2 x2 + b under Forward."),
        Settings(data="clouds", hidden=()), panel="forward",
    ),
    Lesson(
        "layer", "A layer draws several lines",
        "Four units draw four lines, and the output puts them together to a closed border.",
        ("Run it.", "Look at what each unit gives under Network, then at the whole."),
        replace(_CIRCLES, hidden=_stack(1, 4)), panel="network", epochs=150,
    ),
    Lesson(
        "non-linear", "Why there is a function between products",
        "Two linear layers are one: without a function between them the border stays straight.",
        ("Run both.", "A has no function between its layers, B has tanh: compare the borders."),
        _LINEAR, replace(_CIRCLES, hidden=_stack(2, activation="tanh")), "compare", 60, "linear-collapse",
    ),
    Lesson(
        "forward", "Forward, number by number",
        "A prediction is products, sums and one function, over and over; the page shows every one.",
        ("Pick a point.", "Follow it from x to the probabilities under Forward."),
        Settings(data="xor", hidden=_stack(1, 4)), panel="forward",
    ),
    Lesson(
        "loss", "The loss is a landscape",
        "Training walks downhill on the loss: about a trained network the loss is higher nearly everywhere.",
        ("Train, then look at the slice of the loss.", "Begin anew and look again before training."),
        Settings(data="moons", hidden=_stack(2)), panel="surface",
    ),
    Lesson(
        "backward", "Backward, term by term",
        "The chain rule gives the slope of every weight; moving the weight a little gives the same number.",
        ("Pick a weight under Backward.", "Compare the gradient with the finite difference beside it."),
        Settings(data="xor", hidden=_stack(2, 4)), panel="backward", lab="gradient-check",
    ),
    Lesson(
        "vanishing", "Gradients vanish",
        "Each sigmoid layer lets less than a quarter of the gradient through: twelve of them learn nothing.",
        ("Run both and look at Layers.", "See what the rules find, and let a remedy fill B."),
        _DEEP, replace(_DEEP, hidden=_stack(12, activation="gelu")), "layers", 60, "vanishing",
    ),
    Lesson(
        "initialisation", "Weights have to begin right",
        "ReLU keeps the size of what goes through with He's initialisation, and loses it with smaller weights.",
        ("Run both and look at a by layer.",),
        Settings(data="moons", hidden=_stack(10, activation="relu", init="normal 0.01")),
        Settings(data="moons", hidden=_stack(10, activation="relu", init="he_normal")), "layers", 20, "initialisation",
    ),
    Lesson(
        "normalisation", "Normalisation keeps sizes",
        "With layer normalisation even badly begun weights learn.",
        ("Run both.", "Compare z by layer."),
        _SMALL, replace(_SMALL, hidden=_stack(8, activation="tanh", init="normal 0.01", norm="layer")),
        "layers", 90, "layer-norm",
    ),
    Lesson(
        "skip", "A way around",
        "x + f(x) gives the gradient a way back in which no layer stands: deep sigmoid networks learn.",
        ("Run both and look at dLoss/dz by layer.",),
        _DEEP, replace(_DEEP, hidden=_stack(12, activation="sigmoid", skip=True)), "layers", 60, "skip",
    ),
    Lesson(
        "regularisation", "Too well learned",
        "A large network learns 40 rows by heart; L2 keeps its border simple, and held-out rows cost far less.",
        ("Run both.", "Compare the loss of held-out rows."),
        _FEW, replace(_FEW, l2=0.03), "compare", 100, "regularisation",
    ),
    Lesson(
        "universal", "Enough units come near any function",
        "Two units cannot follow a sine, thirty-two can.",
        ("Run both.",),
        Settings(data="sine", noise=0.0, hidden=_stack(1, 2), rate=0.02),
        Settings(data="sine", noise=0.0, hidden=_stack(1, 32), rate=0.02), "compare", 200, "universal",
    ),
)  # fmt: skip


def to_data() -> list[dict[str, Any]]:
    """As JSON has them."""
    return [
        {
            "name": one.name, "title": one.title, "claim": one.claim, "do": list(one.do),
            "settings": one.settings.to_data(), "other": None if one.other is None else one.other.to_data(),
            "panel": one.panel, "epochs": one.epochs, "lab": one.lab,
        }
        for one in LESSONS
    ]  # fmt: skip
