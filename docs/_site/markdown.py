"""Plain Markdown on the site: links to files at the root become links to pages, names in code to the reference."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref

from _site import public
from _site.reference import put

#: files at the root of the repository -> their pages
ROOT_PAGES = {
    "CHANGELOG.md": "generated/changelog",
    "CONTRIBUTING.md": "generated/contributing",
    "SECURITY.md": "generated/security",
}
#: pages that list the others of their folder
LISTS = ("decisions/README", "labs/README")
#: packages whose names are led to their own documentation, where inventories are at hand
OTHERS = ("numpy.", "scipy.", "sklearn.", "pandas.", "matplotlib.")


def names() -> dict[str, str]:
    """What code may call a public object -> its full name; a last name counts where only one object has it."""
    full = public.names()
    last = [name.rpartition(".")[2] for name in full]
    found = {name: name for name in full} | {name.removeprefix("chainrule."): name for name in full}
    for name, one in zip(full, last, strict=True):
        top = name.count(".") == 1
        if top or (last.count(one) == 1 and one[0].isupper()):
            found[one] = name
    return found


def link_names(app: Any, doctree: nodes.document) -> None:
    """Lead literals that are exactly the name of a public object to its page."""
    known = names()
    for literal in list(doctree.findall(nodes.literal)):
        if _leads(literal) or literal.get("classes") == ["xref"]:
            continue
        said = literal.astext()
        full = known.get(said.removesuffix("()"))
        if full is None and said.startswith(OTHERS) and re.fullmatch(r"[\w.]+", said):
            full = said
        if full is None or app.env.docname.endswith(full):
            continue
        link = pending_xref(
            "", refdomain="py", reftype="obj", reftarget=full, refexplicit=True, refwarn=False, quiet=True
        )
        literal.parent.replace(literal, link)
        link += literal


def leave_quiet(app: Any, env: Any, node: pending_xref, content: nodes.Node) -> nodes.Node | None:
    """A name that leads nowhere stays code."""
    return content if node.get("quiet") else None


def write_root_pages(docs: Path) -> None:
    """Pages of the files at the root, with links as they are from there."""
    for file, page in ROOT_PAGES.items():
        if (docs.parent / file).exists():
            text = (docs.parent / file).read_text(encoding="utf-8")
            text = re.sub(r"\]\((?!http|#)([^)]+)\)", r"](../../\1)", text).replace("](../../docs/", "](../")
            put(docs / f"{page}.md", text)


def lead_links(app: Any, docname: str, source: list[str]) -> None:
    """Lists get their pages below them, links to files at the root lead to their pages."""
    if docname in LISTS:
        source[0] += "\n```{toctree}\n:hidden:\n:glob:\n\n*\n```\n"
    up = "../" * docname.count("/")
    for file, page in ROOT_PAGES.items():
        source[0] = re.sub(rf"\]\((?:\.\./)+{re.escape(file)}", f"]({up}{page}.md", source[0])


def _leads(node: nodes.Node | None) -> bool:
    """Whether a node is inside of a link already, at whatever depth."""
    while node is not None:
        if isinstance(node, (pending_xref, nodes.reference)):
            return True
        node = node.parent
    return False
