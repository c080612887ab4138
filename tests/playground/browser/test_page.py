"""The page as a whole: wide and narrow, light and dark, by keys and by ear; shared, taken along, with an own table."""

import json
import re
from urllib.parse import urlencode

import numpy as np
import pytest
from tests.playground.browser.conftest import beside, numbers, rounded

from chainrule.playground import Session

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("chromium", "numpy_kernels")]

PANELS = ("forward", "backward", "layers", "compare", "findings", "surface", "take")
HOSTILE = '<img src=x onerror="alert(1)">'


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_it_is_accessible_and_fits(size, scheme, learner, axe):
    one = learner(size, scheme, data="moons", hidden=[{"activation": "sigmoid"}] * 8)
    one.look("compare")
    one.press("Skip connections", "#compare")
    one.until("#differs", "skip on")
    one.epochs(2)
    one.page.locator("#lessons summary").click()
    for summary in ("Curves as a table", "Weights as a table", "Your own table"):
        one.page.get_by_text(summary, exact=True).click()
    assert one.tab.violations(axe) == []
    assert one.tab.overflow() == 0
    for panel in PANELS:
        one.look(panel)
        one.settled()
        assert one.tab.violations(axe) == [], panel
        assert one.tab.overflow() == 0, panel
    one.page.locator("[data-lesson=vanishing]").click()
    one.page.wait_for_selector("#lesson:not([hidden])")
    one.settled()
    assert one.tab.violations(axe) == []
    assert one.tab.overflow() == 0


def test_keys_reach_everything(learner):
    one = learner()
    page = one.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the content"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left >= 0")
    page.keyboard.press("Enter")
    reached = []
    for _ in range(80):
        page.keyboard.press("Tab")
        found = page.evaluate("(e => [e.tagName, e.id, e.innerText ?? ''])(document.activeElement)")
        if found[0] == "BODY":
            break
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none", found
        reached.append(tuple(found))
    names = {name for _, name, _ in reached}
    assert {"run", "one-epoch", "one-step", "anew", "plane-A", "drawing", "scope", "tab-forward", "forward"} <= names
    assert "SUMMARY" in {tag for tag, _, _ in reached}
    page.locator("#tab-forward").focus()
    for key, panel in (("ArrowRight", "backward"), ("End", "take"), ("ArrowRight", "forward"), ("ArrowLeft", "take")):
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement.id") == f"tab-{panel}"
        assert page.locator(f"#{panel}").is_visible()
        assert page.locator("[role=tabpanel]:not([hidden])").count() == 1
    page.locator("#run").focus()
    page.keyboard.press("Enter")
    one.until("#at", r"Epoch \d\d")
    page.keyboard.press("Enter")
    one.until("#run", "Run")


def test_it_is_told_politely_and_seldom(learner):
    one = learner()
    one.page.evaluate("""() => {
        window.told = [];
        const text = (where) => document.querySelector(where).innerText;
        new MutationObserver(() => window.told.push([performance.now(), text("#run"), text("#said")]))
            .observe(document.querySelector("#said"), { childList: true, characterData: true, subtree: true });
    }""")
    assert one.page.locator("#said").get_attribute("role") == "status"
    one.page.locator("#run").click()
    one.page.wait_for_function("() => window.told.length > 2")
    one.page.locator("#run").click()
    one.until("#run", "Run")
    told = one.page.evaluate("window.told")
    running = [when for when, button, _ in told if button == "Pause"]
    assert len(running) > 1
    assert all(later - earlier > 3900 for earlier, later in zip(running[:-1], running[1:], strict=True))
    assert re.match(r"Epoch [\d.]+, step \d+\. A: loss .*; accuracy .*, held out", told[-1][2])


def test_an_address_is_the_same_networks(learner, tab):
    one = learner(data="moons", rows=80)
    one.look("compare")
    one.press("Batch norm", "#compare")
    one.until("#differs", "norm batch")
    one.look("take")
    one.settled()
    address = one.page.get_by_label("Address of these settings").input_value()
    assert address == one.page.url
    one.epochs(2)
    scores = [one.scores(side) for side in "AB"]
    one.page.goto("about:blank")
    one.page.goto(address)
    one.page.wait_for_selector("body[data-ready]")
    assert one.page.locator("#take").is_visible()
    one.epochs(2)
    assert [one.scores(side) for side in "AB"] == scores


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("a=%7B", "The address cannot be read"),
        ("a=[1]", "a is no object"),
        (urlencode({"a": json.dumps({"data": HOSTILE})}), "data: "),
        (urlencode({"a": json.dumps({"nonsense": 1})}), "settings, field"),
        (urlencode({"a": json.dumps({"hidden": [{"units": 10**6}]})}), "units"),
        (urlencode({"a": json.dumps({"hidden": [3]})}), "a layer"),
        (urlencode({"a": json.dumps({"data": "own", "target": "y", "axes": ["a", "b"]})}), "a table of your own"),
        (urlencode({"lesson": HOSTILE, "done": HOSTILE, "tab": HOSTILE}), ""),
    ],
)
def test_an_address_that_is_wrong(said, told, learner):
    one = learner()
    one.page.evaluate("said => { location.hash = said; }", said)
    if told:
        one.until("#error", re.escape(told))
        assert one.page.locator("#error").is_visible()
    one.settled()
    assert one.page.locator("img").count() == 0
    one.epochs(1)
    seen = beside(epochs=1).answer({"do": "alone"})["A"]
    assert one.scores()[0] == rounded(seen["scores"][0])


def test_what_is_taken_along(learner, tmp_path):
    one = learner(data="moons", tab="take")
    one.epochs(2)
    session = beside(data="moons", epochs=2, clip=0, l1=0, l2=0)  # 0 as JSON has it
    for form, ending in (("chainrule", ".py"), ("numpy", ".py"), ("onnx", ".onnx")):
        with one.page.expect_download() as download:
            one.page.locator(f"[data-form={form}]").click()
        answer = session.answer({"do": "export", "form": form})
        assert download.value.suggested_filename == answer["name"]
        path = tmp_path / (form + ending)
        download.value.save_as(path)
        if "text" in answer:
            assert path.read_text() == answer["text"]
            assert one.text("#code").strip().startswith(answer["text"][:200].strip())
    names = {}
    exec((tmp_path / "numpy.py").read_text(), names)
    run = session.runs["A"]
    right = (names["classes"](run.task.X) == run.task.y).mean()
    assert numbers(one.text("#where").partition(":")[2])[2] == rounded(right, 3)


def written(rows=300):
    random = np.random.default_rng(0)
    size, weight = random.normal(size=rows), random.normal(size=rows)
    lines = [f"size,weight,{HOSTILE.replace(',', ' ')!s},kind".replace('"', "'")]
    colours = random.choice(["red", "blue"], rows)
    lines += [
        f"{s:.4f},{w:.4f},{c},{'large' if s + w > 0 else 'small'}"
        for s, w, c in zip(size, weight, colours, strict=True)
    ]
    return "\n".join(lines) + "\n"


def test_a_table_of_ones_own(learner, tmp_path):
    one = learner()
    dialogs = []
    one.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    path = tmp_path / "things.csv"
    path.write_text(written())
    one.page.get_by_text("Your own table", exact=True).click()
    one.page.locator("#file").set_input_files(path)
    one.until("#own", "things.csv: 300 rows, 4 columns")
    one.choose("Target", 3)
    one.choose("Axis across", "weight")
    one.choose("Axis up", "size")
    one.press("Use this table")
    one.until("#about", "things.csv, kind: 240 rows to learn from, 60 held out")
    one.epochs(5)
    session = Session()
    session.answer({"do": "table", "name": "things.csv", "text": written()})
    session.answer({"do": "begin", "settings": {"data": "own", "target": "kind", "axes": ["weight", "size"]}})
    seen = session.answer({"do": "train", "epochs": 5})["A"]
    assert one.scores()[:2] == [rounded(seen["scores"][0]), rounded(seen["scores"][1])]
    assert one.scores()[2] > 0.9
    assert "weight and size" in one.page.locator("#plane-A").get_attribute("aria-label")
    assert "class large" in one.text("#plane .legend")
    one.look("forward")
    one.until("#forward-given", "<img")
    assert one.page.locator("img").count() == 0
    assert dialogs == []
    one.choose("Set", "two moons")
    one.until("#about", "two moons")


def test_a_table_that_cannot_be_read(learner, tmp_path):
    one = learner()
    path = tmp_path / "bad.csv"
    path.write_text("a,b\n" + "1,2\n" * 20 + "1,2,3\n")
    one.page.get_by_text("Your own table", exact=True).click()
    one.page.locator("#file").set_input_files(path)
    one.page.locator("#own .wrong").wait_for()
    error = Session().answer({"do": "table", "name": "bad.csv", "text": path.read_text()})["error"]
    assert one.text("#own .wrong").split() == error.split()
    one.epochs(1)  # and all goes on with what there was


def test_it_is_fast(learner):
    """Frames a second with four layers of sixteen units on 2,000 rows; benchmarks judge them, not this."""
    settings = {"data": "spirals", "rows": 2000, "hidden": [{"units": 16}] * 4}
    one = learner(**settings)
    one.page.locator("#run").click()
    one.until("#fps", r"\d+ frames")
    one.page.wait_for_timeout(2000)
    print("frames a second:", one.text("#fps"))
    assert numbers(one.text("#fps"))[0] > 0
    one.page.locator("#run").click()
