"""The playground as a folder of files: the page, chainrule, and a Python in WebAssembly that runs it."""

from __future__ import annotations

import json
import shutil
import zipfile
from importlib.resources import as_file, files
from pathlib import Path

from chainrule.errors import InputError
from chainrule.files import write_whole
from chainrule.playground.server import POLICY

#: Of Pyodide, what a page loads; and what it needs beside: a wheel of NumPy for it.
CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
WHEELS = ("numpy-*wasm32.whl",)
#: What may run in the page; the page of a server has it in its headers.
STATIC = POLICY.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'").partition("; frame-ancestors")[0]
#: Kinds of files of the package that the page's Python reads.
ENDINGS = (".py",)


def build(folder: Path, pyodide: Path) -> list[str]:
    """Write the folder.

    Parameters
    ----------
    folder : that is made; it must not be there, or be empty
    pyodide : a folder with Pyodide's core, as its package of npm has it, and the wheel of NumPy that belongs to it

    Returns
    -------
    what is in it, by path

    Raises
    ------
    InputError
        Where the folder holds something, or Pyodide's lacks a file.
    """
    if folder.exists() and any(folder.iterdir()):
        raise InputError("playground --static", "an empty folder", str(folder), "Name another, or empty it.")
    missing = [name for name in CORE if not (pyodide / name).is_file()]
    wheels = [found for pattern in WHEELS for found in sorted(pyodide.glob(pattern))]
    if missing or not wheels:
        lacking = missing or ["a wheel of NumPy for it"]
        mend = "Its full distribution has all of them; the package of npm has the core."
        raise InputError("playground --pyodide", f"Pyodide's {', '.join(lacking)}", f"none in {pyodide}", mend)
    with as_file(files("chainrule.playground") / "page") as page:
        shutil.copytree(page, folder, dirs_exist_ok=True)
    index = folder / "index.html"
    meta = f'<meta http-equiv="Content-Security-Policy" content="{STATIC}">'
    text = index.read_text(encoding="utf-8")
    write_whole(index, text.replace("<head>", f"<head>\n{meta}", 1).encode())
    (folder / "pyodide").mkdir()
    for one in [*(pyodide / name for name in CORE), *wheels]:
        shutil.copy(one, folder / "pyodide")
    write_whole(folder / "packages.json", json.dumps({"wheels": [one.name for one in wheels]}).encode())
    with (
        as_file(files("chainrule")) as package,
        zipfile.ZipFile(folder / "chainrule.zip", "w", zipfile.ZIP_DEFLATED) as z,
    ):
        for one in sorted(package.rglob("*")):
            if one.suffix in ENDINGS:
                z.write(one, f"chainrule/{one.relative_to(package).as_posix()}")
    return sorted(one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file())
