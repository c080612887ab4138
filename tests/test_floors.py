"""Imports only go down: the floors of the house, read from the import statements of every file."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import chainrule

ROOT = Path(chainrule.__file__).parent

#: errors.py, checks.py, files.py, memory.py, tasks.py, values.py and warn.py are the ground below all floors, remote.py
#: stands on it, and __init__.py is the roof, which nothing may import.
FLOORS = {
    "errors": -2,
    "as_json": -1, "checks": -1, "files": -1, "memory": -1, "tasks": -1, "values": -1, "warn": -1,
    "plain": 0, "network": 0, "remote": 0,
    "engine": 1,
    "training": 2, "tables": 2, "datasets": 2,
    "diagnosis": 3, "explanations": 3, "formats": 3,
    "models": 4,
    "estimators": 5,
    "plots": 6, "clusters": 6, "serving": 6,
    "labs": 7,
    "playground": 8,
    "cli": 9,
    "__main__": 10,
    "__init__": 12,
    **dict.fromkeys(("activations", "averaging", "callbacks", "losses", "optimisers", "schedules"), 11),  # doors
}  # fmt: skip

#: package -> the places that may import it; what is not named here may be imported anywhere
HOMES = {
    "numba": ("engine/kernels/",),
    "safetensors": ("files.py", "training/checkpoints.py"),
    "threadpoolctl": ("engine/threads.py",),
    "sklearn": ("estimators/",),
    "rich": ("training/callbacks/progress.py", "cli/explaining.py"),
    "narwhals": ("tables/frames.py",),
    "pyarrow": (
        "remote.py",
        "tables/arrow.py",
        "tables/files.py",
        "tables/table_file.py",
        "tables/csv_file.py",
        "tables/arrow_files.py",
        "tables/sources/",
        "tables/out.py",
        "models/as_table.py",
        "models/writing.py",
        "serving/inference/bodies/arrow_stream.py",
        "cli/",
    ),
    "prometheus_client": ("serving/inference/metrics.py", "cli/serve.py"),
    "onnx": ("formats/onnx/graph.py",),
    "skl2onnx": ("estimators/skl2onnx.py",),
    "click": ("cli/",),
    "shap": ("explanations/explanation.py",),
    "joblib": ("clusters/",),
    "ray": ("clusters/",),
    "matplotlib": ("plots/", "labs/"),
    "starlette": ("serving/", "playground/server.py"),
    "uvicorn": ("serving/",),
    "scipy": (
        "network/",
        "engine/kernels/",
        "engine/threads.py",
        "training/",
        "tables/",
        "diagnosis/",
        "models/",
        "estimators/",
        "labs/",
    ),
}


def imported(source: str, package: tuple[str, ...]) -> Iterator[str]:
    """Dotted names of all that a source imports, inside functions and under TYPE_CHECKING too.

    `package` is where the source stands, for relative imports: ("chainrule", "engine").
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def wrong_edges(sources: dict[str, str]) -> list[str]:
    """What is imported against the rules, of files given as {path below the package: source}."""
    wrong = []
    for path, source in sources.items():
        here = path.removesuffix(".py").split("/")
        if here[0] not in FLOORS:
            wrong.append(f"{path} stands on no floor")
            continue
        package = ("chainrule", *here[:-1])
        for name in imported(source, package):
            top, *rest = name.split(".")
            if top in HOMES and not path.startswith(HOMES[top]):
                wrong.append(f"{path} imports {top}")
            if top != "chainrule":
                continue
            there = rest[0] if rest else "__init__"
            if there == "__version__" or there == here[0]:
                continue
            if FLOORS.get(there, FLOORS["__init__"]) >= FLOORS[here[0]]:
                wrong.append(f"{path} imports {name}")
    return wrong


def test_imports_only_go_down():
    files = sorted(ROOT.rglob("*.py"))
    assert len(files) > 30
    assert wrong_edges({file.relative_to(ROOT).as_posix(): file.read_text() for file in files}) == []


def circles(sources: dict[str, str]) -> list[list[str]]:
    """Files that import one another, in circles of any length, of files given as {path below the package: source}.

    What a package's __init__.py brings together is asked for by its own name; who imports a file of the package does
    not wait for it.
    """
    files = {("chainrule", *path.removesuffix(".py").removesuffix("/__init__").split("/")): path for path in sources}
    edges: dict[str, set[str]] = {}
    for place, path in files.items():
        package = place if path.endswith("/__init__.py") else place[:-1]
        found = set()
        for name in imported(sources[path], package):
            parts = tuple(name.split("."))
            found |= {
                files[one] for one in (parts, parts[:-1]) if one in files and (one == parts or parts not in files)
            }
        edges[path] = found - {path, "__init__.py"}
    reach: dict[str, set[str]] = {}
    for path in edges:
        seen, waiting = set[str](), [path]
        while waiting:
            for behind in edges[waiting.pop()] - seen:
                seen.add(behind)
                waiting.append(behind)
        reach[path] = seen
    return sorted({tuple(sorted(q for q in reach[p] if p in reach[q])) for p in reach if p in reach[p]})  # type: ignore


def test_no_file_waits_for_itself():
    """Under TYPE_CHECKING and inside functions neither."""
    found = circles({file.relative_to(ROOT).as_posix(): file.read_text() for file in sorted(ROOT.rglob("*.py"))})
    assert found == []


def test_a_circle_is_found():
    round_ = {"a/b.py": "from chainrule.a import c", "a/c.py": "def f():\n    from chainrule.d import e", "d/e.py": ""}
    assert circles(round_) == []
    assert circles({**round_, "d/e.py": "from chainrule.a.b import x"}) == [("a/b.py", "a/c.py", "d/e.py")]


@pytest.mark.parametrize(
    ("path", "source", "allowed"),
    [
        ("engine/plan.py", "from chainrule.network.layers import Dense", True),
        ("engine/plan.py", "from chainrule.errors import InputError", True),
        ("engine/plan.py", "from chainrule.engine.program import Program", True),
        ("engine/kernels/a.py", "import numba", True),
        ("formats/onnx.py", "from chainrule import __version__", True),
        ("network/layers.py", "from chainrule.engine.plan import Plan", False),  # up
        ("network/layers.py", "import chainrule.engine.plan", False),
        ("network/layers.py", "def f():\n    from ..engine import plan", False),
        ("plain.py", "from chainrule.network import losses", False),  # sideways
        ("training/loop.py", "from chainrule import datasets", False),
        ("engine/plan.py", "from chainrule import Dense", False),  # through the roof
        ("errors.py", "from chainrule import plain", False),
        ("__init__.py", "from chainrule.plain import forward", True),
        ("engine/plan.py", "import numba.core", False),
        ("training/loop.py", "from sklearn.base import clone", False),
        ("attic/a.py", "", False),
    ],
)
def test_the_rules_themselves(path, source, allowed):
    assert (wrong_edges({path: source}) == []) == allowed


def test_the_package_itself_imports_the_standard_library_only():
    tree = ast.parse((ROOT / "__init__.py").read_text())
    top_level = ast.Module([node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))], [])
    names = {name.split(".")[0] for name in imported(ast.unparse(top_level), ("chainrule",))}
    assert names <= set(sys.stdlib_module_names)


@pytest.mark.parametrize("statement", ["import chainrule", "from chainrule import plain"])
def test_importing_the_package_is_light(statement):
    code = f"import sys; {statement}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert {"chainrule"} == {"chainrule", "numba", "sklearn", "scipy"} & set(loaded.split())


def test_every_public_name_can_be_had():
    for name in chainrule.__all__:
        assert getattr(chainrule, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Dens'"):
        chainrule.Dens  # noqa: B018
