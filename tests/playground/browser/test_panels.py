"""Every panel as a learner uses it; the numbers that are shown are those of the engine, to the digits shown."""

import numpy as np
import pytest
from tests.playground.browser.conftest import beside, number, numbers, rounded

from chainrule.playground.settings import Hidden, Settings

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("chromium", "numpy_kernels")]

SMALL = {
    "data": "xor", "rows": 60,
    "hidden": [{"units": 3, "activation": "sigmoid"}, {"units": 3, "norm": "layer", "skip": True}],
}  # fmt: skip


def shown(values, digits=4):
    return [rounded(one, digits) for one in values]


def test_training(learner):
    one = learner(**SMALL)
    before = one.scores()
    one.epochs(2)
    seen = beside(**SMALL, epochs=2).answer({"do": "alone"})["A"]
    assert one.text("#at") == "Epoch 2, step 4"
    assert one.scores()[:2] == shown(seen["scores"][:2])
    assert one.scores()[2:] == shown(seen["scores"][2:], 3)
    assert one.scores() != before
    assert one.table("#curves", "Curves as a table")["A 2"] == shown(seen["scores"])
    one.press("One step")
    one.until("#at", "step 5")
    one.press("Begin anew")
    one.until("#at", "step 0")
    assert one.scores() == before
    one.page.locator("#run").click()
    one.until("#at", r"Epoch \d\d")
    one.page.locator("#run").click()
    one.until("#run", "Run")
    one.settled()
    at = one.text("#at")
    one.page.wait_for_timeout(300)
    assert one.text("#at") == at
    seen = beside(**SMALL, epochs=0)
    for _ in range(int(numbers(at)[1]) // 2):
        found = seen.answer({"do": "train", "epochs": 1})["A"]
    assert one.scores()[:2] == shown(found["scores"][:2])


def test_settings_of_training(learner):
    one = learner()
    one.choose("Optimiser", "sgd")
    one.choose("Schedule", "cosine")
    for label, value in {"Learning rate": 0.3, "Clip at": 1, "L1": 0.001, "L2": 0.002, "Batch": 16}.items():
        one.enter(label, value)
    one.settled()
    one.epochs(1)
    settings = {"optimiser": "sgd", "schedule": "cosine", "rate": 0.3, "clip": 1, "l1": 0.001, "l2": 0.002, "batch": 16}
    seen = beside(**settings, epochs=1).answer({"do": "alone"})["A"]
    assert one.scores()[:2] == shown(seen["scores"][:2])
    one.enter("Learning rate", -1)
    one.until("#error", r"rate: expected a number in \(0, 100\]; received -1")
    assert one.page.get_by_label("Learning rate").input_value() == "0.3"


def test_data(learner):
    one = learner()
    for place, name in ((6, "sine"), (5, "clusters"), (4, "spirals")):
        one.choose("Set", place)
        one.until("#about", "400 rows to learn from")
        one.settled()
        assert one.page.get_by_label("Set", exact=True).input_value() == name
    one.enter("Rows", 50)
    one.enter("Noise", 0.3)
    one.enter("Seed", 4)
    one.until("#about", "50 rows to learn from, 50 held out")
    one.settled()
    seen = beside(data="spirals", rows=50, noise=0.3, seed=4).answer({"do": "alone"})["A"]
    assert one.scores()[:2] == shown(seen["scores"][:2])
    one.page.get_by_label("Standardise the inputs").uncheck()
    one.settled()
    raw = beside(data="spirals", rows=50, noise=0.3, seed=4, scale=False).answer({"do": "alone"})["A"]
    assert one.scores()[:2] == shown(raw["scores"][:2])


def test_the_network(learner):
    one = learner()
    one.press("Add a layer")
    one.until("#network-said", "186 parameters")
    one.enter("Units", 5)
    one.choose("Settings of", "layer 2")
    for label, value in {"Function": "gelu", "Initial": "He normal", "Norm": "layer"}.items():
        one.choose(label, value)
    one.enter("Dropout", 0.2)
    one.page.get_by_label("Skip", exact=True).check()
    one.settled()
    other = Hidden(5, "gelu", "he_normal", "layer", True, 0.2)
    settings = Settings(hidden=(Hidden(5), other, Hidden(5))).to_data()
    seen = beside(**settings).answer({"do": "alone"})["A"]
    assert one.scores()[:2] == shown(seen["scores"][:2])
    assert one.page.locator("#units li").count() == 5
    assert "Layer 2" in one.text("#units h3")
    one.page.locator("#drawing").focus()
    for key in ("ArrowRight", "ArrowDown", "Shift+ArrowDown", "Shift+ArrowDown"):
        one.page.keyboard.press(key)
    table = one.table("#network", "Weights as a table")
    assert table["2"] == shown(seen["weights"][1][1], 3)
    assert (
        one.text("#said")
        == f"Product 2, unit 2, input 3: weight {one.text('#network tbody tr:nth-child(2) td:nth-child(4)')}"
    )
    one.press("Remove a layer")
    one.settled()
    assert one.page.get_by_label("Hidden layers").input_value() == "2"
    one.enter("Hidden layers", 0)
    one.settled()
    assert one.text("#network-said").startswith("A: 6 parameters")


def test_a_layer_and_a_weight_by_the_pointer(learner):
    one = learner(data="xor", hidden=[{"units": 3}, {"units": 4}], tab="backward")
    box = one.page.locator("#drawing").bounding_box()
    places = one.page.locator("#drawing circle").evaluate_all(
        "all => all.map((c) => [c.cx.baseVal.value, c.cy.baseVal.value])"
    )
    first, second = places[2 + 2], places[2 + 3 + 0]  # unit 3 of layer 1, unit 1 of layer 2
    at = [first[k] + 0.3 * (second[k] - first[k]) for k in range(2)]
    one.page.locator("#drawing").scroll_into_view_if_needed()
    one.page.locator("#drawing").click(position={"x": at[0], "y": at[1]})
    one.settled()
    assert [one.page.get_by_label(name, exact=True).input_value() for name in ("Product", "Its unit", "Its input")] == [
        "1",
        "0",
        "2",
    ]
    one.page.locator("#drawing").click(position={"x": second[0], "y": 20})
    one.until("#units h3", "Layer 2")
    assert one.page.get_by_label("Settings of").input_value() == "2"
    assert box["width"] > 200


def test_the_plane(learner):
    one = learner(data="moons", rows=100)
    one.epochs(3)
    seen = beside(data="moons", rows=100, epochs=3)
    plane = np.array(seen.answer({"do": "alone"})["A"]["plane"]).reshape(40, 40)
    colours = np.array(one.plane()).astype(int)
    sure = np.abs(plane - 0.5) > 0.05
    assert sure.sum() > 400
    assert ((colours[..., 2] > colours[..., 0]) == (plane > 0.5))[sure].all()  # blue is the second class
    slider = one.page.locator("#plane-A")
    slider.focus()
    for key in ("ArrowRight", "ArrowUp", "PageUp", "ArrowLeft"):
        slider.press(key)
    assert slider.get_attribute("aria-valuenow") == "11"
    points = beside(data="moons", rows=100).answer({"do": "begin", "settings": seen.runs["A"].settings.to_data()})[
        "task"
    ]
    x1, x2 = points["points"][11]
    assert numbers(slider.get_attribute("aria-valuetext"))[1:3] == shown([x1, x2], 3)
    assert one.text("#chosen").startswith(slider.get_attribute("aria-valuetext"))
    (left, right), (low, high) = points["bounds"]
    box = slider.bounding_box()
    x1, x2 = points["points"][7]
    slider.click(
        position={"x": (x1 - left) / (right - left) * box["width"], "y": (high - x2) / (high - low) * box["height"]}
    )
    assert slider.get_attribute("aria-valuenow") == "7"


def test_forward(learner):
    one = learner(**SMALL, tab="forward")
    one.epochs(2)
    one.enter("Row", 5, "#forward")
    one.until("#forward-end", "loss")
    one.settled()
    seen = beside(**SMALL, epochs=2)
    answer = seen.answer({"do": "forward", "row": 5})
    lines = [item.inner_text() for item in one.page.locator("#forward-steps li").all()]
    values = [value for step in answer["steps"] for value in step["values"]]
    assert len(lines) == len(values)
    assert [number(line.rsplit("= ", 1)[-1].rsplit("→ ", 1)[-1]) for line in lines] == shown(values)
    first = answer["steps"][0]
    terms = numbers(lines[0].partition(" = ")[2])
    assert terms == shown(
        [first["W"][0][0], answer["x"][0], first["W"][0][1], answer["x"][1], first["b"][0], first["values"][0]]
    )
    run = seen.runs["A"]
    X = run.task.read(run.task.X[5:6])
    z = run.network.forward(run.parameters, X).output[0].astype(float)  # the engine, whose floats are short
    p = np.exp(z) / np.exp(z).sum()
    end = [item.inner_text() for item in one.page.locator("#forward-end li").all()]
    assert [numbers(line)[-1] for line in end[:2]] == pytest.approx(p, rel=1e-3)
    assert numbers(end[-1])[-1] == pytest.approx(-np.log(p[int(answer["target"])]), rel=1e-3)
    one.page.locator("#forward-steps summary").first.click()
    assert not one.page.locator("#forward-steps li").first.is_visible()


def test_backward(learner):
    one = learner(**SMALL, tab="backward")
    one.epochs(2)
    one.enter("Row", 5, "#backward")
    one.choose("Product", 0)
    one.choose("Its unit", 2)
    one.choose("Its input", 1)
    one.settled()
    answer = beside(**SMALL, epochs=2).answer({"do": "backward", "row": 5, "layer": 0, "unit": 2, "input": 1})
    assert numbers(one.text("#gradient")) == shown([answer[name] for name in ("weight", "dz", "a", "gradient")])
    assert number(one.text("#difference").partition("= ")[2].partition(",")[0]) == rounded(answer["difference"])
    assert answer["gradient"] == pytest.approx(answer["difference"], rel=1e-4)
    chain = [item.inner_text() for item in one.page.locator("#chain li").all()]
    assert len(chain) == len(answer["chain"]) == 2
    assert numbers(chain[0])[-1] == rounded(answer["dz"])
    terms = answer["chain"][1]["terms"]
    told = [
        terms[0]["d"],
        *(value for term in terms[1:] for value in (term["dz"], term["w"])),
        answer["chain"][1]["value"],
    ]
    assert numbers(chain[1]) == shown(told)


def test_layers(learner):
    one = learner(**SMALL, tab="layers")
    assert one.page.locator("#flow-waits").is_visible()
    one.epochs(6)
    found = beside(**SMALL)
    for _ in range(6):
        layers = found.answer({"do": "train", "epochs": 1})["A"]["layers"]
    rows = list(one.table("#layers", "Layers as a table").values())
    for place, row in enumerate(rows):
        assert row == shown([layers[name][at][place] for name in ("z_rms", "a_rms", "dz_rms") for at in (0, -1)])
    assert len(rows) == 3
    slope = one.page.locator("#layers svg.chart").last.get_attribute("aria-label")
    assert numbers(slope)[-1] == rounded(layers["slope"][-1], 3)


def test_a_and_b(learner):
    one = learner(data="moons", tab="compare")
    one.press("Function → GELU", "#compare")
    one.until("#differs", "activation gelu instead of tanh, all layers")
    one.epochs(2)
    b = {"hidden": [{"activation": "gelu"}] * 2}
    seen = beside(data="moons", b=b, epochs=2).answer({"do": "train"})
    for side in "AB":
        assert one.scores(side)[:2] == shown(seen[side]["scores"][:2])
        assert one.table("#compare")[side][:4] == shown(seen[side]["scores"])
    assert one.page.locator("#plane canvas.above").count() == 2
    one.enter("Hidden layers", 3)
    one.until("#differs", "activation gelu instead of tanh, all layers")
    one.press("Rate ÷ 10", "#compare")
    one.until("#differs", "rate 0.001 instead of 0.01")
    one.press("Swap A and B", "#compare")
    one.until("#differs", "rate 0.01 instead of 0.001")
    one.press("Go on with B as A", "#compare")
    one.until("#differs", "There is no B")
    assert one.page.get_by_label("Learning rate").input_value() == "0.01"
    one.press("Skip connections", "#compare")
    one.until("#differs", "skip on")
    one.press("Let go of B", "#compare")
    one.until("#differs", "There is no B")


def test_findings_and_their_remedies(learner):
    hidden = [{"activation": "sigmoid"}] * 12
    one = learner(data="moons", hidden=hidden, tab="findings")
    one.epochs(3)
    article = one.page.locator("#found article[data-rule=vanishing-gradients]")
    article.wait_for()
    session = beside(data="moons", hidden=hidden)
    for _ in range(3):
        session.answer({"do": "train", "epochs": 1})
    finding = next(f for f in session.answer({"do": "findings"})["findings"] if f["rule"] == "vanishing-gradients")
    text = article.inner_text()
    for said in (
        finding["title"],
        finding["reason"],
        finding["source"],
        finding["level"].upper(),
        *(r["text"] for r in finding["remedies"]),
    ):
        assert said in text
    for evidence in finding["evidence"]:
        line = next(one for one in text.splitlines() if one.startswith(evidence["name"]))
        assert number(line.removeprefix(evidence["name"] + ": ").split(" ")[0]) == rounded(evidence["value"])
    assert one.text("#tab-findings") != "Findings"
    remedy = article.get_by_role("button").first
    remedy.click()
    one.page.locator("#where .side-B").wait_for()
    one.look("compare")
    one.settled()
    wanted = next(r["settings"] for r in finding["remedies"] if r["settings"])
    assert wanted["hidden"][0]["activation"] in one.text("#differs")


def test_the_surface(learner):
    one = learner(**SMALL, tab="surface")
    one.epochs(2)
    answer = beside(**SMALL, epochs=2)
    losses = np.array(answer.answer({"do": "surface"})["losses"])
    lower = int((losses < losses[10, 10]).sum())
    assert numbers(one.text("#surface-said")) == [*shown([losses[10, 10], losses.min(), losses.max()]), lower, 441]
    assert one.page.locator("#surface .contours").get_attribute("d")
    rows = one.table("#surface", "The slice as a table")
    assert list(rows.values())[10] == shown(losses[10], 3)
    one.press("Other directions")
    one.settled()
    other = np.array(answer.answer({"do": "surface", "seed": 1})["losses"])
    assert numbers(one.text("#surface-said"))[1:3] == shown([other.min(), other.max()])


def test_several_classes_and_functions(learner):
    one = learner(data="clusters", rows=200)
    one.epochs(2)
    assert one.page.locator("#plane .legend li").count() == 4
    plane = np.array(beside(data="clusters", rows=200, epochs=2).answer({"do": "alone"})["A"]["plane"])
    assert len({tuple(one) for row in one.plane() for one in row}) > len(set(plane.astype(int)))
    one.choose("Set", "y = sin(2x)")
    one.until("#about", "a number to predict")
    one.settled()
    assert "R²" in one.text("#where")
    assert one.text("#score-title") == "R²"
    one.look("forward")
    one.until("#forward-end", "½")
    answer = beside(data="sine", rows=200).answer({"do": "forward", "row": 0})
    assert numbers(one.text("#forward-end"))[-1] == rounded(answer["loss"])
    assert not one.page.locator("canvas.heat").first.is_visible()


def test_what_diverges_says_so(learner):
    one = learner(data="sine", optimiser="sgd", rate=100)
    one.page.locator("#run").click()
    one.until("#where", "A has diverged")
    one.until("#run", "Run")
    one.look("forward")
    one.settled()
    assert "–" in one.text("#forward-end")
    one.look("findings")
    one.page.locator("#found article").first.wait_for()
