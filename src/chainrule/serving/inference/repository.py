"""The models of a server, by name and version; files that have changed take the place of what was read of them."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from chainrule.errors import InputError, InputTypeError, ModelFileError, unknown_name
from chainrule.memory import give_back
from chainrule.serving.inference import defaults
from chainrule.serving.inference.metrics import Metrics
from chainrule.serving.inference.problems import Problem, busy
from chainrule.serving.inference.served import Served
from chainrule.serving.inference.shapley import Background

#: What compiles and loads kernels, and is idle between models.
COMPILER = "llvmlite"
#: What is raised of a file that cannot be read.
REFUSED = (ModelFileError, InputError, InputTypeError)
_log = logging.getLogger("chainrule.serving")

#: What a name or a version can be: it stands in addresses.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True)
class Place:
    """A model's file, under which name and version it is served, and a copy of the file that is read in its place; and
    where rows are that its predictions are explained against."""

    name: str
    version: str
    path: Path
    copy: Path | None = None
    background: Background | None = None

    @property
    def file(self) -> Path:
        """That is read."""
        return self.copy or self.path

    @property
    def mark(self) -> tuple[int, ...]:
        """By which it is known that what is read has changed."""
        return mark_of(self.file) + (() if self.background is None else mark_of(self.background.file))

    @classmethod
    def said(cls, text: str) -> Place:
        """From [NAME[:VERSION]=]PATH, as a user writes it; the name is that of the file, the version 1.

        Examples
        --------
        >>> from chainrule.serving.inference.repository import Place
        >>> place = Place.said("adult:2=models/new.model")
        >>> place.name, place.version, place.path.name
        ('adult', '2', 'new.model')
        >>> Place.said("adult.model").name
        'adult'
        """
        front, equals, path = text.partition("=")
        if not equals:
            front, path = Path(text).stem, text
        name, colon, version = front.partition(":")
        version = version if colon else "1"
        for what, value in (("name", name), ("version", version)):
            if not NAME.fullmatch(value):
                raise InputError(
                    f"MODEL {text!r}, {what}", "letters, digits, dots, - and _, as it stands in addresses", repr(value),
                    "Write NAME=PATH, or NAME:VERSION=PATH.",
                )  # fmt: skip
        return cls(name, version, Path(path))


def places(
    texts: Sequence[str],
    backgrounds: Sequence[str] = (),
    rows: int = defaults.BACKGROUND,
    evaluations: int = defaults.EVALUATIONS,
) -> tuple[Place, ...]:
    """The models that a user names, no two of one name and version.

    Parameters
    ----------
    texts : [NAME[:VERSION]=]PATH each
    backgrounds : [NAME=]PATH each, of the model of that name or of all
    rows, evaluations : as in `Background`

    Raises
    ------
    InputError
    """
    found = tuple(Place.said(text) for text in texts)
    keys = [(place.name, place.version) for place in found]
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice is not None:
        raise InputError(
            "MODEL", "models of different names or versions", f"{twice[0]!r}, version {twice[1]!r}, more than once",
            "Write NAME=PATH, or NAME:VERSION=PATH.",
        )  # fmt: skip
    against: dict[str, Background] = {}
    names = list(dict.fromkeys(place.name for place in found))
    for text in backgrounds:
        name, equals, path = text.partition("=")
        if equals and name not in names:
            raise unknown_name(f"--background {text!r}, name", name, names)
        for one in [name] if equals else names:
            if one in against:
                raise InputError("--background", f"one of {one!r}", "several", "Write NAME=PATH for each model.")
            against[one] = Background(Path(path if equals else text), rows, evaluations)
    return tuple(replace(place, background=against.get(place.name)) for place in found)


class Repository:
    """The models of a server.

    Parameters
    ----------
    places : of their files
    metrics : that count their rows
    """

    def __init__(self, places: Sequence[Place], metrics: Metrics) -> None:
        self.places, self._metrics = tuple(places), metrics
        self._served: dict[tuple[str, str], Served] = {}
        self._marks: dict[Place, tuple[int, ...]] = {}

    @property
    def ready(self) -> bool:
        """Whether all are loaded."""
        return len(self._served) == len(self.places)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(place.name for place in self.places))

    @property
    def every(self) -> tuple[Served, ...]:
        """All that are loaded."""
        return tuple(self._served.values())

    def versions(self, name: str) -> tuple[str, ...]:
        """Those of a model, the newest last: numbers by their size."""
        found = [place.version for place in self.places if place.name == name]
        return tuple(sorted(found, key=_natural))

    def load(self) -> None:
        """Read all files.

        Raises
        ------
        ModelFileError
            Where one cannot be read, or is of sequences.
        InputError, InputTypeError
            Where a background cannot be read.
        """
        for place in self.places:
            self._load(place)
        give_back(COMPILER)

    def reload(self) -> list[tuple[Place, Exception | None]]:
        """Read files that have changed; a model whose file cannot be read stays. What was read, and what went wrong."""
        found: list[tuple[Place, Exception | None]] = []
        for place in self.places:
            if self._marks.get(place) == place.mark:
                continue
            before = self._served.get((place.name, place.version))
            try:
                self._load(place)
                found.append((place, None))
                self._compare(before, self._served[place.name, place.version])
            except REFUSED as error:
                self._metrics.failures.labels(place.name, place.version).inc()
                found.append((place, error))
        if found:
            give_back(COMPILER)
        return found

    def _load(self, place: Place) -> None:
        file, mark = place.file, place.mark
        try:
            served = Served.load(place.name, place.version, file, place.background)
        except ModelFileError as error:
            where, *rest = error.args
            raise ModelFileError(where.replace(str(file), str(place.path)), *rest) from error
        self._metrics.watch(served)
        self._metrics.loaded.labels(place.name, place.version).set(time.time())
        self._served[place.name, place.version] = served
        self._marks[place] = mark

    @staticmethod
    def _compare(before: Served | None, now: Served) -> None:
        """Tell where clients have to send other rows than before."""
        kinds = [{one.name: one.field.kind for one in model.reads} for model in (before, now) if model is not None]
        if len(kinds) == 2 and kinds[0] != kinds[1]:
            other = sorted({name for name, _ in kinds[0].items() ^ kinds[1].items()})
            _log.warning("%s, version %s reads other columns than before: %s", now.name, now.version, other[:20])

    def get(self, name: str | None, version: str | None = None) -> Served:
        """A model, by default the only one, and the newest version.

        Raises
        ------
        Problem
            404 where there is none of that name or version, 503 while it is being loaded.
        """
        if name is None:
            if len(self.names) > 1:
                raise Problem(404, f"model: expected one of {', '.join(self.names)} in the address; received none.")
            name = self.names[0]
        versions = self.versions(name)
        if not versions:
            raise Problem(404, f"model: expected one of {', '.join(self.names)}; received {name[:100]!r}.")
        if version is None:
            version = versions[-1]
        if version not in versions:
            raise Problem(404, f"version: expected one of {', '.join(versions)} of {name}; received {version[:100]!r}.")
        found = self._served.get((name, version))
        if found is None:
            raise busy(f"model {name!r} is being loaded.")
        return found


def _natural(version: str) -> list[tuple[int, int, str]]:
    """10 behind 9, and 1.10 behind 1.9."""
    return [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in re.split(r"(\d+)", version) if part]


def mark_of(path: Path) -> tuple[int, ...]:
    """By which a changed file is known; nothing where there is none."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_size, found.st_ino
