"""The pages of the docs: one per lab, that names its claim and shows what was measured."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from chainrule.errors import InputError
from chainrule.labs import LABS, pages
from chainrule.labs.__main__ import main

DOCS = Path(__file__).parents[2] / "docs" / "labs"
#: Bytes that a picture may have.
MOST = 150_000


@pytest.mark.parametrize("name", list(LABS))
def test_each_lab_has_its_page(name):
    lab, page = LABS[name], (DOCS / f"{name}.md").read_text(encoding="utf-8")
    assert lab.claim in page
    assert f"chainrule lab {name}" in page
    assert f"]({name}.svg)" in page
    assert 1000 < (DOCS / f"{name}.svg").stat().st_size < MOST
    between = page.split(pages.BEGIN)[1].split(pages.END)[0]
    assert "The claim holds." in between
    for condition in lab.conditions:
        assert re.search(rf"holds  {re.escape(condition.figure)}: .* \({re.escape(condition.bounds)}\)", between)


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.stem)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))
    assert links
    for link in links:
        assert (DOCS / link).exists(), link


def test_the_index_lists_all():
    assert pages.index(LABS.values()) in (DOCS / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path):
    for name in ("linear-collapse", "README"):
        (tmp_path / f"{name}.md").write_text(
            f"# Before\n{pages.BEGIN}\nformer\n{pages.END}\nbehind\n", encoding="utf-8"
        )
    return tmp_path


@pytest.mark.usefixtures("numpy_kernels")
def test_pages_are_filled(folder, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["labs", str(folder), "linear-collapse"])
    main()
    assert capsys.readouterr().out == "linear-collapse: holds\n"
    page = (folder / "linear-collapse.md").read_text(encoding="utf-8")
    assert page.startswith(f"# Before\n{pages.BEGIN}\n") and page.endswith(f"{pages.END}\nbehind\n")
    assert "former" not in page and "from the product" in page and "\nThe claim holds.\n" in page
    assert "| [vanishing](vanishing.md) |" in (folder / "README.md").read_text(encoding="utf-8")
    assert (folder / "linear-collapse.svg").read_bytes().startswith(b"<?xml")
    main()
    assert (folder / "linear-collapse.md").read_text(encoding="utf-8") == page


@pytest.mark.usefixtures("numpy_kernels")
def test_a_page_without_a_place(folder):
    (folder / "linear-collapse.md").write_text("# Before\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"linear-collapse\.md: expected one place from"):
        pages.write(folder, LABS["linear-collapse"])
    assert not (folder / "linear-collapse.svg").exists()


@pytest.mark.usefixtures("numpy_kernels")
def test_a_claim_that_fails_is_told(folder, monkeypatch, capsys):
    lab = LABS["linear-collapse"]
    impossible = replace(lab, conditions=(replace(lab.conditions[0], high=-1.0),))
    monkeypatch.setitem(LABS, lab.name, impossible)
    monkeypatch.setattr("sys.argv", ["labs", str(folder), lab.name])
    main()
    assert capsys.readouterr().out == "linear-collapse: FAILS\n"
    assert "The claim does NOT hold." in (folder / "linear-collapse.md").read_text(encoding="utf-8")
