"""The playground in a headless Chromium, from its own server, by NumPy's kernels; and a learner who uses it."""

import json
import re
from urllib.parse import urlencode

import pytest

from chainrule.playground import Session, Settings

MINUTES = 30_000  # milliseconds; only a failure takes them


class Learner:
    """A page of the playground in which somebody clicks and reads; `session` is told the same beside it.

    Attributes
    ----------
    tab, page : of the browser
    """

    def __init__(self, tab, address, *, path="", **options):
        self.tab = tab(allowed=address, **options)
        self.page = self.tab.page
        self.page.set_default_timeout(MINUTES)
        self.asked = 0  # requests without an answer so far
        for event, step in (("request", 1), ("requestfinished", -1), ("requestfailed", -1)):
            self.page.on(event, lambda _, step=step: self._count(step))
        self.page.goto(address + path)
        self.page.wait_for_selector("body[data-ready]")

    def _count(self, step):
        self.asked += step

    def press(self, name, within="body"):
        """A button by its name."""
        self.page.locator(within).get_by_role("button", name=name, exact=True).click()

    def look(self, panel):
        """Open a panel."""
        self.page.locator(f"#tab-{panel}").click()

    def choose(self, label, value, within="body"):
        """What a select offers under a name, or at a place."""
        how = {"index": value} if isinstance(value, int) else {"label": value}
        self.page.locator(within).get_by_label(label, exact=True).select_option(**how)

    def enter(self, label, value, within="body"):
        """A value of a field."""
        field = self.page.locator(within).get_by_label(label, exact=True)
        field.fill(str(value))
        field.press("Enter")

    def text(self, where):
        return self.page.locator(where).inner_text()

    def until(self, where, pattern):
        """Wait until a text is found in an element."""
        self.page.wait_for_function(
            "([where, pattern]) => new RegExp(pattern).test(document.querySelector(where)?.innerText ?? '')",
            arg=[where, pattern],
        )

    def settled(self):
        """Wait until nothing is asked of the engine: what is shown is what is."""
        quiet = 0
        while quiet < 4:
            self.page.wait_for_timeout(40)
            quiet = 0 if self.asked else quiet + 1

    def epochs(self, count):
        """Train so many epochs, one by one."""
        for _ in range(count):
            before = self.text("#at")
            self.press("One epoch")
            self.page.wait_for_function("before => document.querySelector('#at').innerText !== before", arg=before)
        self.settled()

    def lesson(self, name):
        """Open a lesson and run it to its end."""
        self.page.locator("#lessons summary").click()
        self.page.locator(f"[data-lesson={name}]").click()
        self.page.wait_for_selector("#lesson:not([hidden])")
        self.settled()
        self.page.locator("#run-lesson").click()
        self.page.wait_for_function("() => document.querySelector('#lessons summary').innerText.includes('1 seen')")
        self.until("#run", "Run")
        self.settled()

    def scores(self, side="A"):
        """Loss, held-out loss, score and held-out score that the bar shows."""
        return numbers(self.text(f"#where .side-{side}").partition(":")[2])

    def table(self, where, summary=None):
        """Rows of a table, each a heading and numbers; `summary` opens it."""
        if summary:
            details = self.page.locator(where).get_by_text(summary)
            if not details.evaluate("one => one.parentElement.open"):
                details.click()
        self.page.locator(f"{where} tbody tr").first.wait_for()
        rows = self.page.locator(f"{where} tbody tr")
        return {row[0]: [number(one) for one in row[1:]] for row in rows.evaluate_all(
            "rows => rows.map((row) => [...row.children].map((one) => one.innerText))"
        )}  # fmt: skip

    def plane(self, side="A"):
        """Red, green and blue of each place of a plane, row by row from the top."""
        return self.page.locator(f".frame:has(#plane-{side}) canvas.heat").evaluate("""canvas => {
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            return Array.from({ length: canvas.height }, (_, row) => Array.from({ length: canvas.width }, (_, column) =>
                [...data.slice(4 * (row * canvas.width + column), 4 * (row * canvas.width + column) + 3)]));
        }""")


def number(text):
    """A number as the page writes it."""
    return float(text.replace("−", "-")) if text not in ("–", "") else float("nan")


def numbers(text):
    """All numbers of a text."""
    return [number(one) for one in re.findall(r"(?<![\w₀-₉])−?\d+(?:\.\d+)?(?:e−?\d+)?", text)]


def rounded(value, digits=4):
    """As a page shows it."""
    return float(f"{value:.{digits}g}")


def path(lesson=None, tab=None, b=None, **settings):
    """Settings as an address has them."""
    said = {"a": json.dumps(settings)}
    if b is not None:
        said["b"] = json.dumps({**settings, **b})
    if tab:
        said["tab"] = tab
    return "#" + urlencode(said)


def beside(b=None, epochs=0, **settings):
    """A session that was told the same."""
    session = Session()
    told = Settings.of(settings).to_data()
    session.answer({"do": "begin", "settings": told})
    if b is not None:
        session.answer({"do": "compare", "settings": Settings.of({**settings, **b}).to_data()})
    session.answer({"do": "train", "epochs": epochs})
    return session


@pytest.fixture(scope="session")
def address(chromium):
    """Of a playground."""
    from chainrule.playground.server import Playground
    from chainrule.serving.loopback import Loopback

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHAINRULE_KERNELS", "numpy")
        with Loopback(Playground().app()) as server:
            yield server.address


@pytest.fixture
def learner(tab, address, numpy_kernels):
    """A function that opens the playground; settings are of its address."""
    return lambda size="desktop", scheme="light", **said: Learner(
        tab, address, path=path(**said) if said else "", size=size, scheme=scheme
    )
