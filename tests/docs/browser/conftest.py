"""The browser of the other pages, and the site: what `make docs` built, or the folder that CHAINRULE_SITE names."""

import functools
import os
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.browsing import axe, chromium, tab  # noqa: F401

BUILT = Path(os.environ.get("CHAINRULE_SITE", Path(__file__).parents[3] / "docs" / "_build" / "html"))


@pytest.fixture(scope="session")
def site():
    if not (BUILT / "objects.inv").exists():
        if "CHAINRULE_SITE" in os.environ:
            pytest.fail(f"CHAINRULE_SITE={BUILT}, but there is no site")
        pytest.skip("the site is not built: make docs")
    return BUILT


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def address(site):
    """Where the site is served, on loopback: a browser loads no script that is a module from disk."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Silent, directory=site))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()
