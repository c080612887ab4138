"""Every Python block of every page runs as it stands, page by page, in an empty folder and one namespace."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(p for p in ROOT.glob("docs/**/*.md") if "_build" not in p.parts)])


@dataclass(frozen=True)
class Elsewhere:
    """A block that is not run here.

    Attributes
    ----------
    page : that it is on
    said : a line of it
    why : what it needs
    run_by : the test that runs it, or what of it there is
    """

    page: str
    said: str
    why: str
    run_by: str


ELSEWHERE = (
    Elsewhere("docs/serving.md", "import tritonclient.http", "a server", "tests/serving/inference/test_clients.py"),
    Elsewhere("docs/serving.md", "import openvino", "OpenVINO", "tests/serving/inference/test_elsewhere.py"),
    Elsewhere("docs/scale.md", 'with chainrule.cluster("ray"', "a cluster", "tests/clusters/test_ray.py"),
    Elsewhere("docs/parameter-search.md", "import optuna", "Optuna", "tests/estimators/test_search_space.py"),
    Elsewhere("docs/parameter-search.md", "from ray import tune", "Ray", "tests/clusters/test_search.py"),
)
#: Pages whose blocks another test runs as a whole.
WHOLE = {"docs/plots/README.md": "tests/plots/test_gallery.py", "README.md": "tests/test_readme.py"}


def name(page):
    return page.relative_to(ROOT).as_posix()


def blocks(page):
    """Python blocks of a page, each with empty lines before it, so that an error tells the line of the page."""
    text = page.read_text(encoding="utf-8")
    for met in re.finditer(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield "\n" * text[: met.start(1)].count("\n") + met[1]


def elsewhere(page, block):
    return [one for one in ELSEWHERE if one.page == name(page) and one.said in block]


HERE = [page for page in PAGES if name(page) not in WHOLE and any(not elsewhere(page, one) for one in blocks(page))]


@pytest.mark.parametrize("page", HERE, ids=name)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "__main__"}
    for block in blocks(page):
        if not elsewhere(page, block):
            exec(compile(block, str(page), "exec"), namespace)


@pytest.mark.parametrize("one", ELSEWHERE, ids=lambda one: f"{one.page}, {one.why}")
def test_what_is_run_elsewhere_is_there_and_there(one):
    assert len([block for block in blocks(ROOT / one.page) if one.said in block]) == 1
    assert (ROOT / one.run_by).exists()


@pytest.mark.parametrize("page", WHOLE)
def test_whole_pages_are_run_elsewhere(page):
    assert list(blocks(ROOT / page))
    assert (ROOT / WHOLE[page]).exists()


def test_no_block_is_hidden_from_this_test():
    """A fence that is indented, or has other words than `python`, would be passed over."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert len(re.findall(r"```\s*(?:python|py|pycon)\b", text)) == len(list(blocks(page))), page
