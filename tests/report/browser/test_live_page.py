"""The live page in a real browser: it follows, keeps what its reader is at, and ends as the report."""

import time

import pytest

from chainrule.plots.report import document, live
from chainrule.plots.report.course import Course
from chainrule.serving.loopback import Loopback
from chainrule.serving.watching import Painter, Watching
from chainrule.training.callbacks import Outlook
from chainrule.training.records import Record

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("chromium", "numpy_kernels")]

OUTLOOK = Outlook("MLPClassifier", 9, 0, 100, 10, 50, 1000)


def record(epoch):
    return Record(epoch, 1 / epoch, 0.01 * epoch, 0.1, validation_loss=1.1 / epoch)


@pytest.fixture
def watching(hand_made):
    """A training with probes of all its epochs."""

    def state(outlook, records, probes):
        return live.state(outlook, Course(records, hand_made.probes(3, len(records)) if records else None))

    return Watching(Painter(state, lambda now: live.live_page("Training <b>", now)))


@pytest.fixture
def server(watching):
    with Loopback(watching.app()) as found:
        yield found
        if not watching.over:
            watching.finish()


def until(found, wanted):
    """Wait until what is found is what is wanted."""
    deadline = time.monotonic() + 300  # only a failure takes it
    while (last := found()) != wanted:
        assert time.monotonic() < deadline, last
        time.sleep(0.02)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_it_follows_and_ends_as_the_report(size, scheme, watching, server, tab, axe, fitted):
    one = tab(size=size, scheme=scheme, allowed=server.address)
    page = one.page
    page.goto(server.address)
    assert page.locator("h1").inner_text() == "Training <b>"
    assert page.locator("#status").inner_text() == "Waiting for the training to begin."
    assert not page.locator("#learning").is_visible()
    watching.begin(OUTLOOK)
    for epoch in (1, 2, 3):
        watching.epoch(record(epoch))
        until(lambda: page.locator("#progress").evaluate("e => e.value"), epoch)
        assert f"Epoch {epoch} of at most 9" in page.locator("#where").inner_text()
    assert page.locator("#learning svg.chart").count() == 2
    assert page.get_by_role("link", name="Gradient flow").is_visible()
    assert one.violations(axe) == []
    assert one.overflow() == 0
    watching.end("all epochs trained")
    watching.finish(document(fitted["two classes"][0]))
    until(page.title, "MLPClassifier · report")
    assert page.locator("#status").inner_text() == "Training has ended: all epochs trained."
    assert one.violations(axe) == []
    assert one.overflow() == 0


def test_the_report_is_saved_when_the_server_has_gone(watching, tab, fitted, tmp_path):
    report = document(fitted["two classes"][0])
    with Loopback(watching.app()) as server:
        one = tab(allowed=server.address)
        one.page.goto(server.address)
        watching.begin(OUTLOOK)
        watching.finish(report)
        until(one.page.title, "MLPClassifier · report")
    with one.page.expect_download() as download:
        one.page.get_by_role("link", name="Save this report").click()
    download.value.save_as(tmp_path / "saved.html")
    assert (tmp_path / "saved.html").read_text(encoding="utf-8") == report


def test_what_a_reader_is_at_stays(watching, server, tab):
    one = tab(allowed=server.address)
    page = one.page
    page.goto(server.address)
    watching.begin(OUTLOOK)
    for epoch in range(1, 5):
        watching.epoch(record(epoch))
    until(lambda: page.locator("#progress").evaluate("e => e.value"), 4)
    slider = page.get_by_role("slider", name="Epoch")
    slider.press("Home")
    slider.press("ArrowRight")
    page.locator("#learning summary").click()
    slider.focus()
    watching.epoch(record(5))
    until(lambda: page.locator("#progress").evaluate("e => e.value"), 5)
    assert slider.get_attribute("max") == "4"
    assert slider.get_attribute("aria-valuetext").startswith("Epoch 2:")
    assert page.evaluate("document.activeElement.id") == "flow-epoch"
    assert page.locator("#learning details").evaluate("e => e.open")
    slider.press("End")
    watching.epoch(record(6))
    until(lambda: slider.get_attribute("aria-valuetext")[:8], "Epoch 6:")


def test_a_training_that_breaks_off_says_so(watching, server, tab):
    one = tab(allowed=server.address)
    one.page.goto(server.address)
    watching.begin(OUTLOOK)
    watching.epoch(record(1))
    watching.end("diverged")
    watching.finish()
    until(one.page.locator("#status").inner_text, "Training has ended: diverged.")
    assert one.page.locator("#learning").is_visible()
