"""The galleries: scripts of the labs, and what examples are given so that they end within a build."""

from __future__ import annotations

import builtins
import inspect
import os
import re
from pathlib import Path
from typing import Any

from _site.reference import put, title
from chainrule.labs import LABS

#: Labs in full take minutes: where this is set.
FULL = bool(os.environ.get("CHAINRULE_DOCS_FULL"))
#: script -> its arguments here; the page of a script says so in its text.
ARGUMENTS = {
    "mnist.py": ["--recipe", "dropout", "--epochs", "5"],
    "regularisation.py": ["--seeds", "1"],
    "uncertainty.py": ["--seeds", "1"],
    "vanishing.py": ["--rows", "6000", "--picture", "../docs/generated/vanishing.png"],
}


def arguments(_: dict[str, Any], script: dict[str, Any]) -> list[str]:
    """Arguments of a script, for sphinx-gallery."""
    return ARGUMENTS.get(Path(script["src_file"]).name, [])


def named_after(_: dict[str, Any], script: str) -> None:
    """Scripts that find their data beside them ask for `__file__`, which sphinx-gallery leaves out."""
    builtins.__file__ = script  # type: ignore[attr-defined]


def write_labs(folder: Path) -> None:
    """A script for each lab, in the order of a textbook, that sphinx-gallery runs."""
    form, call = ("in full", "lab.run()") if FULL else ("in its short form", "lab.run(short=True)")
    head = (
        f"{title('Labs, run')}\n"
        f"What textbooks claim, put to the test: each was run here, {form}, when this site was built. "
        "Their :doc:`pages </labs/README>` have the mathematics, the figures of the full form, and what to try next.\n"
    )
    put(folder / "GALLERY_HEADER.rst", head)
    for number, (name, lab) in enumerate(LABS.items(), 1):
        heading = title(_heading(folder.parents[1] / "labs" / f"{name}.md"))
        text = (
            f'"""\n{heading}\n{lab.claim}\n\nThe mathematics, and what to try next: :doc:`/labs/{name}`.\n"""\n\n'
            "from chainrule import labs\n\n"
            f'lab = labs.get("{name}")\nresult = {call}\nprint(result)\n\n'
            "# %%\n# Whether the claim holds:\n\nprint(lab.verdict(result))\n\n"
            "# %%\n# The picture:\n\nfrom matplotlib import pyplot as plt\n\n"
            'figure = plt.figure(figsize=(8, 3.6), layout="constrained")\nresult.draw(figure)\nplt.show()\n'
        )
        put(folder / f"plot_{number:02}_{name.replace('-', '_')}.py", text)


def _heading(page: Path) -> str:
    met = re.search(r"^# (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return inspect.cleandoc(met[1]) if met else page.stem
