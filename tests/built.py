"""What was built holds what it must and no more, and the wheel of the sdist is the wheel: `make dist`.

python tests/built.py dist
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).resolve().parent.parent
MOST = 2_500_000  # bytes of a wheel

#: Files of the package that are no Python.
DATA = {
    "chainrule/py.typed",
    *(f"chainrule/datasets/{name}" for name in ("LICENSES.md", "adult.csv.gz", "california_housing.csv.gz")),
    *(f"chainrule/plots/report/{name}" for name in ("script.js", "style.css")),
    "chainrule/plots/card/card.css",
    *(
        path.relative_to(ROOT / "src").as_posix()
        for path in (ROOT / "src/chainrule/playground/page").rglob("*.*")
        if path.suffix in (".html", ".css", ".js")
    ),
    *(f"chainrule/serving/inference/web/{name}" for name in ("page.css", "page.html", "page.js")),
}
ABOUT = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}
ABOUT |= {"licenses/src/chainrule/datasets/LICENSES.md"}


def wrong_in_wheel(names: set[str], size: int) -> list[str]:
    """What a wheel of these files has too much or too little."""
    code = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src/chainrule").rglob("*.py")}
    inside = {name for name in names if ".dist-info/" not in name}
    about = {name.split(".dist-info/", 1)[1] for name in names - inside}
    told = {"missing": (code | DATA) - inside, "too much": inside - code - DATA, "about": about ^ ABOUT}
    found = [f"{what}: {', '.join(sorted(some))}" for what, some in told.items() if some]
    return found + ([f"{size:,} bytes, over {MOST:,}"] if size > MOST else [])


def content(wheel: Path) -> dict[str, bytes]:
    """Files of a wheel by name."""
    with ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}


def main() -> int:
    folder = Path(sys.argv[1])
    wheel, sdist = next(folder.glob("*.whl")), next(folder.glob("*.tar.gz"))
    files = content(wheel)
    wrong = wrong_in_wheel(set(files), wheel.stat().st_size)
    with tempfile.TemporaryDirectory() as other:
        with tarfile.open(sdist) as archive:
            archive.extractall(other, filter="data")
        tree = next(Path(other).iterdir())
        subprocess.run(
            [sys.executable, "-m", "build", "--wheel", "--outdir", f"{other}/again", tree], check=True,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        if content(next(Path(other, "again").glob("*.whl"))) != files:
            wrong.append("the wheel of the sdist is another")
    print("\n".join(wrong) or f"{wheel.name}: {wheel.stat().st_size:,} bytes, {len(files)} files")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
