"""The packages that chainrule needs, with their licences and sizes as installed where this site is built."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

import chainrule
from _site.components import table


def needed() -> list[str]:
    """Requirements that are no extra's."""
    return [one for one in metadata.requires("chainrule") or () if "extra ==" not in one]


def text() -> str:
    """A table of them, and of what they bring with them, in reStructuredText."""
    ours = {re.split(r"[<>=;\[ ]", one)[0].lower(): one.partition(";")[0] for one in needed()}
    others: dict[str, str] = {}
    for name in ours:
        for one in metadata.requires(name) or ():
            if ";" not in one:
                other = re.split(r"[<>=;!\[( ]", one)[0].lower()
                if other not in ours:
                    others[other] = f"of {name}"
    rows = [_row(name, asked) for name, asked in (ours | others).items()]
    total = sum(_size(name) for name in ours | others)
    return "\n".join(
        [
            f"Sizes as installed where this page was built, {total:.0f} MB in all; "
            f"chainrule itself has {_size('chainrule'):.0f} MB.",
            "",
            *table(("package", "asked for", "here", "MB", "licence, by its metadata"), rows, (18, 26, 14, 10, 32)),
        ]
    )


def _row(name: str, asked: str) -> tuple[str, ...]:
    told = metadata.metadata(name)
    licence = told.get("License-Expression") or _classified(told) or (told.get("License") or "").split("\n")[0][:60]
    return (
        f"``{name}``",
        f"``{asked}``" if any(c in asked for c in "<>=") else asked,
        metadata.version(name),
        f"{_size(name):.1f}",
        licence,
    )


def _classified(told: metadata.PackageMetadata) -> str:
    found = [one.rpartition(" :: ")[2] for one in told.get_all("Classifier") or () if one.startswith("License ::")]
    return ", ".join(found)


def _size(name: str) -> float:
    """Megabytes of a package's files but for what Python compiles of them."""
    if name == "chainrule":
        return (
            sum(
                f.stat().st_size
                for f in Path(chainrule.__file__).parent.rglob("*")
                if f.is_file() and "__pycache__" not in f.parts
            )
            / 1e6
        )
    files = metadata.files(name) or ()
    return sum(f.size or 0 for f in files if "__pycache__" not in str(f)) / 1e6
