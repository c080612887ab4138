"""What the theme's pages lack for who hears them or goes by keys, mended in the pages that were written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

FIELD = 'search-button-field search-button__button pst-js-only"'
#: What stands in a page -> what stands there instead.
MENDED = {
    # a button whose text is its name
    f'{FIELD} title="Search" aria-label="Search" data-bs-placement="bottom" data-bs-toggle="tooltip"': FIELD,
    # what opens a part of the navigation has no text
    '<summary><span class="toctree-toggle"': '<summary aria-label="Pages below"><span class="toctree-toggle"',
    # the corner of a table is no heading
    '<th class="head"><p></p></th>': '<td class="head"></td>',
    '<th class="head"></th>': '<td class="head"></td>',
}


def mend(app: Any, error: Exception | None) -> None:
    """Mend the pages of a build."""
    if error is not None or app.builder.name != "html":
        return
    for name in [*app.env.all_docs, "genindex", "search"]:
        path = Path(app.outdir) / f"{name}.html"
        text = path.read_text(encoding="utf-8")
        changed = text
        for old, new in MENDED.items():
            changed = changed.replace(old, new)
        if changed != text:
            path.write_text(changed, encoding="utf-8")
