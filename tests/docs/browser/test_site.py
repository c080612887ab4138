"""The site's pages in a real browser, from disk: nothing asked of a network, nothing wrong, open to anybody."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("chromium")]

#: One page of each kind.
KINDS = (
    "index",
    "start",
    "first-minute",
    "estimators",
    "approve",
    "architecture",
    "generated/components",
    "generated/reference/index",
    "generated/reference/chainrule.TableClassifier",
    "generated/reference/chainrule.losses.LOSSES",
    "gallery/labs/index",
    "gallery/labs/plot_06_vanishing",
    "report/README",
    "search",
)


@pytest.mark.parametrize("size", ["phone", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", KINDS)
def test_a_kind_of_page_is_accessible_and_fits(name, scheme, size, site, tab, axe):
    one = tab(size=size, scheme=scheme)
    one.page.goto((site / f"{name}.html").as_uri())
    assert one.page.evaluate("document.documentElement.dataset.theme") == scheme
    assert one.violations(axe) == []
    assert one.overflow() == 0


def test_every_page_is_accessible(site, tab, axe):
    one, found = tab(), {}
    pages = sorted(page for page in site.rglob("*.html") if "_static" not in page.parts)
    assert len(pages) > 200
    for page in pages:
        one.page.goto(page.as_uri())
        if wrong := one.violations(axe):
            found[str(page.relative_to(site))] = wrong
    assert found == {}


def test_search_finds_an_estimator(site, tab):
    one = tab()
    one.page.goto((site / "search.html").as_uri() + "?q=TableClassifier")
    one.page.wait_for_selector("#search-results li a")
    assert "TableClassifier" in one.page.locator("#search-results").inner_text()
