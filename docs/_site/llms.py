"""llms.txt, a list of all pages with a sentence of each, and llms-full.txt, the guide and the reference as one text."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from docutils import nodes

from _site import public


def write(app: Any, error: Exception | None) -> None:
    """Write both beside the pages."""
    if error is not None or app.builder.name != "html":
        return
    out, env = Path(app.outdir), app.env
    lines = [f"# {app.config.project}", "", "> Feedforward neural networks for CPUs, behind scikit-learn's face.", ""]
    whole = []
    for docname in sorted(env.all_docs, key=lambda name: (name.startswith("generated"), name)):
        if docname.startswith("generated/reference/chainrule"):
            continue
        lines.append(f"- [{env.titles[docname].astext()}]({docname}.html){_sentence(env.get_doctree(docname))}")
        if str(env.doc2path(docname)).endswith(".md"):
            whole.append((app.srcdir / f"{docname}.md").read_text(encoding="utf-8"))
    lines += ["", "## Reference", ""]
    for name in public.names():
        said = inspect.getdoc(public.found(name)) or ""
        lines.append(f"- [{name}](generated/reference/{name}.html): {' '.join(said.split(chr(10) * 2)[0].split())}")
        whole.append(f"## {name}\n\n{said}\n")
    (out / "llms.txt").write_text("\n".join([*lines, ""]), encoding="utf-8")
    (out / "llms-full.txt").write_text("\n\n".join(whole), encoding="utf-8")


def _sentence(doctree: nodes.document) -> str:
    """The first sentence of a page, behind a colon."""
    first = next(iter(doctree.findall(nodes.paragraph)), None)
    said = " ".join(first.astext().split()) if first is not None else ""
    return f": {said.split('. ')[0]}" if said else ""
