"""What the documents name is there: pages and headings that they link to, files that show the way in."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def headings(page: Path) -> set[str]:
    """Headings as the names by which one links to them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def lost(page: Path) -> list[str]:
    """Links of a page that lead nowhere."""
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    found = []
    for link in links:
        path, _, heading = link.partition("#")
        target = page.parent / path if path else page
        if not link.startswith("http") and not (target.exists() and (not heading or heading in headings(target))):
            found.append(link)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    assert not lost(page)


def test_a_lost_link_is_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# One two\n[a](page.md#one-two) [b](page.md#three) [c](none.md)")
    assert lost(page) == ["page.md#three", "none.md"]


def test_every_decision_is_listed():
    index = (ROOT / "docs/decisions/README.md").read_text(encoding="utf-8")
    for page in (ROOT / "docs/decisions").glob("*.md"):
        if page.name != "README.md":
            for title in re.findall(r"^## (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE):
                assert f"[{title}]({page.name}#" in index, title


@pytest.mark.parametrize("page", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_files_that_the_way_in_names_are_there(page):
    """By their paths, or by their names alone where the sentence has named the folder."""
    named = re.findall(r"`([\w/]+(?:\.py|/))`", (ROOT / page).read_text(encoding="utf-8"))
    folders = [ROOT / folder for folder in ("src", "tests", "examples", "benchmarks")]
    there = [path.as_posix() for folder in folders for path in (folder, *folder.rglob("*"))]
    assert named and not [
        name for name in named if not any(f"{path}/".endswith(f"/{name.rstrip('/')}/") for path in there)
    ]


def test_no_page_has_the_name_of_one_that_the_site_makes_itself():
    assert not {page.stem for page in (ROOT / "docs").glob("*.*")} & {"search", "genindex", "py-modindex"}
