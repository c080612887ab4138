"""A page in the user's browser, where there is a user to see it."""

from __future__ import annotations

import os
import sys
import webbrowser
from pathlib import Path


def somebody_looks() -> bool:
    """Whether standard output is a terminal before a display, and no build runs."""
    if sys.stdout is None or not sys.stdout.isatty() or os.environ.get("CI", "").lower() not in ("", "0", "false"):
        return False
    if sys.platform in ("win32", "darwin"):
        return not any(name in os.environ for name in ("SSH_CONNECTION", "SSH_TTY"))
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def opened(page: Path | str) -> bool:
    """Open a file, or an address, in the browser; whether that was begun.

    One that would hold the command until it is closed, or take its terminal, as text browsers do, is left alone.
    """
    try:
        browser = webbrowser.get()
        waits = isinstance(browser, webbrowser.GenericBrowser) and not isinstance(browser, webbrowser.BackgroundBrowser)
        return not waits and browser.open(page if isinstance(page, str) else page.resolve().as_uri())
    except (webbrowser.Error, OSError):
        return False
