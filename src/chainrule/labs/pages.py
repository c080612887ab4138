"""The pages of the docs: what was measured goes into a marked place of each, the picture beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from textwrap import fill

from chainrule.errors import InputError
from chainrule.files import write_whole
from chainrule.labs.lab import Lab
from chainrule.labs.result import Result

BEGIN, END = "<!-- measured: python -m chainrule.labs docs/labs -->", "<!-- end of what was measured -->"
#: The page that lists the others.
INDEX = "README.md"


def filled(page: str, content: str, where: str) -> str:
    """The page with this content between its marks.

    Raises
    ------
    InputError
        Where the page has no such place, or several.

    Examples
    --------
    >>> from chainrule.labs.pages import BEGIN, END, filled
    >>> print(filled(f"# A\\n{BEGIN}\\nold\\n{END}\\nB", "new", "a.md").replace(BEGIN, "<").replace(END, ">"))
    # A
    <
    <BLANKLINE>
    new
    <BLANKLINE>
    >
    B
    """
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end or BEGIN in tail:
        raise InputError(where, f"one place from {BEGIN} to {END}", "none or several", "Put these lines in once.")
    return f"{head}{BEGIN}\n\n{content}\n\n{END}{tail}"


def measured(lab: Lab, result: Result) -> str:
    """Table, sentence and verdict, as Markdown."""
    verdict = re.sub(r"^  ", "", lab.verdict(result), flags=re.MULTILINE)
    return f"```text\n{result.table()}\n```\n\n{fill(result.seen, 120)}\n\n```text\n{verdict}\n```"


def index(labs: Iterable[Lab]) -> str:
    """A table of names, with links to the pages, and claims."""
    rows = [f"| [{lab.name}]({lab.name}.md) | {lab.claim} |" for lab in labs]
    return "\n".join(["| lab | claim |", "|---|---|", *rows])


def write(folder: Path, lab: Lab) -> Result:
    """Run a lab, fill its page of the folder and put its picture, as SVG, beside it.

    Raises
    ------
    InputError
        Where the page has no place for it.
    OSError
        Where there is no such page.
    """
    page = folder / f"{lab.name}.md"
    before = page.read_text(encoding="utf-8")
    result = lab.run()
    write_whole(page, filled(before, measured(lab, result), str(page)).encode())
    result.save(folder / f"{lab.name}.svg")
    return result


def write_index(folder: Path, labs: Iterable[Lab]) -> None:
    """Fill the page that lists the labs."""
    page = folder / INDEX
    write_whole(page, filled(page.read_text(encoding="utf-8"), index(labs), str(page)).encode())
