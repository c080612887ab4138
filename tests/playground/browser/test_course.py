"""Each lesson's claim, asserted from what the page shows; and three things that a newcomer finds out in it alone."""

import numpy as np
import pytest
from tests.playground.browser.conftest import number, numbers

from chainrule.playground.lessons import LESSONS

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("chromium", "numpy_kernels")]

#: Half of the colours of the plane are told as the second class's.
BLUE, RED = 2, 0


@pytest.fixture
def taught(learner):
    """A function that opens a lesson and runs it."""

    def opened(name):
        one = learner()
        one.lesson(name)
        lesson = next(lesson for lesson in LESSONS if lesson.name == name)
        assert one.text("#claim") == lesson.claim
        assert one.page.locator(f"#{lesson.panel}").is_visible()
        return one

    return opened


def bent(one, side="A"):
    """Places of the plane that are on the wrong side of the best straight border: 0 for one that is straight."""
    colours = np.array(one.plane(side)).astype(float)
    second = (colours[..., BLUE] > colours[..., RED]).ravel()
    up, across = np.mgrid[0:1:40j, 0:1:40j]
    places = np.column_stack([across.ravel(), up.ravel(), np.ones(1600)])
    tint = (colours[..., BLUE] - colours[..., RED]).ravel() / 255
    w = np.linalg.lstsq(places, np.sign(tint), rcond=None)[0]
    for _ in range(2000):  # logistic regression, which finds a line that parts what can be parted
        w += 0.5 * places.T @ (second - 1 / (1 + np.exp(-np.clip(20 * places @ w, -50, 50)))) / 1600 * 20
    return int(((places @ w > 0) != second).sum())


def accuracy(one, side="A"):
    return one.scores(side)[2]


def test_neuron(taught):
    one = taught("neuron")
    assert accuracy(one) > 0.95
    assert bent(one) <= 16  # of 1,600: the border goes through squares
    assert "z₁ = " in one.text("#forward-steps")


def test_layer(taught):
    one = taught("layer")
    assert accuracy(one) > 0.9
    assert bent(one) > 160
    assert one.page.locator("#units li").count() == 4


def test_non_linear(taught):
    one = taught("non-linear")
    assert accuracy(one, "A") < 0.75
    assert accuracy(one, "B") > 0.95
    assert bent(one, "A") <= 16
    assert bent(one, "B") > 160


def test_forward(taught):
    one = taught("forward")
    lines = one.text("#forward-steps").splitlines()
    for line in (line for line in lines if line.startswith("z")):
        *terms, b, z = numbers(line.partition(" = ")[2])
        assert sum(w * x for w, x in zip(terms[::2], terms[1::2], strict=True)) + b == pytest.approx(z, abs=5e-3)
    assert sum(line.startswith("z") for line in lines) == 4 + 2
    assert "p(0)" in one.text("#forward-end")


def test_loss(taught):
    one = taught("loss")
    trained = one.text("#surface-said")
    lower, places = numbers(trained)[-2:]
    assert lower < 0.05 * places
    one.press("Begin anew")
    one.until("#at", "step 0")
    lower = "Number(document.querySelector('#surface-said').innerText.match(/(\\d+) of \\d+/)?.[1])"
    one.page.wait_for_function(f"() => {lower} > {0.05 * places}")
    assert numbers(one.text("#surface-said"))[-2] > 0.05 * places


def test_backward(taught):
    one = taught("backward")
    for unit in range(4):
        one.choose("Its unit", unit)
        one.settled()
        _, dz, a, gradient = numbers(one.text("#gradient"))
        difference = number(one.text("#difference").partition("= ")[2].partition(",")[0])
        assert gradient == pytest.approx(difference, rel=2e-3, abs=1e-6)
        assert gradient == pytest.approx(dz * a, rel=2e-3, abs=1e-9)


def sizes(one, side, what):
    """By layer, at first and now, of a quantity of the table under Layers: z, a or dz."""
    rows = one.table("#layers", "Layers as a table")
    at = 2 * ("z", "a", "dz").index(what)
    return np.array([row[at : at + 2] for name, row in rows.items() if name.startswith(side)])


def test_vanishing(taught):
    one = taught("vanishing")
    assert accuracy(one, "A") < 0.6
    assert accuracy(one, "B") > 0.8
    dz = sizes(one, "A", "dz")[:, 0]
    assert (dz[:-2] < dz[1:-1] / 2).all()  # less on its way back through every hidden layer
    assert sizes(one, "B", "dz")[0, 0] > 1e5 * dz[0]
    one.look("findings")
    assert one.page.locator("#found [data-rule=vanishing-gradients]").count() == 1


def test_initialisation(taught):
    one = taught("initialisation")
    assert accuracy(one, "A") < 0.6
    assert accuracy(one, "B") > 0.9
    a, b = (sizes(one, side, "a")[:-1, 0] for side in "AB")
    assert a[-1] < 1e-6 * a[0]
    assert b[-1] > 0.1 * b[0]


def test_normalisation(taught):
    one = taught("normalisation")
    assert accuracy(one, "A") < 0.6
    assert accuracy(one, "B") > 0.8
    a, b = (sizes(one, side, "a")[:-1, 0] for side in "AB")
    assert a[-1] < 1e-6 * a[0]
    assert b.max() < 2 * b.min()


def test_skip(taught):
    one = taught("skip")
    assert accuracy(one, "A") < 0.6
    assert accuracy(one, "B") > 0.8
    assert sizes(one, "B", "dz")[0, 0] > 1e5 * sizes(one, "A", "dz")[0, 0]


def test_regularisation(taught):
    one = taught("regularisation")
    (a, a_out), (b, b_out) = (one.scores(side)[:2] for side in "AB")
    assert a < b
    assert b_out < 0.5 * a_out


def test_universal(taught):
    one = taught("universal")
    assert accuracy(one, "A") < 0.6  # R²
    assert accuracy(one, "B") > 0.85


def test_every_lesson_is_tested():
    names = {name.removeprefix("test_").replace("_", "-") for name in globals() if name.startswith("test_")}
    assert {one.name for one in LESSONS} <= names


def test_the_course_goes_on_and_remembers_in_the_address(learner):
    one = learner()
    one.lesson("neuron")
    for lesson in LESSONS[1:]:
        one.press("Next", "#lesson")
        one.until(
            "#claim",
            "^" + lesson.claim.replace("?", r"\?").replace("(", r"\(").replace(")", r"\)").replace("+", r"\+") + "$",
        )
    one.settled()
    assert one.page.locator("#lesson").get_by_role("button", name="Next").is_disabled()
    assert "done=neuron" in one.page.url
    one.page.reload()
    one.page.wait_for_selector("body[data-ready]")
    assert one.text("#claim") == LESSONS[-1].claim
    one.page.locator("#lessons summary").click()
    assert one.page.locator("#lessons .seen", has_text="seen").count() == 1
    one.press("Leave the lesson")
    assert not one.page.locator("#lesson").is_visible()


# A newcomer's three tasks, by what the page offers -------------------------------------------------------------


def run_for(one, epochs):
    """Run until so many epochs are over, then pause."""
    one.page.locator("#run").click()
    one.page.wait_for_function(
        "epochs => Number(document.querySelector('#at').innerText.split(/[ ,]/)[1]) >= epochs", arg=epochs
    )
    if one.text("#run") == "Pause":
        one.page.locator("#run").click()
    one.until("#run", "Run")
    one.settled()


def test_sigmoid_vanishes_and_is_cured_in_two_ways(learner):
    one = learner()
    one.choose("Set", "two moons")
    one.enter("Hidden layers", 10)
    one.choose("Function", "sigmoid")
    one.choose("Optimiser", "sgd")
    one.enter("Learning rate", 0.1)
    one.settled()
    run_for(one, 60)
    assert accuracy(one) < 0.6
    one.look("findings")
    finding = one.page.locator("#found [data-rule=vanishing-gradients]")
    finding.wait_for()
    one.look("compare")
    for cure in ("Function → GELU", "Skip connections"):
        one.press(cure, "#compare")
        one.page.locator("#where .side-B").wait_for()
        one.settled()
        run_for(one, 60)
        assert accuracy(one, "A") < 0.6, cure
        assert accuracy(one, "B") > 0.8, cure


def test_a_rate_that_is_too_high_is_found_and_mended(learner):
    one = learner()
    one.choose("Set", "two moons")
    one.choose("Function", "relu")
    one.choose("Optimiser", "sgd")
    one.enter("Learning rate", 30)
    one.settled()
    run_for(one, 10)
    assert not accuracy(one) > 0.8
    one.look("findings")
    finding = one.page.locator("#found [data-rule=rate-too-high]")
    finding.wait_for()
    finding.get_by_role("button", name="Lower the learning rate").click()
    one.page.locator("#where .side-B").wait_for()
    one.look("compare")
    one.until("#differs", r"^B differs in: rate [\d.]+ instead of 30\.$")
    run_for(one, 60)
    assert not accuracy(one, "A") > 0.8
    assert accuracy(one, "B") > 0.85


def test_two_linear_layers_are_one(learner):
    one = learner()
    one.choose("Function", "identity")
    one.settled()
    run_for(one, 20)
    assert accuracy(one) < 0.75
    assert bent(one) <= 16
    one.look("findings")
    assert "linear" in one.text("#found [data-rule=linear-stack]")
    one.enter("Hidden layers", 0)
    one.settled()
    run_for(one, 20)
    assert bent(one) <= 16  # none is the same
