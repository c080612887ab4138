"""The API reference: a page for every public object, written before the build from the lists in `public`."""

from __future__ import annotations

import inspect
import re
import sys
from functools import cached_property
from pathlib import Path
from typing import Any

import chainrule
from _site import public

#: What holds a formula, not a method: kernels and graphs are made of it.
FORMULAS = ("entry", "rule", "function", "derivative", "second")


def write(folder: Path) -> None:
    """Write the index and the pages of all objects into a folder; a page that is the same stays untouched."""
    pages = {f"{name}.rst": page(name) for name in public.names()} | {"index.rst": index()}
    folder.mkdir(parents=True, exist_ok=True)
    for stale in {file.name for file in folder.glob("*.rst")} - set(pages):
        (folder / stale).unlink()
    for name, text in pages.items():
        put(folder / name, text)


def put(path: Path, text: str) -> None:
    """Write a file unless it says this already, so that a second build is short."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def title(text: str, line: str = "=") -> str:
    return f"{text}\n{line * len(text)}\n"


def index() -> str:
    """A table of names and first sentences for each group."""
    parts = [
        title("Reference"),
        f"All {len(public.names())} public objects of chainrule {chainrule.__version__}, by what they are for. "
        "Every example is run by the tests.\n",
    ]
    for group in public.GROUPS:
        listed = "".join(f"\n   {name}" for name in group.objects)
        parts += [f".. toctree::\n   :hidden:\n   :caption: {group.title}\n{listed}\n"]
        parts += [title(group.title, "-"), f"{group.text}\n", ".. list-table::\n   :widths: 36 64\n"]
        parts += [f"   * - :py:obj:`{short(name)} <{name}>`\n     - {first(name)}" for name in group.objects]
        parts.append("")
    return "\n".join(parts)


def short(name: str) -> str:
    """A name as one writes it: without the package, and without modules that nobody imports from."""
    module, _, last = name.removeprefix("chainrule.").rpartition(".")
    return f"{module}.{last}" if module and "." not in module else last


def first(name: str) -> str:
    """The first sentence that an object says of itself."""
    said = comment(name) if is_data(name) else inspect.getdoc(public.found(name)) or ""
    return " ".join(said.split("\n\n")[0].split())


def is_data(name: str) -> bool:
    """Whether a name is of a table or the like, neither class nor function."""
    thing = public.found(name)
    return not (inspect.isclass(thing) or inspect.isroutine(thing))


def comment(name: str) -> str:
    """What stands in `#:` above the line that makes a constant."""
    last, thing = name.rpartition(".")[2], public.found(name)
    homes = [m for m in list(sys.modules.values()) if m.__name__.startswith("chainrule") and vars(m).get(last) is thing]
    for module in homes:
        met = re.search(rf"((?:^#: .*\n)+){last}(?:: .*?)? = ", inspect.getsource(module), re.MULTILINE)
        if met:
            return " ".join(line.removeprefix("#: ") for line in met[1].splitlines())
    raise LookupError(f"{name}: no line that begins with #: says what it is")


def page(name: str) -> str:
    """The page of an object."""
    module, _, last = name.rpartition(".")
    head = [title(short(name)), f".. currentmodule:: {module}\n"]
    thing = public.found(name)
    if is_data(name):
        held = ", ".join(f"``{one!r}``" for one in _keys(thing))
        return "\n".join([*head, f".. py:data:: {last}\n", f"   {comment(name)}\n", f"   Holds {held}.\n"])
    if inspect.isroutine(thing):
        return "\n".join([*head, f".. autofunction:: {last}\n"])
    listed = members(thing)
    kind = "autoexception" if issubclass(thing, BaseException) else "autoclass"
    lines = [*head, f".. {kind}:: {last}"]
    if listed:
        lines += [f"   :members: {', '.join(listed)}", "   :undoc-members:", "   :member-order: bysource"]
    return "\n".join([*lines, ""])


def _keys(thing: Any) -> list[Any]:
    """Keys of a table; names of what stands in a tuple."""
    if isinstance(thing, dict):
        return [getattr(one, "__name__", one) for one in thing]
    return [getattr(one, "__name__", one) for one in thing]


def members(kind: type) -> list[str]:
    """Methods and properties of ours, the inherited ones among them, in the order of the source."""
    found = []
    for owner in reversed(kind.__mro__):
        if owner.__module__.startswith("chainrule"):
            for name, thing in vars(owner).items():
                if not name.startswith("_") and name not in FORMULAS and name not in found and _told(thing):
                    found.append(name)
    return found


def _told(thing: Any) -> bool:
    ours = type(thing).__module__.startswith("chainrule")  # what is read off a model
    return (
        ours or isinstance(thing, (property, cached_property, classmethod, staticmethod)) or inspect.isfunction(thing)
    )
