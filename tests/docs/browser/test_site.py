"""The site's pages in a real browser: nothing asked of a network, nothing wrong, open to anybody."""

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
def test_a_kind_of_page_is_accessible_and_fits(name, scheme, size, address, tab, axe):
    one = tab(size=size, scheme=scheme, allowed=address)
    one.page.goto(f"{address}/{name}.html")
    assert one.page.evaluate("document.documentElement.dataset.theme") == scheme
    assert one.violations(axe) == []
    assert one.overflow() == 0


@pytest.mark.slow
def test_every_page_is_accessible(site, address, tab, axe):
    one, found = tab(allowed=address), {}
    pages = sorted(page for page in site.rglob("*.html") if "_static" not in page.parts)
    assert len(pages) > 200
    for page in pages:
        one.page.goto(f"{address}/{page.relative_to(site)}")
        if wrong := one.violations(axe):
            found[str(page.relative_to(site))] = wrong
    assert found == {}


def test_search_finds_an_estimator(address, tab):
    one = tab(allowed=address)
    one.page.goto(f"{address}/search.html?q=TableClassifier")
    one.page.wait_for_selector("#search-results li a")
    assert "TableClassifier" in one.page.locator("#search-results").inner_text()
