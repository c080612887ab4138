"""From what names files to the files: paths, lists of them, patterns, folders, URLs; each kind in a fixed order."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from chainrule.errors import InputError
from chainrule.remote import AtURL, is_url
from chainrule.tables.sources import stored
from chainrule.tables.sources.stored import COMPRESSED, Local, Remote, Stored

Given = str | os.PathLike[str]

#: Endings of files, before a compression's.
CSV = (".csv", ".tsv", ".txt")
PARQUET, ARROW = (".parquet", ".pq"), (".arrow", ".arrows", ".feather", ".ipc")
ENDINGS = (*CSV, *PARQUET, *ARROW)

#: What Hive writes in place of a missing value.
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"


class Listed(tuple[Given, ...]):
    """Several of them, called by `str()` as errors do."""

    def __str__(self) -> str:
        return called(self)


class Found(NamedTuple):
    """A file, and the columns that its folders are named for."""

    file: Stored
    partition: tuple[tuple[str, str | None], ...] = ()


def is_path(given: object) -> bool:
    """Whether something names files: a path, or a list of them."""
    if isinstance(given, (list, tuple)):
        return bool(given) and all(isinstance(one, (str, os.PathLike)) for one in given)
    return isinstance(given, (str, os.PathLike))


def called(given: Given | Sequence[Given]) -> str:
    """How errors call what names files.

    Examples
    --------
    >>> from chainrule.tables.sources.found import called
    >>> called("data/*.csv"), called(["a.csv", "b.csv", "c.csv"])
    ('data/*.csv', 'a.csv and 2 more')
    """
    if isinstance(given, (str, os.PathLike)):
        return "standard input" if str(given) == "-" else str(given)
    return str(given[0]) if len(given) == 1 else f"{given[0]} and {len(given) - 1} more"


def single(given: Given | Sequence[Given], kept: bool) -> Stored | None:
    """The one file that is named by its own name; None where there may be several.

    Parameters
    ----------
    kept : whether a pipe is kept in memory
    """
    if not isinstance(given, (str, os.PathLike)):
        return None
    name = str(given)
    if name == "-":
        return stored.standard_input(kept)
    if is_url(name):
        return None if "*" in name else _Folder.of(name).file()
    path = Path(given)
    if not path.exists():
        if glob.has_magic(name):
            return None
        raise InputError(name, "a file or a folder", "nothing under this name", "Check the path.")
    return None if path.is_dir() else stored.at_path(path, kept)


def several(given: Given | Sequence[Given], kept: bool) -> list[Found]:
    """All files that are named: those of a list in its order, others sorted by their names."""
    if not isinstance(given, (str, os.PathLike)):
        return [found for one in given for found in several(one, kept)]
    name = str(given)
    alone = single(given, kept)
    if alone is not None:
        found: Sequence[Stored] = [alone]
    elif is_url(name):
        found = _remote(name)
    elif os.path.isdir(given):
        found = [Local(path) for path in _in_folder(Path(given))]
    else:
        found = [Local(path) for path in _matching(name)]
    return [Found(file, tuple(_partition(str(file)))) for file in found]


def _in_folder(root: Path) -> list[Path]:
    names = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]
    return [root / name for name in _tables(str(root), names)]


def _matching(pattern: str) -> list[Path]:
    """Files that a pattern matches, and those of the folders that it matches."""
    fixed = len(_fixed(pattern).split("/"))
    found: set[Path] = set()
    for name in glob.glob(pattern, recursive=True):
        if _hidden("/".join(Path(name).as_posix().split("/")[fixed - 1 :])):
            continue
        path = Path(name)
        if not path.is_dir():
            found.add(path)
        elif not pattern.endswith("**"):
            found.update(_in_folder(path))
    if pattern.endswith("**"):
        found = {path for path in found if _ending(path.name) in ENDINGS}
    return sorted(found) or _none(pattern)


def _fixed(pattern: str) -> str:
    """The folder before the first part that has a wildcard, with its slash."""
    parts = Path(pattern).as_posix().split("/")
    first = next(place for place, part in enumerate(parts) if glob.has_magic(part))
    return "".join(f"{part}/" for part in parts[:first])


def _none(pattern: str) -> Any:
    raise InputError(pattern, "a pattern of files", "none that it matches", "Check it; ** stands for folders.")


def _tables(where: str, names: Sequence[str]) -> list[str]:
    """Files that hold tables, of those in a folder; text files only where there are no others."""
    known = sorted((n for n in names if not _hidden(n) and _ending(n) in ENDINGS), key=lambda n: n.split("/"))
    found = [name for name in known if _ending(name) != ".txt"] or known
    if not found:
        raise InputError(
            where, f"a folder of files that end in {', '.join(ENDINGS)}", "none in it", "Check the path."
        )  # fmt: skip
    return found


def _hidden(name: str) -> bool:
    return any(part.startswith((".", "_")) for part in name.split("/") if part not in (".", ".."))


def _ending(name: str) -> str:
    parts = [f".{part}" for part in name.rsplit("/", 1)[-1].lower().split(".")[1:]]
    return next((part for part in reversed(parts) if part not in COMPRESSED), "")


def _partition(name: str) -> Iterator[tuple[str, str | None]]:
    """Columns of folders named key=value."""
    for part in Path(name).parts[:-1]:
        key, equals, value = part.partition("=")
        if equals and key:
            yield unquote(key), None if value in ("", _NO_VALUE) else unquote(value)


class _Folder(AtURL):
    """What is under a URL."""

    def file(self) -> Remote | None:
        """The file that is there; None of a folder."""
        kind = self.kind()
        if kind == "nothing":
            raise InputError(str(self), "a file or a folder", "nothing under this name", "Check the URL.")
        return Remote(self.url, self.system, self.path) if kind == "file" else None

    def files(self, names: Sequence[str]) -> list[Remote]:
        return [Remote(f"{self.url}/{name}", self.system, f"{self.path}/{name}") for name in names]


def _remote(url: str) -> list[Remote]:
    """Files of a folder behind a URL, or those that a pattern matches; in it, only * and ** are wildcards."""
    if "*" not in url:
        folder = _Folder.of(url)
        return folder.files(_tables(url, folder.names(recursive=True)))
    plain, question, query = url.partition("?")
    cut = plain.rindex("/", 0, plain.index("*"))
    folder = _Folder.of(plain[:cut] + question + query)
    pattern = "".join(_WILD.get(part, re.escape(part)) for part in re.split(r"(\*\*/|\*)", plain[cut + 1 :]))
    names = [name for name in folder.names(recursive=True) if re.fullmatch(pattern, name) and not _hidden(name)]
    return folder.files(sorted(names, key=lambda name: name.split("/"))) or _none(url)


_WILD = {"**/": "(?:.*/)?", "*": "[^/]*"}
