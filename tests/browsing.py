"""A headless Chromium of the system, and axe-core to look at its pages.

Where one of them is missing these tests are skipped; with CHAINRULE_BROWSER=required they fail, so that no machine
that is meant to run them can leave them out unnoticed. `.ci/browser` brings what they need.
"""

import os
import shutil
from pathlib import Path

import pytest

AXE = Path(__file__).parent / "report" / "browser" / "node_modules" / "axe-core" / "axe.min.js"
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")

SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 800}}
SCHEMES = ("light", "dark")


def missing(what):
    if os.environ.get("CHAINRULE_BROWSER") == "required":
        pytest.fail(f"CHAINRULE_BROWSER=required, but {what}")
    pytest.skip(f"{what}; .ci/browser installs it")


@pytest.fixture(scope="session")
def axe():
    """The source of axe-core."""
    if not AXE.exists():
        missing("axe-core is not there")
    return AXE.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def chromium(axe):
    """The browser, for the whole session."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        missing("there is no chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright is not there")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


class Tab:
    """A page of the browser that keeps what it asked of a network and what went wrong in it."""

    def __init__(self, chromium, size="desktop", scheme="light", allowed="file://", **more):
        self.context = chromium.new_context(viewport=SIZES[size], color_scheme=scheme, **more)
        self.page = self.context.new_page()
        self.asked, self.wrong = [], []
        self.page.on(
            "console", lambda said: self.wrong.append(said.text) if said.type in ("error", "warning") else None
        )
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.context.route("**/*", lambda route: self._judged(route, allowed))

    def _judged(self, route, allowed):
        address = route.request.url
        if address.startswith(allowed):
            route.continue_()
        else:
            self.asked.append(address)
            route.abort()

    def violations(self, axe):
        """What axe-core finds against WCAG 2.2 AA and its best practices: rule and elements.

        The shadows at the edge of tables are taken away first: it does not judge contrast over a gradient, nor of text
        in drawings, whose colours tests/report/test_style.py sees.
        """
        self.page.evaluate("document.querySelectorAll('.scroll').forEach((one) => { one.style.background = 'none'; })")
        self.page.evaluate(axe)
        found = self.page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
        return [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found]

    def overflow(self):
        """Pixels by which the page is wider than its window."""
        return self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


@pytest.fixture
def tab(chromium):
    """A function that opens a tab; at the end nothing was asked of a network and nothing went wrong."""
    made = []

    def opened(**options):
        made.append(Tab(chromium, **options))
        return made[-1]

    yield opened
    for one in made:
        one.context.close()
        assert one.asked == [], one.asked
        assert one.wrong == [], one.wrong
