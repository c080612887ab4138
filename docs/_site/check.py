"""What was built is looked at: links and their anchors lead somewhere, every public object is in the inventory."""

from __future__ import annotations

from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from sphinx.errors import ExtensionError
from sphinx.util.inventory import InventoryFile

from _site import public


class Page(HTMLParser):
    """Addresses that a page names, and the anchors that it has."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.named: set[str] = set()
        self.anchors: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for key, value in attrs:
            if key in ("href", "src") and value:
                self.named.add(value)
            elif key in ("id", "name") and value:
                self.anchors.add(value)


def dead_links(folder: Path, names: Iterable[str]) -> list[str]:
    """Relative addresses of a folder's pages, named without `.html`, that lead to no file, or to no anchor of it."""
    pages = {path: Page(path) for path in ((folder / f"{name}.html").resolve() for name in names)}
    found = []
    for path, page in pages.items():
        for address in sorted(page.named):
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            anchor = unquote(parts.fragment)
            if not target.exists() or (anchor and target in pages and anchor not in pages[target].anchors):
                found.append(f"{path.relative_to(folder.resolve())}: {address}")
    return found


def without_page(inventory: Path) -> list[str]:
    """Public objects that an inventory of Sphinx does not list."""
    with inventory.open("rb") as file:
        listed = InventoryFile.load(file, "", lambda base, name: name)
    there = {name for kind, objects in listed.items() if kind.startswith("py:") for name in objects}
    return [name for name in public.names() if name not in there]


def finished(app: Any, error: Exception | None) -> None:
    """End a build of pages with an error where one of these finds something."""
    if error is not None or app.builder.name != "html":
        return
    folder = Path(app.outdir)
    lost = dead_links(folder, [*app.env.all_docs, "genindex", "search"])
    missing = without_page(folder / "objects.inv")
    if lost or missing:
        told = [*(f"dead link: {one}" for one in lost), *(f"no page: {one}" for one in missing)]
        raise ExtensionError("\n".join(["The site has", *told]))
