"""The gallery in docs/plots: the page is the one that the code writes, its pictures are there and small."""

import re
from pathlib import Path

import pytest

from chainrule.plots import gallery

FOLDER = Path(__file__).parents[2] / "docs" / "plots"


def test_the_page_is_up_to_date():
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert page == gallery.page(), "python -m chainrule.plots docs/plots"
    named = set(re.findall(r"\]\((.*?\.png)\)", page))
    assert named == {file.name for file in FOLDER.glob("*.png")}
    assert all(file.stat().st_size < 120_000 for file in FOLDER.glob("*.png"))


def test_every_display_is_shown():
    from chainrule import plots

    shown = " ".join(picture.code for picture in gallery.PICTURES)
    assert all(f"plots.{name}" in shown for name in plots.__all__ if name not in ("Display", "svg"))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_every_line_runs(tmp_path):
    written = list(gallery.draw(tmp_path))
    assert [file.name for file in written] == [f"{picture.name}.png" for picture in gallery.PICTURES] + ["README.md"]
    assert all(0 < file.stat().st_size < 120_000 for file in written)
