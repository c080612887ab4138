"""`python -m chainrule.plots FOLDER`: the gallery."""

from __future__ import annotations

import sys
from pathlib import Path

from chainrule.plots import gallery

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m chainrule.plots FOLDER")
    for file in gallery.draw(Path(sys.argv[1])):
        print(f"{file}  {file.stat().st_size:,} bytes")
