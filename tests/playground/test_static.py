"""The playground as files: what is in the folder, and what is refused."""

import json
import subprocess
import sys
import zipfile

import pytest

from chainrule.errors import InputError
from chainrule.playground.static import CORE, build

WHEEL = "numpy-2.4.6-cp314-cp314-pyemscripten_2026_0_wasm32.whl"


@pytest.fixture
def pyodide(tmp_path):
    folder = tmp_path / "pyodide"
    folder.mkdir()
    for name in (*CORE, WHEEL, "other.txt"):
        (folder / name).write_text(name)
    return folder


def test_the_folder_has_all_that_the_page_asks_for(tmp_path, pyodide):
    written = build(tmp_path / "site", pyodide)
    site = tmp_path / "site"
    assert {"index.html", "worker.js", "chainrule.zip", "packages.json", *(f"pyodide/{name}" for name in CORE)} < set(
        written
    )
    assert "pyodide/other.txt" not in written
    assert json.loads((site / "packages.json").read_text())["wheels"] == [WHEEL]
    index = (site / "index.html").read_text()
    assert 'content="worker"' in index
    assert "'wasm-unsafe-eval'" in index
    assert "http:" not in index and "https:" not in index


def test_the_zip_runs_the_engines_side(tmp_path, pyodide):
    build(tmp_path / "site", pyodide)
    with zipfile.ZipFile(tmp_path / "site" / "chainrule.zip") as packed:
        packed.extractall(tmp_path / "unpacked")
    asked = 'answer(\'{"do": "hello"}\')'
    code = f"import json; from chainrule.playground.worker import answer; print(json.loads({asked})['choices']['norm'])"
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(tmp_path / "unpacked"), "CHAINRULE_KERNELS": "numpy"},
        capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert done.stdout.strip() == "['none', 'batch', 'layer', 'rms']", done.stderr


def test_what_is_missing_is_named(tmp_path, pyodide):
    (pyodide / WHEEL).unlink()
    with pytest.raises(InputError, match="a wheel of NumPy"):
        build(tmp_path / "site", pyodide)
    (pyodide / "pyodide.asm.wasm").unlink()
    with pytest.raises(InputError, match=r"pyodide\.asm\.wasm"):
        build(tmp_path / "site", pyodide)
    assert not (tmp_path / "site").exists()


def test_a_folder_that_holds_something_stays(tmp_path, pyodide):
    with pytest.raises(InputError, match="an empty folder"):
        build(pyodide, pyodide)
