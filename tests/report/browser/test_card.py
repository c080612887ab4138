"""Cards in a real browser: legible on a light and a dark notebook, narrow too, and nothing around them changes."""

import pytest

from chainrule.plots.card import card

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("chromium", "numpy_kernels")]

#: A notebook's own words and drawing, whose classes are those of a card's parts.
AROUND = '<p class="note">Around</p><ul class="legend facts figures line grid"><li>it</li></ul><figure>all</figure>'
#: What a dark JupyterLab says of its colours, whatever the system's are.
DARK = "<style>body { background: #111111; color: #eeeeee; --jp-content-font-color1: #eeeeee; }</style>"


@pytest.fixture(scope="module")
def cards(fitted, hand_made):
    """One of every kind, and one of hostile names."""
    shown = [estimator._repr_html_() for estimator, _, _ in fitted.values()]
    return "\n".join([*shown, *(card(fitted["table"][0].model_, word, word) for word in hand_made.HOSTILE.values())])


def notebook(cards, head=""):
    body = f"<header>{AROUND}</header><main><h1>Notebook</h1>{cards}</main>"
    return f"<!DOCTYPE html><html lang='en'><head><title>N</title>{head}</head><body>{body}</body></html>"


@pytest.mark.parametrize("size", ["phone", "desktop"])
@pytest.mark.parametrize("head", ["", DARK], ids=["light", "dark"])
def test_it_is_accessible_and_fits(size, head, cards, tab, axe):
    one = tab(size=size)
    one.page.set_content(notebook(cards, head))
    assert one.violations(axe) == []
    assert one.overflow() == 0


def test_nothing_around_it_changes(cards, tab):
    def looks(text):
        one = tab()
        one.page.set_content(text)
        return one.page.evaluate(
            "[...document.querySelectorAll('body, body > :not(main), body > :not(main) *')].map((one) => "
            "Object.fromEntries([...getComputedStyle(one)].map((key) => [key, getComputedStyle(one)[key]])))"
        )

    def still(found):  # but for sizes that follow the page's length
        return [
            {k: v for k, v in one.items() if "size" not in k and "origin" not in k and k != "height"} for one in found
        ]

    assert still(looks(notebook(cards))) == still(looks(notebook("")))
