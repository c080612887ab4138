"""The four pictures of this folder: the report of an Adult model, narrow and wide, light and dark.

pip install -e '.[browser]' pillow
python docs/report/pictures.py        # needs chromium
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pandas as pd
from PIL import Image
from playwright.sync_api import sync_playwright

import chainrule
from chainrule.datasets import load_adult

HERE = Path(__file__).parent
SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 800}}


def adult_report(path: Path) -> Path:
    """Train on the official training rows, judge, and score on the test rows."""
    adult = load_adult()
    table = pd.DataFrame({**adult.columns, "income": adult.target})
    train, test = table[adult.train], table[adult.test]
    model = chainrule.TableClassifier(preset="fast", random_state=0).fit(train, "income")
    findings = chainrule.diagnose(model, train, "income", test, "income")
    return chainrule.report(model, path, test, "income", findings)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        report = adult_report(Path(folder) / "report.html")
        print(f"{report.stat().st_size:,} bytes")
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            for size, viewport in SIZES.items():
                page = browser.new_page(viewport=viewport, color_scheme=scheme)
                page.goto(report.as_uri())
                place = HERE / f"{size}-{scheme}.png"
                page.screenshot(path=place, full_page=True)
                Image.open(place).convert("RGB").quantize(
                    256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
                ).save(place, optimize=True)
                print(f"{place.name}: {place.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
