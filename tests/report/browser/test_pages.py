"""Reports in a real browser, opened from disk: seen, narrow and wide, light and dark, heard, moved by keys, printed."""

import pytest

import chainrule
from chainrule.datasets import load_adult

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("chromium", "numpy_kernels")]

LOOKS = [(size, scheme) for size in ("phone", "desktop") for scheme in ("light", "dark")]


@pytest.fixture(scope="module")
def adult(tmp_path_factory, hand_made):
    """The report of an Adult model with all sections."""
    table = load_adult()
    rows = {
        part: {n: c[where] for n, c in table.columns.items()}
        for part, where in (("train", table.train), ("test", table.test))
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHAINRULE_KERNELS", "numpy")
        model = chainrule.TableClassifier(preset="fast", max_iter=4, random_state=0)
        model.fit(rows["train"], table.target[table.train])
    path = tmp_path_factory.mktemp("adult") / "report.html"
    return chainrule.report(model, path, rows["test"], table.target[table.test], hand_made.findings())


@pytest.fixture(scope="module")
def hostile(tmp_path_factory, fitted, hand_made):
    """The report of a table whose names want to be markup, with a deep network's probes."""
    estimator, X, y = fitted["table"]
    path = tmp_path_factory.mktemp("hostile") / "r.html"
    with hand_made.probed(estimator, hand_made.probes(30, epochs=40)):
        return chainrule.report(estimator, path, X, y, hand_made.findings())


@pytest.fixture(params=["adult", "hostile"])
def path(request):
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_it_is_accessible_and_fits(size, scheme, path, tab, axe):
    one = tab(size=size, scheme=scheme)
    one.page.goto(path.as_uri())
    assert one.violations(axe) == []
    for details in one.page.locator("summary").all():
        details.click()
    assert one.violations(axe) == []
    assert one.overflow() == 0
    dark = one.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 28)"
    assert dark == (scheme == "dark")


def test_it_is_small(adult):
    assert adult.stat().st_size < 2**20


def test_the_theme_can_be_turned(adult, tab, axe):
    one = tab()
    one.page.goto(adult.as_uri())
    button = one.page.get_by_role("button", name="Light or dark")
    assert button.get_attribute("aria-pressed") == "false"
    button.press("Enter")
    assert button.get_attribute("aria-pressed") == "true"
    assert one.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 28)"
    assert one.violations(axe) == []


def epoch(said):
    """The epoch that the slider says: the last that was measured, not always the last that was trained."""
    return int(said.removeprefix("Epoch ").split(":")[0])


def test_the_slider_is_moved_by_keys(adult, tab):
    one = tab()
    one.page.goto(adult.as_uri())
    slider = one.page.get_by_role("slider", name="Epoch")
    drawing = one.page.locator("#flow .frames path.line.s0")
    last = drawing.get_attribute("d")
    before = epoch(slider.get_attribute("aria-valuetext"))
    slider.press("ArrowLeft")
    assert epoch(slider.get_attribute("aria-valuetext")) < before
    assert one.page.locator("#flow output").inner_text() == slider.get_attribute("aria-valuetext")
    assert drawing.get_attribute("d") != last
    dots = one.page.locator("#flow .frames path.dots").get_attribute("d")
    assert dots.count("h0") == 2
    slider.press("Home")
    assert slider.get_attribute("aria-valuetext").startswith("Epoch 0:")
    slider.press("End")
    assert drawing.get_attribute("d") == last


def test_keys_reach_everything(adult, tab):
    one = tab()
    one.page.goto(adult.as_uri())
    one.page.keyboard.press("Tab")
    assert one.page.evaluate("document.activeElement.textContent") == "To the content"
    assert one.page.evaluate("document.activeElement.getBoundingClientRect().left >= 0")
    one.page.keyboard.press("Enter")
    assert one.page.evaluate("document.activeElement.id") == "content"
    reached = set()
    for _ in range(80):
        one.page.keyboard.press("Tab")
        tag = one.page.evaluate("document.activeElement.tagName")
        if tag == "BODY":
            break
        outline = one.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none"
        reached.add(tag)
    assert {"SUMMARY", "INPUT", "DIV", "PRE"} <= reached


def test_without_a_script_the_last_epoch_stands(adult, tab):
    one = tab(java_script_enabled=False)
    one.page.goto(adult.as_uri())
    assert not one.page.locator("input[type=range]").is_visible()
    assert not one.page.locator("#theme").is_visible()
    assert epoch(one.page.locator("#flow output").inner_text()) > 1
    assert one.page.locator("#flow .frames path.line.s0").get_attribute("d")


def test_hostile_words_stay_words(hostile, tab):
    one = tab(size="phone")
    dialogs = []
    one.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    one.page.goto(hostile.as_uri())
    assert one.page.locator("img").count() == 0
    assert one.page.locator("main script:not([type='application/json'])").count() == 0
    assert one.page.get_by_text("<script>alert(1)</script>").count() > 0
    assert dialogs == []
    right = one.page.evaluate(
        "Math.max(...[...document.querySelectorAll('h1, p, dd')].map(e => e.getBoundingClientRect().right))"
    )
    assert right <= 390


def test_printed_it_is_light_and_whole(adult, tab):
    one = tab(scheme="dark")
    one.page.goto(adult.as_uri())
    one.page.emulate_media(media="print", color_scheme="dark")
    assert one.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not one.page.locator("nav").is_visible()
    assert not one.page.locator("#theme").is_visible()
    assert one.page.locator("#flow svg.chart").first.is_visible()
    assert one.page.pdf(format="A4").startswith(b"%PDF")
