"""The page of `chainrule serve` in a real browser: a row is filled in, predicted, explained; what is wrong is shown."""

import warnings

import numpy as np
import pytest
from tests.serving.inference.test_server import Server

from chainrule import TableClassifier

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("chromium")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place, random = tmp_path_factory.mktemp("served"), np.random.default_rng(0)
    size = random.normal(size=200)
    table = {"size": size, "color <b>": random.choice(["red", "blue"], 200), "new": random.choice([True, False], 200)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = TableClassifier(preset="fast", hidden_layer_sizes=(8,), max_iter=20, random_state=0)
        model.fit(table, np.where(size > 0, "large", "small"))
    model.save(place / "m.model")
    (place / "token").write_text("secret")
    return place


@pytest.fixture
def server(folder):
    found = Server(folder, "m.model", "--token-file", "token")
    yield found
    found.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_a_row_is_predicted_and_explained(size, scheme, server, tab, axe):
    address = f"http://localhost:{server.port}/"
    one = tab(size=size, scheme=scheme, allowed=address)
    page = one.page
    page.goto(address)
    page.get_by_label("Token of this server").fill("secret")
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("size").fill("3")
    page.get_by_label("color <b>").fill("blue")
    page.get_by_role("button", name="Predict").click()
    page.get_by_text('label: "large"').wait_for()
    assert page.locator("meter").count() == 2
    assert "curl -H 'Authorization: Bearer ...'" in page.locator("#shell").inner_text()
    page.get_by_label("explain").check()
    page.get_by_role("button", name="Predict").click()
    page.get_by_text("explanation").wait_for()
    assert page.locator("#said table").last.locator("tr").count() == 3
    assert one.violations(axe) == []
    assert one.overflow() == 0
    page.get_by_label("size").fill("huge")
    page.get_by_role("button", name="Predict").click()
    page.get_by_text("expected a number, as in fit; received 'huge'").wait_for()
    assert one.asked == []
    # The browser itself tells of the two answers that were refused: without the token, and of the row.
    assert all("401" in said or "422" in said for said in one.wrong), one.wrong
    assert len(one.wrong) == 2
    one.wrong.clear()
