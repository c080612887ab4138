"""`python -m chainrule.labs FOLDER [NAME ...]`: measure anew what the pages of the docs show."""

from __future__ import annotations

import argparse
from pathlib import Path

from chainrule.labs import LABS, get, pages


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m chainrule.labs", description=pages.__doc__)
    parser.add_argument("folder", type=Path, help="where the pages stand: docs/labs")
    parser.add_argument("names", nargs="*", metavar="NAME", help="the labs to run; all of them if left out")
    given = parser.parse_args()
    for lab in [get(name) for name in given.names or LABS]:
        result = pages.write(given.folder, lab)
        print(f"{lab.name}: {'FAILS' if lab.broken(result) else 'holds'}", flush=True)
    pages.write_index(given.folder, LABS.values())


if __name__ == "__main__":
    main()
