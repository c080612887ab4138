"""The browser of the other pages, and the site: what `make docs` built, or the folder that CHAINRULE_SITE names."""

import os
from pathlib import Path

import pytest
from tests.report.browser.conftest import axe, chromium, tab  # noqa: F401

BUILT = Path(os.environ.get("CHAINRULE_SITE", Path(__file__).parents[3] / "docs" / "_build" / "html"))


@pytest.fixture(scope="session")
def site():
    if not (BUILT / "objects.inv").exists():
        if "CHAINRULE_SITE" in os.environ:
            pytest.fail(f"CHAINRULE_SITE={BUILT}, but there is no site")
        pytest.skip("the site is not built: make docs")
    return BUILT
