"""Plants small bugs, one at a time, into a copy of the package, and runs the tests that stand nearest to each.

python tests/bugs/plant.py                  all of them, two at a time
python tests/bugs/plant.py engine training  those of these rooms
python tests/bugs/plant.py --list           how many there are, by room; whether each can still be planted
"""

from __future__ import annotations

import argparse
import importlib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from bug import Bug

ROOT = Path(__file__).parents[2]

#: Where the bugs of each room are listed.
ROOMS = {path.stem[3:]: path.stem for path in sorted(Path(__file__).parent.glob("in_*.py"))}

#: Seconds after which a run that does not end has noticed the bug, too.
LONGEST = 900


def bugs(rooms: list[str]) -> list[tuple[str, Bug]]:
    """The bugs of these rooms, or of all."""
    return [(room, bug) for room in rooms or ROOMS for bug in importlib.import_module(ROOMS[room]).BUGS]


def cannot_be_planted(bug: Bug) -> str:
    """Why a bug cannot be planted any more; empty where it can."""
    path = ROOT / "src" / "chainrule" / bug.file
    if not path.exists():
        return f"{bug.file} is gone"
    count = path.read_text(encoding="utf-8").count(bug.right)
    return "" if count == 1 and bug.right != bug.wrong else f"{bug.file}: {bug.right!r} stands there {count} times"


def run_tests(tests: Iterable[str], tree: Path, seconds: float | None) -> subprocess.CompletedProcess[bytes]:
    """A run of these tests on this copy of the tree, up to the first that fails."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    environment = {**os.environ, "PYTHONPATH": str(tree / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, timeout=seconds, check=False)


def caught(bug: Bug, tree: Path) -> bool:
    """Whether the nearest tests fail with the bug in this copy of the tree, which is as before afterwards."""
    path = tree / "src" / "chainrule" / bug.file
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole.replace(bug.right, bug.wrong), encoding="utf-8")
    try:
        done = run_tests(shlex.split(bug.tests), tree, LONGEST)
    except subprocess.TimeoutExpired:
        return True
    finally:
        path.write_text(whole, encoding="utf-8")
    if done.returncode in (0, 1):
        return done.returncode == 1
    if done.returncode in (2, 3) and b"rror" in done.stdout:  # the tests could not even be collected
        return True
    raise SystemExit(f"pytest {bug.tests} ended with {done.returncode}:\n{done.stdout.decode()[-2000:]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rooms", nargs="*", metavar="room", help=f"some of {', '.join(ROOMS)}; all where none is given")
    parser.add_argument("--list", action="store_true", help="plant nothing")
    asked = parser.parse_args()
    found = bugs(asked.rooms)
    lost = [reason for _, bug in found if (reason := cannot_be_planted(bug))]
    print(f"{len(found)} bugs:", ", ".join(f"{room} {count}" for room, count in Counter(r for r, _ in found).items()))
    if lost:
        raise SystemExit("\ncannot be planted:\n  " + "\n  ".join(lost))
    if asked.list:
        return
    with tempfile.TemporaryDirectory() as folder:
        trees: SimpleQueue[Path] = SimpleQueue()
        for place in range(2):
            tree = Path(folder, str(place))
            for part in ("src", "tests", "examples", "docs", "benchmarks"):
                shutil.copytree(ROOT / part, tree / part, ignore=shutil.ignore_patterns("*.pyc"))
            for page in ("pyproject.toml", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "Makefile"):
                shutil.copy(ROOT / page, tree / page)
            trees.put(tree)

        nearest = sorted({test for _, bug in found for test in shlex.split(bug.tests) if test.startswith("tests/")})
        sound = run_tests(
            ["-n", "2", "--dist", "loadfile", *nearest], Path(folder, "0"), None
        )  # a test that fails by itself catches nothing
        if sound.returncode:
            raise SystemExit(f"without a bug, pytest ended with {sound.returncode}:\n{sound.stdout.decode()[-2000:]}")
        print(f"without a bug, their {len(nearest)} nearest tests pass", flush=True)

        def judge(one: tuple[str, Bug]) -> bool:
            tree = trees.get()
            try:
                seen = caught(one[1], tree)
            finally:
                trees.put(tree)
            print("caught" if seen else "MISSED", f"{one[1].file}: {one[1].says}", flush=True)
            return seen

        with ThreadPoolExecutor(2) as pool:
            results = list(pool.map(judge, found))
    missed = [(room, bug) for (room, bug), seen in zip(found, results, strict=True) if not seen]
    print(f"\n{len(found) - len(missed)} of {len(found)} caught, {1 - len(missed) / len(found):.1%}")
    for room, bug in missed:
        print(f"  {room}: {bug.file}: {bug.says} ({bug.missed or 'no reason known'})")
    raise SystemExit(bool(missed))


if __name__ == "__main__":
    main()
