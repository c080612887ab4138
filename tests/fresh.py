"""The wheel in new environments, one for each Python, with the newest packages and with the oldest that it claims.

    python tests/fresh.py dist/chainrule-0.2.0-py3-none-any.whl --python 3.11 --python 3.13     `make test-fresh`

Each environment is made by uv, which finds a Python by its version or path. The wheel is installed, not the tree. In
it `fresh_smoke.py` runs, then tests that need no package but pytest and hypothesis. A table tells the versions.
Oldest is what pyproject.toml names, or the first after it that has a wheel for this Python.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from email import message_from_bytes
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).resolve().parent.parent
EXTRAS = ("cli", "files", "onnx", "plots", "serve", "watch", "progress")
TOLD = ("numpy", "scipy", "numba", "scikit-learn", "pyarrow", "onnx", "safetensors")
TOOLS = ("pytest>=8.3", "pytest-xdist>=3.6", "hypothesis>=6.100")
RESOLUTIONS = {"newest": "highest", "oldest": "lowest-direct"}
TESTS = (
    *("tests/network/test_layers.py", "tests/network/test_serial.py", "tests/engine/test_prediction.py"),
    *("tests/engine/test_team.py", "tests/training/test_loop.py", "tests/training/test_checkpoints.py"),
    *("tests/formats/test_model_file.py", "tests/formats/test_older_files.py", "tests/ground/test_files.py"),
    *("tests/estimators/test_continuing.py", "tests/cli/test_inspect.py"),
)

#: How a requirement of an extra ends. All are asked for one by one: the oldest are only those that are asked for.
EXTRA = re.compile(r"""\s*;\s*(?:\((?P<more>.+)\)\s+and\s+)?extra\s*==\s*['"](?P<name>[\w-]+)['"]""")


def requirements(wheel: Path) -> list[str]:
    """What the wheel and its extras need, each as a line of its own."""
    with ZipFile(wheel) as archive:
        name = next(one for one in archive.namelist() if one.endswith(".dist-info/METADATA"))
        lines = message_from_bytes(archive.read(name)).get_all("Requires-Dist", [])
    found = []
    for line in lines:
        extra = EXTRA.search(line)
        if extra is None:
            found.append(line)
        elif extra["name"] in EXTRAS and not line.startswith("chainrule"):
            more = f"; {extra['more']}" if extra["more"] else ""
            found.append(line[: extra.start()] + more)
    return sorted(set(found))


def run(*words: str, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, encoding="utf-8", **more)  # type: ignore[call-overload,no-any-return]


class Environment:
    """A new environment of one Python, with the wheel in it; a step that fails ends it, and is told."""

    def __init__(self, folder: Path, wheel: Path, python: str, packages: str) -> None:
        self.folder, self.wheel, self.given, self.packages = folder / "venv", wheel, python, packages
        self.copy = folder / "tree"
        self.python = self.folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
        self.row: dict[str, str] = {"Python": python, "packages": packages}

    def all(self, tests: bool) -> bool:
        """Whether every step went well; the row tells the first that did not."""
        steps = {"install": self.install, "smoke": self.smoke, **({"tests": self.test} if tests else {})}
        for name, step in steps.items():
            began = time.monotonic()
            done = step()
            if done.returncode:
                self.row[name] = "FAILS"
                print(f"{self.row} {name}\n{(done.stdout + done.stderr)[-6000:]}", file=sys.stderr)
                return False
            closing = done.stdout.strip().splitlines()[-1:] if name == "tests" else []
            self.row[name] = closing[0].strip("= ") if closing else f"{time.monotonic() - began:.0f} s"
        return True

    def install(self) -> subprocess.CompletedProcess[str]:
        made = run("uv", "venv", "--python", self.given, str(self.folder))
        if made.returncode:
            return made
        asked = [*requirements(self.wheel), f"chainrule @ {self.wheel.as_uri()}"]
        how = ["--resolution", RESOLUTIONS[self.packages], "--only-binary", ":all:"]
        done = run("uv", "pip", "install", "--python", str(self.python), *how, *asked)
        if not done.returncode:
            known = json.loads(run("uv", "pip", "list", "--python", str(self.python), "--format", "json").stdout)
            versions = {one["name"]: one["version"] for one in known}
            self.row |= {name: versions.get(name, "none") for name in TOLD}
            self.row["Python"] = run(str(self.python), "-VV").stdout.split("(")[0].removeprefix("Python ").strip()
        return done

    def smoke(self) -> subprocess.CompletedProcess[str]:
        return run(str(self.python), "-I", str(ROOT / "tests/fresh_smoke.py"), cwd=self.folder)

    def test(self) -> subprocess.CompletedProcess[str]:
        """The tests from a copy of the tree that has no src."""
        tools = run("uv", "pip", "install", "--python", str(self.python), *TOOLS)
        if tools.returncode:
            return tools
        self.copy.mkdir()
        shutil.copy(ROOT / "pyproject.toml", self.copy)
        for name in ("tests", "benchmarks"):
            shutil.copytree(ROOT / name, self.copy / name, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
        quiet = ["-W", "default"] if self.packages == "oldest" else []  # old packages on a new Python may warn
        words = ["-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", "-m", "not slow", *quiet, *TESTS]
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return run(str(self.python), *words, cwd=self.copy, env=kept)


def table(rows: list[dict[str, str]]) -> str:
    """The rows as Markdown."""
    heads = ["Python", "packages", *TOLD, "install", "smoke", "tests"]
    lines = [heads, ["---"] * len(heads), *([row.get(head, "") for head in heads] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--python", action="append", required=True, help="a version or a path; several times")
    parser.add_argument("--packages", choices=RESOLUTIONS, action="append", help="newest, oldest; both unless said")
    parser.add_argument("--no-tests", action="store_true", help="the smoke test alone")
    given = parser.parse_args()
    rows, good = [], True
    for python in given.python:
        for packages in given.packages or RESOLUTIONS:
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
                environment = Environment(Path(folder), given.wheel.resolve(), python, packages)
                good &= environment.all(tests=not given.no_tests)
                rows.append(environment.row)
                print(table(rows[-1:]).splitlines()[-1], flush=True)
    print(f"\n{table(rows)}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
