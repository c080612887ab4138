"""The command: which runs, one after another, and the tables of what came."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks import tables
from benchmarks.tables import models, report, results, sets
from benchmarks.tables.one import Job, run
from benchmarks.tables.results import Results
from chainrule.errors import InputError, unknown_name

PACKAGED = Path(__file__).parent / "packaged.toml"
#: What `make bench` runs: quick, and without packages beyond its requirements.
SHORT = ("--models", "fast", "default", "best", "mlp", "histgb", "--seeds", "0")


def main(arguments: Sequence[str] = SHORT) -> None:
    """Run what is not there yet, and print tables."""
    chosen = parser().parse_args(arguments)
    try:
        earlier = results.read(chosen.compare) if chosen.compare else None
        shown = kept(chosen) if chosen.print else measured(chosen)
        lines = list(_lines(shown, chosen.against, earlier))
    except InputError as error:
        raise SystemExit(str(error)) from error
    print("\n".join(lines), flush=True)


def parser() -> argparse.ArgumentParser:
    """The options."""
    found = argparse.ArgumentParser(
        prog="benchmarks.tables", description=tables.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = found.add_argument
    add("toml", nargs="?", type=Path, default=PACKAGED, help="the sets; without it, those of this repository")
    add("--folder", type=Path, help="where the files of the sets are; without it, the folder of the TOML file")
    add("--sets", nargs="+", help="of the TOML file; without it, all")
    add("--models", nargs="*", help=f"of {', '.join(models.SHORT)}; without it, all that are installed")
    add("--variant", action="append", default=[], metavar="NAME=JSON", help='ours, such as few={"bins": 16}')
    add("--seeds", nargs="+", type=int, default=[0, 1, 2], help="of rows and of models")
    add("--rows", type=int, default=21_000, help="to train on, at most")
    add("--score", choices=("held-out", "test"), default="held-out", help="which rows are scored")
    add("--threads", type=int, default=1, help="of each run")
    add("--time-limit", type=float, metavar="SECONDS", help="of a fit")
    add("--against", metavar="MODEL", help="the model in the ratios; without it, default, or the first")
    add("--out", type=Path, help="a JSON file for all results, written after each run")
    add("--resume", action="store_true", help="go on with what is in --out")
    add("--print", action="store_true", help="print the tables of --out, and run nothing")
    add("--compare", type=Path, metavar="JSON", help="an earlier --out, to print ratios to")
    return found


def measured(chosen: argparse.Namespace) -> Results:
    """Run what is not in --out yet; the results of all that was asked for.

    Raises
    ------
    InputError
        For options, sets and files that do not fit; before the first run.
    """
    some = sets.named(sets.read(chosen.toml), chosen.sets)
    found, missing = models.chosen(chosen.models, map(models.variant, chosen.variant))
    _against(chosen.against, [model.name for model in found])
    folder = (chosen.folder or chosen.toml.parent).resolve()
    for one in some:
        if not (folder / one.file).is_file():
            raise InputError(f"the set {one.name!r}", "its file", f"nothing at {one.file}", "See to --folder.")
    if chosen.score == "test" and chosen.out is None:
        raise InputError("--score test", "a file that counts such looks, --out", None, "Name one.")
    came = _begun(chosen)
    jobs = [
        Job(one, model, seed, folder, chosen.score, chosen.rows, chosen.threads, chosen.time_limit)
        for one in some
        for seed in chosen.seeds
        for model in found
    ]
    todo = [job for job in jobs if not came.done(results.key(job), job.limit)]
    _tell(*missing)
    for job in todo:
        came.add(results.key(job), run(job))
        if chosen.out:
            came.write(chosen.out)
        _tell(_said(came.runs[-1]))
    return came.of(model=[model.name for model in found], **_asked(chosen))


def kept(chosen: argparse.Namespace) -> Results:
    """What --out has of the sets, seeds, rows, threads and the score that are asked for, of all models.

    Raises
    ------
    InputError
        For a file that is not there, or has nothing of that.
    """
    if chosen.out is None:
        raise InputError("--print", "a file of results, --out", None, "Name one.")
    came = results.read(chosen.out)
    found = came.of(**_asked(chosen))
    if not found.runs:
        has = ", ".join(
            f"{name} {', '.join(map(str, came.names(name)))}" for name in ("score", "rows", "threads", "seed")
        )
        raise InputError("--print", f"runs as asked for in {chosen.out.name}", f"those of {has}", "Ask for these.")
    return found


def _asked(chosen: argparse.Namespace) -> dict[str, list[Any]]:
    names = [one.name for one in sets.named(sets.read(chosen.toml), chosen.sets)]
    return {
        "set": names, "seed": chosen.seeds, "score": [chosen.score], "rows": [chosen.rows], "threads": [chosen.threads]
    }  # fmt: skip


def _lines(shown: Results, against: str | None, earlier: Results | None) -> Iterator[str]:
    yield from report.whole(shown, _against(against, shown.names("model")))
    if earlier:
        yield from report.compared(shown, earlier)


def _begun(chosen: argparse.Namespace) -> Results:
    """What is in --out, or nothing yet. A file is not written over: it knows how often test rows were looked at."""
    now = results.machine()
    if chosen.out is None or not chosen.out.exists():
        return Results(machine=now)
    if not chosen.resume:
        mend = "Go on with it by --resume, or name another."
        raise InputError("--out", "a file that is not there", chosen.out.name, mend)
    came = results.read(chosen.out)
    if came.machine != now:
        _tell(f"{chosen.out.name} was begun on {came.machine}; what is added is of {now}.")
    return came


def _against(said: str | None, names: Sequence[str]) -> str:
    if said is not None:
        name = models.SHORT.get(said, said)
        if name not in names:
            raise unknown_name("--against", said, names)
        return name
    usual = models.SHORT["default"]
    return usual if usual in names or not names else names[0]


def _said(one: results.Run) -> str:
    told = one["failed"] if "failed" in one else f"{results.loss(one):.5g}, {one['fit_seconds']:.1f} s"
    return f"{one['set']}, {one['model']}, seed {one['seed']}: {told}"


def _tell(*lines: str) -> None:
    for line in lines:
        print(line, file=sys.stderr, flush=True)
